import { PassThrough } from 'node:stream';
import { parse } from 'pg-protocol';
import { describe, expect, it } from 'vitest';
import { SqlError } from '../../../errors/sql-error.js';
import { BackendWriter } from './backend-writer.js';

/** What another implementation reads from our bytes. */
async function read(writer: BackendWriter): Promise<Record<string, unknown>[]> {
  const stream = new PassThrough();
  const messages: Record<string, unknown>[] = [];
  const done = parse(stream, (message) =>
    messages.push({ ...message, ...('message' in message ? { message: message.message } : {}) }),
  );
  stream.end(writer.take());
  await done;
  return messages;
}

const one = async (writer: BackendWriter): Promise<Record<string, unknown>> => {
  const messages = await read(writer);
  expect(messages).toHaveLength(1);
  return messages[0] ?? {};
};

describe('BackendWriter', () => {
  it('authenticates', async () => {
    const writer = new BackendWriter()
      .authenticationSasl(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'])
      .authenticationSaslContinue('r=a,s=b,i=4096')
      .authenticationSaslFinal('v=c')
      .authenticationCleartextPassword()
      .authenticationOk();
    expect(await read(writer)).toMatchObject([
      { name: 'authenticationSASL', mechanisms: ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'] },
      { name: 'authenticationSASLContinue', data: 'r=a,s=b,i=4096' },
      { name: 'authenticationSASLFinal', data: 'v=c' },
      { name: 'authenticationCleartextPassword' },
      { name: 'authenticationOk' },
    ]);
  });

  it('opens a session', async () => {
    const writer = new BackendWriter()
      .parameterStatus('TimeZone', 'Europe/Prague')
      .backendKeyData(12, 0xfedcba98)
      .readyForQuery('I');
    expect(await read(writer)).toMatchObject([
      { name: 'parameterStatus', parameterName: 'TimeZone', parameterValue: 'Europe/Prague' },
      { name: 'backendKeyData', processID: 12, secretKey: 0xfedcba98 | 0 },
      { name: 'readyForQuery', status: 'I' },
    ]);
  });

  it('negotiates the protocol, byte for byte', () => {
    expect(new BackendWriter().negotiateProtocolVersion(0x30000, ['_pq_.x']).take().toString('latin1')).toBe(
      'v\0\0\0\x13\0\x03\0\0\0\0\0\x01_pq_.x\0',
    );
  });

  it('describes results and parameters', async () => {
    const writer = new BackendWriter()
      .parameterDescription([23, 4_294_967_295])
      .rowDescription([
        {
          name: 'd',
          tableOid: 16_400,
          columnNumber: 2,
          typeOid: 1700,
          typeSize: -1,
          typeModifier: 1_179_654,
          format: 1,
        },
      ])
      .noData();
    expect(await read(writer)).toMatchObject([
      { name: 'parameterDescription', dataTypeIDs: [23, 4_294_967_295] },
      {
        name: 'rowDescription',
        fields: [
          {
            name: 'd',
            tableID: 16_400,
            columnID: 2,
            dataTypeID: 1700,
            dataTypeSize: -1,
            dataTypeModifier: 1_179_654,
            format: 'binary',
          },
        ],
      },
      { name: 'noData' },
    ]);
  });

  it('completes', async () => {
    const writer = new BackendWriter()
      .parseComplete()
      .bindComplete()
      .commandComplete('INSERT 0 3')
      .portalSuspended()
      .closeComplete()
      .emptyQueryResponse();
    expect((await read(writer)).map(({ name }) => name)).toEqual([
      'parseComplete',
      'bindComplete',
      'commandComplete',
      'portalSuspended',
      'closeComplete',
      'emptyQuery',
    ]);
  });

  it('copies', async () => {
    const writer = new BackendWriter()
      .copyInResponse(0, [0, 0])
      .copyOutResponse(1, [1])
      .copyData(Buffer.from('row\n'))
      .copyDone();
    expect(await read(writer)).toMatchObject([
      { name: 'copyInResponse', binary: false, columnTypes: [0, 0] },
      { name: 'copyOutResponse', binary: true, columnTypes: [1] },
      { name: 'copyData', chunk: Buffer.from('row\n') },
      { name: 'copyDone' },
    ]);
  });

  it('notifies and answers function calls', async () => {
    expect(await one(new BackendWriter().notificationResponse(7, 'channel', 'payload'))).toMatchObject({
      processId: 7,
      channel: 'channel',
      payload: 'payload',
    });
    expect(new BackendWriter().functionCallResponse(null).take()).toEqual(
      Buffer.from('V\0\0\0\x08\xff\xff\xff\xff', 'latin1'),
    );
    expect(new BackendWriter().functionCallResponse(Buffer.from('ab')).take().toString()).toBe(
      'V\0\0\0\x0a\0\0\0\x02ab',
    );
  });

  it('tells errors with everything that is known', async () => {
    const origin = { table: 't', constraint: 't_pkey' };
    const error = new SqlError('23505', 'duplicate key', {
      detail: 'Key (a)=(1)',
      hint: 'Use another.',
      position: 8,
      origin,
    });
    expect(await one(new BackendWriter().errorResponse(error))).toMatchObject({
      name: 'error',
      severity: 'ERROR',
      code: '23505',
      message: 'duplicate key',
      detail: 'Key (a)=(1)',
      hint: 'Use another.',
      position: '8',
      table: 't',
      constraint: 't_pkey',
    });
    const fatal = await one(new BackendWriter().errorResponse(new SqlError('57P01', 'bye', { severity: 'FATAL' })));
    expect(fatal).toMatchObject({ severity: 'FATAL', code: '57P01' });
    expect(fatal).not.toHaveProperty('position', expect.any(String));
  });

  it('tells notices', async () => {
    expect(
      await one(
        new BackendWriter().noticeResponse({ severity: 'WARNING', sqlState: '25P01', message: 'no transaction' }),
      ),
    ).toMatchObject({ name: 'notice', severity: 'WARNING', code: '25P01', message: 'no transaction' });
  });

  it('never lets a zero byte in a text shift the message', async () => {
    expect(await one(new BackendWriter().commandComplete('a\0b'))).toMatchObject({ text: 'a\uFFFDb' });
  });

  it('writes texts of any length and characters, also behind a full buffer', async () => {
    const text = '€𝄞x'.repeat(40_000);
    const writer = new BackendWriter().readyForQuery('T').commandComplete(text).readyForQuery('E');
    expect(await read(writer)).toMatchObject([{ status: 'T' }, { text }, { status: 'E' }]);
    expect(writer.byteLength).toBe(0);
  });

  it('gives away what it took: later messages do not write into it', () => {
    const writer = new BackendWriter().readyForQuery('I');
    const first = writer.take();
    const copy = Buffer.from(first);
    writer.readyForQuery('E').take();
    expect(first).toEqual(copy);
  });

  it('passes on what was encoded elsewhere', async () => {
    const row = Buffer.from('D\0\0\0\x0b\0\x01\0\0\0\x011', 'latin1');
    expect(await one(new BackendWriter().encoded(row))).toMatchObject({ name: 'dataRow', fields: ['1'] });
  });
});

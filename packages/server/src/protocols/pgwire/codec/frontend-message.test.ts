import fc from 'fast-check';
import { serialize } from 'pg-protocol';
import { describe, expect, it } from 'vitest';
import { decodePassword, decodeSaslInitialResponse, decodeSaslResponse } from './authentication-message.js';
import { FRAME_TYPES, FrameReader, type Frame } from './frame-reader.js';
import { decodeFrontendMessage, formatOf, type FrontendMessage } from './frontend-message.js';

/** Bytes as another implementation writes them, read by ours. */
function decode(bytes: Buffer): FrontendMessage {
  return decodeFrontendMessage(frameOf(bytes));
}

function frameOf(bytes: Buffer): Frame {
  const reader = new FrameReader({ maxMessageBytes: 1_000_000 });
  reader.push(bytes);
  const frame = reader.next();
  if (frame === undefined) throw new Error('the message is not complete');
  return frame;
}

describe('messages of node-postgres', () => {
  it.each<[string, Buffer, FrontendMessage]>([
    ['Query', serialize.query('SELECT “ü”'), { kind: 'query', sql: 'SELECT “ü”' }],
    [
      'Parse',
      serialize.parse({ name: 's', text: 'SELECT $1', types: [23, 4_000_000_000] }),
      { kind: 'parse', statement: 's', sql: 'SELECT $1', parameterTypes: [23, 4_000_000_000] },
    ],
    [
      'Bind',
      serialize.bind({ portal: 'p', statement: 's', values: ['x', null, Buffer.from([0, 1])], binary: true }),
      {
        kind: 'bind',
        portal: 'p',
        statement: 's',
        parameterFormats: [0, 0, 1],
        parameters: [Buffer.from('x'), null, Buffer.from([0, 1])],
        resultFormats: [1],
      },
    ],
    ['Describe', serialize.describe({ type: 'S', name: 's' }), { kind: 'describe', target: 'statement', name: 's' }],
    ['Close', serialize.close({ type: 'P' }), { kind: 'close', target: 'portal', name: '' }],
    ['Execute', serialize.execute({ portal: 'p', rows: 50 }), { kind: 'execute', portal: 'p', maxRows: 50 }],
    ['Flush', serialize.flush(), { kind: 'flush' }],
    ['Sync', serialize.sync(), { kind: 'sync' }],
    ['Terminate', serialize.end(), { kind: 'terminate' }],
    ['CopyData', serialize.copyData(Buffer.from('1\t2\n')), { kind: 'copy-data', data: Buffer.from('1\t2\n') }],
    ['CopyDone', serialize.copyDone(), { kind: 'copy-done' }],
    ['CopyFail', serialize.copyFail('no more'), { kind: 'copy-fail', reason: 'no more' }],
  ])('%s', (_name, bytes, message) => {
    expect(decode(bytes)).toEqual(message);
  });

  it('authentication', () => {
    expect(decodePassword(frameOf(serialize.password('s3cret')).body)).toBe('s3cret');
    expect(
      decodeSaslInitialResponse(frameOf(serialize.sendSASLInitialResponseMessage('SCRAM-SHA-256', 'n,,n=,r=x')).body),
    ).toEqual({ mechanism: 'SCRAM-SHA-256', data: 'n,,n=,r=x' });
    expect(decodeSaslResponse(frameOf(serialize.sendSCRAMClientFinalMessage('c=biws')).body)).toBe('c=biws');
  });
});

describe('decodeFrontendMessage', () => {
  const frame = (type: Frame['type'], text: string): Frame => ({ type, body: Buffer.from(text, 'latin1') });

  it('reads a function call, which no client library writes any more', () => {
    expect(
      decodeFrontendMessage(frame('F', '\0\0\x04\xd2\0\x01\0\x01\0\x02\0\0\0\x04\0\0\0\x07\xff\xff\xff\xff\0\x01')),
    ).toEqual({
      kind: 'function-call',
      functionOid: 1234,
      argumentFormats: [1],
      arguments: [Buffer.from([0, 0, 0, 7]), null],
      resultFormat: 1,
    });
  });

  it('takes a negative row limit for none', () => {
    expect(decodeFrontendMessage(frame('E', '\0\xff\xff\xff\xff'))).toMatchObject({ maxRows: 0 });
  });

  it.each<[string, Frame, string]>([
    ['a Query without its terminator', frame('Q', 'SELECT 1'), '08P01'],
    ['a Query with a zero byte inside', frame('Q', 'SELECT\x001\0'), '08P01'],
    ['a statement name with a zero byte inside', frame('P', 'a\0b\0SELECT 1\0\0\0'), '08P01'],
    ['text that is not UTF-8', frame('Q', "SELECT '\xff'\0"), '22021'],
    ['a Sync with a body', frame('S', 'x'), '08P01'],
    ['fewer parameters than announced', frame('B', '\0\0\0\0\0\x02\xff\xff\xff\xff'), '08P01'],
    ['a value longer than the message', frame('B', '\0\0\0\0\0\x01\0\0\0\x09abc\0\0'), '08P01'],
    ['a length below -1', frame('B', '\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0'), '08P01'],
    ['two formats for one parameter', frame('B', '\0\0\0\x02\0\0\0\0\0\x01\xff\xff\xff\xff\0\0'), '08P01'],
    ['a format that is neither text nor binary', frame('B', '\0\0\0\x01\0\x02\0\0\0\0'), '22023'],
    ['a Describe of nothing', frame('D', 'X\0'), '08P01'],
    ['an empty Execute', frame('E', ''), '08P01'],
  ])('refuses %s, and the stream goes on', (_case, broken, sqlState) => {
    expect(() => decodeFrontendMessage(broken)).toThrow(expect.objectContaining({ sqlState, severity: 'ERROR' }));
  });

  it('answers any body with a message or an SqlError', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FRAME_TYPES), fc.uint8Array({ maxLength: 60 }), (type, body) => {
        try {
          decodeFrontendMessage({ type, body: Buffer.from(body) });
        } catch (error) {
          expect(error).toMatchObject({ name: 'SqlError', severity: 'ERROR' });
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('formatOf', () => {
  it('follows none, one for all, one for each', () => {
    expect(formatOf([], 3)).toBe(0);
    expect(formatOf([1], 3)).toBe(1);
    expect([0, 1, 2].map((index) => formatOf([0, 1, 0], index))).toEqual([0, 1, 0]);
  });
});

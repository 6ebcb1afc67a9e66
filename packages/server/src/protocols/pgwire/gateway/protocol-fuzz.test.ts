import fc from 'fast-check';
import { serialize } from 'pg-protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { FRONTEND_MESSAGES } from '../../../../test/helpers/pgwire/frontend-messages.js';
import { errorOf, RawClient } from '../../../../test/helpers/pgwire/raw-client.js';
import { ScramClient } from '../../../../test/helpers/pgwire/scram-client.js';
import {
  DATABASE,
  PASSWORD,
  startTestGateway,
  USERNAME,
  type TestGateway,
} from '../../../../test/helpers/pgwire/test-gateway.js';

/** A client that breaks every rule must get an answer of the protocol or a closed connection, and leave nothing behind. */
const RUNS = Number(process.env.PGWIRE_FUZZ_RUNS ?? (process.env.CI === undefined ? 60 : 400));

const ANA = { user: USERNAME, database: DATABASE };
let scene: TestGateway;

beforeAll(async () => {
  scene = await startTestGateway({
    authenticationTimeoutMs: 500,
    connections: { total: 1000, perWorkspace: 1000, perAddress: 0 },
  });
});
afterAll(() => scene.stop());

/** Nothing that a test did may be held by the server afterwards, and it must still serve. */
beforeEach(() => {
  onTestFinished(async () => {
    while (scene.gateway.connections > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(scene.host.sessions.size).toBe(0);
    expect(scene.log.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
    const client = await RawClient.connect(scene.port);
    await client.login(ANA, PASSWORD);
    await client.query('still here');
    client.destroy();
  });
});

/** Sends, closes its side, and reads to the end: the answer in full. */
async function converse(bytes: Uint8Array): Promise<{ types: string; last: Record<string, string> | undefined }> {
  const client = await RawClient.connect(scene.port);
  client.send(bytes);
  client.end();
  await client.closed();
  const rest = client.takeRest();
  client.destroy();
  let types = '';
  let last: Record<string, string> | undefined;
  for (let at = rest[0] === 0x4e ? 1 : 0; at + 5 <= rest.length; at += 1 + rest.readInt32BE(at + 1)) {
    const type = String.fromCharCode(rest[at] ?? 0);
    types += type;
    if (type === 'E') last = errorOf({ type, body: rest.subarray(at + 5, at + 1 + rest.readInt32BE(at + 1)) });
  }
  return { types, last };
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const startup = serialize.startup(ANA);

/** A whole login whose two answers are cut there; answers how long they are. */
async function scramWith(
  client: RawClient,
  cutFirst: number,
  cutFinal: number,
): Promise<{ first: number; final: number }> {
  const sendCut = async (bytes: Buffer, cut: number): Promise<void> => {
    client.send(bytes.subarray(0, cut));
    await new Promise((resolve) => setImmediate(resolve));
    client.send(bytes.subarray(cut));
  };
  const scram = new ScramClient(PASSWORD, 'n,,', undefined);
  client.send(startup);
  await client.until('R');
  const first = serialize.sendSASLInitialResponseMessage('SCRAM-SHA-256', scram.first);
  await sendCut(first, cutFirst);
  const [challenge] = await client.until('R');
  const final = serialize.sendSCRAMClientFinalMessage(
    scram.final(challenge?.body.subarray(4).toString() ?? '').message,
  );
  await sendCut(final, cutFinal);
  return { first: first.length, final: final.length };
}

describe('before a session', () => {
  it.each<[string, Uint8Array, string | undefined]>([
    ['nothing', new Uint8Array(), undefined],
    ['half a length', Buffer.from([0, 0]), undefined],
    ['half a startup packet', startup.subarray(0, 20), undefined],
    ['a startup packet above 10 kB', Buffer.concat([int32(10_001), Buffer.alloc(10_001)]), '08P01'],
    ['a startup packet of 2 GB', Buffer.from([0x7f, 0xff, 0xff, 0xff]), '08P01'],
    ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff]), '08P01'],
    ['a length of zero', Buffer.alloc(4), '08P01'],
    ['HTTP', Buffer.from('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'), '08P01'],
    ['TLS where there is none', Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]), undefined],
    ['SSLRequest again and again', Buffer.concat([serialize.requestSsl(), serialize.requestSsl()]), '08P01'],
    ['a query', serialize.query('SELECT 1'), '08P01'],
    ['a Sync', serialize.sync(), '08P01'],
    ['a Terminate', serialize.end(), '08P01'],
    ['a query after the startup packet', Buffer.concat([startup, serialize.query('SELECT 1')]), '08P01'],
    ['COPY data after the startup packet', Buffer.concat([startup, serialize.copyData(Buffer.alloc(9000))]), '08P01'],
    ['a password in clear text', Buffer.concat([startup, serialize.password(PASSWORD)]), '08P01'],
    ['an answer of 100 kB', Buffer.concat([startup, Buffer.from('p'), int32(100_000)]), '08P01'],
    ['an unknown message', Buffer.concat([startup, Buffer.from('~\0\0\0\x04')]), '08P01'],
    ['an unknown mechanism', Buffer.concat([startup, serialize.sendSASLInitialResponseMessage('PLAIN', 'x')]), '08P01'],
    [
      'SCRAM-PLUS without TLS',
      Buffer.concat([
        startup,
        serialize.sendSASLInitialResponseMessage('SCRAM-SHA-256-PLUS', 'p=tls-server-end-point,,n=,r=a'),
      ]),
      '08P01',
    ],
    ['a zero byte in the user', Buffer.concat([int32(18), int32(3 << 16), Buffer.from('user\0a\0b\0\0')]), '08P01'],
    [
      'a user that is not UTF-8',
      Buffer.concat([int32(17), int32(3 << 16), Buffer.from('user\0\xff\xfe\0\0', 'latin1')]),
      '22021',
    ],
  ])('%s', async (_case, bytes, code) => {
    const { last } = await converse(bytes);
    expect(last?.C).toBe(code);
    if (code !== undefined) expect(last?.S).toBe('FATAL');
  });

  it('a valid login, split at every byte', async () => {
    for (let cut = 1; cut < startup.length; cut += 1) {
      const client = await RawClient.connect(scene.port);
      client.send(startup.subarray(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      client.send(startup.subarray(cut));
      await client.authenticate(PASSWORD);
      await client.until('Z');
      client.destroy();
    }
  });

  it.each<[string, Uint8Array, string]>([
    ['SSLRequest', serialize.requestSsl(), 'N'],
    ['GSSENCRequest', Buffer.concat([int32(8), int32(80_877_104)]), 'N'],
  ])('%s, split at every byte', async (_name, request, answer) => {
    for (let cut = 1; cut < request.length; cut += 1) {
      const client = await RawClient.connect(scene.port);
      client.send(request.subarray(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      client.send(request.subarray(cut));
      expect(await client.byte()).toBe(answer);
      await client.login(ANA, PASSWORD);
      client.destroy();
    }
  });

  it('CancelRequest, split at every byte, reaches its session each time', async () => {
    const client = await RawClient.connect(scene.port);
    const { pid, secret } = await client.login(ANA, PASSWORD);
    const request = Buffer.concat([int32(16), int32(80_877_102), int32(pid), int32(secret)]);
    for (let cut = 1; cut < request.length; cut += 1) {
      const before = scene.host.cancelled.length;
      const canceller = await RawClient.connect(scene.port);
      canceller.send(request.subarray(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      canceller.send(request.subarray(cut));
      await canceller.closed();
      expect(canceller.takeRest()).toHaveLength(0);
      expect(scene.host.cancelled).toHaveLength(before + 1);
    }
    client.destroy();
  });

  it('CancelRequest that is short, long or of nobody is answered by nothing or an error', async () => {
    const request = Buffer.concat([int32(16), int32(80_877_102), int32(1), int32(2)]);
    expect(await converse(request)).toEqual({ types: '', last: undefined });
    for (const length of [8, 12, 15, 20]) {
      const bent = Buffer.concat([request, Buffer.alloc(4)]).subarray(0, length);
      bent.writeInt32BE(length);
      expect((await converse(bent)).last?.C, `${length} bytes`).toBe('08P01');
    }
  });

  it('the messages of SCRAM, each split at every byte', async () => {
    const login = async (cutFirst: number, cutFinal: number): Promise<{ first: number; final: number }> => {
      const client = await RawClient.connect(scene.port);
      const lengths = await scramWith(client, cutFirst, cutFinal);
      await client.until('Z');
      client.destroy();
      return lengths;
    };
    const lengths = await login(0, 0);
    for (let cut = 1; cut < Math.max(lengths.first, lengths.final); cut += 1) {
      await login(Math.min(cut, lengths.first - 1), Math.min(cut, lengths.final - 1));
    }
  });

  it('every message at the turn of every other', async () => {
    const messages = [
      serialize.requestSsl(),
      Buffer.concat([int32(8), int32(80_877_104)]),
      Buffer.concat([int32(16), int32(80_877_102), int32(1), int32(2)]),
      startup,
      serialize.sendSASLInitialResponseMessage('SCRAM-SHA-256', 'n,,n=,r=abcdefghij'),
      serialize.sendSCRAMClientFinalMessage('c=biws,r=abcdefghij,p=AAAA'),
      ...FRONTEND_MESSAGES.map(({ bytes }) => bytes),
    ];
    for (const first of messages) {
      for (const second of messages) {
        const { types, last } = await converse(Buffer.concat([first, second]));
        expect(types).toMatch(/^R*E?$/);
        if (last !== undefined) expect(last.C).toMatch(/^(08P01|28P01)$/);
      }
    }
  });

  it('a login that stops at every step', async () => {
    for (const steps of [0, 1, 2, 3]) {
      const client = await RawClient.connect(scene.port);
      if (steps > 0) client.send(startup);
      if (steps > 1) await client.until('R');
      if (steps > 2) client.send(serialize.sendSASLInitialResponseMessage('SCRAM-SHA-256', 'n,,n=,r=abc'));
      client.end();
      await client.closed();
      client.destroy();
    }
  });

  it('any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const { types } = await converse(bytes);
        expect(types).toMatch(/^[RvE]*$/);
      }),
      { numRuns: RUNS },
    );
  });

  it('a valid dialogue with bytes changed, dropped, repeated or put in', async () => {
    const dialogue = Buffer.concat([
      serialize.requestSsl(),
      startup,
      serialize.sendSASLInitialResponseMessage('SCRAM-SHA-256', 'n,,n=,r=abcdefghij'),
      serialize.sendSCRAMClientFinalMessage('c=biws,r=abcdefghij,p=AAAA'),
      serialize.query('SELECT 1'),
    ]);
    const mutation = fc.record({
      kind: fc.constantFrom('change', 'drop', 'repeat', 'insert'),
      at: fc.nat({ max: dialogue.length - 1 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 5 }), async (mutations) => {
        let bytes = dialogue;
        for (const { kind, at, bytes: put } of mutations) {
          const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
          if (kind === 'change') bytes = Buffer.concat([before, put, after.subarray(put.length)]);
          if (kind === 'drop') bytes = Buffer.concat([before, after.subarray(put.length)]);
          if (kind === 'repeat') bytes = Buffer.concat([before, after.subarray(0, 20), after]);
          if (kind === 'insert') bytes = Buffer.concat([before, put, after]);
        }
        const { types, last } = await converse(bytes);
        expect(types).toMatch(/^v?R*E?$/);
        if (last !== undefined) expect(last.C).toMatch(/^(08P01|0A000|22021|28000|28P01|42601)$/);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('many at once', () => {
  it('connections that are reset in the middle leave nothing behind', async () => {
    await Promise.all(
      Array.from({ length: 50 }, async (_none, index) => {
        const client = await RawClient.connect(scene.port);
        client.send(startup.subarray(0, index));
        client.socket.resetAndDestroy();
      }),
    );
  });

  it('silent connections are dropped when their time is over', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(scene.port)));
    await Promise.all(clients.map((client) => client.closed()));
    for (const client of clients) client.destroy();
  });
});

import fc from 'fast-check';
import { serialize } from 'pg-protocol';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { workspaceWorkerPids } from '../crash/support/workspace-workers.js';
import { FRONTEND_MESSAGES, type SentMessage } from '../helpers/pgwire/frontend-messages.js';
import { errorOf, RawClient, type BackendFrame } from '../helpers/pgwire/raw-client.js';
import { startTestApp, type TestApp } from '../helpers/test-app.js';

/**
 * Clients that break the rules after they have logged in, against the whole service with a real worker. Whatever arrives, the
 * answer is of the protocol, the session ends or goes on, and a neighbour in the same workspace does not notice.
 */
const RUNS = Number(process.env.PGWIRE_FUZZ_RUNS ?? (process.env.CI === undefined ? 40 : 300));
const MAX_MESSAGE_BYTES = 100_000;

let app: TestApp;
let neighbour: RawClient;
let login: { user: string; database: string };
let password: string;

beforeAll(async () => {
  app = await startTestApp({
    env: { PGWIRE_MAX_MESSAGE_BYTES: String(MAX_MESSAGE_BYTES), PGWIRE_MAX_CONNECTIONS_PER_WORKSPACE: '50' },
  });
  await app.call('POST', '/projects', { id: 'p', name: 'P' });
  const { body } = await app.call('POST', '/projects/p/workspaces', { name: 'w' });
  login = { user: body.connection.username, database: body.connection.database };
  password = body.connection.password;
  neighbour = await session();
  await neighbour.query('CREATE TABLE kept AS SELECT 42 AS answer');
});
afterEach(async () => {
  expect(rows(await neighbour.query('SELECT answer FROM kept'))).toEqual(['42']);
  const { body } = await app.call('GET', '/metrics');
  expect(body).not.toMatch(/^pgwire_workers_ended_total/m);
  expect(app.log.unexpected()).toEqual([]);
});
afterAll(async () => {
  neighbour.destroy();
  await app.stop();
});

async function session(): Promise<RawClient> {
  const client = await RawClient.connect(app.pgwirePort ?? 0);
  await client.login(login, password);
  return client;
}

/** First column of each row. */
function rows(frames: readonly BackendFrame[]): string[] {
  return frames
    .filter(({ type }) => type === 'D')
    .map(({ body }) => body.subarray(6, 6 + body.readInt32BE(2)).toString());
}

/** Every message until the session is ready or closed; errors with their code. */
async function answers(client: RawClient): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    let frame: BackendFrame;
    try {
      frame = await client.read();
    } catch {
      return [...seen, 'closed'];
    }
    const { S = '', C = '' } = frame.type === 'E' ? errorOf(frame) : {};
    seen.push(frame.type === 'E' ? `${S} ${C}` : frame.type);
    if (frame.type === 'Z') return seen;
  }
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const message = (type: string, body: string | Buffer): Buffer => {
  const content = Buffer.from(body as string);
  return Buffer.concat([Buffer.from(type), int32(content.length + 4), content]);
};
const sync = serialize.sync();

describe('after the login', () => {
  it.each<[string, Buffer, string[]]>([
    ['an unknown message type', Buffer.from('~\0\0\0\x04'), ['FATAL 08P01', 'closed']],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), ['FATAL 08P01', 'closed']],
    ['a length below four', Buffer.from('Q\0\0\0\x03'), ['FATAL 08P01', 'closed']],
    ['a negative length', Buffer.from('Q\xff\xff\xff\xff', 'latin1'), ['FATAL 08P01', 'closed']],
    [
      'a message above the limit',
      Buffer.concat([Buffer.from('Q'), int32(MAX_MESSAGE_BYTES + 5)]),
      ['FATAL 08P01', 'closed'],
    ],
    ['a password', message('p', 'secret\0'), ['FATAL 08P01', 'closed']],
    ['a startup packet', serialize.startup({ user: 'x' }), ['FATAL 08P01', 'closed']],
    ['a query without its end', message('Q', 'SELECT 1'), ['ERROR 08P01', 'Z']],
    ['a query with a zero byte inside', message('Q', 'SELECT 1\0 + 1\0'), ['ERROR 08P01', 'Z']],
    ['a query that is not UTF-8', message('Q', Buffer.from("SELECT '\xff'\0", 'latin1')), ['ERROR 22021', 'Z']],
    [
      'a zero byte in a statement name',
      Buffer.concat([message('P', 'a\0b\0SELECT 1\0\0\0'), sync]),
      ['ERROR 08P01', 'Z'],
    ],
    [
      'a Bind of a statement that is not there',
      Buffer.concat([serialize.bind({ statement: 'none' }), sync]),
      ['ERROR 26000', 'Z'],
    ],
    [
      'an Execute of a portal that is not there',
      Buffer.concat([serialize.execute({ portal: 'none' }), sync]),
      ['ERROR 34000', 'Z'],
    ],
    ['a Describe of nothing', Buffer.concat([message('D', 'X\0'), sync]), ['ERROR 08P01', 'Z']],
    [
      'an error, and everything up to Sync after it',
      Buffer.concat([
        message('E', ''),
        serialize.parse({ text: 'SELECT 1' }),
        serialize.bind(),
        serialize.execute(),
        sync,
      ]),
      ['ERROR 08P01', 'Z'],
    ],
    [
      'a Bind with half a parameter',
      Buffer.concat([serialize.parse({ text: 'SELECT $1' }), message('B', '\0\0\0\0\0\x01\0\0\0\x09abc'), sync]),
      ['1', 'ERROR 08P01', 'Z'],
    ],
    [
      'COPY data that nobody waits for',
      Buffer.concat([serialize.copyData(Buffer.from('1\n')), serialize.copyDone(), sync]),
      ['Z'],
    ],
    ['a Terminate', serialize.end(), ['closed']],
  ])('%s', async (_case, bytes, expected) => {
    const client = await session();
    client.send(bytes);
    expect(await answers(client)).toEqual(expected);
    if (expected.at(-1) === 'Z') expect(rows(await client.query('SELECT 7'))).toEqual(['7']);
    client.destroy();
  });

  it('the same answers, byte for byte, however the stream is cut', async () => {
    const dialogue = Buffer.concat([
      serialize.parse({ name: 's', text: 'SELECT $1::int + answer FROM kept', types: [23] }),
      serialize.bind({ statement: 's', portal: 'p', values: ['1'] }),
      serialize.describe({ type: 'P', name: 'p' }),
      serialize.execute({ portal: 'p' }),
      serialize.close({ type: 'S', name: 's' }),
      sync,
      serialize.query('SELECT 1; SELECT nonsense'),
      serialize.query('SELECT 2'),
    ]);
    const client = await session();
    const exchange = async (...pieces: Uint8Array[]): Promise<string> => {
      for (const piece of pieces) {
        client.send(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const frames: string[] = [];
      for (let ready = 0; ready < 3;) {
        const { type, body } = await client.read();
        frames.push(`${type}${body.toString('hex')}`);
        if (type === 'Z') ready += 1;
      }
      return frames.join('\n');
    };
    const whole = await exchange(dialogue);
    for (let cut = 1; cut < dialogue.length; cut += 1) {
      expect(await exchange(dialogue.subarray(0, cut), dialogue.subarray(cut)), `cut at ${cut}`).toBe(whole);
    }
    expect(await exchange(...[...dialogue].map((byte) => Buffer.from([byte])))).toBe(whole);
    client.destroy();
  });

  it('a client that stops in the middle of anything', async () => {
    const pieces = [
      serialize.query('SELECT range FROM range(1000000)'),
      serialize.query('COPY kept FROM STDIN'),
      Buffer.concat([serialize.parse({ text: 'SELECT 1' }), serialize.bind(), serialize.flush()]),
      serialize.query('BEGIN; INSERT INTO kept VALUES (1)'),
      serialize.query('SELECT 1').subarray(0, 6),
    ];
    for (const piece of pieces) {
      for (const leave of ['end', 'reset'] as const) {
        const client = await session();
        client.send(piece);
        if (leave === 'end') client.end();
        else client.socket.resetAndDestroy();
        await client.closed();
        client.destroy();
      }
    }
  });

  it('clients that leave at every message, whole or in part, leave nothing behind', async () => {
    const before = await held();
    const leave = async (message: SentMessage, index: number): Promise<void> => {
      const client = await session();
      const { bytes } = message;
      // What it begins, rows that nobody reads and a transaction, is the session's to give back.
      client.socket.pause();
      client.send(serialize.query('BEGIN; INSERT INTO kept VALUES (1); DECLARE c CURSOR FOR FROM range(100000)'));
      client.send(serialize.parse({ text: 'FROM range(1000000)' }), serialize.bind({}), serialize.execute({ rows: 7 }));
      client.send(index % 3 === 0 ? bytes : bytes.subarray(0, 1 + (index % (bytes.length - 1))));
      if (index % 2 === 0) client.end();
      else client.socket.resetAndDestroy();
      client.socket.resume();
      await client.closed();
      client.destroy();
    };
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(FRONTEND_MESSAGES.map((message, index) => leave(message, index + round)));
    }
    const after = await vi.waitUntil(
      async () => {
        const now = await held();
        return now.sessions === before.sessions && now.descriptors <= before.descriptors ? now : undefined;
      },
      { timeout: 20_000, interval: 50 },
    );
    expect(after.setAside).toEqual([]);
    expect(after.residentBytes - before.residentBytes).toBeLessThan(150_000_000);
  });

  it('a valid dialogue with bytes changed, dropped, repeated or put in', async () => {
    const dialogue = Buffer.concat([
      serialize.query('SELECT 1'),
      serialize.parse({ name: 's', text: 'SELECT $1::varchar, $2::int', types: [1043, 23] }),
      serialize.describe({ type: 'S', name: 's' }),
      serialize.bind({ statement: 's', values: ['x', '2'] }),
      serialize.execute({ rows: 1 }),
      sync,
      serialize.query('COPY (SELECT 1) TO STDOUT'),
      serialize.end(),
    ]);
    const mutation = fc.record({
      kind: fc.constantFrom('change', 'drop', 'repeat', 'insert'),
      at: fc.nat({ max: dialogue.length - 1 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
        let bytes = dialogue;
        for (const { kind, at, bytes: put } of mutations) {
          const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
          if (kind === 'change') bytes = Buffer.concat([before, put, after.subarray(put.length)]);
          if (kind === 'drop') bytes = Buffer.concat([before, after.subarray(put.length)]);
          if (kind === 'repeat') bytes = Buffer.concat([before, after.subarray(0, 20), after]);
          if (kind === 'insert') bytes = Buffer.concat([before, put, after]);
        }
        const client = await session();
        client.send(bytes);
        client.end();
        await client.closed();
        const types = new Set(framesOf(client.takeRest()));
        client.destroy();
        for (const type of types) expect('123CDEGHINSTVZcdnst').toContain(type);
      }),
      { numRuns: RUNS, interruptAfterTimeLimit: 20_000 },
    );
  });
});

/** What sessions hold: in the service, in the worker, and on the disk. */
async function held(): Promise<{
  readonly sessions: string;
  readonly descriptors: number;
  readonly residentBytes: number;
  readonly setAside: string[];
}> {
  const { body } = await app.call('GET', '/metrics');
  const [pid] = await workspaceWorkerPids(process.pid);
  const files = await readdir(app.dataDir, { recursive: true, withFileTypes: true });
  return {
    sessions: /^pgwire_sessions_total (\d+)$/m.exec(body)?.[1] ?? '',
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
    residentBytes: Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024,
    setAside: files
      .filter((file) => file.isFile() && /\/(exchange|temp)(\/|$)/.test(file.parentPath))
      .map(({ name }) => name),
  };
}

/** The types of whole messages; throws when the bytes are not messages. */
function framesOf(bytes: Buffer): string[] {
  const types: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readInt32BE(at + 1);
    expect(at + 1 + length).toBeLessThanOrEqual(bytes.length);
    types.push(String.fromCharCode(bytes[at] ?? 0));
    at += 1 + length;
  }
  return types;
}

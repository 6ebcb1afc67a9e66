import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FRONTEND_MESSAGES, framed, frontendMessage, type SentMessage } from '../helpers/pgwire/frontend-messages.js';
import { FATAL_BYTES } from '../helpers/pgwire/answer-grammar.js';
import { StreamClient } from '../helpers/pgwire/stream-client.js';
import { openTestWorkspace, type TestWorkspace } from '../helpers/workspace-session.js';

/**
 * Each message of a client, cut and bent in every way there is, against a real session and engine. Every answer is read as a client must read
 * it (`answer-grammar.ts`): an answer too many, too few or in the wrong place fails the test.
 */
const RUNS = Number(process.env.PGWIRE_FUZZ_RUNS ?? (process.env.CI === undefined ? 100 : 300));
/** A slow machine tries less. */
const MAX_PROPERTY_MS = 20_000;
const MAX_MESSAGE_BYTES = 100_000;

/** What an error may say about a client's mistake; anything else, an internal error above all, is ours. */
const CLIENT_ERRORS = /^(08P01|0A000|22\w{3}|25P02|25001|26000|34000|42\w{3}|55000|57014)$/;

let workspace: TestWorkspace;
let client: StreamClient;

beforeAll(async () => {
  workspace = await openTestWorkspace();
  client = await StreamClient.open(workspace, MAX_MESSAGE_BYTES);
  await client.exchange([query('CREATE TABLE kept AS SELECT 42::INTEGER AS answer')]);
});
afterEach(() => {
  expect(workspace.broken).toEqual([]);
});
afterAll(async () => {
  await client.leave();
  await workspace.close();
});

/** Tells when a property has had its time. */
function deadline(): () => boolean {
  const endsAtMs = performance.now() + MAX_PROPERTY_MS;
  return () => performance.now() > endsAtMs;
}

function query(sql: string): SentMessage {
  return { name: sql, type: 'Q', bytes: framed('Q', Buffer.from(`${sql}\0`)) };
}

/** Bytes after which nothing has a meaning. */
const fatal = (bytes: Buffer): SentMessage => ({ name: 'what ends the session', type: FATAL_BYTES, bytes });

/** What makes a message mean something, where it means nothing by itself. */
const BEFORE: Readonly<Record<string, readonly string[]>> = {
  'Query COMMIT': ['Query BEGIN'],
  Bind: ['Parse'],
  'Bind of the unnamed': ['Parse of an INSERT'],
  'Bind in binary': ['Parse'],
  'Describe of a statement': ['Parse'],
  'Describe of a portal': ['Parse', 'Bind'],
  Execute: ['Parse of an INSERT', 'Bind of the unnamed'],
  'Execute of one row': ['Parse', 'Bind'],
  'Close of a statement': ['Parse'],
  'Close of a portal': ['Parse', 'Bind'],
  CopyData: ['Query COPY FROM'],
  CopyDone: ['Query COPY FROM', 'CopyData'],
  CopyFail: ['Query COPY FROM', 'CopyData'],
};

/** Sends the messages to a session that knows no names; one that ended makes room for the next. */
async function exchange(
  messages: readonly SentMessage[],
  cuts: readonly number[] = [],
): Promise<{ answers: string; sqlStates: readonly string[] }> {
  if (client.isOver) client = await StreamClient.open(workspace, MAX_MESSAGE_BYTES);
  const { answers, sqlStates } = await client.exchange(messages, cuts);
  if (!client.isOver) await client.exchange([query('DISCARD ALL'), query('DELETE FROM kept WHERE answer <> 42')]);
  for (const sqlState of sqlStates) expect(sqlState).toMatch(CLIENT_ERRORS);
  return { answers: answers.map(({ type, body }) => type + body.toString('hex')).join('\n'), sqlStates };
}

const byteLengthOf = (messages: readonly SentMessage[]): number =>
  messages.reduce((sum, { bytes }) => sum + bytes.length, 0);

describe.each(FRONTEND_MESSAGES)('$name', (message) => {
  const before = (BEFORE[message.name] ?? []).map(frontendMessage);
  const start = byteLengthOf(before);
  const body = message.bytes.subarray(5);
  const bent = (bytes: Buffer): SentMessage => ({ ...message, name: `${message.name}, bent`, bytes });

  it('is answered the same, split at every byte', async () => {
    const whole = await exchange([...before, message]);
    for (let cut = 0; cut <= message.bytes.length; cut += 1) {
      expect(await exchange([...before, message], [start, start + cut]), `cut at ${cut}`).toEqual(whole);
    }
    const everyByte = Array.from({ length: start + message.bytes.length }, (_none, index) => index);
    expect(await exchange([...before, message], everyByte)).toEqual(whole);
  });

  it('is answered with any byte of its body changed', async () => {
    for (let at = 0; at < body.length; at += 1) {
      for (const value of [0x00, 0x01, 0x7f, 0xff]) {
        const changed = Buffer.from(body);
        changed[at] = value;
        await exchange([...before, bent(framed(message.type, changed))]);
      }
    }
  });

  it('is answered when its body is cut short or goes on', async () => {
    // What has no inner structure can have any length.
    const isFree = message.type === 'd' || message.type === 'p';
    for (let length = 0; length < body.length; length += 1) {
      const { sqlStates } = await exchange([...before, bent(framed(message.type, body.subarray(0, length)))]);
      if (!isFree) expect(sqlStates, `${length} of ${body.length} bytes`).toContain('08P01');
    }
    const { sqlStates } = await exchange([
      ...before,
      bent(framed(message.type, Buffer.concat([body, Buffer.from('\0x')]))),
    ]);
    if (!isFree && message.type !== 'X') expect(sqlStates).toContain('08P01');
  });

  it('ends the session when it is larger than allowed', async () => {
    const oversize = fatal(framed(message.type, Buffer.alloc(MAX_MESSAGE_BYTES)));
    const { sqlStates } = await exchange([...before, oversize]);
    expect(sqlStates.at(-1)).toBe('08P01');
    expect(client.isOver).toBe(true);
  });
});

describe('any order', () => {
  const anyMessage = fc.constantFrom(...FRONTEND_MESSAGES.filter(({ type }) => type !== 'X'));

  it('of two messages', async () => {
    for (const first of FRONTEND_MESSAGES) {
      for (const second of FRONTEND_MESSAGES) await exchange([first, second]);
    }
  });

  it('of many messages, coalesced; the same when it is cut anywhere', async () => {
    const isLate = deadline();
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyMessage, { minLength: 3, maxLength: 25 }),
        fc.array(fc.nat({ max: 1500 }), { maxLength: 30 }),
        async (messages, cuts) => {
          if (isLate()) return;
          const whole = await exchange(messages);
          cuts.sort((a, b) => a - b);
          expect(await exchange(messages, cuts)).toEqual(whole);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('with bytes between that are no message', async () => {
    const isLate = deadline();
    const garbage = fc
      .uint8Array({ minLength: 5, maxLength: 40 })
      // Neither the type of a message nor a length that waits for more.
      .map((bytes) => Buffer.from([...bytes.map((byte) => byte | 0x80)]));
    await fc.assert(
      fc.asyncProperty(fc.array(anyMessage, { maxLength: 6 }), garbage, async (messages, bytes) => {
        if (isLate()) return;
        const { sqlStates } = await exchange([...messages, fatal(bytes)]);
        expect(sqlStates.at(-1)).toBe('08P01');
        expect(client.isOver).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});

import { serialize } from 'pg-protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  answerOf,
  openTestWorkspace,
  type RawClient,
  type TestWorkspace,
} from '../../../../test/helpers/workspace-session.js';

/** A cast that fails late, many times what DuckDB makes ahead: its stream ends there as if it had come to its end. */
const FAILS_LATE = `SELECT (CASE WHEN i = 600000 THEN 'x' ELSE i::VARCHAR END)::INTEGER AS v, repeat('w', 40) AS w FROM range(1000000) r(i)`;
const LONG = 'SELECT count(*) FROM range(100000000) a(i), range(1000) b(j) WHERE (i * j) % 7 = 3';
const MANY = 'SELECT i FROM range(3000000) r(i)';

describe('a result that fails half way', () => {
  let workspace: TestWorkspace;
  let client: RawClient;

  beforeAll(async () => {
    workspace = await openTestWorkspace();
    client = await workspace.connect();
  });

  afterAll(() => workspace.close());

  beforeEach(async () => {
    await client.query('ROLLBACK');
  });

  it('is the original error in the simple protocol', async () => {
    const answer = await client.query(FAILS_LATE);
    expect(answer.rows.length).toBeGreaterThan(300_000);
    expect(answer).toMatchObject({ tags: [], error: { code: '22P02' }, status: 'I' });
    expect(answer.error?.message).toContain('"x"');
  });

  it('is the original error in the extended protocol, with parameters', async () => {
    const answer = await client.extended(FAILS_LATE.replace("'x'", '$1::VARCHAR'), ['y']);
    expect(answer).toMatchObject({ tags: [], error: { code: '22P02' }, status: 'I' });
    expect(answer.error?.message).toContain('"y"');
  });

  it('is an error in a block that has written', async () => {
    await client.query('BEGIN; CREATE TABLE written (a INTEGER)');
    const answer = await client.query(FAILS_LATE);
    expect(answer).toMatchObject({ tags: [], error: { code: '22000' }, status: 'E' });
    expect((await client.query('COMMIT')).tags).toEqual(['ROLLBACK']);
    expect((await client.query('SELECT * FROM written')).error?.code).toBe('42P01');
  });

  it('is an error in a portal that is read in pages', async () => {
    await client.query('BEGIN');
    client.send(serialize.parse({ text: FAILS_LATE }), serialize.bind({ portal: 'p' }), serialize.sync());
    await client.until('readyForQuery');
    let rows = 0;
    for (;;) {
      client.send(serialize.execute({ portal: 'p', rows: 100_000 }), serialize.sync());
      const answer = answerOf(await client.until('readyForQuery'));
      rows += answer.rows.length;
      expect(answer.tags).toEqual([]);
      if (answer.error !== undefined) {
        expect(answer).toMatchObject({ error: { code: '22P02' }, status: 'E' });
        break;
      }
      expect(answer.flow).toContain('portalSuspended');
    }
    expect(rows).toBeGreaterThan(300_000);
  });

  it('is an error in a cursor', async () => {
    await client.query(`BEGIN; DECLARE c CURSOR FOR ${FAILS_LATE}`);
    const first = await client.query('FETCH 1000 FROM c');
    expect(first.tags).toEqual(['FETCH 1000']);
    const rest = await client.query('FETCH ALL FROM c');
    expect(rest).toMatchObject({ tags: [], error: { code: '22P02' }, status: 'E' });
  });

  it('is an error of COPY', async () => {
    const answer = await copyOut(client, `COPY (${FAILS_LATE}) TO STDOUT`);
    expect(answer).toMatchObject({ tags: [], error: { code: '22P02' }, status: 'I' });
    expect(answer.flow).not.toContain('copyDone');
  });

  it('is an error of a cursor WITH HOLD at commit', async () => {
    await client.query(`BEGIN; DECLARE c CURSOR WITH HOLD FOR ${FAILS_LATE}`);
    expect(await client.query('COMMIT')).toMatchObject({ tags: [], error: { code: '22P02' }, status: 'I' });
    expect((await client.query('FETCH 1 FROM c')).error?.code).toBe('34000');
  });

  it.each(['simple', 'extended'] as const)('is 57014 when it is cancelled in the %s protocol', async (protocol) => {
    client.send(
      ...(protocol === 'simple'
        ? [serialize.query(MANY)]
        : [serialize.parse({ text: MANY }), serialize.bind({}), serialize.execute({}), serialize.sync()]),
    );
    client.pause();
    await new Promise((resolve) => setTimeout(resolve, 100));
    client.session.cancel();
    client.resume();
    const answer = answerOf(await client.until('readyForQuery'));
    expect(answer).toMatchObject({
      tags: [],
      error: { code: '57014', message: 'canceling statement due to user request' },
      status: 'I',
    });
    expect((await client.query('SELECT 1')).rows).toEqual([['1']]);
  });

  it('is 57014 when it takes too long', async () => {
    await client.query("SET statement_timeout = '150ms'");
    for (const sql of [LONG, `SELECT i FROM range(100000000) r(i)`]) {
      const answer = await client.query(sql);
      expect(answer).toMatchObject({
        tags: [],
        error: { code: '57014', message: 'canceling statement due to statement timeout' },
      });
    }
    await client.query('RESET statement_timeout');
    expect(client.log.at(-2)).toMatchObject({ outcome: 'timeout', sqlState: '57014' });
    expect(await client.query('SELECT 1')).toMatchObject({ error: undefined, rows: [['1']] });
  });

  it('is not what a late cancel makes of the next statement', async () => {
    for (let round = 0; round < 100; round++) {
      client.send(serialize.query(`SELECT ${round}`));
      if (round % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      client.session.cancel();
      const answer = answerOf(await client.until('readyForQuery'));
      if (answer.error !== undefined) expect(answer.error.code).toBe('57014');
      else expect(answer.rows).toEqual([[String(round)]]);
      client.session.cancel();
      expect((await client.query(`SELECT ${round} + 1`)).rows).toEqual([[String(round + 1)]]);
    }
  });
});

describe('rows of portals and cursors', () => {
  let workspace: TestWorkspace;
  let client: RawClient;

  beforeAll(async () => {
    workspace = await openTestWorkspace({ heldRowsMemoryBytes: 100_000 });
    client = await workspace.connect();
  });

  afterAll(() => workspace.close());

  beforeEach(async () => {
    await client.query('ROLLBACK');
  });

  it('survive other statements between pages, in memory and spooled', async () => {
    await client.query('BEGIN');
    client.send(
      serialize.parse({ text: 'SELECT i FROM range(100000) r(i)' }),
      serialize.bind({ portal: 'p' }),
      serialize.execute({ portal: 'p', rows: 100 }),
      serialize.sync(),
    );
    const values = answerOf(await client.until('readyForQuery')).rows.map(([value]) => Number(value));
    for (let ended = false; !ended;) {
      expect((await client.query('SELECT 1; SELECT count(*) FROM range(10)')).error).toBeUndefined();
      client.send(serialize.execute({ portal: 'p', rows: 9_000 }), serialize.sync());
      const page = answerOf(await client.until('readyForQuery'));
      expect(page.error).toBeUndefined();
      values.push(...page.rows.map(([value]) => Number(value)));
      ended = page.tags.length > 0;
    }
    expect(values).toEqual(Array.from({ length: 100_000 }, (_, index) => index));
  });

  it('of exactly the limit complete, and one more is suspended', async () => {
    for (const [total, limit, name] of [
      [1000, 1000, 'commandComplete'],
      [1001, 1000, 'portalSuspended'],
      [4096, 4096, 'commandComplete'],
      [4097, 4096, 'portalSuspended'],
    ] as const) {
      client.send(
        serialize.parse({ text: `SELECT i FROM range(${total}) r(i)` }),
        serialize.bind({}),
        serialize.execute({ rows: limit }),
        serialize.sync(),
      );
      const answer = answerOf(await client.until('readyForQuery'));
      expect(answer.rows).toHaveLength(limit);
      expect(answer.flow).toContain(name);
    }
  });

  it('of cursors come forwards', async () => {
    await client.query('BEGIN; DECLARE c NO SCROLL CURSOR FOR SELECT i FROM range(10) r(i)');
    expect((await client.query('FETCH c')).rows).toEqual([['0']]);
    expect((await client.query('FETCH FORWARD 2 FROM c')).rows).toEqual([['1'], ['2']]);
    expect((await client.query('MOVE 3 IN c')).tags).toEqual(['MOVE 3']);
    await client.query('SELECT 1');
    expect((await client.query('FETCH NEXT FROM c')).rows).toEqual([['6']]);
    expect((await client.query('FETCH ALL FROM c')).tags).toEqual(['FETCH 3']);
    expect((await client.query('FETCH 5 FROM c')).tags).toEqual(['FETCH 0']);
    expect((await client.query('CLOSE c')).tags).toEqual(['CLOSE CURSOR']);
    expect((await client.query('FETCH c')).error?.code).toBe('34000');
    await client.query('ROLLBACK; BEGIN; DECLARE c CURSOR FOR SELECT 1');
    expect((await client.query('FETCH BACKWARD 1 FROM c')).error?.code).toBe('55000');
  });

  it('of a cursor WITH HOLD outlive their transaction', async () => {
    await client.query('BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT i FROM range(50000) r(i)');
    expect((await client.query('FETCH 10 FROM c')).rows).toHaveLength(10);
    expect((await client.query('COMMIT')).tags).toEqual(['COMMIT']);
    expect((await client.query('FETCH 2 FROM c')).rows).toEqual([['10'], ['11']]);
    expect((await client.query('FETCH ALL FROM c')).tags).toEqual(['FETCH 49988']);
    expect((await client.query('CLOSE ALL')).tags).toEqual(['CLOSE CURSOR ALL']);
    expect((await client.query('DECLARE c CURSOR FOR SELECT 1')).error?.code).toBe('25P01');
  });

  it('have a quota', async () => {
    const small = await openTestWorkspace({ heldRowsMemoryBytes: 10_000, heldRowsBytes: 100_000 });
    try {
      const other = await small.connect();
      await other.query('BEGIN; DECLARE c CURSOR FOR SELECT i FROM range(100000) r(i)');
      expect(await other.query('SELECT 1')).toMatchObject({ error: { code: '53100' }, status: 'E' });
    } finally {
      await small.close();
    }
  });
});

async function copyOut(client: RawClient, sql: string): Promise<ReturnType<typeof answerOf>> {
  client.send(serialize.query(sql));
  return answerOf(await client.until('readyForQuery'));
}

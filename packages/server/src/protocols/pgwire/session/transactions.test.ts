import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTestWorkspace, type RawClient, type TestWorkspace } from '../../../../test/helpers/workspace-session.js';

describe('transactions of a session', () => {
  let workspace: TestWorkspace;
  let client: RawClient;

  beforeAll(async () => {
    workspace = await openTestWorkspace();
    client = await workspace.connect();
  });

  afterAll(() => workspace.close());

  beforeEach(async () => {
    await client.query('ROLLBACK');
    const made = await client.query('CREATE OR REPLACE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR)');
    expect(made.error).toBeUndefined();
  });

  async function count(): Promise<string | null | undefined> {
    return (await client.query('SELECT count(*) FROM t')).rows[0]?.[0];
  }

  /** After each of these a block is failed: 25P02 until its end, and COMMIT is a ROLLBACK. */
  it.each([
    ['a syntax error', 'selec 1', '42601'],
    ['an unknown table', 'SELECT * FROM nope', '42P01'],
    ['an unknown column', 'SELECT nope FROM t', '42703'],
    ['an unknown function', 'SELECT nope(1)', '42883'],
    ['a bad cast', "SELECT 'x'::INTEGER", '22P02'],
    ['a bad cast of a column', "SELECT x::INTEGER FROM (VALUES ('1'), ('x')) v(x)", '22P02'],
    ['a duplicate key', 'INSERT INTO t VALUES (1, 2)', '23505'],
    ['a missing value', 'INSERT INTO t VALUES (NULL, 2)', '23502'],
    ['an unknown setting', 'SHOW nope', '42704'],
    ['a bad setting', "SET statement_timeout = 'x'", '22023'],
    ['an unknown cursor', 'FETCH 1 FROM nope', '34000'],
    ['an unknown prepared statement', 'EXECUTE nope', '26000'],
    ['an unknown savepoint', 'RELEASE SAVEPOINT nope', '3B001'],
  ])('are failed by %s', async (_, sql, code) => {
    expect((await client.query('BEGIN')).status).toBe('T');
    expect((await client.query("INSERT INTO t VALUES (1, 'a')")).tags).toEqual(['INSERT 0 1']);
    const failed = await client.query(sql);
    expect(failed.error?.code).toBe(code);
    expect(failed.status).toBe('E');
    expect((await client.query('SELECT 1')).error?.code).toBe('25P02');
    expect((await client.extended('SELECT 1')).error?.code).toBe('25P02');
    expect((await client.query('SET application_name = x')).error?.code).toBe('25P02');
    const ended = await client.query('COMMIT');
    expect(ended).toMatchObject({ tags: ['ROLLBACK'], status: 'I' });
    expect(await count()).toBe('0');
  });

  it('keep what was committed', async () => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await client.query("INSERT INTO t VALUES (1, 'a')");
    expect(await client.query('COMMIT')).toMatchObject({ tags: ['COMMIT'], status: 'I' });
    expect(await count()).toBe('1');
  });

  it('of several statements in one message are one', async () => {
    const answer = await client.query("INSERT INTO t VALUES (1, 'a'); INSERT INTO t VALUES (1, 'b'); SELECT 1");
    expect(answer).toMatchObject({ tags: ['INSERT 0 1'], status: 'I', error: { code: '23505' } });
    expect(await count()).toBe('0');
    expect((await client.query("INSERT INTO t VALUES (1, 'a'); INSERT INTO t VALUES (2, 'b')")).tags).toEqual([
      'INSERT 0 1',
      'INSERT 0 1',
    ]);
    expect(await count()).toBe('2');
  });

  it('begin and end within one message', async () => {
    const answer = await client.query(
      "BEGIN; INSERT INTO t VALUES (1, 'a'); COMMIT; INSERT INTO t VALUES (2, 'b'); selec",
    );
    expect(answer.error?.code).toBe('42601');
    const other = await client.query(
      "INSERT INTO t VALUES (1, 'a'); COMMIT; INSERT INTO t VALUES (2, 'b'); SELECT 'x'::INTEGER",
    );
    expect(other).toMatchObject({
      tags: ['INSERT 0 1', 'COMMIT', 'INSERT 0 1'],
      error: { code: '22P02' },
      status: 'I',
    });
    expect((await client.query('SELECT a FROM t')).rows).toEqual([['1']]);
  });

  it('warn of what makes no difference', async () => {
    expect((await client.query('COMMIT')).notices).toMatchObject([{ code: '25P01' }]);
    expect((await client.query('ROLLBACK')).notices).toMatchObject([{ code: '25P01' }]);
    await client.query('BEGIN');
    expect(await client.query('BEGIN')).toMatchObject({ notices: [{ code: '25001' }], status: 'T' });
  });

  it('refuse writes when they are READ ONLY', async () => {
    await client.query('START TRANSACTION READ ONLY');
    expect((await client.query('SHOW transaction_read_only')).rows).toEqual([['on']]);
    const refused = await client.query("INSERT INTO t VALUES (1, 'a')");
    expect(refused.error).toMatchObject({ code: '25006', message: 'cannot execute INSERT in a read-only transaction' });
    await client.query('ROLLBACK');
    await client.query('SET default_transaction_read_only = on');
    expect((await client.query('DELETE FROM t')).error?.code).toBe('25006');
    await client.query('RESET default_transaction_read_only');
    expect((await client.query('DELETE FROM t')).tags).toEqual(['DELETE 0']);
  });

  it('go on after an error that a savepoint stood before, where nothing is to be undone', async () => {
    await client.query('BEGIN');
    await client.query('SAVEPOINT s');
    expect((await client.query('SELECT * FROM nope')).status).toBe('E');
    expect(await client.query('ROLLBACK TO SAVEPOINT s')).toMatchObject({ tags: ['ROLLBACK'], status: 'T' });
    expect((await client.query('RELEASE s; SAVEPOINT s; SELECT 1')).tags).toEqual(['RELEASE', 'SAVEPOINT', 'SELECT 1']);
    await client.query("INSERT INTO t VALUES (1, 'a')");
    expect((await client.query('COMMIT')).tags).toEqual(['COMMIT']);
    expect(await count()).toBe('1');
  });

  it('refuse to go back where something was written', async () => {
    await client.query('BEGIN');
    await client.query('SAVEPOINT s');
    await client.query("INSERT INTO t VALUES (1, 'a')");
    expect(await client.query('ROLLBACK TO s')).toMatchObject({ error: { code: '0A000' }, status: 'E' });
    expect((await client.query('COMMIT')).tags).toEqual(['ROLLBACK']);
    expect(await count()).toBe('0');
  });

  it('refuse to go back where DuckDB gave up', async () => {
    await client.query('BEGIN; SAVEPOINT s');
    await client.query("SELECT x::INTEGER FROM (VALUES ('x')) v(x)");
    expect(await client.query('ROLLBACK TO s')).toMatchObject({ error: { code: '0A000' }, status: 'E' });
    await client.query('ROLLBACK');
    expect((await client.query('SAVEPOINT s')).error?.code).toBe('25P01');
  });

  it('undo settings', async () => {
    await client.query('BEGIN');
    await client.query("SET TimeZone = 'Europe/Prague'");
    expect((await client.query("SELECT TIMESTAMPTZ '2024-01-01 00:00:00+00'")).rows).toEqual([
      ['2024-01-01 01:00:00+01'],
    ]);
    await client.query('ROLLBACK');
    expect((await client.query('SHOW timezone')).rows).toEqual([['UTC']]);
    expect((await client.query("SELECT TIMESTAMPTZ '2024-01-01 00:00:00+00'")).rows).toEqual([
      ['2024-01-01 00:00:00+00'],
    ]);
    await client.query("BEGIN; SET LOCAL application_name = 'x'; SET statement_timeout = '5s'");
    const committed = await client.query('COMMIT');
    expect(committed.flow).toContain('parameterStatus');
    expect((await client.query('SHOW application_name')).rows).toEqual([['']]);
    expect((await client.query('SHOW statement_timeout')).rows).toEqual([['5s']]);
    await client.query('RESET ALL');
  });
});

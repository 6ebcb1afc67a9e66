import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestWorkspace, type RawClient, type TestWorkspace } from '../../../../test/helpers/workspace-session.js';

describe('errors', () => {
  let workspace: TestWorkspace;
  let client: RawClient;

  beforeAll(async () => {
    workspace = await openTestWorkspace();
    client = await workspace.connect();
    for (const sql of [
      'CREATE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR NOT NULL, c INTEGER CHECK (c > 0))',
      'CREATE TABLE child (a INTEGER REFERENCES t (a))',
      "INSERT INTO t VALUES (1, 'x', 1)",
      'INSERT INTO child VALUES (1)',
      'CREATE VIEW v AS SELECT * FROM t',
      'CREATE SCHEMA s',
      'CREATE SEQUENCE seq',
      "CREATE TYPE mood AS ENUM ('sad', 'ok')",
    ]) {
      expect((await client.query(sql)).error).toBeUndefined();
    }
  });

  afterAll(() => workspace.close());

  it.each([
    ['selec 1', '42601', 1],
    ['SELECT 1 +', '42601', 11],
    ['SELECT * FROM nope', '42P01', 15],
    ['SELECT * FROM nope.nope', '42P01', undefined],
    ['SELECT nope FROM t', '42703', 8],
    ["SELECT 'č' AS č, nope FROM t", '42703', 18],
    ['SELECT nope(1)', '42883', 8],
    ['SELECT t.a FROM t x', '42P01', undefined],
    ['SELECT a FROM t x, t y', '42702', undefined],
    ['SELECT a, count(*) FROM t', '42803', undefined],
    ['SELECT 1::nope', '42704', undefined],
    ['INSERT INTO t VALUES (2)', '23502', undefined],
    ["INSERT INTO t VALUES (1, 'x', 1, 1)", '42601', undefined],
    ['CREATE TABLE twice (a INTEGER, a VARCHAR)', '42701', undefined],
    ['SELECT (SELECT x FROM (VALUES (1), (2)) y (x))', '21000', undefined],
    ['SELECT 1 LIMIT -1', '2201W', undefined],
    ["SELECT 'x'::INTEGER", '22P02', undefined],
    // What somebody wrote or stored is not what the engine says of itself.
    ["SELECT 'database has been invalidated'::INTEGER", '22P02', undefined],
    ["SELECT error('has been invalidated')", '22023', undefined],
    ["SELECT current_setting(b) FROM (SELECT 'temp_directory' AS b)", '0A000', undefined],
    ["CREATE VIEW told AS SELECT current_setting('temp_directory')", '0A000', undefined],
    ["PREPARE p AS SET work_mem = '1MB'", '42601', undefined],
    ['PREPARE p AS CREATE TABLE made (a INT)', '42601', undefined],
    ['COPY (SHOW work_mem) TO STDOUT', '42601', undefined],
    ['SELECT 300::TINYINT', '22003', undefined],
    ['SELECT 2147483647::INTEGER + 1::INTEGER', '22003', undefined],
    ["SELECT '2024-13-01'::DATE", '22008', undefined],
    ["SELECT regexp_matches('a', '[')", '2201B', undefined],
    ["INSERT INTO t VALUES (1, 'y', 1)", '23505', undefined],
    ['INSERT INTO t VALUES (2, NULL, 1)', '23502', undefined],
    ["INSERT INTO t VALUES (2, 'y', 0)", '23514', undefined],
    ['INSERT INTO child VALUES (9)', '23503', undefined],
    ['CREATE TABLE t (a INTEGER)', '42P07', undefined],
    ['CREATE SCHEMA s', '42P06', undefined],
    ["CREATE TYPE mood AS ENUM ('a')", '42710', undefined],
    ['ALTER TABLE t ADD COLUMN a INTEGER', '42701', undefined],
    ['DROP TABLE nope', '42P01', undefined],
    ['DROP TABLE v', '42809', undefined],
    ['DROP TABLE t', '2BP01', undefined],
    ['VACUUM; SELECT 1', '25001', undefined],
    ['SET nope = 1', '42704', undefined],
    ['SET client_encoding = LATIN1', '22023', undefined],
    ["SET TimeZone = 'Nowhere'", '22023', undefined],
    ['SHOW nope', '42704', undefined],
    ['SET server_version = 9', '55P02', undefined],
    ['SELECT $1', '42P02', undefined],
    ["ATTACH 'x' AS y", '42501', undefined],
    ["SELECT * FROM read_csv('/etc/passwd')", '42501', undefined],
    ["PREPARE TRANSACTION 'x'", '0A000', undefined],
  ])('of %s are %s', async (sql, code, position) => {
    const { error } = await client.query(sql);
    expect(error).toMatchObject({ code, severity: 'ERROR' });
    if (position !== undefined) expect(error?.position).toBe(String(position));
    expect(error?.message).not.toMatch(/exception_type|\/tmp|\{/);
  });

  it('are none when INSERT has fewer values than the table has columns', async () => {
    await client.query('CREATE TABLE filled (a INTEGER, b VARCHAR DEFAULT \'mine\', "C d" INTEGER)');
    expect((await client.query('INSERT INTO filled VALUES (1), (2)')).tags).toEqual(['INSERT 0 2']);
    expect((await client.query("INSERT INTO main.filled AS f SELECT 3, 'theirs' RETURNING a")).rows).toEqual([['3']]);
    expect((await client.extended('INSERT INTO filled VALUES ($1, $2)', ['4', null])).error).toBeUndefined();
    expect((await client.query('SELECT * FROM filled ORDER BY a')).rows).toEqual([
      ['1', 'mine', null],
      ['2', 'mine', null],
      ['3', 'theirs', null],
      ['4', null, null],
    ]);
  });

  it('name what is there already, or not, when the statement allows for it', async () => {
    expect((await client.query('CREATE TABLE IF NOT EXISTS t (a INTEGER)')).notices).toEqual([
      { code: '42P07', message: 'relation "t" already exists, skipping' },
    ]);
    expect((await client.query('DROP TABLE IF EXISTS nope')).notices).toEqual([
      { code: '00000', message: 'table "nope" does not exist, skipping' },
    ]);
    expect((await client.query('CREATE SCHEMA IF NOT EXISTS s')).notices).toMatchObject([{ code: '42P06' }]);
    await client.query('SET client_min_messages = warning');
    expect((await client.query('DROP TABLE IF EXISTS nope')).notices).toEqual([]);
    await client.query('RESET client_min_messages');
  });

  it('leave no secret in the log', async () => {
    await client.query("CREATE SECRET x (TYPE s3, SECRET 'hunter2')");
    await client.query("SELECT 'a' AS password, 'x'");
    expect(client.log.map(({ text }) => text).join()).not.toContain('hunter2');
  });

  it('are 40001 when two transactions change the same', async () => {
    const other = await workspace.connect();
    await client.query("BEGIN; UPDATE t SET b = 'mine' WHERE a = 1");
    await other.query('BEGIN');
    expect((await other.query("UPDATE t SET b = 'theirs' WHERE a = 1")).error?.code).toBe('40001');
    await client.query('ROLLBACK');
    await other.query('ROLLBACK');
  });
});

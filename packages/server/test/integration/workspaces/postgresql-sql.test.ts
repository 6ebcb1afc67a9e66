import { Client, type QueryResult } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../helpers/test-app.js';

/** What users write for PostgreSQL means to a workspace what it means there: over the whole server, with a real client. */
let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await startTestApp();
  await app.call('POST', '/projects', { id: 'p1', name: 'p1' });
  const { connection } = (await app.call('POST', '/projects/p1/workspaces', { name: 'w' })).body;
  const { database, username: user, password } = connection;
  client = new Client({ host: '127.0.0.1', port: app.pgwirePort ?? 0, database, user, password, ssl: false });
  await client.connect();
  await client.query(
    "CREATE TABLE t (id integer PRIMARY KEY, n integer, big bigint, note text); INSERT INTO t VALUES (1, 0, 5, 'a'), (2, 3, 6, 'b')",
  );
});

afterAll(async () => {
  await client.end();
  await app.stop();
  expect(app.log.unexpected()).toEqual([]);
});

/** Names and type numbers of the columns. */
const columns = ({ fields }: QueryResult): string[] => fields.map(({ name, dataTypeID }) => `${name}:${dataTypeID}`);

describe('sums of integers', () => {
  test('are bigint in queries, with parameters, in views and tables', async () => {
    const sum = 'SELECT sum(n), sum(n::smallint) AS small, sum(big) AS big, coalesce(sum(n), 0) FROM t';
    const expected = ['sum:20', 'small:20', 'big:1700', 'coalesce:20'];
    expect(columns(await client.query(sum))).toEqual(expected);
    expect(columns(await client.query(`${sum} WHERE id > $1`, [0]))).toEqual(expected);
    await client.query(`CREATE VIEW sums AS ${sum}`);
    await client.query(`CREATE TABLE summed AS ${sum}`);
    for (const name of ['sums', 'summed'])
      expect(columns(await client.query(`SELECT * FROM ${name}`))).toEqual(expected);
    expect((await client.query('SELECT * FROM sums')).rows).toEqual([
      { sum: '3', small: '3', big: '11', coalesce: '3' },
    ]);
  });

  test('leave nothing of ours in a view, nested or not', async () => {
    await client.query(
      'CREATE OR REPLACE VIEW nested AS SELECT sum(x) AS y, sum(x) / count(*) AS mean FROM (SELECT sum(n) AS x FROM t GROUP BY note) s',
    );
    const { rows } = await client.query<{ sql: string }>("SELECT sql FROM duckdb_views() WHERE view_name = 'nested'");
    expect(rows[0]?.sql).not.toContain('__pg');
    expect(columns(await client.query('SELECT y FROM nested'))).toEqual(['y:1700']);
  });
});

describe('division by zero', () => {
  test.each<[string, unknown[]]>([
    ['SELECT 1 / 0', []],
    ['SELECT id / n FROM t', []],
    ['SELECT 10 / $1', [0]],
    ['SELECT id / $1 FROM t', [0]],
    ['SELECT id % $1::int FROM t', [0]],
    ['SELECT mod(id, n) FROM t', []],
    ['CREATE TABLE failed AS SELECT id / n AS x FROM t', []],
    ['UPDATE t SET n = id / n', []],
  ])('%s is 22012', async (sql, values) => {
    await expect(client.query(sql, values)).rejects.toMatchObject({ code: '22012', message: 'division by zero' });
  });

  test('is an error of a view, and none where the rows are excluded', async () => {
    await client.query('CREATE VIEW ratios AS SELECT id, id / n AS ratio FROM t');
    await expect(client.query('SELECT * FROM ratios')).rejects.toMatchObject({ code: '22012' });
    expect((await client.query('SELECT id / n AS ratio FROM t WHERE n <> 0')).rows).toEqual([{ ratio: 0 }]);
  });

  test('and overflow of integers is 22003', async () => {
    for (const sql of ['SELECT 2147483647 + 1', 'SELECT 9223372036854775807 + 1', 'SELECT 100000::smallint']) {
      await expect(client.query(sql)).rejects.toMatchObject({ code: '22003' });
    }
  });

  test('mistakes are told at their places in what the client wrote', async () => {
    await expect(client.query('SELECT sum(n) / n, nothing FROM t')).rejects.toMatchObject({
      code: '42703',
      position: '20',
    });
  });
});

describe('names of columns', () => {
  test.each<[string, unknown[], string[]]>([
    ['SELECT 1', [], ['?column?:23']],
    ['SELECT $1::text, $2::int, $1 || $1', ['a', 1], ['text:25', 'int4:23', '?column?:25']],
    ['SELECT CASE WHEN n = 0 THEN 1 ELSE 2 END FROM t', [], ['case:23']],
    ['VALUES (1, $1)', ['a'], ['column1:23', 'column2:25']],
    ['SELECT count FROM (SELECT count(*) FROM t) s', [], ['count:20']],
    ['INSERT INTO t (id, n) VALUES (9, 1) RETURNING id + 1, id', [], ['?column?:23', 'id:23']],
    ['DELETE FROM t WHERE id = 9 RETURNING id::text', [], ['id:25']],
  ])('%s', async (sql, values, names) => {
    expect(columns(await client.query(sql, values))).toEqual(names);
  });
});

import { Client, type QueryResult } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../helpers/test-app.js';

/** What users write for PostgreSQL means to a workspace what it means there: over the whole server, with a real client. */
let app: TestApp;
let client: Client;
let id: string;

beforeAll(async () => {
  app = await startTestApp();
  await app.call('POST', '/projects', { id: 'p1', name: 'p1' });
  const { connection, ...workspace } = (await app.call('POST', '/projects/p1/workspaces', { name: 'w' })).body;
  ({ id } = workspace);
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

describe('statements over HTTP', () => {
  test('mean the same', async () => {
    const query = (sql: string) => app.call('POST', `/projects/p1/workspaces/${id}/query`, { sql });
    expect(
      (await query('SELECT sum(n), 1 FROM t')).body.columns.map(
        ({ name, type }: { name: string; type: string }) => `${name} ${type}`,
      ),
    ).toEqual(['sum BIGINT', '?column? INTEGER']);
    expect((await query('SELECT id / n FROM t')).body.detail).toMatchObject({
      message: expect.stringContaining('division by zero'),
    });
    expect((await query('CREATE VIEW over_http AS SELECT sum(n) FROM t')).status).toBe(200);
    const { rows } = await client.query<{ sql: string }>(
      "SELECT sql FROM duckdb_views() WHERE view_name = 'over_http'",
    );
    expect(rows[0]?.sql).toContain('CAST(sum(n) AS BIGINT)');
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

describe('literals', () => {
  test('are read as PostgreSQL reads them for their columns', async () => {
    await client.query(
      "CREATE TABLE l (id integer PRIMARY KEY, texts text[] DEFAULT '{}', numbers integer[], moment timestamptz, bytes bytea, note text)",
    );
    await client.query(
      String.raw`INSERT INTO public.l VALUES (1, '{x,"y z",NULL}', '{1,2}', '2026-11-25 12:00+00', '\x00ff', '{x}'), (2, '{}', '{}', '2026-11-25', 'ab', '\x')`,
    );
    await client.query("INSERT INTO l (numbers, id) VALUES ('{3}', 3)");
    await client.query("UPDATE l SET numbers = '{9}', moment = '2026-11-25 12:00+02' WHERE id = 2");
    await client.query("INSERT INTO l (id) VALUES (3) ON CONFLICT (id) DO UPDATE SET texts = '{new}'");
    const { rows } = await client.query('SELECT * FROM l ORDER BY id');
    expect(rows).toEqual([
      {
        id: 1,
        texts: ['x', 'y z', null],
        numbers: [1, 2],
        moment: new Date('2026-11-25T12:00Z'),
        bytes: Buffer.from([0, 255]),
        note: '{x}',
      },
      { id: 2, texts: [], numbers: [9], moment: new Date('2026-11-25T10:00Z'), bytes: Buffer.from('ab'), note: '\\x' },
      { id: 3, texts: ['new'], numbers: [3], moment: null, bytes: null, note: null },
    ]);
  });

  test('that are none of their type are refused', async () => {
    await expect(client.query("INSERT INTO l (id, numbers) VALUES (4, '{a}')")).rejects.toMatchObject({
      code: '22P02',
    });
    await expect(client.query("INSERT INTO l (id, moment) VALUES (4, '2026-13-25 12:00+00')")).rejects.toMatchObject({
      code: '22008',
    });
  });

  test('of times without seconds', async () => {
    const sql =
      "SELECT '2026-11-25 12:00+00'::timestamptz AS a, CAST('2026-11-25 12:00 -05:30' AS timestamp with time zone) AS b, timestamptz '2026-11-25 12:00Z' AS c";
    const [row] = (await client.query<Record<string, Date>>(sql)).rows;
    expect(Object.values(row ?? {}).map((date) => date.toISOString().slice(11, 16))).toEqual([
      '12:00',
      '17:30',
      '12:00',
    ]);
  });
});

describe('the sequence of a serial column', () => {
  const sequences = async (): Promise<unknown[]> =>
    (await client.query("SELECT relname FROM pg_class WHERE relkind = 'S' ORDER BY 1")).rows.map(
      ({ relname }) => relname,
    );

  test('goes with its table, and with that alone', async () => {
    await client.query(
      "CREATE SEQUENCE own; CREATE TABLE s (id serial, n bigint GENERATED BY DEFAULT AS IDENTITY, o integer DEFAULT nextval('own'))",
    );
    await client.query("CREATE TABLE user_of_s (id integer DEFAULT nextval('s_n_seq'))");
    expect(await sequences()).toEqual(['own', 's_id_seq', 's_n_seq']);
    await client.query('BEGIN; DROP TABLE s; ROLLBACK');
    expect(await sequences()).toEqual(['own', 's_id_seq', 's_n_seq']);
    await client.query('DROP TABLE public.s');
    expect(await sequences()).toEqual(['own', 's_n_seq']);
    await client.query('CREATE TABLE s (id serial); INSERT INTO s DEFAULT VALUES');
    expect((await client.query('SELECT id FROM s')).rows).toEqual([{ id: 1 }]);
    await client.query('DROP TABLE IF EXISTS s, user_of_s');
    expect(await sequences()).toEqual(['own', 's_n_seq']);
  });
});

describe('broken constraints', () => {
  test('are told with schema, table, column and name', async () => {
    await client.query('CREATE TABLE c (id integer PRIMARY KEY, n integer NOT NULL CHECK (n > 0), code text UNIQUE)');
    await client.query("INSERT INTO c VALUES (1, 1, 'a')");
    const failure = (sql: string, values: unknown[] = []): Promise<unknown> =>
      client.query(sql, values).then(
        () => 'no error',
        ({ code, schema, table, column, constraint, detail }: Record<string, unknown>) => [
          code,
          schema,
          table,
          column,
          constraint,
          detail,
        ],
      );
    expect(await failure("INSERT INTO c VALUES (1, 1, 'b')")).toEqual([
      '23505',
      'public',
      'c',
      undefined,
      'c_pkey',
      'Key (id)=(1) already exists.',
    ]);
    expect(await failure('INSERT INTO c VALUES ($1, 1, $2)', [2, 'a'])).toEqual([
      '23505',
      'public',
      'c',
      undefined,
      'c_code_key',
      'Key (code)=(a) already exists.',
    ]);
    expect(await failure('UPDATE c SET n = NULL')).toEqual(['23502', 'public', 'c', 'n', undefined, undefined]);
    expect(await failure('UPDATE public.c SET n = -1')).toEqual([
      '23514',
      'public',
      'c',
      undefined,
      'c_n_check',
      undefined,
    ]);
  });
});

describe('what is told of statements and transactions', () => {
  test('a plan is one column of lines, whatever PostgreSQL could print beside it', async () => {
    for (const sql of [
      'EXPLAIN SELECT 1',
      'EXPLAIN (COSTS OFF, VERBOSE) SELECT 1',
      'EXPLAIN (ANALYZE, BUFFERS) SELECT 1',
    ]) {
      const plan = await client.query<{ 'QUERY PLAN': string }>(sql);
      expect(columns(plan)).toEqual(['QUERY PLAN:25']);
      expect(plan.rows.length).toBeGreaterThan(5);
      expect(plan.rows[1]?.['QUERY PLAN']).not.toContain('\n');
    }
    const { rows } = await client.query<{ 'QUERY PLAN': string }>('EXPLAIN (FORMAT JSON) SELECT 1');
    expect(JSON.parse(rows[0]?.['QUERY PLAN'] ?? '')).toHaveLength(1);
  });

  test('the isolation level outside of a transaction is that of the next one', async () => {
    const level = async (): Promise<unknown> =>
      (await client.query<{ transaction_isolation: string }>('SHOW transaction_isolation')).rows[0]
        ?.transaction_isolation;
    expect(await level()).toBe('read committed');
    await client.query('SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    expect(await level()).toBe('repeatable read');
    await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
    expect(await level()).toBe('serializable');
    await client.query('ROLLBACK');
    expect(await level()).toBe('repeatable read');
    await client.query('RESET ALL');
    expect(await level()).toBe('read committed');
  });

  test('a prepared statement is shown with the text that it came with', async () => {
    await client.query('PREPARE mine AS SELECT $1::int;');
    const { rows } = await client.query('SELECT name, statement, from_sql FROM pg_prepared_statements');
    expect(rows).toEqual([{ name: 'mine', statement: 'PREPARE mine AS SELECT $1::int;', from_sql: true }]);
  });
});

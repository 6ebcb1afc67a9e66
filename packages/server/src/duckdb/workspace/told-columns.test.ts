import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestWorkspace, type RawClient, type TestWorkspace } from '../../../test/helpers/workspace-session.js';

describe('what the text of a statement tells of the columns of its result', () => {
  let workspace: TestWorkspace;
  let client: RawClient;
  const numbers = new Map<number, string>();

  beforeAll(async () => {
    workspace = await openTestWorkspace();
    client = await workspace.connect();
    await client.query('CREATE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR, "C d" INTEGER)');
    await client.query(
      'CREATE TABLE u (a INTEGER, e INTEGER); CREATE SCHEMA s; CREATE TABLE s.t (x INTEGER, a INTEGER)',
    );
    await client.query('CREATE VIEW v AS SELECT b, a + 1 AS more FROM t; CREATE TEMP TABLE own (k INTEGER)');
    const { rows } = await client.query(
      `SELECT 32768 + 128 * table_oid, schema_name || '.' || table_name FROM duckdb_tables()
       UNION ALL SELECT 32768 + 128 * view_oid, 'main.' || view_name FROM duckdb_views() WHERE NOT internal`,
    );
    for (const [oid, name] of rows) numbers.set(Number(oid), String(name));
  });

  afterAll(() => workspace.close());

  /** `main.t 1` for the first column of that table, `-` for none. */
  async function originsOf(sql: string, session = client): Promise<string[]> {
    const { columns, error } = await session.query(sql);
    expect(error).toBeUndefined();
    return columns.map(({ origin: [oid, number] }) => (oid === 0 ? '-' : `${numbers.get(oid) ?? oid} ${number}`));
  }

  it.each([
    ['SELECT b, a FROM t', ['main.t 2', 'main.t 1']],
    ['SELECT * FROM t', ['main.t 1', 'main.t 2', 'main.t 3']],
    ['SELECT a AS renamed, a + 1, "C d", 1 FROM t', ['main.t 1', '-', 'main.t 3', '-']],
    ['SELECT T.A, x.* FROM t, u AS x WHERE t.a = x.a', ['main.t 1', 'main.u 1', 'main.u 2']],
    [
      'SELECT b, e, other.x FROM t LEFT JOIN u ON u.a = t.a LEFT JOIN s.t other ON true',
      ['main.t 2', 'main.u 2', 's.t 1'],
    ],
    ['SELECT s.t.x, main.t.b FROM s.t, main.t', ['s.t 1', 'main.t 2']],
    ['SELECT a, b, e FROM t JOIN u USING (a)', ['-', 'main.t 2', 'main.u 2']],
    ['SELECT * FROM t JOIN u USING (a)', ['-', '-', '-', '-']],
    ['SELECT b, more FROM v', ['main.v 1', 'main.v 2']],
    ['SELECT k FROM own', ['main.own 1']],
    ['SELECT inside, n FROM (SELECT b AS inside, count(*) AS n FROM t GROUP BY b) q', ['main.t 2', '-']],
    ['WITH q AS (SELECT a, e FROM u) SELECT e, q.a FROM q', ['main.u 2', 'main.u 1']],
    ['SELECT x.first FROM t AS x (first)', ['main.t 1']],
    ['SELECT a FROM t UNION ALL SELECT a FROM u', ['-']],
    ['SELECT n, a FROM generate_series(1, 2) AS g (n), t', ['-', 'main.t 1']],
    ['SELECT t.* EXCLUDE (b) FROM t', ['-', '-']],
    ["INSERT INTO t VALUES (1, 'x', 2) RETURNING b, a + 1", ['main.t 2', '-']],
    ['UPDATE t SET b = NULL WHERE a = 1 RETURNING *', ['main.t 1', 'main.t 2', 'main.t 3']],
    ['SELECT 1', ['-']],
  ])('%s', async (sql, expected) => {
    expect(await originsOf(sql)).toEqual(expected);
  });

  it.each([
    ['SELECT n, n * 2, n::numeric(5, 1), sum(n), 1.5 FROM exact GROUP BY n', [[10, 2], [], [5, 1], [], []]],
    ['SELECT n, twice FROM (SELECT n, n * 2 AS twice FROM exact) q', [[10, 2], []]],
    ['SELECT 1.5 AS constant', [[]]],
  ])('says digits of numbers that have them: %s', async (sql, expected) => {
    await client.query('CREATE TABLE IF NOT EXISTS exact (n numeric(10, 2))');
    const { columns } = await client.query(sql);
    const digits = columns.map(({ modifier }) =>
      modifier === -1 ? [] : [(modifier - 4) >> 16, (modifier - 4) & 0xffff],
    );
    expect(digits).toEqual(expected);
  });

  it('follows what any session changes, and what only its own transaction sees', async () => {
    const other = await workspace.connect();
    await client.query('CREATE TABLE moved (a INTEGER, b INTEGER)');
    const [first] = await originsOf('SELECT a FROM moved');
    expect(first).toMatch(/ 1$/);

    await client.query('BEGIN');
    expect(await originsOf('SELECT b FROM moved')).toEqual([first?.replace(/1$/, '2')]);
    await other.query('ALTER TABLE moved DROP COLUMN a');
    expect(await originsOf('SELECT b FROM moved')).toEqual([first?.replace(/1$/, '2')]);
    await client.query('COMMIT');
    expect(await originsOf('SELECT b FROM moved')).toEqual([first]);

    await client.query('BEGIN; DROP TABLE moved; CREATE TABLE moved (z INTEGER, b INTEGER)');
    const [inside] = await originsOf('SELECT b FROM moved');
    expect(inside).not.toBe(first?.replace(/1$/, '2'));
    expect(await originsOf('SELECT b FROM moved', other)).toEqual([first]);
    await client.query('ROLLBACK');
    expect(await originsOf('SELECT b FROM moved')).toEqual([first]);
  });

  it('is told of a prepared statement too, and of a very long one nothing', async () => {
    const { columns } = await client.extended('SELECT b FROM t WHERE a = $1', ['1']);
    expect(columns[0]?.origin[1]).toBe(2);
    expect(await originsOf(`SELECT a FROM t WHERE a IN (${'1, '.repeat(4_000)}1)`)).toEqual(['-']);
  });
});

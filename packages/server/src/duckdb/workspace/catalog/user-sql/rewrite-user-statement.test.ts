import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANALYST, CatalogUnderTest, textOf } from '../catalog-under-test.fixture.js';

let workspace: CatalogUnderTest;

beforeAll(async () => {
  workspace = await CatalogUnderTest.open();
  await workspace.catalog.prepare(workspace.session, ANALYST);
  await workspace.session.run(
    `CREATE TABLE t (id INTEGER, name VARCHAR, tags VARCHAR[], at TIMESTAMP)`.replace(' at ', ' made '),
  );
  await workspace.session.run(
    `INSERT INTO t VALUES (1, 'abc', ['x', 'y'], '2024-03-05 06:07:08'), (2, 'a_c', [], NULL), (3, 'A_C', NULL, NULL)`,
  );
});
afterAll(() => workspace.close());

/** Names and rows of what a user's statement answers. */
async function run(sql: string): Promise<{ names: readonly string[]; rows: (string | null)[][] }> {
  const { sql: rewritten, before } = workspace.catalog.rewrite(sql, 'ws_1');
  for (const statement of before) await workspace.session.run(statement);
  const result = await workspace.session.runAndReadAll(rewritten);
  return { names: result.columnNames(), rows: result.getRows().map((row) => row.map(textOf)) };
}

const rows = async (sql: string): Promise<(string | null)[][]> => (await run(sql)).rows;

describe('statements of users', () => {
  it.each<[string, string | null]>([
    [`SELECT 'abc' ~ 'b'`, 't'],
    [`SELECT 'abc' !~ 'b' OR 'x' || 'y' ~* '^X' || 'Y$'`, 't'],
    [`SELECT count(*) FROM t WHERE name ~* '^a.c$' AND id < 3`, '2'],
    [`SELECT count(*) FROM t AS a WHERE NOT a.name !~ 'b' AND (a.id = 1)`, '1'],
    [`SELECT ~ 5`, '-6'],
    [`SELECT count(*) FROM t WHERE name LIKE 'a\\_c'`, '1'],
    [`SELECT '{a,"b c",NULL}'::text[]`, '{a,"b c",NULL}'],
    [`SELECT '{1,2}'::pg_catalog.int4[]`, '{1,2}'],
    [`SELECT count(*) FROM t WHERE id = ANY ('{1,3}')`, '2'],
    [`SELECT octet_length('\\xdeadbeef'::bytea)`, '4'],
    [`SELECT 'abcdef'::varchar(3) || CAST('abc' AS character varying(2)) || 'a'::char(3)`, 'abcaba'],
    [`SELECT list_transform(['abc'], lambda x: x::text::varchar(2))`, '{ab}'],
    [`SELECT 0.12345::numeric || ' ' || CAST('7.250' AS decimal) || ' ' || 5::numeric`, '0.12345 7.250 5'],
    [`SELECT sum((9007199254740990 + id)::numeric) FROM t`, '27021597764222976'],
    [`SELECT (1 / 3::double precision)::numeric::text LIKE '0.3333333333%'`, 't'],
    [
      `SELECT pg_typeof(1.5) || ' ' || pg_typeof(ARRAY['x']) || ' ' || pg_typeof(now())`,
      'numeric text[] timestamp with time zone',
    ],
    [`SELECT count(*) FROM public.t`, '3'],
    [`SELECT count(*) FROM ws_1.public.t`, '3'],
    [`SELECT to_char(made, 'YYYY-MM-DD HH24:MI:SS') FROM t WHERE id = 1`, '2024-03-05 06:07:08'],
    [`SELECT to_char(made, 'FMDD. Mon "in" YY') FROM t WHERE id = 1`, '5. Mar in 24'],
    [`SELECT to_date('05/03/2024', 'DD/MM/YYYY')`, '2024-03-05'],
    [`SELECT '{"a": 1}'::jsonb->>'a'`, '1'],
    [
      `SELECT count(*) FROM t WHERE ('{"a": "x"}'::jsonb) ->> 'a' LIKE 'x%' AND '{"a":"x"}'::json->>'a' IN ('x', 'y')`,
      '3',
    ],
    [`SELECT '{"a": {"b": "x"}}'::jsonb -> 'a' ->> 'b' = 'x' AND true`, 't'],
    [`SELECT '[1, {"k": 2}]'::jsonb -> 1 ->> 'k'::text || 'z'`, '2z'],
    [`SELECT '{"a": {"b/c": [1, 2]}}'::jsonb #>> '{a,b/c,1}' || ('{"a": {"b": 3}}'::json #> ARRAY['a', 'b'])`, '23'],
    [`SELECT '{"a": 1}'::jsonb #>> '{}'`, '{"a":1}'],
    [`SELECT '{"a": 1}'::jsonb ? 'a' AND NOT '["x"]'::jsonb ? 'y' AND '["x"]'::jsonb ? 'x'`, 't'],
    [`SELECT '{"a": {"k": 1}}'::jsonb -> 'a' ? 'k'`, 't'],
    [`SELECT '{"a": 1, "b": 2}'::jsonb ?| '{b,c}' AND NOT '{"a": 1}'::jsonb ?& array['a', 'b']`, 't'],
    [`SELECT '{"a": 1, "b": {"c": [1, 2]}}'::jsonb @> '{"b": {"c": [2]}}' AND '[1]'::jsonb <@ '[1, 2]'`, 't'],
    [`SELECT '{"a": {"c": 1}}'::jsonb -> 'a' @> '{"c": 1}'::jsonb`, 't'],
    [`SELECT '{"a": "xyz"}'::jsonb ->> 'a' ~ 'y' AND ('{"a": "xyz"}'::jsonb ->> 'a')::varchar(1) = 'x'`, 't'],
    [`SELECT [1, 2] @> [1] AND list_transform([1, 2], lambda x: x + 1) = [2, 3]`, 't'],
    [`SELECT count(*) FROM generate_series('2024-01-01'::date, '2024-01-03', '1 day')`, '3'],
    [`SELECT count(*) FROM generate_series('2024-01-01', '2024-01-03', interval '1 day')`, '3'],
    [`SELECT initcap('hello wORLD o''neil 2nd')`, `Hello World O'Neil 2nd`],
    [`SELECT encode('abc'::bytea, 'base64') || encode('abc'::bytea, 'hex')`, 'YWJj616263'],
    [`SELECT length(encode(repeat('a', 60)::bytea, 'base64'))`, '81'],
    [`SELECT decode('YWJj', 'base64') = 'abc'::bytea AND decode('616263', 'hex') = 'abc'::bytea`, 't'],
    [`SELECT octet_length('é') + octet_length(decode('dead', 'hex'))`, '4'],
    [`SELECT div(7, 2) || ' ' || div(-7, 2)`, '3 -3'],
    [
      `SELECT width_bucket(5.35, 0.024, 10.06, 5) || ' ' || width_bucket(-1, 0, 10, 5) || ' ' || width_bucket(10, 0, 10, 5)`,
      '3 0 6',
    ],
    [
      `SELECT pg_size_pretty(10239) || ', ' || pg_size_pretty(123456) || ', ' || pg_size_pretty(5000000000::bigint)`,
      '10239 bytes, 121 kB, 4768 MB',
    ],
    [`SELECT cardinality(ARRAY[1, 2])`, '2'],
    [`SELECT array_replace(ARRAY[1, 2, 1], 1, 9)`, '{9,2,9}'],
    [`SELECT jsonb_typeof('{}') || json_typeof('"a"') || jsonb_typeof('1')`, 'objectstringnumber'],
    [`SELECT sum(x::integer) FROM (SELECT jsonb_array_elements_text('[1, 2]') AS x) AS s`, '3'],
    [
      `SELECT max(d)::date FROM generate_series('2024-01-01'::date, '2024-01-03'::date, '1 day') AS s (d)`,
      '2024-01-03',
    ],
    [`SELECT extract(year FROM made) || ' ' || position('c' IN name) FROM t WHERE id = 1`, '2024 3'],
    [`SELECT current_user`, 'analyst'],
    [`SELECT current_database() || '.' || current_schema`, 'ws_1.public'],
    [`SELECT pg_backend_pid()`, '42'],
    [`SELECT quote_ident('a b') || quote_literal('it''s')`, `"a b"'it''s'`],
    [`SELECT pg_catalog.upper('a')`, 'A'],
    [`SELECT 'public.t'::regclass::text`, 't'],
    [`SELECT 'public.t'::regclass FROM t`, 't'],
    [`SELECT count(*) FROM t JOIN pg_class AS c ON c.relname = 't' AND t.id = 1`, '1'],
    [`SELECT count(*) FROM t, information_schema.tables AS i WHERE i.table_name = 't' AND t.id = 1`, '1'],
    [`SELECT id FROM t ORDER BY id LIMIT 1 FOR UPDATE OF t SKIP LOCKED`, '1'],
    [`SELECT name FROM t WHERE id = 1 -- a ~ comment with public.t`, 'abc'],
    [`SELECT 'public.t ~ x'`, 'public.t ~ x'],
  ])('%s', async (sql, expected) => {
    expect((await rows(sql))[0]?.[0]).toBe(expected);
  });

  it('names columns as PostgreSQL does', async () => {
    const { names } = await run(
      `SELECT count(*), max(id) AS top, id::text, version(), t.name::varchar(3) FROM t GROUP BY t.id, t.name`,
    );
    expect(names).toEqual(['count', 'top', 'id', 'version', 'name']);
    await run('CREATE TABLE counted AS SELECT count(*) FROM t');
    expect((await run('SELECT * FROM counted')).names).toEqual(['count']);
  });

  it('names indexes, keeps computed columns and takes samples', async () => {
    await run('CREATE TABLE computed (a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2) STORED)');
    await run('CREATE INDEX ON public.computed USING btree (a)');
    await run('INSERT INTO computed VALUES (4)');
    expect(await rows('SELECT b FROM computed')).toEqual([['8']]);
    expect(await rows(`SELECT index_name FROM duckdb_indexes() WHERE table_name = 'computed'`)).toEqual([
      ['computed_a_idx'],
    ]);
    expect(await rows('SELECT count(*) FROM t TABLESAMPLE SYSTEM (100)')).toEqual([['3']]);
    expect(await rows('SELECT count(*) FROM t TABLESAMPLE reservoir(2 ROWS)')).toEqual([['2']]);
  });

  it('gives no name to what is written', async () => {
    await run('CREATE TABLE target (a INTEGER PRIMARY KEY)');
    await run('INSERT INTO target SELECT 1 ON CONFLICT (a) DO NOTHING');
    expect(await rows('INSERT INTO target SELECT 1 + 1 ON CONFLICT (a) DO UPDATE SET a = 3 RETURNING a')).toEqual([
      ['2'],
    ]);
  });

  it('lets columns have names that DuckDB reserves', async () => {
    await run(
      `CREATE TABLE reserved (at timestamptz, generated integer GENERATED BY DEFAULT AS IDENTITY, show text, lambda integer, pivot integer, glob integer)`,
    );
    await run(`INSERT INTO reserved (at, show, lambda) VALUES ('2024-01-01 00:00:00+00', 'x', 1)`);
    await run(`UPDATE reserved SET show = show || 'y', pivot = lambda WHERE lambda = 1 AND generated = 1`);
    const sql = `SELECT r.at AT TIME ZONE 'UTC' AS at, show, max(pivot) FROM reserved AS r WHERE (glob) IS NULL GROUP BY at, show ORDER BY at DESC, show`;
    expect(await rows(sql)).toEqual([['2024-01-01 00:00:00', 'xy', '1']]);
    expect(
      await rows(
        `SELECT list_transform([1, 2], lambda x: x + lambda), list_transform([1, 2], lambda x, i: x * i) FROM reserved`,
      ),
    ).toEqual([['{2,3}', '{1,4}']]);
    expect(await rows(`SELECT lambda FROM (SELECT lambda, at FROM reserved) AS s`)).toEqual([['1']]);
    await run('ALTER TABLE reserved ADD COLUMN qualify integer');
    expect(await rows('SELECT qualify FROM reserved')).toEqual([[null]]);
    expect(await rows('SELECT show FROM reserved QUALIFY row_number() OVER () = 1')).toEqual([['xy']]);
    expect((await rows('SELECT count(*) FROM (DESCRIBE reserved) AS d'))[0]?.[0]).toBe('7');
  });

  it.each([
    ['SELECT numeric, decimal FROM t', 'SELECT numeric, decimal FROM t'],
    ['CREATE TABLE x AS SELECT numeric FROM t', 'CREATE TABLE x AS SELECT numeric FROM t'],
    ['ALTER TABLE t RENAME numeric TO decimal', 'ALTER TABLE t RENAME numeric TO decimal'],
    ['ALTER TABLE t ALTER numeric TYPE numeric', 'ALTER TABLE t ALTER numeric TYPE DECIMAL(38, 10)'],
    [
      'CREATE TABLE x (numeric numeric, b decimal(4, 1), CHECK (b > 1 AND numeric > 0))',
      'CREATE TABLE x (numeric DECIMAL(38, 10), b decimal(4, 1), CHECK (b > 1 AND numeric > 0))',
    ],
    ['CREATE VIEW x AS SELECT id::numeric AS n FROM t', 'CREATE VIEW x AS SELECT id::DECIMAL(38, 10) AS n FROM t'],
    ['SELECT ($1 + id)::numeric AS n FROM t', 'SELECT ($1 + id)::DECIMAL(38, 10) AS n FROM t'],
  ])('take numeric for a type only where it is one: %s', (sql, expected) => {
    expect(workspace.catalog.rewrite(sql, 'ws_1').sql).toBe(expected);
  });

  it.each<[string, readonly string[]]>([
    [
      `SELECT 1, 'a', NULL, -1, 1 + 1 AS two, 2 three`,
      ['?column?', '?column?', '?column?', '?column?', 'two', 'three'],
    ],
    [`SELECT CASE WHEN id = 1 THEN 'a' END, CASE WHEN id = 1 THEN 1 ELSE id END FROM t`, ['case', 'id']],
    [`SELECT '1'::int, CAST('x' AS VARCHAR), 1::double precision x, true`, ['int4', 'varchar', 'x', 'bool']],
    [
      `SELECT coalesce(name, 'x'), nullif(id, 1), greatest(1, 2), id IS NULL FROM t`,
      ['coalesce', 'nullif', 'greatest', '?column?'],
    ],
    [
      `SELECT t.id, id / 2, name || 'ž', (SELECT max(id) FROM t), EXISTS (SELECT 1) FROM t`,
      ['id', '?column?', '?column?', 'max', 'exists'],
    ],
    [`SELECT ARRAY[1, 2], (ARRAY[1, 2])[1], id IS DISTINCT FROM 1 FROM t`, ['array', 'array', '?column?']],
    [`SELECT * FROM (SELECT count(*), 'ž' || 'a', 1 FROM t) AS s`, ['count', '?column?', '?column?_1']],
    [`WITH w AS (SELECT max(id) FROM t) SELECT max + 1 FROM w`, ['?column?']],
    [`VALUES (1, 'a'), (2, 'b') ORDER BY 1`, ['column1', 'column2']],
    [`SELECT * FROM (VALUES (1, 2)) AS v`, ['column1', 'column2']],
    [`SELECT * FROM (VALUES (1, 2)) AS v (a, b)`, ['a', 'b']],
    [`WITH v (a) AS (VALUES (1)) SELECT * FROM v`, ['a']],
    [
      `SELECT extract(year FROM made), current_date, current_user, current_date::text FROM t`,
      ['extract', 'current_date', 'current_user', 'CAST(current_date AS VARCHAR)'],
    ],
    [`INSERT INTO t (id) SELECT 9 WHERE false RETURNING id + 1, id`, ['?column?', 'id']],
    // Of DuckDB's grammar: what the tokens tell.
    [`SELECT count(*) OVER (), [1, 2] FROM t QUALIFY row_number() OVER () = 1`, ['count', 'main.list_value(1, 2)']],
    [`SELECT max(COLUMNS('i.*')) FROM t`, ['id']],
    [`SELECT unnest([1, 2]), * EXCLUDE (id) FROM t`, ['unnest', 'name', 'tags', 'made']],
  ])('names the columns of %s', async (sql, names) => {
    expect((await run(sql)).names).toEqual(names);
  });

  it.each<[string, readonly string[]]>([
    [
      `SELECT sum(id), sum(id::smallint), sum(id::bigint), sum(1.5), sum(id / 2.0) FROM t`,
      ['BIGINT', 'BIGINT', 'HUGEINT', 'DECIMAL(38,1)', 'DOUBLE'],
    ],
    [`SELECT sum(CASE WHEN name ~ 'b' THEN 1 ELSE 0 END) FROM public.t`, ['BIGINT']],
    [
      `SELECT sum(DISTINCT id) FILTER (WHERE id > 1), sum(id ORDER BY name), sum(id) OVER (PARTITION BY name) FROM t GROUP BY id, name`,
      ['BIGINT', 'BIGINT', 'BIGINT'],
    ],
    [`SELECT sum(n) FROM (SELECT sum(id) AS n FROM t GROUP BY name)`, ['HUGEINT']],
    [`SELECT coalesce(sum(id), 0) FROM t`, ['BIGINT']],
    [`SELECT sum(count(*)) OVER (), sum(max(id)) OVER () FROM t GROUP BY name`, ['HUGEINT', 'HUGEINT']],
  ])('sums as PostgreSQL does: %s', async (sql, types) => {
    const reader = await workspace.session.runAndReadAll(workspace.catalog.rewrite(sql, 'ws_1').sql);
    expect(reader.columnTypes().map(String)).toEqual(types);
  });

  it.each([
    'SELECT 1 / 0',
    'SELECT id / (id - 1) FROM t',
    'SELECT id % (id - 1) FROM t',
    'SELECT mod(id, id - 1) FROM t',
    'SELECT 1.5 / (id - 1) FROM t',
    'SELECT 1 / CAST(id - 1 AS double precision) FROM t',
    'SELECT count(*) FROM t WHERE 10 / (id - 1) > 1',
    'SELECT sum(id / (id - 1)) FROM t',
    'SELECT 6 / (4 / (id - 1)) FROM t',
    'UPDATE t SET id = 1 / (id - 1)',
    'SELECT CASE WHEN true THEN 1 / (id - 1) END FROM t',
    'SELECT sum(id) / (sum(id) - 6) FROM t',
  ])('does not divide by zero: %s', async (sql) => {
    await expect(run(sql)).rejects.toThrow('division by zero');
  });

  it.each<[string, string | null]>([
    ['SELECT 7 / 2', '3'],
    ['SELECT 6 / (4 / (id + 1)) FROM t WHERE id = 1', '3'],
    ['SELECT id / NULL FROM t', null],
    ['SELECT count(*) FROM t WHERE id <> 1 AND 10 / (id - 1) > 1', '2'],
    ['SELECT count(*) FROM t WHERE id = 1 OR 10 / (id - 1) > 1', '3'],
    ['SELECT count(*) FROM t WHERE NOT (id = 1 OR 10 / (id - 1) > 9)', '1'],
    ['SELECT sum(10 / (id - 1)) FILTER (WHERE id <> 1) FROM t', '15'],
    ['SELECT count(*) FILTER (WHERE id <> 1 AND 10 / (id - 1) > 1) FROM t', '2'],
    ['SELECT max(CASE WHEN id = 1 THEN 0 ELSE 10 / (id - 1) END) FROM t', '10'],
    ['SELECT max(CASE WHEN id <> 1 AND 10 / (id - 1) > 5 THEN 1 END) FROM t', '1'],
    ['SELECT bool_or(id <> 1 AND 10 / (id - 1) > 5) FROM t', 't'],
    ['SELECT bool_or((id <> 1 AND 10 / (id - 1) > 5) = true) FROM t', 't'],
    ['SELECT max(id / nullif(id - 1, 0)) FROM t', '2'],
    ['SELECT max(r) FROM (SELECT id, 10 / (id - 1) AS r FROM t WHERE id > 1) s WHERE r < 9', '5'],
  ])('divides: %s', async (sql, expected) => {
    expect((await rows(sql))[0]?.[0]).toBe(expected);
  });

  it('leaves constants, constraints and macros alone', () => {
    for (const sql of [
      'SELECT id / 2.5, id % 10 AS rest FROM t'.replace('id / 2.5', 'id / 2.5 AS half'),
      'CREATE TABLE checked (a INTEGER, b INTEGER CHECK (a / b > 0))',
      'CREATE MACRO ratio(a, b) AS sum(a) / b',
    ]) {
      expect(workspace.catalog.rewrite(sql, 'ws_1').sql).toBe(sql);
    }
  });

  it('makes rows of a series', async () => {
    expect(await rows('SELECT generate_series(1, 3)')).toEqual([['1'], ['2'], ['3']]);
  });

  it('gives columns numbers of their own', async () => {
    await run(
      `CREATE TABLE numbered (id serial PRIMARY KEY, n bigint GENERATED BY DEFAULT AS IDENTITY (START WITH 10), note jsonb)`,
    );
    await run(`INSERT INTO numbered (note) VALUES ('{}'), ('[]')`);
    expect(await rows('SELECT id, n FROM numbered ORDER BY id')).toEqual([
      ['1', '10'],
      ['2', '11'],
    ]);
    expect(await workspace.query(`SELECT pg_get_serial_sequence('numbered', 'id')`)).toEqual([
      ['public.numbered_id_seq'],
    ]);
    await run(`CREATE INDEX CONCURRENTLY numbered_n ON public.numbered USING btree (n)`);
    await run(`INSERT INTO numbered (id) VALUES (nextval('numbered_id_seq'::regclass))`);
    expect(await rows('SELECT max(id) FROM numbered')).toEqual([['3']]);
  });

  it('says where each place of the text came from', () => {
    const { edits, sql } = workspace.catalog.rewrite(`SELECT 'a' ~ 'b', x`, 'ws_1');
    expect(sql).toBe(`SELECT regexp_matches('a' , 'b', 's') AS "?column?", x`);
    expect(edits.map(({ start, end }) => [start, end])).toEqual([
      [7, 7],
      [11, 12],
      [16, 16],
      [16, 16],
    ]);
  });

  it('leaves what only DuckDB knows as it is', () => {
    for (const sql of [
      'FROM t SELECT * EXCLUDE (id)',
      'SELECT a.* FROM t a ASOF JOIN t b USING (id)',
      "SELECT {'a': [1, 2]}.a[1], COLUMNS('i.*') FROM t QUALIFY true",
      'PIVOT t ON name USING sum(id)',
      'CREATE TABLE IF NOT EXISTS version (a INTEGER)',
      'WITH version (a) AS (VALUES (1)) SELECT a FROM version',
      'INSERT INTO version (a) VALUES (1)',
    ]) {
      expect(workspace.catalog.rewrite(sql, 'ws_1').sql).toBe(sql);
    }
  });
});

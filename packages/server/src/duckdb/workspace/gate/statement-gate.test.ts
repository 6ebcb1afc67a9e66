import { describe, expect, test } from 'vitest';
import { StatementGate } from './statement-gate.js';

const gate = new StatementGate({
  builtInFunctions: new Set(['lower', 'sum', 'read_text', 'read_csv_auto', 'parquet_metadata', 'count']),
  databaseName: 'workspace_w1',
  isBucketSchema: (name) => Promise.resolve(['in_c_sales', 'in.c-sales'].includes(name.toLowerCase())),
});

async function codeOf(sql: string): Promise<string> {
  try {
    await gate.admit(sql);
    return 'admitted';
  } catch (error) {
    return (error as { sqlState?: string }).sqlState ?? String(error);
  }
}

describe('classes', () => {
  test.each([
    ['SELECT 1', 'query', 'SELECT', true, false],
    ['  -- hello\n/* a /* nested */ */ (SELECT 1)', 'query', 'SELECT', true, false],
    ['VALUES (1)', 'query', 'SELECT', true, false],
    ['FROM t', 'query', 'SELECT', true, false],
    ['WITH a AS (SELECT 1) SELECT * FROM a', 'query', 'SELECT', true, false],
    ['WITH a AS (SELECT 1), b(x) AS (SELECT 2) (SELECT * FROM a)', 'query', 'SELECT', true, false],
    ['WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a', 'write', 'INSERT 0', false, true],
    ['WITH a AS (SELECT 1) DELETE FROM t USING a RETURNING *', 'write', 'DELETE', true, true],
    ['INSERT INTO t VALUES (1) RETURNING id', 'write', 'INSERT 0', true, true],
    ['update t set x = 1', 'write', 'UPDATE', false, true],
    ['CREATE TABLE t (a INT)', 'definition', 'CREATE TABLE', false, true],
    ['CREATE OR REPLACE TEMP TABLE t AS SELECT 1', 'definition', 'SELECT', false, true],
    ['CREATE TABLE t (a INT DEFAULT (CAST(1 AS INT)))', 'definition', 'CREATE TABLE', false, true],
    ['CREATE OR REPLACE MACRO twice(x) AS x * 2', 'definition', 'CREATE FUNCTION', false, true],
    ['DROP VIEW IF EXISTS v', 'definition', 'DROP VIEW', false, true],
    ["COMMENT ON TABLE t IS $$it's$$", 'definition', 'COMMENT', false, true],
    ['EXPLAIN SELECT 1', 'explain', 'EXPLAIN', true, false],
    ['EXPLAIN (ANALYZE, VERBOSE) DELETE FROM t', 'explain', 'EXPLAIN', true, true],
    ['EXPLAIN INSERT INTO t VALUES (1)', 'explain', 'EXPLAIN', true, false],
    ['EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1', 'explain', 'EXPLAIN', true, true],
    ['BEGIN ISOLATION LEVEL SERIALIZABLE', 'transaction', 'BEGIN', false, false],
    ['ROLLBACK', 'transaction', 'ROLLBACK', false, false],
    ['ROLLBACK TO SAVEPOINT a', 'savepoint', 'ROLLBACK', false, false],
    ['SET x = 1', 'setting', 'SET', false, false],
    ['SHOW TimeZone', 'setting', 'SHOW', false, false],
    ['SHOW ALL TABLES', 'query', 'SELECT', true, false],
    ['COPY t (a, b) FROM STDIN (FORMAT csv)', 'copy', 'COPY', false, true],
    ['COPY (SELECT a FROM b) TO STDOUT', 'copy', 'COPY', false, false],
    ['PREPARE p AS SELECT 1', 'prepared', 'PREPARE', false, false],
    ['DECLARE c CURSOR FOR SELECT 1', 'cursor', 'DECLARE CURSOR', false, false],
    ['GRANT SELECT ON t TO x', 'ignored', 'GRANT', false, false],
    ["PRAGMA table_info('t')", 'query', 'SELECT', true, false],
  ])('%s', (sql, kind, commandTag, returnsRows, writes) => {
    expect(gate.classify(sql)).toMatchObject([{ kind, commandTag, returnsRows, writes }]);
  });

  test('a text is cut at its semicolons, those in quotes and comments are none', () => {
    const sql = `SELECT ';' AS ";" ; -- ;\n /* ; */ SELECT $a$;$a$, E'\\';' ;;`;
    const statements = gate.classify(sql);
    expect(statements.map(({ text }) => text)).toEqual([`SELECT ';' AS ";"`, `SELECT $a$;$a$, E'\\';'`]);
    expect(statements.map(({ start, text }) => sql.slice(start, start + text.length))).toEqual(
      statements.map(({ text }) => text),
    );
    expect(gate.classify(' -- nothing')).toMatchObject([{ kind: 'empty' }]);
  });

  test.each([
    ['INSERT INTO a.b SELECT * FROM c.d', [['a', 'b']]],
    ['INSERT OR REPLACE INTO "A"."b" VALUES (1)', [['A', 'b']]],
    ['UPDATE ONLY x SET y = 1', [[null, 'x']]],
    ['INSERT INTO t VALUES (1) ON CONFLICT DO UPDATE SET a = 1', [[null, 't']]],
    [
      'DROP TABLE IF EXISTS a, s.b CASCADE',
      [
        [null, 'a'],
        ['s', 'b'],
      ],
    ],
    [
      'TRUNCATE TABLE s.a, b',
      [
        ['s', 'a'],
        [null, 'b'],
      ],
    ],
    ['CREATE UNIQUE INDEX i ON s.t (a)', [['s', 't']]],
    ['COMMENT ON COLUMN s.t.c IS NULL', [['s', 't']]],
    ['ALTER TABLE IF EXISTS s.t RENAME TO u', [['s', 't']]],
    ['CREATE SCHEMA IF NOT EXISTS s', [[null, 's']]],
    ['COPY s.t (a) FROM STDIN', [['s', 't']]],
    ['MERGE INTO s.t USING u ON true WHEN MATCHED THEN UPDATE SET a = 1', [['s', 't']]],
    ['CREATE TABLE ws.main.t (a INT)', [['main', 't']]],
  ])('targets of %s', (sql, targets) => {
    expect(gate.classify(sql)[0]?.targets.map(({ schema, name }) => [schema, name])).toEqual(targets);
  });
});

describe('refusals', () => {
  test.each([
    "ATTACH 'x.duckdb'",
    'DETACH DATABASE ws',
    'INSTALL httpfs',
    'LOAD json',
    'FORCE INSTALL httpfs',
    'UPDATE EXTENSIONS',
    "EXPORT DATABASE 'x'",
    "IMPORT DATABASE 'x'",
    "COPY t TO 'file'",
    "COPY (SELECT 1) TO 'file' (USE_TMP_FILE false)",
    "COPY t FROM 'file'",
    "COPY t FROM PROGRAM 'id'",
    'COPY FROM DATABASE a TO b',
    'CALL enable_logging()',
    'CHECKPOINT',
    'FORCE CHECKPOINT',
    'PRAGMA enable_profiling',
    "PRAGMA memory_limit='1TB'",
    'PRAGMA database_list',
    'CREATE SECRET s (TYPE s3)',
    'CREATE OR REPLACE PERSISTENT SECRET s (TYPE s3)',
    'DROP SECRET s',
    "SELECT * FROM read_text('x')",
    'SELECT * FROM "READ_TEXT" (\'x\')',
    "SELECT * FROM system.main.read_csv_auto/* c */ ('x')",
    "SELECT ('x').read_text()",
    "SELECT * FROM query('SELECT 1')",
    "SELECT sql_auto_complete('((((')",
    'SELECT * FROM enable_logging()',
    'SELECT * FROM duckdb_databases()',
    'SELECT * FROM duckdb_databases',
    "CREATE VIEW v AS SELECT * FROM glob('*')",
    "INSERT INTO t SELECT content FROM read_text('x')",
    "EXPLAIN ANALYZE SELECT * FROM parquet_metadata('x')",
    "WITH a AS (SELECT * FROM read_text('x')) SELECT * FROM a",
    'DO $$ x $$',
    'CREATE TABLE memory.x (a INT)',
    'DROP VIEW pg_catalog.pg_class',
  ])('42501: %s', async (sql) => {
    expect(await codeOf(sql)).toBe('42501');
  });

  test.each([
    ['25006', 'INSERT INTO in_c_sales.orders VALUES (1)'],
    ['25006', 'INSERT INTO "in.c-sales"."orders" VALUES (1)'],
    ['25006', 'DROP VIEW IN_C_SALES.orders'],
    ['25006', 'CREATE TABLE in_c_sales.mine (a INT)'],
    ['25006', 'DROP SCHEMA in_c_sales CASCADE'],
    ['25006', 'DROP VIEW mine, in_c_sales.orders'],
    ['25006', 'COMMENT ON COLUMN in_c_sales.orders.id IS $$x$$'],
    ['25006', 'WITH a AS (SELECT 1) DELETE FROM in_c_sales.orders'],
    ['25006', 'COPY in_c_sales.orders FROM STDIN'],
    ['25006', 'EXPLAIN ANALYZE UPDATE in_c_sales.orders SET id = 1'],
    ['25006', 'EXPLAIN (ANALYZE) CREATE TABLE in_c_sales.mine AS SELECT 1'],
    ['42601', 'EXPLAIN ANALYZE DROP VIEW in_c_sales.orders'],
    ['42601', 'EXPLAIN (ANALYZE) CREATE MACRO lower(x) AS x'],
    ['42601', 'EXPLAIN ANALYZE CREATE VIEW memory.main.duckdb_columns AS SELECT 1'],
    ['42601', 'EXPLAIN ANALYZE TRUNCATE t'],
    ['42501', "SELECT * FROM 'x.csv'"],
    ['42501', 'CREATE VIEW v AS SELECT * FROM "/data/x.duckdb"'],
    ['42P06', 'CREATE SCHEMA "in.c-sales"'],
    ['42P06', 'CREATE SCHEMA IF NOT EXISTS in_c_sales'],
    ['42723', 'CREATE MACRO lower(x) AS x'],
    ['42723', 'CREATE OR REPLACE TEMP MACRO main.SUM(x) AS x'],
    ['42939', 'CREATE SCHEMA memory'],
    ['42939', 'CREATE SCHEMA pg_mine'],
    ['3D000', 'SELECT * FROM v__1.main.data'],
    ['3D000', 'SELECT * FROM "T__12".in_c_sales.orders'],
    ['0A000', 'CREATE MATERIALIZED VIEW v AS SELECT 1'],
    ['0A000', 'INSERT INTO other.main.t VALUES (1)'],
    ['0A000', 'USE memory'],
    ['0A000', 'SELECT U&"r\\0065ad_text"(1)'],
    ['42601', 'SELEKT 1'],
    ['42601', 'SELECT * FROM read_text\u2003(1)'],
    ['42601', "SELECT 'open"],
    ['54001', `SELECT ${'('.repeat(3_000)}1${')'.repeat(3_000)}`],
    ['22021', 'SELECT 1\0; DROP TABLE t'],
  ])('%s: %s', async (code, sql) => {
    expect(await codeOf(sql)).toBe(code);
  });

  test('a forbidden statement among others refuses all of them, and says where', async () => {
    await expect(gate.admit("SELECT 1; SELECT * FROM read_text('x')")).rejects.toMatchObject({
      sqlState: '42501',
      message: 'permission denied for function read_text',
      position: 25,
    });
  });

  test.each([
    'SELECT query, glob FROM t',
    'SELECT a GLOB $$x*$$ FROM t',
    'INSERT INTO query (a) VALUES (1)',
    'CREATE TABLE IF NOT EXISTS query (a INT)',
    'SELECT t_1.id, v_1.id FROM a t_1, b v_1',
    "SELECT 'ATTACH x', $$read_text('x')$$ -- read_text('x')",
    'SELECT read_orders(1)',
    'SELECT * FROM duckdb_tables()',
    'CREATE TABLE extensions (a INT); UPDATE extensions SET a = 1',
    'CREATE SCHEMA mine',
    'CREATE VIEW mine.v AS SELECT * FROM in_c_sales.orders',
  ])('admitted: %s', async (sql) => {
    expect(await codeOf(sql)).toBe('admitted');
  });
});

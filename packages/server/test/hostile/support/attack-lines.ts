/** A statement of the attack table, and the code with which it is refused. */
export interface AttackLine {
  readonly code: string;
  readonly sql: string;
}

/** By the lines of the attack table; `paths` are files that the engine itself has open. */
export function attackLines(paths: readonly string[]): readonly AttackLine[] {
  const denied = (...statements: string[]): AttackLine[] => statements.map((sql) => ({ code: '42501', sql }));
  const readOnly = (...statements: string[]): AttackLine[] => statements.map((sql) => ({ code: '25006', sql }));
  return [
    ...paths.flatMap((path) => [
      // Another tenant's file, and a read-only table made writable.
      ...denied(`ATTACH '${path}' AS t (READ_WRITE)`, `/**/ATTACH/**/OR REPLACE '${path}' AS t`),
      ...denied(`ATTACH '${path}/../../../../../project_tenant_two/_workspaces/other.duckdb' AS o`),
      // Overwriting a table file or its log.
      ...denied(`COPY (SELECT 1) TO '${path}' (USE_TMP_FILE false)`, `COPY (SELECT 1) TO '${path}.wal'`),
      ...denied(
        `COPY (SELECT 'x'::BLOB) TO '${path}.wal' (FORMAT blob)`,
        `EXPLAIN ANALYZE COPY (SELECT 1) TO '${path}'`,
      ),
      // Reading it, by function and by name.
      ...denied(
        `SELECT * FROM read_blob('${path}')`,
        `SELECT * FROM read_duckdb('${path}')`,
        `SELECT * FROM '${path}'`,
      ),
      ...denied(`SELECT * FROM "${path}"`, `FROM '${path.replace(/[^/]*$/, '*.duckdb')}'`),
      ...denied(`SELECT * FROM "${path.replace(/\.duckdb$/, '')}".duckdb`, `SELECT * FROM (SELECT 1) a, '${path}'`),
      ...denied(`SELECT * FROM glob('${path.replace(/[^/]*$/, '*')}')`, `SUMMARIZE '${path}'`),
      ...denied(
        `SELECT * FROM enable_logging(storage='file', storage_path='${path}')`,
        `SELECT * FROM query('ATTACH ''${path}''')`,
      ),
    ]),
    ...denied('DETACH v__1', 'DETACH DATABASE IF EXISTS v__1'),
    // Writing into project data.
    ...readOnly('INSERT INTO in_c_sales.orders VALUES (1, 1)', 'CREATE TABLE in_c_sales.mine (a INT)'),
    ...readOnly('DROP VIEW in_c_sales.orders', 'DELETE FROM "in.c-sales".orders', 'DROP SCHEMA in_c_sales CASCADE'),
    ...readOnly(
      'UPDATE in_c_sales.orders SET x = 1',
      'TRUNCATE in_c_sales.orders',
      'COPY in_c_sales.orders FROM STDIN',
    ),
    ...readOnly('ALTER TABLE in_c_sales.orders ADD COLUMN y INT', 'COMMENT ON TABLE in_c_sales.orders IS $$x$$'),
    ...readOnly(
      'EXPLAIN ANALYZE INSERT INTO in_c_sales.orders VALUES (1, 1)',
      'CREATE INDEX i ON in_c_sales.orders (id)',
    ),
    { code: '3D000', sql: 'INSERT INTO v__1.main.data VALUES (1)' },
    { code: '3D000', sql: 'SELECT * FROM "v__1".main.data' },
    { code: '3D000', sql: 'DROP VIEW t__1.in_c_sales.orders' },
    { code: '3D000', sql: 'SELECT * FROM __project.main.tables' },
    // Files, programs, the network.
    ...denied("COPY (SELECT 1) TO '/dev/stdout'", "COPY mine TO '/tmp/x'", "COPY mine FROM '/etc/passwd'"),
    ...denied("COPY mine TO PROGRAM 'id'", "SELECT * FROM glob('/*')", "SELECT * FROM sniff_csv('/etc/passwd')"),
    ...denied("SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('/proc/self/environ')"),
    ...denied("SELECT * FROM read_json_auto('http://127.0.0.1/')", "SELECT * FROM parquet_scan('s3://b/k')"),
    ...denied("SELECT * FROM '/etc/passwd'", "SELECT * FROM 'http://127.0.0.1/x.csv'", "SELECT getenv('HOME')"),
    ...denied(
      "EXPLAIN ANALYZE SELECT * FROM read_text('/etc/passwd')",
      "SELECT list_transform(['a'], lambda x: getenv(x))",
    ),
    ...denied('CREATE MACRO reads(p) AS TABLE SELECT * FROM read_csv(p)', "CREATE TYPE e AS ENUM (FROM '/etc/passwd')"),
    // Settings.
    ...denied('PRAGMA enable_profiling', "PRAGMA memory_limit='100GB'", "PRAGMA add_parquet_key('k', 'x')"),
    { code: '42704', sql: "SET memory_limit = '100GB'" },
    { code: '42704', sql: 'SET enable_external_access = true' },
    { code: '42704', sql: 'RESET lock_configuration' },
    { code: '42704', sql: "SELECT current_setting('temp_directory')" },
    { code: '42704', sql: 'SHOW allowed_directories' },
    {
      code: '0A000',
      sql: "SELECT current_setting(name) FROM (SELECT 'temp_directory' AS name) AS n, in_c_sales.orders",
    },
    { code: '0A000', sql: 'SELECT system.main."current_setting"(\'temp_directory\')' },
    { code: '0A000', sql: "SELECT 'temp_directory'.current_setting()" },
    // Logging.
    ...denied('CALL enable_logging()', "SELECT * FROM enable_logging(storage='stdout')", 'SELECT * FROM duckdb_logs'),
    ...denied("SELECT write_log('x')"),
    // Extensions, export.
    ...denied('INSTALL httpfs', 'LOAD json', 'FORCE INSTALL httpfs', 'UPDATE EXTENSIONS', "EXPORT DATABASE '/tmp/x'"),
    ...denied("IMPORT DATABASE '/tmp/x'", 'COPY FROM DATABASE ws TO memory'),
    // Hiding what others rely on.
    { code: '42723', sql: 'CREATE MACRO lower(x) AS x' },
    { code: '42723', sql: 'CREATE OR REPLACE MACRO duckdb_tables() AS TABLE SELECT 1' },
    { code: '0A000', sql: 'CREATE VIEW memory.main.duckdb_columns AS SELECT 1' },
    { code: '42501', sql: 'CREATE TABLE memory.x (a INT)' },
    { code: '42P06', sql: 'CREATE SCHEMA "in.c-sales"' },
    // SQL from text.
    ...denied("SELECT * FROM query_table(['a'])", "SELECT json_execute_serialized_sql('{}')"),
    ...denied("PREPARE p AS SELECT * FROM read_text('/etc/passwd')", 'DO $$BEGIN END$$'),
    // Others.
    ...denied('CREATE SECRET s (TYPE s3)', 'DROP SECRET s', 'SELECT * FROM duckdb_secrets()', 'CHECKPOINT'),
    ...denied('SELECT * FROM duckdb_databases()', 'PRAGMA database_list', 'SELECT * FROM pragma_database_list'),
    ...denied(
      'SELECT * FROM duckdb_settings()',
      'SELECT * FROM pragma_database_size()',
      'SELECT * FROM "duckdb_settings"()',
    ),
  ];
}

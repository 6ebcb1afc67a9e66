import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a client is used for; the columns of the table in `docs/compatibility.md`. */
export const AREAS = [
  'connect',
  'types',
  'statements',
  'large results',
  'copy',
  'transactions',
  'savepoints',
  'errors',
  'cancel',
  'catalog',
] as const;

export type Area = (typeof AREAS)[number];

export interface Client {
  readonly id: string;
  readonly title: string;
  /** The command that runs the script; `{clients}` is the folder with what `install` has fetched. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** In the order in which the script prints them. */
  readonly features: Readonly<Record<string, Area>>;
  readonly timeoutMs: number;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const describeCommands = readFileSync(here('clients/psql/describe.txt'), 'utf8').trim().split('\n');

function featuresOf(areas: Readonly<Partial<Record<Area, string>>>): Record<string, Area> {
  return Object.fromEntries(
    Object.entries(areas).flatMap(([area, names]) => names.split(/\s+/).map((name) => [name, area as Area])),
  );
}

const SQLALCHEMY = featuresOf({
  connect: 'connect',
  catalog:
    'reflect-names reflect-columns reflect-keys reflect-checks reflect-indexes reflect-comments reflect-enums-and-views reflect-everything',
  statements: 'create-all-and-orm core-writes pandas-read pandas-round-trip',
  'large results': 'streaming',
  types: 'all-types',
  transactions: 'transactions',
  savepoints: 'nested-transaction-reads',
  errors: 'errors',
  cancel: 'statement-timeout',
  copy: 'copy',
});

const JDBC = featuresOf({
  connect: 'connect',
  types: 'types-simple types-extended types-extendedForPrepared types-binary parameters-over-the-prepare-threshold',
  'large results': 'paging',
  statements:
    'batch batch-rewritten generated-keys result-metadata parameter-metadata updatable-result several-results',
  savepoints: 'savepoint-reads savepoint-writes autosave',
  transactions: 'read-only-and-isolation',
  cancel: 'query-timeout-and-cancel',
  errors: 'errors',
  copy: 'copy',
  catalog:
    'metadata-database getSchemas getCatalogs getTableTypes getTables getTables-by-type getTables-system getColumns getColumns-customers getColumns-all-types getColumns-view getPrimaryKeys getImportedKeys getExportedKeys getCrossReference getIndexInfo getBestRowIdentifier getVersionColumns getTablePrivileges getColumnPrivileges getTypeInfo getUDTs getProcedures getFunctions getSchemas-by-pattern getClientInfoProperties',
});

const python = (script: string): readonly string[] => ['{clients}/venv/bin/python', here(`clients/python/${script}`)];
const node = (script: string): readonly string[] => [process.execPath, here(`clients/js/${script}`)];
const jdbc = (jar: string): readonly string[] => ['java', '-cp', jar, here('clients/jdbc/Jdbc.java')];

export const CLIENTS: readonly Client[] = [
  {
    id: 'psql',
    title: 'psql 15',
    command: ['bash', here('clients/psql/run.sh')],
    timeoutMs: 150_000,
    features: {
      ...featuresOf({
        connect:
          'connect-sslmode connect-verify-full connect-channel-binding connect-wrong-password connect-unknown-database connect-options connect-settings connect-other-encoding',
        types: 'all-types',
        statements:
          'aligned tags prepared notices notifications do-block queries casts casts-to-char-n casts-to-numeric functions-numbers functions-numeric-division functions-text functions-time functions-number-patterns functions-series functions-series-of-dates functions-aggregates functions-arrays functions-json functions-json-made functions-jsonb-containment functions-types functions-server functions-address meta-commands one-message',
        'large results': 'cursors fetch-count',
        transactions: 'transactions on-error-stop',
        savepoints: 'savepoints-read savepoints-write',
        errors: 'errors errors-of-negative-lengths error-details',
        cancel: 'interrupt',
        copy: 'copy-text copy-csv copy-binary copy-options copy-errors copy-program-and-file',
      }),
      ...Object.fromEntries(
        ['regclass', 'view-definitions', ...describeCommands, '\\l', '\\du', 'gdesc'].map((name) => [name, 'catalog']),
      ),
    },
  },
  {
    id: 'psycopg2',
    title: 'psycopg2',
    command: python('psycopg2_client.py'),
    timeoutMs: 120_000,
    features: featuresOf({
      connect: 'connect session-settings',
      types: 'all-types parameters',
      'large results': 'named-cursor',
      copy: 'copy-expert',
      statements: 'execute-values notices',
      errors: 'error-rollback-reuse',
      transactions: 'transactions',
      savepoints: 'savepoints row-type-that-is-missing',
      catalog: 'row-types',
      cancel: 'cancel',
    }),
  },
  {
    id: 'psycopg3',
    title: 'psycopg 3',
    command: python('psycopg3_client.py'),
    timeoutMs: 120_000,
    features: featuresOf({
      types: 'all-types-text all-types-binary parameters',
      'large results': 'server-cursor',
      statements: 'pipeline auto-prepare rows-and-results',
      copy: 'copy-text copy-binary',
      errors: 'error-in-prepared',
      connect: 'connect',
      transactions: 'transactions',
      savepoints: 'transaction-reads transaction-writes',
      catalog: 'type-info',
      cancel: 'cancel',
    }),
  },
  {
    id: 'asyncpg',
    title: 'asyncpg',
    command: python('asyncpg_client.py'),
    timeoutMs: 120_000,
    features: featuresOf({
      types: 'all-types parameters',
      statements: 'prepared',
      'large results': 'cursor',
      copy: 'copy',
      connect: 'pool',
      transactions: 'transactions',
      savepoints: 'nested-transaction-reads',
      catalog: 'type-lookup',
      cancel: 'timeout-and-cancel',
      errors: 'errors',
    }),
  },
  {
    id: 'node-postgres',
    title: 'node-postgres, pg-cursor, pg-query-stream, pg-copy-streams',
    command: node('node-postgres.mjs'),
    timeoutMs: 120_000,
    features: featuresOf({
      connect: 'connect pool',
      types: 'all-types all-types-binary parameters',
      statements: 'named-statement several-statements listen',
      transactions: 'transactions',
      errors: 'errors',
      'large results': 'pg-cursor pg-query-stream',
      copy: 'pg-copy-streams',
      cancel: 'timeout',
      savepoints: 'savepoints',
      catalog: 'information-schema',
    }),
  },
  {
    id: 'postgres-js',
    title: 'postgres.js',
    command: node('postgres-js.mjs'),
    timeoutMs: 120_000,
    features: featuresOf({
      types: 'all-types parameters',
      'large results': 'cursor',
      transactions: 'begin-and-rollback',
      savepoints: 'savepoint-reads',
      connect: 'connect',
      errors: 'errors',
      catalog: 'array-types',
      statements: 'simple-and-unsafe pipelined listen reserve',
      copy: 'copy',
      cancel: 'cancel',
    }),
  },
  {
    id: 'jdbc',
    title: 'pgjdbc 42.7 (Maven)',
    command: jdbc('{clients}/jdbc/postgresql.jar'),
    timeoutMs: 200_000,
    features: JDBC,
  },
  {
    id: 'jdbc-debian',
    title: 'pgjdbc 42.5 (Debian)',
    command: jdbc('/usr/share/java/postgresql.jar'),
    timeoutMs: 200_000,
    features: JDBC,
  },
  {
    id: 'odbc',
    title: 'psqlODBC 13 through pyodbc',
    command: python('pyodbc_client.py'),
    env: { WIRE_ODBC_DRIVER: '/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so' },
    timeoutMs: 150_000,
    features: featuresOf({
      connect: 'connect',
      types: 'all-types parameters-prepared-by-the-server parameters-in-the-text',
      catalog: 'tables columns columns-of-all-types primary-keys foreign-keys statistics type-info-and-row-id',
      'large results':
        'reads-outside-a-transaction reads-in-a-transaction declare-fetch-outside-a-transaction declare-fetch-in-a-transaction',
      savepoints: 'error-rollback-nop error-rollback-transaction error-rollback-statement',
      statements: 'writes',
      transactions: 'transactions',
      cancel: 'cancel',
      errors: 'errors',
    }),
  },
  ...['psycopg2', 'psycopg', 'asyncpg'].map((driver) => ({
    id: `sqlalchemy-${driver}`,
    title: `SQLAlchemy 2 and pandas over ${driver}`,
    command: python('sqlalchemy_client.py'),
    env: { WIRE_DRIVER: driver },
    timeoutMs: 150_000,
    features: SQLALCHEMY,
  })),
  {
    id: 'dbt',
    title: 'dbt-postgres',
    command: python('dbt_client.py'),
    timeoutMs: 240_000,
    features: featuresOf({
      connect: 'debug',
      statements: 'seed run test snapshot everything-again',
      catalog: 'docs-generate',
    }),
  },
  {
    id: 'r',
    title: 'R with RPostgreSQL',
    command: ['Rscript', here('clients/r/rpostgresql.R')],
    timeoutMs: 120_000,
    features: featuresOf({
      connect: 'connect',
      catalog: 'tables',
      types: 'read-table all-types',
      'large results': 'fetch-in-parts',
      statements: 'parameters',
      copy: 'write-table',
      savepoints: 'savepoints',
      transactions: 'transactions',
      errors: 'errors',
    }),
  },
];

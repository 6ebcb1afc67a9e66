import { quoteLiteral } from '../../../quoting.js';
import { DYNAMIC_RELATIONS } from './dynamic-relations.js';

/** These say who the session is. */
const OF_SESSION = new Set(['pg_authid', 'pg_database']);

const CATALOG_RELATIONS = Object.keys(DYNAMIC_RELATIONS).filter((name) => !OF_SESSION.has(name));

/** Views that macros read. */
const OWN_RELATIONS = [
  'relations',
  'schema_names',
  'relation_names',
  'relation_spellings',
  'type_names',
  'constraint_definitions',
  'index_definitions',
  'view_definitions',
  'serial_columns',
];

const FAST = new Map([
  ...CATALOG_RELATIONS.map((name): [string, string] => [`__pg.catalog.${name}`, `__project.catalog.${name}`]),
  ...OWN_RELATIONS.map((name): [string, string] => [`__pg.own.${name}`, `__project.own.${name}`]),
]);

/**
 * A picture of all rows that views compute, as tables: a statement over the views takes some tens of milliseconds to plan, over tables a
 * few. It holds as long as the workspace's objects have the fingerprint it was taken with, the project's are of the same generation,
 * and names are looked for in `public`.
 */
export const SNAPSHOT_STATEMENTS: readonly string[] = [...FAST].map(
  ([view, table]) => `CREATE OR REPLACE TABLE ${table} AS SELECT * FROM ${view}`,
);

/** Says which picture a transaction sees, if it sees one. */
const MARK = '__project.own.picture';

export const SNAPSHOT_SCHEMAS: readonly string[] = [
  'CREATE SCHEMA __project.catalog',
  'CREATE SCHEMA __project.own',
  `CREATE TABLE ${MARK} (fingerprint VARCHAR)`,
];

/** In the transaction of the picture. */
export function markStatements(fingerprint: string): readonly string[] {
  return [`DELETE FROM ${MARK}`, `INSERT INTO ${MARK} VALUES (${quoteLiteral(fingerprint)})`];
}

/** The same statement over the picture. */
export function overSnapshot(sql: string): string {
  return sql
    .replace(/__pg\.(?:catalog|own)\.\w+/g, (view) => FAST.get(view) ?? view)
    .replaceAll('__pg.fn.', '__pg.fast.');
}

const OURS = `database_name IN ('ws', 'temp')`;
const hashed = (columns: string, source: string, filter = ''): string =>
  `(SELECT coalesce(CAST(bit_xor(hash(${columns})) AS VARCHAR), '') FROM ${source} WHERE ${OURS}${filter})`;

/**
 * A text that is another one whenever an object of the workspace, its columns or comments are; of the own transaction's view of them. Beside it
 * the fingerprint of the picture that this transaction sees: one that began before the latest picture was taken sees an earlier one, or none.
 */
export const FINGERPRINT_SQL = `SELECT concat_ws('/',
  ${hashed('database_name, table_oid, schema_name, table_name, comment, sql', 'duckdb_tables()')},
  ${hashed('view_oid, schema_name, view_name, comment, column_count, sql', 'duckdb_views()', ' AND NOT internal')},
  ${hashed('table_oid, column_index, data_type, comment', 'duckdb_columns()', ' AND NOT internal')},
  ${hashed('index_oid, index_name, comment, sql', 'duckdb_indexes()')},
  ${hashed('sequence_oid, schema_name, sequence_name, comment, sql', 'duckdb_sequences()')},
  ${hashed('oid, schema_name, comment', 'duckdb_schemas()', ` AND database_name = 'ws'`)},
  ${hashed('type_oid, type_name, labels, comment', 'duckdb_types()', ' AND NOT internal')}), (SELECT max(fingerprint) FROM ${MARK})`;

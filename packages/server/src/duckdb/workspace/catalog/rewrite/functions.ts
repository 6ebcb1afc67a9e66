import { ALL_MACROS } from '../definitions/all-macros.js';
import { CATALOG_DATABASE, FUNCTIONS } from '../names.js';

/** DuckDB's own functions that do the same under another name. */
const RENAMED: Readonly<Record<string, string>> = {
  json_build_object: 'json_object',
  jsonb_build_object: 'json_object',
  json_build_array: 'json_array',
  jsonb_build_array: 'json_array',
  json_agg: 'json_group_array',
  jsonb_agg: 'json_group_array',
  json_object_agg: 'json_group_object',
  jsonb_object_agg: 'json_group_object',
  row_to_json: 'to_json',
  to_jsonb: 'to_json',
  every: 'bool_and',
  jsonb_array_length: 'json_array_length',
  array_to_json: 'to_json',
  date_bin: 'time_bucket',
  btrim: 'trim',
  extract: 'date_part',
  position: 'strpos',
  clock_timestamp: 'now',
  statement_timestamp: 'now',
  transaction_timestamp: 'now',
};

/** What to call instead of a function of PostgreSQL. */
export const MACROS: ReadonlyMap<string, readonly string[]> = new Map([
  ...Object.entries(RENAMED).map(([name, other]): [string, readonly string[]] => [name, [other]]),
  ...ALL_MACROS.map(({ name }): [string, readonly string[]] => [name, [CATALOG_DATABASE, FUNCTIONS, name]]),
]);

/** Functions that return rows, each as a list. */
export const SET_RETURNING: ReadonlySet<string> = new Set([
  'unnest',
  'generate_series',
  'generate_subscripts',
  '_pg_expandarray',
  'aclexplode',
  'pg_options_to_table',
  'pg_partition_ancestors',
  'pg_partition_tree',
  'pg_tablespace_databases',
  'pg_listening_channels',
]);

/** Of these, the ones whose rows have several columns. */
export const RECORD_RETURNING: Readonly<Record<string, readonly string[]>> = {
  _pg_expandarray: ['x', 'n'],
  aclexplode: ['grantor', 'grantee', 'privilege_type', 'is_grantable'],
  pg_options_to_table: ['option_name', 'option_value'],
  pg_partition_tree: ['relid', 'parentrelid', 'isleaf', 'level'],
};

/** Functions without arguments that list something of the server: relations of the catalogue here. */
export const ROW_SOURCES: ReadonlySet<string> = new Set(['pg_get_keywords']);

/** What the SQL standard lets one write without parentheses. */
export const VALUE_FUNCTION_MACROS: Readonly<Record<string, string>> = {
  SVFOP_CURRENT_ROLE: 'current_user',
  SVFOP_CURRENT_USER: 'current_user',
  SVFOP_USER: 'current_user',
  SVFOP_SESSION_USER: 'current_user',
  SVFOP_CURRENT_CATALOG: 'current_database',
  SVFOP_CURRENT_SCHEMA: 'current_schema',
};

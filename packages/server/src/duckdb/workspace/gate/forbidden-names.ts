/**
 * Functions that reach out of the workspace, change the instance for everybody, run text as SQL, tell where files are, or end the process.
 * Compared with every name in front of a bracket, quoted or not, and, as relations, behind FROM and the like without one.
 */
const FORBIDDEN: ReadonlySet<string> = new Set([
  // Files and directories.
  'glob',
  'sniff_csv',
  'arrow_scan',
  'arrow_scan_dumb',
  'getenv',
  // Text that becomes SQL.
  'query',
  'query_table',
  'json_execute_serialized_sql',
  'json_serialize_sql',
  'json_serialize_plan',
  'json_deserialize_sql',
  // The parser, with which one statement can end the process.
  'sql_auto_complete',
  'check_peg_parser',
  'enable_peg_parser',
  'disable_peg_parser',
  // The instance.
  'enable_logging',
  'disable_logging',
  'truncate_duckdb_logs',
  'set_log_storage',
  'duckdb_logs',
  'duckdb_logs_parsed',
  'duckdb_log_contexts',
  'write_log',
  'parse_duckdb_log_message',
  'enable_profiling',
  'disable_profiling',
  'enable_profile',
  'disable_profile',
  'enable_object_cache',
  'disable_object_cache',
  'checkpoint',
  'force_checkpoint',
  'add_parquet_key',
  'import_database',
  'sleep_ms',
  'seq_scan',
  // What they say is about the machine.
  'duckdb_databases',
  'duckdb_settings',
  'duckdb_secrets',
  'duckdb_secret_types',
  'which_secret',
  'duckdb_extensions',
  'duckdb_temporary_files',
  'duckdb_external_file_cache',
  'duckdb_connection_count',
  'duckdb_prepared_statements',
  'duckdb_approx_database_count',
  'pragma_database_size',
  'pragma_database_list',
  'pragma_storage_info',
  'pragma_metadata_info',
  'pragma_last_profiling_output',
  'pragma_detailed_profiling_output',
  'pragma_all_profiling_output',
  'pragma_user_agent',
  'pragma_platform',
]);

/** `read_csv`, `read_text`, `parquet_scan`, … in whatever number. */
const FORBIDDEN_PREFIXES = ['read_', 'parquet_', 'sniff_', 'duckdb_log'];

/** Words before a name with a bracket that make it a table or a column list, not a call. */
const NOT_A_CALL: ReadonlySet<string> = new Set(['into', 'table', 'references', 'exists', 'copy', 'with', 'recursive']);

/** A name that the engine does not know is a user's macro, which cannot do more than its text, and that went through the gate. */
export function isForbiddenFunction(name: string, builtIn: ReadonlySet<string>): boolean {
  const lower = name.toLowerCase();
  if (FORBIDDEN.has(lower)) return true;
  return builtIn.has(lower) && FORBIDDEN_PREFIXES.some((prefix) => lower.startsWith(prefix));
}

/** `FROM duckdb_databases` reads a view over the function of that name. */
export function isForbiddenRelation(name: string): boolean {
  const lower = name.toLowerCase();
  return lower.startsWith('duckdb_') || lower.startsWith('pragma_') ? FORBIDDEN.has(lower) : false;
}

export function makesNameNoCall(wordBefore: string): boolean {
  return NOT_A_CALL.has(wordBefore);
}

/** What the worker calls attached versions, the databases with their views, and those of the catalogue. */
export function isInternalDatabase(name: string): boolean {
  return /^([vt]__\d+|__pg|__project)$/i.test(name);
}

/** Databases that belong to the engine or to the worker; what users make is in `ws` or `temp`. */
export const RESERVED_DATABASES: ReadonlySet<string> = new Set(['memory', 'system', 'ws', 'temp']);

export const RESERVED_SCHEMAS: ReadonlySet<string> = new Set([
  ...RESERVED_DATABASES,
  'information_schema',
  'pg_catalog',
]);

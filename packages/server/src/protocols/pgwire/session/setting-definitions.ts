import { SqlError } from '../../../errors/sql-error.js';
import { booleanOf, durationOf, integerOf, memoryOf, oneOf, realOf, showDuration } from './setting-values.js';

/** A setting as `SHOW` knows it. */
export interface SettingDefinition {
  /** As PostgreSQL spells it; names are compared without case. */
  readonly name: string;
  readonly defaultValue: string;
  /** The value as it is kept and shown; throws for what cannot be. Absent: the setting cannot be changed. */
  readonly parse?: (value: string, name: string) => string;
  /** The client is told of every change, by a ParameterStatus. */
  readonly reported?: boolean;
  /** DuckDB must know. */
  readonly engine?: boolean;
  /** Can be set with BEGIN or at its start only, and ends with the transaction. */
  readonly ofTransaction?: boolean;
}

const text = (value: string): string => value;

const ISOLATION_LEVELS = ['serializable', 'repeatable read', 'read committed', 'read uncommitted'];

function bool(name: string, defaultValue: 'on' | 'off', more: Partial<SettingDefinition> = {}): SettingDefinition {
  return { name, defaultValue, parse: booleanOf, ...more };
}

function choice(name: string, defaultValue: string, values: readonly string[]): SettingDefinition {
  return { name, defaultValue, parse: oneOf(values) };
}

function integer(name: string, defaultValue: string, min: number, max: number): SettingDefinition {
  return { name, defaultValue, parse: integerOf(min, max) };
}

function real(name: string, defaultValue: string): SettingDefinition {
  return { name, defaultValue, parse: realOf };
}

function memory(name: string, defaultValue: string): SettingDefinition {
  return { name, defaultValue, parse: memoryOf };
}

function duration(name: string): SettingDefinition {
  return { name, defaultValue: '0', parse: (value, setting) => showDuration(durationOf(value, setting)) };
}

function fixed(name: string, defaultValue: string, more: Partial<SettingDefinition> = {}): SettingDefinition {
  return { name, defaultValue, ...more };
}

/** A setting of PostgreSQL of which only one value is true here: setting it to that is fine, to another is refused. */
function only(name: string, value: string, parse: (value: string, name: string) => string): SettingDefinition {
  return {
    name,
    defaultValue: value,
    parse: (given, setting) => {
      const parsed = parse(given, setting);
      if (parsed === value) return value;
      throw new SqlError('0A000', `parameter "${name}" can only be "${value}" here`);
    },
  };
}

/** As PostgreSQL compares names of encodings: only letters and digits count. asyncpg sends its quotes along. */
function clientEncoding(value: string): string {
  if (/^(utf8|unicode)$/i.test(value.replaceAll(/[^a-z0-9]/gi, ''))) return 'UTF8';
  throw new SqlError('22023', `invalid value for parameter "client_encoding": "${value}"`, {
    hint: 'The only supported encoding is UTF8.',
  });
}

/** Values are always written in ISO form; the order of day and month stands for what could be read, which is ISO as well. */
function dateStyle(value: string): string {
  let order = 'MDY';
  for (const part of value.split(',').map((one) => one.trim().toLowerCase())) {
    if (part === 'iso' || part === '') continue;
    if (part === 'mdy' || part === 'us' || part.startsWith('noneuro')) order = 'MDY';
    else if (part === 'dmy' || part.startsWith('euro')) order = 'DMY';
    else if (part === 'ymd') order = 'YMD';
    else if (part === 'postgres' || part === 'sql' || part === 'german') {
      throw new SqlError('0A000', 'dates are written in ISO style only');
    } else throw new SqlError('22023', `invalid value for parameter "DateStyle": "${value}"`);
  }
  return `ISO, ${order}`;
}

/** Names as the tz database has them; whole hours as an offset, which count westwards in POSIX names. */
function timeZone(value: string): string {
  const offset = /^([+-]?)0?(\d{1,2})(?::00)?(?::00)?$/.exec(value.trim());
  if (offset !== null) {
    const hours = Number(offset[2]);
    if (hours > 14) throw invalidTimeZone(value);
    return hours === 0 ? 'UTC' : `Etc/GMT${offset[1] === '-' ? '+' : '-'}${hours}`;
  }
  if (/^(utc|gmt|zulu|z|universal)$/i.test(value)) return value.toUpperCase() === 'GMT' ? 'GMT' : 'UTC';
  try {
    const { timeZone: canonical } = new Intl.DateTimeFormat('en-US', { timeZone: value }).resolvedOptions();
    return canonical.toLowerCase() === value.toLowerCase() ? canonical : value;
  } catch (error) {
    if (error instanceof RangeError) throw invalidTimeZone(value);
    throw error;
  }
}

function invalidTimeZone(value: string): SqlError {
  return new SqlError('22023', `invalid value for parameter "TimeZone": "${value}"`);
}

function isolation(value: string): string {
  return oneOf(ISOLATION_LEVELS)(value, 'transaction_isolation');
}

/**
 * What a client may ask or set. Settings that PostgreSQL keeps for its planner, its files or its log are kept too, because tools set them
 * without looking; they change nothing here, as they change no result there.
 */
export const SETTING_DEFINITIONS: readonly SettingDefinition[] = [
  {
    name: 'application_name',
    defaultValue: '',
    parse: (value) => value.replace(/[^\x20-\x7e]/g, '?').slice(0, 63),
    reported: true,
  },
  { name: 'client_encoding', defaultValue: 'UTF8', parse: clientEncoding, reported: true },
  { name: 'DateStyle', defaultValue: 'ISO, MDY', parse: dateStyle, reported: true },
  {
    ...only('IntervalStyle', 'postgres', oneOf(['postgres', 'postgres_verbose', 'sql_standard', 'iso_8601'])),
    reported: true,
  },
  { name: 'TimeZone', defaultValue: 'UTC', parse: timeZone, reported: true, engine: true },
  { name: 'search_path', defaultValue: '"$user", public', parse: text, engine: true },
  { ...only('standard_conforming_strings', 'on', booleanOf), reported: true },
  bool('default_transaction_read_only', 'off', { reported: true }),
  fixed('integer_datetimes', 'on', { reported: true }),
  fixed('in_hot_standby', 'off', { reported: true }),
  fixed('is_superuser', 'off', { reported: true }),
  fixed('server_encoding', 'UTF8', { reported: true }),
  fixed('server_version', '', { reported: true }),
  fixed('session_authorization', '', { reported: true }),
  fixed('server_version_num', ''),
  { name: 'role', defaultValue: 'none', parse: (value) => onlyRole(value) },
  duration('statement_timeout'),
  duration('lock_timeout'),
  duration('idle_in_transaction_session_timeout'),
  duration('idle_session_timeout'),
  duration('transaction_timeout'),
  choice('bytea_output', 'hex', ['hex', 'escape']),
  integer('extra_float_digits', '1', -15, 3),
  choice('client_min_messages', 'notice', [
    'debug5',
    'debug4',
    'debug3',
    'debug2',
    'debug1',
    'log',
    'notice',
    'warning',
    'error',
  ]),
  { name: 'default_transaction_isolation', defaultValue: 'read committed', parse: isolation },
  bool('default_transaction_deferrable', 'off'),
  { name: 'transaction_isolation', defaultValue: 'read committed', parse: isolation, ofTransaction: true },
  bool('transaction_read_only', 'off', { ofTransaction: true }),
  bool('transaction_deferrable', 'off', { ofTransaction: true }),
  bool('row_security', 'on'),
  bool('check_function_bodies', 'on'),
  bool('escape_string_warning', 'on'),
  choice('backslash_quote', 'safe_encoding', ['safe_encoding', 'on', 'off']),
  bool('array_nulls', 'on'),
  bool('quote_all_identifiers', 'off'),
  bool('transform_null_equals', 'off'),
  bool('synchronize_seqscans', 'on'),
  choice('synchronous_commit', 'on', ['on', 'off', 'local', 'remote_write', 'remote_apply']),
  choice('session_replication_role', 'origin', ['origin', 'replica', 'local']),
  choice('xmloption', 'content', ['content', 'document']),
  choice('xmlbinary', 'base64', ['base64', 'hex']),
  choice('plan_cache_mode', 'auto', ['auto', 'force_generic_plan', 'force_custom_plan']),
  choice('default_toast_compression', 'pglz', ['pglz', 'lz4']),
  { name: 'default_tablespace', defaultValue: '', parse: text },
  { name: 'temp_tablespaces', defaultValue: '', parse: text },
  { name: 'default_table_access_method', defaultValue: 'heap', parse: text },
  { name: 'default_text_search_config', defaultValue: 'pg_catalog.simple', parse: text },
  { name: 'lc_messages', defaultValue: 'C', parse: text },
  { name: 'lc_monetary', defaultValue: 'C', parse: text },
  { name: 'lc_numeric', defaultValue: 'C', parse: text },
  { name: 'lc_time', defaultValue: 'C', parse: text },
  bool('jit', 'off'),
  bool('geqo', 'on'),
  integer('geqo_threshold', '12', 2, 2_147_483_647),
  integer('from_collapse_limit', '8', 1, 2_147_483_647),
  integer('join_collapse_limit', '8', 1, 2_147_483_647),
  integer('max_parallel_workers_per_gather', '2', 0, 1024),
  integer('max_parallel_maintenance_workers', '2', 0, 1024),
  integer('effective_io_concurrency', '1', 0, 1000),
  integer('default_statistics_target', '100', 1, 10_000),
  integer('gin_fuzzy_search_limit', '0', 0, 2_147_483_647),
  integer('tcp_keepalives_idle', '0', 0, 2_147_483_647),
  integer('tcp_keepalives_interval', '0', 0, 2_147_483_647),
  integer('tcp_keepalives_count', '0', 0, 2_147_483_647),
  integer('tcp_user_timeout', '0', 0, 2_147_483_647),
  real('seq_page_cost', '1'),
  real('random_page_cost', '4'),
  real('cpu_tuple_cost', '0.01'),
  real('cpu_index_tuple_cost', '0.005'),
  real('cpu_operator_cost', '0.0025'),
  real('cursor_tuple_fraction', '0.1'),
  memory('work_mem', '4MB'),
  memory('maintenance_work_mem', '64MB'),
  memory('temp_buffers', '8MB'),
  memory('effective_cache_size', '4GB'),
  ...[
    'enable_async_append',
    'enable_bitmapscan',
    'enable_gathermerge',
    'enable_hashagg',
    'enable_hashjoin',
    'enable_incremental_sort',
    'enable_indexonlyscan',
    'enable_indexscan',
    'enable_material',
    'enable_memoize',
    'enable_mergejoin',
    'enable_nestloop',
    'enable_parallel_append',
    'enable_parallel_hash',
    'enable_partition_pruning',
    'enable_seqscan',
    'enable_sort',
    'enable_tidscan',
  ].map((name) => bool(name, 'on')),
  fixed('block_size', '8192'),
  fixed('data_checksums', 'off'),
  fixed('lc_collate', 'C'),
  fixed('lc_ctype', 'C'),
  fixed('max_connections', '100'),
  fixed('max_function_args', '100'),
  fixed('max_identifier_length', '63'),
  fixed('max_index_keys', '32'),
  fixed('max_prepared_transactions', '0'),
  fixed('segment_size', '1GB'),
  fixed('shared_preload_libraries', ''),
  fixed('ssl', 'on'),
  fixed('wal_block_size', '8192'),
  fixed('wal_level', 'minimal'),
];

function onlyRole(value: string): string {
  if (/^none$/i.test(value)) return 'none';
  throw new SqlError('42501', `permission denied to set role "${value}"`);
}

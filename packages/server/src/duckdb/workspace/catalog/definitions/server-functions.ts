import { pgTypeOf, type PgTypeName } from '../../../../model/pg-types.js';
import { postgresql15 } from '../postgresql-15.js';
import { macro, type Macro } from './macro.js';
import { storageTypeOf } from './storage-types.js';

/** A function of PostgreSQL that tells something of its server; `columns` of those that list something. */
interface ServerFunction {
  readonly name: string;
  readonly argumentCount: number;
  readonly type: PgTypeName;
  readonly columns: readonly (readonly [name: string, type: PgTypeName])[];
}

/** What a server of PostgreSQL has and a workspace has not: views over these are empty. */
const LISTS_OF_NOTHING: ReadonlySet<string> = new Set([
  'pg_available_extension_versions',
  'pg_available_extensions',
  'pg_config',
  'pg_get_backend_memory_contexts',
  'pg_get_publication_tables',
  'pg_get_replication_slots',
  'pg_get_shmem_allocations',
  'pg_hba_file_rules',
  'pg_ident_file_mappings',
  'pg_mcv_list_items',
  'pg_prepared_xact',
  'pg_show_all_file_settings',
  'pg_show_replication_origin_status',
  'pg_stat_get_activity',
  'pg_stat_get_archiver',
  'pg_stat_get_progress_info',
  'pg_stat_get_recovery_prefetch',
  'pg_stat_get_replication_slot',
  'pg_stat_get_slru',
  'pg_stat_get_subscription',
  'pg_stat_get_subscription_stats',
  'pg_stat_get_wal',
  'pg_stat_get_wal_receiver',
  'pg_stat_get_wal_senders',
  'pg_timezone_abbrevs',
]);

function readServerFunctions(): readonly ServerFunction[] {
  const functions = postgresql15().byName.get('pg_catalog.pg_proc');
  const column = <T>(name: string): readonly T[] => JSON.parse(functions?.varying[name] ?? '[]') as readonly T[];
  const names = column<string>('proname');
  const counts = column<number>('pronargs');
  const results = column<number>('prorettype');
  const types = column<readonly number[] | null>('proallargtypes');
  const modes = column<readonly string[] | null>('proargmodes');
  const argumentNames = column<readonly string[] | null>('proargnames');
  return Array.from(names.keys())
    .filter((row) => LISTS_OF_NOTHING.has(names[row] ?? '') || names[row]?.startsWith('pg_stat_get_') === true)
    .map((row) => ({
      name: names[row] ?? '',
      argumentCount: counts[row] ?? 0,
      type: typeName(results[row]),
      columns: (types[row] ?? []).flatMap((oid, at): [string, PgTypeName][] =>
        modes[row]?.[at] === 'i' ? [] : [[argumentNames[row]?.[at] ?? '', typeName(oid)]],
      ),
    }));
}

function typeName(oid: number | undefined): PgTypeName {
  return (pgTypeOf(oid ?? 0)?.name ?? 'text') as PgTypeName;
}

const SERVER_FUNCTIONS = readServerFunctions();

/** The columns of functions that list nothing here, by their name. */
export const EMPTY_LISTS: ReadonlyMap<string, ServerFunction['columns']> = new Map(
  SERVER_FUNCTIONS.filter(({ name }) => LISTS_OF_NOTHING.has(name)).map(({ name, columns }) => [name, columns]),
);

const LIVE_ROWS = 'pg_stat_get_live_tuples';

/** Nothing is counted: numbers are 0 and times unknown, as on a server that has just been started. */
export const STATISTICS_MACROS: readonly Macro[] = SERVER_FUNCTIONS.filter(
  ({ name }) => !EMPTY_LISTS.has(name) && name !== LIVE_ROWS,
).map(({ name, argumentCount, type }) => {
  const isNumber = ['int4', 'int8', 'float8'].includes(type);
  const parameters = Array.from({ length: argumentCount }, (_, index) => `__argument${index}`);
  return macro(name, `(${parameters.join(', ')}) AS CAST(${isNumber ? '0' : 'NULL'} AS ${storageTypeOf(type)})`);
});

export const LIVE_ROWS_MACRO: Macro = macro(
  LIVE_ROWS,
  `(relation) AS (SELECT coalesce(min(CAST(__c.reltuples AS BIGINT)), 0) FROM __pg.catalog.pg_class AS __c WHERE __c.oid = relation)`,
);

/**
 * The database that holds everything a catalogue statement reads, beside the workspace's own and never in a user's file. It is a file,
 * made once when the project is built and attached read-only by every worker: making it takes a second, attaching it milliseconds.
 * Nothing in it bears a name that DuckDB keeps for itself (`pg_catalog` exists, read-only, in every database), so its schemas are
 * called otherwise and the rewriter translates.
 */
export const CATALOG_DATABASE = '__pg';

/** What `pg_catalog.x` becomes. */
export const PG_CATALOG = 'catalog';

/** What `information_schema.x` becomes. */
export const INFORMATION_SCHEMA = 'info';

/** Macros that stand for PostgreSQL's functions, and types that carry PostgreSQL's names. */
export const FUNCTIONS = 'fn';

/** The same macros over the snapshot, see `definitions/snapshot.ts`. */
export const FAST_FUNCTIONS = 'fast';

/** Macros that depend on nothing of the catalogue, and tell types: a statement that uses them does not read it. */
export const TYPING = 'typing';

/** The workspace's own objects, as views over DuckDB's functions, one view per kind. */
export const OWN = 'own';

/** Rows that every PostgreSQL has, where a view of the same name adds others. */
export const STORED = 'stored';

/** What the service tells of the project's buckets; in memory, because it changes. */
export const PROJECT_DATABASE = '__project';

/** The file of the workspace, as `workspace-database.ts` attaches it. */
export const WORKSPACE_DATABASE = 'ws';

const CATALOG_READ = new RegExp(`\\b${CATALOG_DATABASE}\\.(?!${TYPING}\\.)`);

/** Whether a statement as the engine gets it reads the catalogue, or what the catalogue was told of the session. */
export function readsCatalog(sql: string): boolean {
  return CATALOG_READ.test(sql);
}

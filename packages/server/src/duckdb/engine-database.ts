import type { DuckDBConnection, DuckDBMaterializedResult } from '@duckdb/node-api';

/** DuckDB inside one engine worker: one in-memory instance, table files attached to it. */
export interface EngineDatabase {
  /**
   * A connection for the callback alone, closed afterwards. When `signal` aborts, the running statement is
   * interrupted and the callback's error becomes `request_cancelled`.
   */
  withConnection<T>(signal: AbortSignal, use: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  /**
   * The answer of one SELECT on a published version, which is attached as in `withVersion`. The statement stays prepared for the
   * next call with the same SQL: for what is asked often.
   */
  readVersion(
    version: { id: string; path: string },
    sqlOf: (alias: string) => string,
    signal: AbortSignal,
  ): Promise<DuckDBMaterializedResult>;
  /**
   * A published version attached read-only, under an alias (already quoted) whose table is `alias.main.data`. Stays attached
   * afterwards, least recently used ones are detached; never while a callback uses it.
   */
  withVersion<T>(version: { id: string; path: string }, use: (alias: string) => Promise<T>): Promise<T>;
  /**
   * Attaches `path` read-write (creating it with `blockSizeBytes` when it does not exist) under an alias (quoted),
   * runs the callback, then CHECKPOINT, DETACH, and proves that no log file is left. When anything fails, the file is
   * detached and the error goes on; what is left on disk is the service's to remove.
   */
  withStagedFile<T>(
    path: string,
    options: StagedFileOptions,
    signal: AbortSignal,
    use: (connection: DuckDBConnection, alias: string) => Promise<T>,
  ): Promise<T>;
}

export interface StagedFileOptions {
  /** A file of small blocks is built by one thread, which is faster for what fits into them. */
  readonly blockSizeBytes: number;
  /**
   * False for a file that was written at once: a checkpoint after taking a few rows out of it would write up to a quarter of it again. It
   * concerns the checkpoints of this file only as long as one file is built at a time, as job workers do; otherwise just their speed.
   */
  readonly mergeRowGroups?: boolean;
}

/** Small tables keep small blocks (an empty file is 28 KB instead of 274 KB); above about 5 MB the small blocks lose. */
export const SMALL_BLOCK_BYTES = 16_384;
export const LARGE_BLOCK_BYTES = 262_144;
export const LARGE_TABLE_BYTES = 5 * 1024 * 1024;

/** Always explicit: the engine's default storage version replays a stale log left beside a new file. */
export const STORAGE_VERSION = 'v1.5.0';

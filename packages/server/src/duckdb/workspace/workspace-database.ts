import type { DuckDBConnection } from '@duckdb/node-api';
import type { WorkspaceTable, WorkspaceTableName } from '../../model/workspace-view.js';
import type { PathSchema } from './search-path.js';
import type { WorkspaceFigures } from './workspace-figures.js';

import type { ObjectChanges } from './object-changes.js';

/**
 * The one instance of a workspace worker, as sessions use it.
 *
 *   connect ─► one connection per session ─► closeSync
 *   per transaction: beginPins ─► pathFor before each statement that the engine sees ─► SET search_path ─► … ─► release
 *   around a statement with `mayGrow`: beginGrowth ─► it runs ─► mustFit ─► COMMIT ─► end
 */
export interface WorkspaceDatabase {
  /** For spooled results and COPY data: names that cannot be guessed, removed early. DuckDB may read and write here. */
  readonly exchangeDirectory: string;
  readonly figures: WorkspaceFigures;
  /**
   * A connection in the PostgreSQL mode: `integer_division`, `errors_as_json`, `TimeZone` UTC. What a session may still change with SET is
   * `search_path`, and what is set here.
   */
  connect(): Promise<DuckDBConnection>;
  /** The tables of one transaction of `connection`: each keeps the version it had when it was first named. */
  beginPins(connection: DuckDBConnection): TablePins;
  /**
   * What to set as `search_path` before `sql` runs. Names found in the text, and in the views and macros of the workspace it uses, are
   * attached at their pinned or newest version. Costs a scan of the text when it names no table that is not pinned yet.
   * `schemas`: those of the session's path that are there; tables of a bucket among them need no schema.
   */
  pathFor(sql: string, pins: TablePins, schemas?: readonly PathSchema[]): Promise<SearchPath>;
  /** The table of the project that this name means in the transaction, if `pathFor` has found one. */
  pinned(schema: string, table: string, pins: TablePins): PinnedName | null;
  readonly objectChanges: ObjectChanges;
  /** Whether this name is a bucket's, however it is spelt: such schemas cannot be written (25006) nor made (42P06). */
  isBucketSchema(name: string): Promise<boolean>;
  /**
   * Rejects with `SqlError` 53100 when the workspace is at its limit already. While it is open the file is watched, and `connection` is
   * interrupted as soon as the limit is passed.
   */
  beginGrowth(connection: DuckDBConnection): Promise<GrowthGuard>;
}

export interface GrowthGuard {
  /** To be called when the statement failed, and before COMMIT: rejects with 53100 when the limit was passed. The caller rolls back. */
  mustFit(): Promise<void>;
  /** When the transaction is over. Room that a rollback gave back is returned to the disk. */
  end(): Promise<void>;
}

export interface SearchPath {
  /** The value of the setting, not quoted for SQL. */
  readonly value: string;
  /** Changes whenever a statement prepared before must be prepared again. */
  readonly key: string;
}

/** As the project calls the table. */
export interface PinnedName {
  readonly bucketName: string;
  readonly tableName: string;
}

export interface TablePins {
  /** At the end of the transaction: lets go of the versions. */
  release(): void;
}

/** Asks the service; see `WorkspaceQuestions`. */
export type ResolveTables = (names: readonly WorkspaceTableName[]) => Promise<readonly (WorkspaceTable | null)[]>;

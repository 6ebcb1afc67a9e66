import type { DuckDBConnection } from '@duckdb/node-api';
import type { WorkspaceTable, WorkspaceTableName } from '../../model/workspace-view.js';

/**
 * The one instance of a workspace worker, as sessions use it.
 *
 *   connect ─► one connection per session ─► closeSync
 *   per transaction: beginPins ─► pathFor before each statement that the engine sees ─► SET search_path ─► … ─► release
 */
export interface WorkspaceDatabase {
  readonly directories: {
    /** For spooled results and COPY data: names that cannot be guessed, removed early. DuckDB may read and write here. */
    readonly exchange: string;
  };
  /**
   * A connection in the PostgreSQL mode: `USE ws.main`, `integer_division`, `errors_as_json`, `TimeZone` UTC. The settings a session may
   * still change are `TimeZone`, `integer_division` and `errors_as_json`.
   */
  connect(): Promise<DuckDBConnection>;
  /** The tables of one transaction: each keeps the version it had when it was first named. */
  beginPins(): TablePins;
  /**
   * What to set as `search_path` before `sql` runs, as the value of the setting (not quoted for SQL). Names found in the text, and in the
   * views of the workspace it uses, are attached at their pinned or newest version. Costs nothing but a scan of the text when
   * it names no table that is not pinned yet.
   */
  pathFor(sql: string, pins: TablePins): Promise<SearchPath>;
  /** Whether this name is a bucket's, however it is spelt: such schemas cannot be written (25006) nor made (42P06). */
  isBucketSchema(name: string): Promise<boolean>;
  /**
   * To be called before COMMIT of a transaction that wrote, and after each statement that wrote: rejects with `SqlError` 53100 when the
   * workspace has passed its limit. The caller rolls back.
   */
  mustBeWithinSizeLimit(): Promise<void>;
}

export interface SearchPath {
  readonly value: string;
  /** Changes whenever a statement prepared before must be prepared again. */
  readonly key: string;
}

export interface TablePins {
  /** Tables by name as statements said them; null: looked up and not there, until the end of the transaction. */
  readonly tables: ReadonlyMap<string, WorkspaceTable | null>;
  /** At the end of the transaction: lets go of the versions. */
  release(): void;
}

/** Asks the service; see `WorkspaceQuestions`. */
export type ResolveTables = (names: readonly WorkspaceTableName[]) => Promise<readonly (WorkspaceTable | null)[]>;

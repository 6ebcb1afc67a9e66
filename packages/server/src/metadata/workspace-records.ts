import type { ColumnDescriptions } from '../model/column-descriptions.js';
import type { ColumnDefinition } from '../model/columns.js';
import type { StatementOutcome } from '../model/workspace-activity.js';

/** `error`: the file cannot be opened. */
export type WorkspaceStatus = 'active' | 'error';

/** A place for somebody's SQL: one read-write DuckDB file, and a login. */
export interface WorkspaceRecord {
  readonly id: string;
  readonly projectId: string;
  /** What it sees; `default` for main. */
  readonly branchId: string;
  readonly name: string;
  readonly createdAt: Date;
  /** Id of the key that made it, `admin` for the admin key. */
  readonly createdBy: string;
  /** Null: never. */
  readonly expiresAt: Date | null;
  readonly sizeLimitBytes: number;
  /** As it was measured last. */
  readonly sizeBytes: number;
  readonly status: WorkspaceStatus;
  readonly username: string;
  /** Salted and hashed, see `auth/scram.ts`; the password itself is nowhere. Null: no login. */
  readonly passwordVerifier: string | null;
}

/** A connection of a PostgreSQL client. */
export interface WireSessionRecord {
  readonly sessionId: string;
  readonly workspaceId: string;
  readonly clientIp: string | null;
  readonly applicationName: string | null;
  readonly encrypted: boolean;
  readonly connectedAt: Date;
  readonly lastActivityAt: Date;
  readonly queryCount: number;
  /** `active`, or why it ended. */
  readonly status: string;
  readonly endedAt: Date | null;
}

/** A statement of the query log. */
export interface QueryRecord {
  readonly id: string;
  readonly projectId: string;
  readonly workspaceId: string;
  /** Null for statements over HTTP. */
  readonly sessionId: string | null;
  /** The login of the workspace, or the id of a key. */
  readonly actor: string;
  readonly statement: string;
  readonly startedAt: Date;
  readonly outcome: 'running' | StatementOutcome;
  readonly sqlState: string | null;
  readonly errorMessage: string | null;
  readonly rowCount: number | null;
  readonly resultBytes: number | null;
  readonly durationMs: number | null;
}

/** Buckets of one or two layers as they are stored; `services/workspace-catalog.ts` puts them over each other. */
export interface StoredCatalogue {
  readonly buckets: readonly StoredCatalogueBucket[];
  /** What the branch has deleted of main, by folded names; an empty table name is a whole bucket. */
  readonly deletions: readonly { readonly bucketKey: string; readonly tableKey: string }[];
}

export interface StoredCatalogueBucket {
  readonly branchId: string;
  readonly name: string;
  readonly description: string | null;
  readonly isLinked: boolean;
  /** Of a linked bucket those of its source; by name. */
  readonly tables: readonly StoredCatalogueTable[];
}

export interface StoredCatalogueTable {
  readonly name: string;
  readonly description: string | null;
  readonly columnDescriptions: ColumnDescriptions;
  readonly columns: readonly ColumnDefinition[];
  readonly primaryKey: readonly string[];
  readonly rowCount: number;
}

/**
 * What happens in a workspace, for the list of sessions, the query log and the metrics. The worker and the gateway tell, the
 * service keeps.
 */

export interface NewWorkspaceSession {
  /** `pgw_` and 16 hex digits. */
  readonly sessionId: string;
  readonly workspaceId: string;
  readonly clientIp: string | null;
  readonly applicationName: string | null;
  readonly encrypted: boolean;
  readonly connectedAt: Date;
}

/** Becomes the status of the session: `disconnected`, `timeout`, `terminated`, `shutdown`, `failed`. */
export type SessionEnd = 'disconnected' | 'timeout' | 'terminated' | 'shutdown' | 'failed';

/** A statement that began. Its end follows, unless the worker died: then it stays in the log as `lost`. */
export interface StatementStart {
  /** Never repeats: see `newSortableId`. */
  readonly statementId: string;
  readonly workspaceId: string;
  /** Null for statements over HTTP. */
  readonly sessionId: string | null;
  /** Who: the login of the workspace, or for HTTP the id of the key. */
  readonly actor: string;
  /** The log cuts it, and takes out what looks like a secret. */
  readonly statement: string;
  readonly startedAt: Date;
}

export type StatementOutcome = 'success' | 'failed' | 'cancelled' | 'timeout' | 'lost';

export interface StatementEnd {
  readonly statementId: string;
  readonly outcome: StatementOutcome;
  /** For instance `42P01`; null unless it failed. */
  readonly sqlState: string | null;
  readonly message: string | null;
  /** Rows that were returned, or that the statement changed. */
  readonly rows: number | null;
  /** Bytes of the answer. */
  readonly bytes: number | null;
  readonly durationMs: number;
}

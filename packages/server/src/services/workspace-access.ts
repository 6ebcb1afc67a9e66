import type { ScramVerifier } from '../auth/scram.js';
import type { NewWorkspaceSession, SessionEnd, StatementEnd, StatementStart } from '../model/workspace-activity.js';
import type { WorkspaceCatalog, WorkspaceTable, WorkspaceTableName } from '../model/workspace-view.js';
import type { WorkspaceState } from './workspace-state.js';

/**
 * What the PostgreSQL gateway and the worker hosts ask of the service. They never see metadata, and the worker process never sees
 * more than what is answered here.
 *
 *     gateway   findLogin ── SCRAM against the verifier ── sessionOpened ── sessionActivity … ── sessionEnded
 *     host      placeOf ── worker ── resolveTables for each name a statement says, catalogOf for listings
 */
export interface WorkspaceAccess extends WorkspaceLogins, WorkspaceViews {}

export type { ScramVerifier };

export interface WorkspaceLogin {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly username: string;
  /** `workspace_{id}`. */
  readonly databaseName: string;
  readonly verifier: ScramVerifier;
  /** `expired` as soon as `expiresAt` is over. */
  readonly status: WorkspaceState;
  readonly expiresAt: Date | null;
}

/** For the gateway. */
export interface WorkspaceLogins {
  /** Undefined for an unknown name: the gateway then goes through the motions with a verifier of its own. Case matters. */
  findLogin(username: string): Promise<WorkspaceLogin | undefined>;

  /** None of these waits for the disk; what they say is in every list at once, and durable a moment later. */
  sessionOpened(session: NewWorkspaceSession): void;
  /** The client is there: statements are counted by `statementStarted`. */
  sessionActivity(sessionId: string): void;
  /** Also when the session was never opened here; only the first end counts. */
  sessionEnded(sessionId: string, end: SessionEnd): void;
}

export interface WorkspacePlace {
  readonly workspaceId: string;
  readonly projectId: string;
  /** `default` for main. */
  readonly branchId: string;
  /** Absolute. It was made with the workspace, and nobody makes it again. */
  readonly filePath: string;
  readonly sizeLimitBytes: number;
  readonly databaseName: string;
  readonly username: string;
}

/** For the worker hosts. */
export interface WorkspaceViews {
  /**
   * Undefined when the workspace is gone; throws a `SqlError` when its file is. Expired ones have a place, too: look at the login.
   */
  placeOf(workspaceId: string): Promise<WorkspacePlace | undefined>;
  /**
   * Links the current version of each visible table into `attachDirectory` and tells its name; null for what is not there or
   * not visible, which look the same. Answers in the order of the names. A link that exists already is the same file.
   * Whoever owns the directory removes the links; as long as one exists, the version can be read, whatever happens to the table.
   */
  resolveTables(
    workspaceId: string,
    names: readonly WorkspaceTableName[],
    attachDirectory: string,
  ): Promise<readonly (WorkspaceTable | null)[]>;
  /** `unchanged` when the caller has it already. */
  catalogOf(workspaceId: string, knownGeneration: string | undefined): Promise<WorkspaceCatalog | 'unchanged'>;

  /** For the query log; neither waits for the disk. */
  statementStarted(start: StatementStart): void;
  statementFinished(end: StatementEnd): void;
}

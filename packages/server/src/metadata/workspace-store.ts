import type { BranchRef } from '../model/refs.js';
import type { Listed, Page } from './metadata-store.js';
import type { QueryRecord, StoredCatalogue, WireSessionRecord, WorkspaceRecord } from './workspace-records.js';

/** Workspaces, their sessions and their query log: the part of `MetadataReader` that concerns SQL. */
export interface WorkspaceReader {
  getWorkspace(projectId: string, workspaceId: string): Promise<WorkspaceRecord | undefined>;
  getWorkspaceById(workspaceId: string): Promise<WorkspaceRecord | undefined>;
  /** Exactly this name. */
  findWorkspaceOfUser(username: string): Promise<WorkspaceRecord | undefined>;
  /** Newest first; of one branch only when it is given. */
  listWorkspaces(
    projectId: string,
    filter: { readonly branchId?: string | undefined },
    page: Page,
  ): Promise<Listed<WorkspaceRecord>>;
  /** Those that expired at `moment` or before, the oldest first. */
  listWorkspacesExpiredBy(moment: Date, limit: number): Promise<readonly WorkspaceRecord[]>;
  /** All of them, in id order after `afterId`: for backups and `doctor`. */
  listAllWorkspaces(afterId: string | undefined, limit: number): Promise<readonly WorkspaceRecord[]>;

  getWireSession(sessionId: string): Promise<WireSessionRecord | undefined>;
  /** Newest first. */
  listWireSessions(filter: WireSessionFilter, page: Page): Promise<Listed<WireSessionRecord>>;
  /** Active ones without a statement since `moment`. */
  listIdleWireSessions(moment: Date, limit: number): Promise<readonly WireSessionRecord[]>;

  /** Newest first. */
  listQueries(projectId: string, filter: QueryFilter, page: Page): Promise<ListedQueries>;

  /** Names of main's buckets and of those that the branch has of its own, by name; only those with this `schemaKey`. */
  listBucketNames(branch: BranchRef, schemaKey: string): Promise<readonly string[]>;
  /** A short text that changes with every commit; the same one twice means that nothing was committed in between. */
  stateToken(): Promise<string>;
  /** A short text that changes whenever `readCatalogue` would answer something else; it may change more often. */
  catalogueFingerprint(branch: BranchRef): Promise<string>;
  /** Main's buckets, and those that the branch has of its own, with their tables. Opens no file. */
  readCatalogue(branch: BranchRef): Promise<StoredCatalogue>;
}

export interface WireSessionFilter {
  readonly projectId?: string | undefined;
  readonly workspaceId?: string | undefined;
  readonly status?: string | undefined;
}

/** Everything given must hold, exactly. */
export interface QueryFilter {
  readonly workspaceId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly actor?: string | undefined;
  readonly outcome?: QueryRecord['outcome'] | undefined;
  /** Took at least so long. */
  readonly minDurationMs?: number | undefined;
  /** Inclusive. */
  readonly since?: Date | undefined;
  /** Exclusive. */
  readonly until?: Date | undefined;
}

/** The log may be huge: counting ends some way behind the page, and `total` is then what was seen until there. */
export interface ListedQueries extends Listed<QueryRecord> {
  readonly totalIsExact: boolean;
}

export interface WorkspaceWriter {
  /** Throws `project_not_found` and the like when the project is gone. */
  insertWorkspace(workspace: WorkspaceRecord): Promise<void>;
  updateWorkspace(
    workspaceId: string,
    change: {
      readonly sizeBytes?: number;
      readonly status?: WorkspaceRecord['status'];
      readonly passwordVerifier?: string;
    },
  ): Promise<void>;
  /** With its sessions. The query log keeps what ran there. False when there was none. */
  deleteWorkspace(workspaceId: string): Promise<boolean>;

  /** Writes sessions as they are, new or not; those of workspaces that are gone are left out. */
  putWireSessions(sessions: readonly WireSessionRecord[]): Promise<void>;
  /** At start: the sessions of the last process ended with it. */
  endActiveWireSessions(status: string, now: Date): Promise<number>;
  /** Forgets sessions that ended before a moment, at most `limit`; returns how many there were. */
  deleteWireSessionsEndedBefore(moment: Date, limit: number): Promise<number>;

  /** Writes statements as they are, new or not; those of projects that are gone are left out. */
  putQueries(queries: readonly QueryRecord[]): Promise<void>;
  /** At start: what ran when the last process ended never told how it went. */
  loseRunningQueries(): Promise<number>;
  /** Forgets the oldest statements from before a moment, at most `limit`; returns how many there were. */
  deleteQueriesBefore(moment: Date, limit: number): Promise<number>;
}

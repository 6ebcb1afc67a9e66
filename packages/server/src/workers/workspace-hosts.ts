import type { Duplex } from 'node:stream';
import type { WorkspaceCatalog, WorkspaceTable, WorkspaceTableName } from '../model/workspace-view.js';
import type { CountedFigures } from '../model/workspace-figures.js';
import type { StatementEnd, StatementStart } from '../model/workspace-activity.js';
import type {
  OperationRequest,
  OperationResult,
  SessionEnding,
  SessionEvent,
  SessionPreamble,
  WorkspaceOperation,
} from './workspace-messages.js';

/**
 * The processes of open workspaces, one each, as the service sees them.
 *
 *   openSession(w) ─┬─ no process: a spare one, or a new one, is given the workspace ─► opened
 *                   └─ process there, or on its way: shared
 *        ─► stream to the worker; its first frame is the preamble
 *   last session gone ─► idle time ─► CHECKPOINT, exit
 *   process dies ─► every stream of it ends with an ErrorResponse; the next openSession starts a new one
 *
 * The one place that gives a workspace to a process, so no workspace ever has two owners.
 */
export interface WorkspaceHosts {
  /**
   * A stream whose bytes are those of the client's connection, after AuthenticationOk. When the process dies, the stream delivers a FATAL
   * ErrorResponse, unless the worker had ended the session itself, and ends. Destroying it ends the session. Rejects with `SqlError`:
   * 53300 when too many workspaces are open, 57P03 while the service stops or no process can be started, 58030 when the file cannot
   * be opened, 3D000 when the workspace is gone.
   */
  openSession(workspaceId: string, preamble: SessionPreamble): Promise<Duplex>;
  /** Interrupts what the session runs now. A worker that does not let go of it within the grace is killed. */
  cancel(workspaceId: string, sessionId: string): void;
  /** Undefined session: all of the workspace. Resolves when they are gone. */
  endSessions(workspaceId: string, ending: SessionEnding, sessionId?: string): Promise<void>;
  /** An operation of the REST door; starts the process if needed. Rejects with `DomainError`. */
  run<K extends WorkspaceOperation>(
    workspaceId: string,
    operation: K,
    request: OperationRequest<K>,
    options?: { readonly signal?: AbortSignal; readonly deadlineMs?: number },
  ): Promise<OperationResult<K>>;
  /** Absolute path of a file an `unload` left; valid until `discard` or the end of the process. */
  exchangePath(workspaceId: string, fileName: string): string;
  discard(workspaceId: string, fileName: string): Promise<void>;
  activeSessions(workspaceId: string): number;
  /** Ends the sessions and the process, and resolves when nothing has the file open: before the file is removed or replaced. */
  close(workspaceId: string, ending: SessionEnding): Promise<void>;
  status(): WorkspaceHostsStatus;
  /** Refuses new sessions; running statements get `deadlineMs` to finish. */
  stop(deadlineMs: number): Promise<void>;
}

export interface WorkspaceHostsStatus {
  readonly open: number;
  readonly sessions: number;
  readonly starts: number;
  readonly crashes: number;
  /** Memory of all processes, spares included. */
  readonly residentBytes: number;
  /** What their engines say that they use. */
  readonly engineMemoryBytes: number;
  /** Of the process whose event loop is latest. */
  readonly eventLoopLagMs: number;
}

/** What the hosts need of the service; `WorkspaceAccess` has it. */
export interface WorkspaceSource {
  /** Undefined: the workspace is gone. */
  placeOf(workspaceId: string): Promise<
    | {
        /**
         * `Layout.workspacePath`: in a directory that holds nothing but this file and its log. The host gives that directory to the user id
         * of the worker while it runs, and takes it back afterwards. The directory exists, the file may not.
         */
        readonly filePath: string;
        readonly sizeLimitBytes: number;
        readonly databaseName: string;
        readonly username: string;
      }
    | undefined
  >;
  resolveTables(
    workspaceId: string,
    names: readonly WorkspaceTableName[],
    attachDirectory: string,
  ): Promise<readonly (WorkspaceTable | null)[]>;
  catalogOf(workspaceId: string, knownGeneration: string | undefined): Promise<WorkspaceCatalog | 'unchanged'>;
  statementStarted(start: StatementStart): void;
  statementFinished(end: StatementEnd): void;
}

/** Who is told about sessions, beside the source: gateway and metrics. */
export interface WorkspaceHostsObserver {
  sessionEvent(workspaceId: string, sessionId: string, event: SessionEvent): void;
  /** The process is there after `durationMs`. */
  workerOpened(durationMs: number): void;
  workerEnded(reason: 'idle' | 'closed' | 'shutdown' | 'crashed' | 'unresponsive' | 'memory'): void;
  /** What a worker has counted since the last call; numbers that make no sense are left out. */
  counted(figures: CountedFigures): void;
}

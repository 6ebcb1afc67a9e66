import type { StatementOutcome } from '../model/workspace-activity.js';
import type { WorkspaceCatalog, WorkspaceTable, WorkspaceTableName } from '../model/workspace-view.js';
import type { RowCondition } from '../model/row-condition.js';
import type { CountedFigures } from '../model/workspace-figures.js';
import type { WireError } from './messages.js';

/**
 * What the service and a workspace worker say to each other over the process channel. The bytes of sessions do not travel here: each
 * session has a socket of its own, whose first frame is a `SessionPreamble`.
 *
 * Everything is plain JSON, because the worker runs hostile SQL: the service must be able to read what a broken worker writes. For the
 * same reason the service takes from a worker only what concerns its own workspace, and never a path.
 */

/** Start parameters, handed over as one JSON argument; the environment of a worker is empty. A spare worker has no workspace yet. */
export interface WorkspaceWorkerSettings {
  /** Where the worker listens for the streams of its sessions. */
  readonly socketPath: string;
  /** For spilling; the worker's own. */
  readonly tempDirectory: string;
  /** Links to table versions appear here; the worker may read, not write. */
  readonly attachDirectory: string;
  /** Spooled results and COPY data, and files on their way to the service. */
  readonly exchangeDirectory: string;
  readonly memoryLimitBytes: number;
  readonly threads: number;
  readonly maxTempBytes: number;
  /** Versions kept attached beyond those that transactions use. */
  readonly attachedVersions: number;
}

/** The workspace a worker is for, from `open` to its end. */
export interface WorkspaceAssignment {
  readonly workspaceId: string;
  readonly filePath: string;
  readonly sizeLimitBytes: number;
  /** Of any file that the worker writes. */
  readonly fileSizeBytes: number;
  readonly databaseName: string;
  readonly username: string;
}

/** Maxima of the server, which a session may only lower. */
export interface SessionLimits {
  readonly statementTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Longest Query or Parse text. */
  readonly maxStatementBytes: number;
}

/**
 * First frame of a session's stream: four bytes of length (big endian, of the JSON only), then this as JSON, then what the client sends.
 * AuthenticationOk was sent already; the worker answers from the first ParameterStatus on.
 */
export interface SessionPreamble {
  readonly sessionId: string;
  /** For BackendKeyData. */
  readonly backendPid: number;
  readonly cancelSecret: number;
  readonly username: string;
  readonly databaseName: string;
  readonly clientIp: string | null;
  readonly encrypted: boolean;
  /** As the client sent them, `user` and `database` included. */
  readonly startupParameters: Readonly<Record<string, string>>;
  readonly limits: SessionLimits;
}

/** Why the service ends a session; becomes a FATAL ErrorResponse. `57P01` for instance. */
export interface SessionEnding {
  readonly sqlState: string;
  readonly message: string;
}

/** Operations of the REST door, run on a connection that no session has. Names are as the user wrote them and quoted by the worker. */
export interface WorkspaceOperations {
  inspect: { request: Record<string, never>; result: WorkspaceInspection };
  load: { request: LoadRequest; result: LoadResult };
  /** Removes every object, `_workspace_info` excepted. */
  clear: { request: Record<string, never>; result: { readonly sizeBytes: number } };
  dropObject: { request: { readonly name: string }; result: { readonly dropped: boolean; readonly sizeBytes: number } };
  /** Writes a table or view of the workspace as Parquet into the exchange directory. */
  unload: { request: UnloadRequest; result: UnloadResult };
  /** One statement of the REST door, in a transaction of its own; its rows go to a file in the exchange directory. */
  query: { request: QueryRequest; result: QueryResult };
}

export type WorkspaceOperation = keyof WorkspaceOperations;
export type OperationRequest<K extends WorkspaceOperation> = WorkspaceOperations[K]['request'];
export type OperationResult<K extends WorkspaceOperation> = WorkspaceOperations[K]['result'];

export interface WorkspaceObject {
  /** Schema `main` for those of `public`. */
  readonly schema: string;
  readonly name: string;
  readonly type: 'table' | 'view';
  /** Null for a view whose rows cannot be counted, because what it reads is gone. */
  readonly rows: number | null;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly nullable: boolean }[];
}

export interface WorkspaceInspection {
  /** By schema and name; hidden ones (`_…`) left out. */
  readonly objects: readonly WorkspaceObject[];
  /** Of the file and its log. */
  readonly sizeBytes: number;
}

export interface LoadRequest {
  /** One at a time, in this order; a failure of one leaves the others as they are. */
  readonly tables: readonly {
    readonly source: WorkspaceTableName;
    /** A table of the schema `main`; an existing one is replaced. */
    readonly destination: string;
    /** Null: all. */
    readonly columns: readonly string[] | null;
    /** A condition as the user wrote it, which the worker parses, checks and rebuilds; or in parts. */
    readonly where: string | RowCondition | null;
    /** What the chosen columns are called in the workspace; absent: as in the source. */
    readonly names?: readonly string[];
    readonly limit?: number;
    /** Every value as its text. */
    readonly textual?: boolean;
    /** The rows come to those that are there, and replace the ones with the same values in these columns; absent: they replace all. */
    readonly appendBy?: readonly string[];
  }[];
}

export interface LoadResult {
  readonly loaded: readonly ({ readonly rows: number } | { readonly error: WireError })[];
  readonly sizeBytes: number;
}

export interface UnloadRequest {
  readonly schema: string;
  readonly name: string;
  /** Null: all. */
  readonly columns: readonly string[] | null;
  /** Asks for `fingerprint`. */
  readonly fingerprinted?: boolean;
}

export interface UnloadResult {
  /** Name of the Parquet file in the exchange directory; whoever asked removes it. */
  readonly fileName: string;
  readonly rows: number;
  readonly sizeBytes: number;
  /** The same for the same rows in any order; null when nobody asked. */
  readonly fingerprint: string | null;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly nullable: boolean }[];
}

/** Goes through the gate like a statement of a session, and sees the same tables. */
export interface QueryRequest {
  /** Exactly one; several are refused with 42601. */
  readonly statement: string;
  /** `ndjson`: one object per line, values as in previews (`value-json.ts`); `csv`: with a header, as exports are. */
  readonly format: 'ndjson' | 'csv' | 'parquet';
  /** Null: all. */
  readonly maxRows: number | null;
  readonly timeoutMs: number;
  /** For the query log, which names the key that asked. */
  readonly actor: string;
}

export interface QueryResult {
  /** `SELECT 5`, `INSERT 0 3`, `CREATE TABLE`. */
  readonly commandTag: string;
  /** Null for a statement that returns no rows; whoever asked removes the file. */
  readonly file: { readonly fileName: string; readonly sizeBytes: number } | null;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Written to the file; those that the statement changed when it returns none. */
  readonly rows: number;
  /** There were more than `maxRows`. */
  readonly truncated: boolean;
}

/** What the worker asks. */
export interface WorkspaceQuestions {
  /** Answers in the order of the names; null for what is not there or not visible. */
  tables: { question: { readonly names: readonly WorkspaceTableName[] }; answer: readonly (WorkspaceTable | null)[] };
  catalog: { question: { readonly knownGeneration: string | null }; answer: WorkspaceCatalog | 'unchanged' };
}

export type QuestionName = keyof WorkspaceQuestions;

/** Service to worker. */
export type ToWorkspaceWorker =
  /** Once; a spare worker becomes that of a workspace. */
  | { readonly type: 'open'; readonly assignment: WorkspaceAssignment }
  /** Interrupts what the session runs now; nothing when it runs nothing. */
  | { readonly type: 'cancel'; readonly sessionId: string }
  /** With a FATAL ErrorResponse, after interrupting what runs. */
  | { readonly type: 'end'; readonly sessionId: string; readonly ending: SessionEnding }
  | {
      readonly type: 'run';
      readonly requestId: number;
      readonly operation: WorkspaceOperation;
      readonly request: unknown;
    }
  | { readonly type: 'abandon'; readonly requestId: number }
  | { readonly type: 'answer'; readonly questionId: number; readonly answer: unknown }
  | { readonly type: 'refuse'; readonly questionId: number; readonly error: WireError }
  /** Idle sessions end with 57P01, running statements finish, then CHECKPOINT and exit. */
  | { readonly type: 'stop' };

/** Worker to service. */
export type FromWorkspaceWorker =
  /** Every so often, from `opened` on: its event loop turns. */
  | { readonly type: 'alive'; readonly figures: WorkerFigures }
  /** It listens; a workspace can be given to it. */
  | { readonly type: 'ready'; readonly duckdbVersion: string }
  /** The workspace is attached; sessions can be sent. */
  | { readonly type: 'opened' }
  /** The file cannot be opened; the process ends. */
  | { readonly type: 'unopenable'; readonly error: WireError }
  | {
      readonly type: 'ask';
      readonly questionId: number;
      readonly name: QuestionName;
      readonly question: unknown;
    }
  | { readonly type: 'statementStarted'; readonly statement: StatementStartEvent }
  | { readonly type: 'statementFinished'; readonly statement: StatementFinishEvent }
  | { readonly type: 'session'; readonly sessionId: string; readonly event: SessionEvent }
  | { readonly type: 'done'; readonly requestId: number; readonly result: unknown }
  | { readonly type: 'failed'; readonly requestId: number; readonly error: WireError };

/** Since the last message of its kind, and how things stand. */
export interface WorkerFigures extends CountedFigures {
  /** By how much its event loop was late for this message. */
  readonly eventLoopLagMs: number;
  /** What the engine said that it uses, some seconds ago. */
  readonly engineMemoryBytes: number;
}

export type SessionEvent =
  /** The first ReadyForQuery was sent. */
  | { readonly kind: 'opened'; readonly applicationName: string | null }
  | { readonly kind: 'applicationName'; readonly applicationName: string }
  | { readonly kind: 'state'; readonly state: 'active' | 'idle' | 'idle in transaction' }
  | { readonly kind: 'ended'; readonly reason: 'disconnected' | 'timeout' | 'terminated' | 'shutdown' | 'failed' };

/** Times are ISO text: the channel is JSON. */
export interface StatementStartEvent {
  /** Unique in this worker. */
  readonly statementNumber: number;
  /** Null for operations of the REST door. */
  readonly sessionId: string | null;
  /** The login of the session; for HTTP the id of the key. */
  readonly actor: string;
  /** Without secrets, cut to what the log keeps. */
  readonly statement: string;
  readonly startedAt: string;
  /** From then on the worker may be killed when it does not let go of the statement; null: no deadline. */
  readonly deadlineMs: number | null;
}

export interface StatementFinishEvent {
  readonly statementNumber: number;
  readonly outcome: Exclude<StatementOutcome, 'lost'>;
  readonly sqlState: string | null;
  readonly message: string | null;
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly durationMs: number;
}

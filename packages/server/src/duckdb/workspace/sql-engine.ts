import type { ColumnOrigin } from './catalog/result-columns.js';
import type { SqlError } from '../../errors/sql-error.js';
import type { SessionCursor, SessionPreparedStatement } from './catalog/session-variables.js';
import type { CopyInStatement, CopyOptions, SqlStatement } from './sql-statement.js';

/**
 * The seam between the protocol session and the engine of a workspace. The session knows messages, portals and PostgreSQL's rules of
 * transactions; the engine knows DuckDB. Rows cross it already encoded as DataRow messages (or COPY data), straight from DuckDB's vectors.
 *
 *   parse ─► SqlStatement[]  ─► prepare ─► PreparedSql.open(parameters) ─► RowSource.next(…) until `end` ─► command tag
 *
 * What the engine promises about truth: `end` is reported only after the whole statement is known to have succeeded. A statement that
 * fails, is interrupted or times out, however late, rejects. Rows of an open source survive whatever else runs on the connection.
 *
 * One operation at a time: the session awaits each before it asks for the next. Aborting a signal interrupts the operation it was given to,
 * which then rejects with the signal's reason, a `SqlError`.
 */
export interface SqlEngine {
  /** One connection of its own: temporary tables, settings and transaction belong to it. */
  connect(options: SqlConnectionOptions): Promise<SqlConnection>;
}

export interface SqlConnectionOptions {
  readonly user: string;
  readonly database: string;
  readonly backendPid: number;
  readonly settings: SettingsView;
  /** What `pg_notify()` does. */
  readonly notify: (channel: string, payload: string) => void;
  /** What the catalogue shows of the session. */
  readonly facts: SessionFacts;
}

export interface SessionFacts {
  cursors(): readonly SessionCursor[];
  preparedStatements(): readonly SessionPreparedStatement[];
}

/** The session's settings, for `current_setting()` and for what changes the meaning or the text of values. */
export interface SettingsView {
  /** Undefined for a setting that does not exist. */
  get(name: string): string | undefined;
  /** What `set_config(name, value, isLocal)` does; answers the new value. */
  set(name: string, value: string, isLocal: boolean): string;
  all(): readonly { readonly name: string; readonly value: string }[];
}

export interface SqlConnection {
  /** The statements of one text. SqlError 42601, 42501, 0A000 or 25006 when one of them is malformed or forbidden. */
  parse(sql: string): Promise<readonly SqlStatement[]>;
  /**
   * Plans without executing. `parameterTypes` are type OIDs that the client gave, 0 where it did not.
   * Throws what PostgreSQL's Parse would; positions count in the text that was parsed.
   */
  prepare(statement: SqlStatement, parameterTypes: readonly number[], signal: AbortSignal): Promise<PreparedSql>;
  /** `name` as PREPARE's list of types has it. */
  typeOid(name: string, signal: AbortSignal): Promise<number>;
  /** The values of EXECUTE's arguments, as text; `parameterTypes` say what each must become. */
  evaluate(argumentsSql: string, signal: AbortSignal): Promise<readonly (Uint8Array | null)[]>;
  /** Opens a transaction of several statements; until then each statement is its own. */
  begin(signal: AbortSignal): Promise<void>;
  /** Rolls back when it rejects. */
  commit(signal: AbortSignal): Promise<void>;
  rollback(): Promise<void>;
  /** Nothing of a transaction is in progress: table versions that statements were prepared on are let go. */
  settle(): void;
  /** For savepoints: a mark of the open transaction, and whether nothing was written and nothing broke since. */
  mark(): number;
  isUntouchedSince(mark: number): Promise<boolean>;
  /** COPY … FROM STDIN, within the transaction that `begin` opened, or alone. */
  copyIn(
    statement: CopyInStatement,
    options: { readonly alone: boolean; readonly signal: AbortSignal },
  ): Promise<CopySink>;
  /** Passes on a setting of the session that DuckDB must know. Others need nothing done. */
  applySetting(name: string, value: string): Promise<void>;
  /** An error of this connection, with what only another look at the workspace tells. */
  explained(error: SqlError): Promise<SqlError>;
  /** Drops temporary objects. */
  discardTemporary(): Promise<void>;
  /** Ends what runs, rolls back and closes. */
  close(): Promise<void>;
}

export interface ColumnDescription {
  readonly name: string;
  readonly typeOid: number;
  /** -1 for types of any length. */
  readonly typeSize: number;
  readonly typeModifier: number;
  /** The column of a table or view that it is as it is; undefined when it is computed, or when it is not known. */
  readonly origin?: ColumnOrigin;
}

/** 0 text, 1 binary. */
export type WireFormat = 0 | 1;

export interface ParameterValues {
  /** As Bind has them: none is text for all, one is for all, otherwise one for each value. */
  readonly formats: readonly WireFormat[];
  readonly values: readonly (Uint8Array | null)[];
}

export const NO_PARAMETERS: ParameterValues = { formats: [], values: [] };

export interface PreparedSql {
  readonly statement: SqlStatement;
  /** Type OIDs; where neither client nor engine knows, 25 (text). */
  readonly parameterTypes: readonly number[];
  /** Undefined for a statement that answers no rows. */
  readonly columns: readonly ColumnDescription[] | undefined;
  /** Starts it. Rejects with what PostgreSQL's Bind or Execute would. */
  open(parameters: ParameterValues, options: OpenOptions): Promise<RowSource>;
  close(): void;
}

export interface OpenOptions {
  /** The statement is a transaction of its own, which ends with `end` or `close`. Otherwise `begin` has opened one. */
  readonly alone: boolean;
  readonly signal: AbortSignal;
  /** How rows are encoded that must be set aside before anybody asked for them. */
  readonly encoding: RowEncoding;
  /** Rows will be asked for in this encoding only, so that DuckDB itself may write them. */
  readonly encodingIsFinal: boolean;
}

/** Formats as Bind has them. */
export type RowEncoding =
  | { readonly kind: 'rows'; readonly formats: readonly WireFormat[] }
  | { readonly kind: 'copy'; readonly options: CopyOptions };

export interface RowBatch {
  /** Whole messages, ready to be sent. */
  readonly bytes: readonly Uint8Array[];
  readonly rows: number;
  /** No more rows, and everything succeeded. */
  readonly end: boolean;
  /** To be called when nobody needs `bytes` any more, if that is ever known: their memory is used again. */
  readonly release?: () => void;
}

export interface RowSource {
  readonly columns: readonly ColumnDescription[] | undefined;
  /** Notices of the statement ("already exists, skipping"), known when it has started. */
  readonly notices: readonly SqlNotice[];
  /**
   * At most `maxRows`, and not more than one chunk. When these are the last rows, `end` comes with them, so that a result of exactly
   * `maxRows` ends instead of being suspended. After a rejection the source is closed.
   */
  next(maxRows: number, encoding: RowEncoding, signal: AbortSignal): Promise<RowBatch>;
  /** Rows that the statement changed; undefined for one that answers rows, whose number the caller knows. */
  readonly affectedRows: number | undefined;
  /** Takes all remaining rows out of the transaction (WITH HOLD at commit). */
  hold(signal: AbortSignal): Promise<void>;
  /** No more rows are wanted. What a transaction of its own has written stays. */
  close(): Promise<void>;
  /** As if it had failed: a transaction of its own is rolled back. */
  abort(): Promise<void>;
}

export interface SqlNotice {
  readonly severity: 'NOTICE' | 'WARNING' | 'INFO';
  readonly sqlState: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
}

export interface CopySink {
  readonly columnCount: number;
  readonly format: WireFormat;
  /** Resolves when more may be sent; may reject as soon as the data is known to be wrong. */
  write(data: Uint8Array): Promise<void>;
  /** Answers the number of rows. */
  finish(): Promise<number>;
  abort(reason: SqlError): Promise<void>;
}

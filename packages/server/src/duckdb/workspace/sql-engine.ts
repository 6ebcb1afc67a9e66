import type { SqlError } from '../../errors/sql-error.js';
import type { CopyOptions, SqlStatement } from './sql-statement.js';

/**
 * The seam between the protocol session and the engine of a workspace. The session knows messages, portals and PostgreSQL's rules of
 * transactions; the engine knows DuckDB. Rows cross it already encoded as DataRow messages (or COPY data), straight from DuckDB's vectors.
 *
 *   parse ─► SqlStatement[]  ─► prepare ─► PreparedSql.open(parameters) ─► RowSource.next(…) until `end` ─► command tag
 *
 * What the engine promises about truth: `end` is reported only after the whole statement is known to have succeeded. A statement that
 * fails, is interrupted or times out, however late, rejects. Rows of an open source survive whatever else runs on the connection.
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
  /** Bytes of rows kept for suspended portals and cursors: in memory, and in all. Beyond the second, 53100. */
  readonly heldRowsMemoryBytes: number;
  readonly heldRowsQuotaBytes: number;
}

/** The session's settings, for `current_setting()` and for what changes the meaning or the text of values. */
export interface SettingsView {
  /** Undefined for a setting that does not exist. */
  get(name: string): string | undefined;
  /** What `set_config(name, value, isLocal)` does; answers the new value. */
  set(name: string, value: string, isLocal: boolean): string;
}

export interface SqlConnection {
  /** The statements of one text. SqlError 42601, 42501, 0A000 or 25006 when one of them is malformed or forbidden. */
  parse(sql: string): Promise<readonly SqlStatement[]>;
  /**
   * Plans without executing. `parameterTypes` are type OIDs that the client gave, 0 where it did not.
   * Throws what PostgreSQL's Parse would, with the position in the text of `statement`.
   */
  prepare(statement: SqlStatement, parameterTypes: readonly number[], signal: AbortSignal): Promise<PreparedSql>;
  /** A transaction that the session opened; until then each statement is its own. */
  begin(signal: AbortSignal): Promise<void>;
  commit(signal: AbortSignal): Promise<void>;
  rollback(): Promise<void>;
  /** Whether the open transaction has written, and whether DuckDB itself gave it up: what savepoints ask. */
  readonly transaction: { readonly writes: number; readonly aborted: boolean };
  /** COPY … FROM STDIN. */
  copyIn(statement: SqlStatement, signal: AbortSignal): Promise<CopySink>;
  /** Passes on a setting that DuckDB must know (TimeZone). Others are the session's alone. */
  applySetting(name: string, value: string): Promise<void>;
  /** Drops temporary tables and what else DISCARD means to the engine. */
  discardTemporary(): Promise<void>;
  /** Rolls back and closes. */
  close(): Promise<void>;
}

export interface ColumnDescription {
  readonly name: string;
  readonly typeOid: number;
  /** -1 for types of any length. */
  readonly typeSize: number;
  readonly typeModifier: number;
}

/** 0 text, 1 binary. */
export type WireFormat = 0 | 1;

export interface ParameterValues {
  /** One for each value. */
  readonly formats: readonly WireFormat[];
  readonly values: readonly (Uint8Array | null)[];
}

export interface PreparedSql {
  readonly statement: SqlStatement;
  /** Type OIDs; where neither client nor engine knows, 25 (text). */
  readonly parameterTypes: readonly number[];
  /** Undefined for a statement that answers no rows. */
  readonly columns: readonly ColumnDescription[] | undefined;
  /**
   * Starts it. `alone` says that the statement is a transaction of its own, which `end` commits; otherwise it is part of the transaction
   * that `begin` opened. Closing a source early undoes nothing that a transaction of its own has written.
   */
  open(parameters: ParameterValues, options: OpenOptions): Promise<RowSource>;
  close(): void;
}

export interface OpenOptions {
  readonly alone: boolean;
  readonly readOnly: boolean;
  readonly signal: AbortSignal;
  /** Rows will be asked for in pieces between other statements: they are streamed, never all made at once. */
  readonly paged: boolean;
  /** How rows are encoded that are set aside before anybody asked for them. */
  readonly encoding: RowEncoding;
}

export type RowEncoding =
  | { readonly kind: 'rows'; readonly formats: readonly WireFormat[] }
  | { readonly kind: 'copy'; readonly options: CopyOptions };

export interface RowBatch {
  /** Whole messages, ready to be sent. */
  readonly bytes: readonly Uint8Array[];
  readonly rows: number;
  /** No more rows, and everything succeeded. */
  readonly end: boolean;
}

export interface RowSource {
  readonly columns: readonly ColumnDescription[] | undefined;
  /** Notices of the statement ("already exists, skipping"), known when it has started. */
  readonly notices: readonly SqlNotice[];
  /**
   * At most `maxRows`, and not more than one chunk. `end` comes with the last rows, so that a result of exactly `maxRows` ends instead of
   * being suspended. After a rejection the source is closed.
   */
  next(maxRows: number, encoding: RowEncoding, signal: AbortSignal): Promise<RowBatch>;
  /** Rows that the statement changed, or answered; final after `end`. */
  readonly affectedRows: number;
  /** Takes all remaining rows out of the transaction (WITH HOLD at commit). */
  hold(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface SqlNotice {
  readonly severity: 'NOTICE' | 'WARNING' | 'INFO';
  readonly sqlState: string;
  readonly message: string;
  readonly hint?: string;
}

export interface CopySink {
  readonly columnCount: number;
  readonly format: 0 | 1;
  /** Resolves when more may be sent; rejects as soon as the data is known to be wrong. */
  write(data: Uint8Array): Promise<void>;
  /** Answers the number of rows. */
  finish(): Promise<number>;
  abort(reason: SqlError): Promise<void>;
}

import type {
  ColumnDescription,
  CopySink,
  ParameterValues,
  RowBatch,
  SqlNotice,
  WireFormat,
} from '../../../duckdb/workspace/sql-engine.js';
import type { SqlStatement } from '../../../duckdb/workspace/sql-statement.js';

/** A statement that was planned: what Describe tells, and Execute runs, once or many times. */
export interface Executable {
  readonly statement: SqlStatement;
  readonly parameterTypes: readonly number[];
  /** Undefined: it answers no rows. */
  readonly columns: readonly ColumnDescription[] | undefined;
  start(options: StartOptions): Promise<Execution>;
  close(): void;
}

export interface StartOptions {
  readonly parameters: ParameterValues;
  /** Of the columns, as Bind has them. */
  readonly formats: readonly WireFormat[];
  /** See `OpenOptions`. */
  readonly alone: boolean;
  readonly signal: AbortSignal;
}

/** A statement that runs, or has run. */
export interface Execution {
  readonly notices: readonly SqlNotice[];
  readonly rows?: ExecutionRows;
  readonly copyIn?: CopySink;
  readonly copyOut?: { readonly rows: ExecutionRows; readonly columnCount: number; readonly format: WireFormat };
  /** The command tag; `rowCount` is the number of rows that were sent, or taken in by COPY. */
  tag(rowCount: number): string;
}

export interface ExecutionRows {
  next(maxRows: number, signal: AbortSignal): Promise<RowBatch>;
  /** No more rows are wanted. */
  close(): Promise<void>;
  /** They failed, or could not be sent. */
  abort(): Promise<void>;
}

export function done(tag: string, notices: readonly SqlNotice[] = []): Execution {
  return { notices, tag: () => tag };
}

export function tagOf(statement: SqlStatement, count: number): string {
  return statement.tagHasCount ? `${statement.tag} ${count}` : statement.tag;
}

import { SqlError } from '../../../errors/sql-error.js';
import type { ParameterValues, WireFormat } from '../../../duckdb/workspace/sql-engine.js';
import type { SqlStatement } from '../../../duckdb/workspace/sql-statement.js';
import type { ColumnDescription } from '../../../duckdb/workspace/sql-engine.js';
import { formatOf, type FormatCode } from '../codec/frontend-message.js';
import type { ColumnDescription as WireColumn } from '../codec/backend-writer.js';
import { receiveCopy } from './copy-in.js';
import type { Executable, Execution, ExecutionRows } from './executable.js';
import type { FrameQueue } from './frame-queue.js';
import { applyEngineSettings, sendNotice, type SessionState } from './session-state.js';
import { StatementRecord, type StatementEvents } from './statement-log.js';

/** Rows that come slower than this are sent as they come. */
const SEND_AFTER_MS = 50;

/** The deadline that is told of a statement whose deadline has passed; 0 would mean that there is none. */
const PAST_DEADLINE_MS = 1;

/** What simple and extended protocol have in common: rules, clock and log around a statement, and the way of its rows to the client. */
export class StatementRunner {
  constructor(
    private readonly state: SessionState,
    private readonly queue: FrameQueue,
    private readonly events: StatementEvents,
  ) {}

  /** Runs `work` as one statement: it has a time limit, can be cancelled, and is logged. */
  async logged<T>(
    statement: SqlStatement,
    work: (signal: AbortSignal, record: StatementRecord) => Promise<T>,
  ): Promise<T> {
    const { clock, settings, output } = this.state;
    const timeoutMs = settings.timeoutMs('statement_timeout');
    const record = new StatementRecord(this.events, statement.loggedText, timeoutMs, () => output.bytes);
    try {
      const result = await work(clock.start(timeoutMs), record);
      record.succeeded();
      return result;
    } catch (error) {
      record.failed(error);
      throw error;
    } finally {
      clock.stop();
    }
  }

  /**
   * Runs `work` on the clock of a statement, without a record as long as it keeps to it: planning, and the COMMIT of a pipeline. Planning computes
   * what is constant, and not all of that can be interrupted: from its deadline on it counts as a statement, so that whoever ends those that do not
   * listen knows of it.
   */
  async timed<T>(text: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, settings, output } = this.state;
    const timeoutMs = settings.timeoutMs('statement_timeout');
    let late: StatementRecord | undefined;
    const countFromNow = (): void => {
      late = new StatementRecord(this.events, text, PAST_DEADLINE_MS, () => output.bytes);
    };
    const timer = timeoutMs === 0 ? undefined : setTimeout(countFromNow, timeoutMs);
    try {
      const result = await work(clock.start(timeoutMs));
      late?.succeeded();
      return result;
    } catch (error) {
      late?.failed(error);
      throw error;
    } finally {
      clearTimeout(timer);
      clock.stop();
    }
  }

  /** In a failed transaction only its end may even be planned. */
  mustBeParsable({ kind }: SqlStatement): void {
    const ends = kind === 'commit' || kind === 'rollback' || kind === 'rollback-to';
    if (!ends && kind !== 'empty') this.state.transaction.mustNotBeFailed();
  }

  /** What the state of the transaction says about a statement, before anything is done for it. */
  mustBeAllowed(statement: SqlStatement): void {
    const { transaction } = this.state;
    this.mustBeParsable(statement);
    if (statement.kind === 'engine' && statement.standsAlone && transaction.isOpen) {
      throw new SqlError('25001', `${statement.tag} cannot run inside a transaction block`);
    }
    const writes = statement.kind === 'copy-in' || (statement.kind === 'engine' && statement.writes);
    if (writes && transaction.isReadOnly) {
      const command = statement.kind === 'copy-in' ? 'COPY FROM' : statement.tag.replace(/ 0$/, '');
      throw new SqlError('25006', `cannot execute ${command} in a read-only transaction`);
    }
    if (statement.kind === 'declare' && !statement.hold && !transaction.isOpen) {
      throw new SqlError('25P01', 'DECLARE CURSOR can only be used in transaction blocks');
    }
  }

  /** Starts a statement, in a transaction of its own if it can be `alone`; sends its notices. */
  async start(
    executable: Executable,
    options: {
      readonly parameters: ParameterValues;
      readonly formats: readonly WireFormat[];
      readonly mayBeAlone: boolean;
      readonly signal: AbortSignal;
    },
  ): Promise<Execution> {
    const { transaction } = this.state;
    const { statement } = executable;
    const { mayBeAlone, signal } = options;
    this.mustBeAllowed(statement);
    const alone = !transaction.isOpen && (mayBeAlone || (statement.kind === 'engine' && statement.standsAlone));
    if (needsTransaction(statement) && (!alone || statement.kind === 'declare')) await transaction.ensureOpen(signal);
    const execution = await executable.start({ ...options, alone: alone && statement.kind !== 'declare' });
    await applyEngineSettings(this.state);
    for (const notice of execution.notices) sendNotice(this.state, notice);
    return execution;
  }

  /** Sends rows, at most `maxRows`. */
  async sendRows(
    rows: ExecutionRows,
    maxRows: number,
    record: StatementRecord,
    signal: AbortSignal,
  ): Promise<{ readonly rows: number; readonly end: boolean }> {
    const { output } = this.state;
    let sent = 0;
    let sentAt = performance.now();
    try {
      for (;;) {
        const batch = await rows.next(maxRows - sent, signal);
        output.rows(batch.bytes);
        sent += batch.rows;
        record.rows += batch.rows;
        if (batch.end || sent >= maxRows) return { rows: sent, end: batch.end };
        const now = performance.now();
        if (now - sentAt > SEND_AFTER_MS) output.flush();
        sentAt = now;
        await output.ready(signal);
        if (output.isSent) batch.release?.();
      }
    } catch (error) {
      await rows.abort();
      throw error;
    }
  }

  /** COPY in either direction; answers the number of rows. */
  async copy(execution: Execution, record: StatementRecord, signal: AbortSignal): Promise<number> {
    const { output } = this.state;
    if (execution.copyIn !== undefined) {
      record.rows = await receiveCopy(execution.copyIn, this.state, this.queue, signal);
    } else if (execution.copyOut !== undefined) {
      const { rows, columnCount, format } = execution.copyOut;
      output.messages.copyOutResponse(
        format,
        Array.from({ length: columnCount }, (): FormatCode => format),
      );
      await this.sendRows(rows, Number.MAX_SAFE_INTEGER, record, signal);
      output.messages.copyDone();
    }
    return record.rows;
  }

  describeRows(columns: readonly ColumnDescription[] | undefined, formats: readonly WireFormat[]): void {
    const { messages } = this.state.output;
    if (columns === undefined) messages.noData();
    else messages.rowDescription(wireColumns(columns, formats));
  }
}

/** What is the session's own needs no transaction. FETCH reads what an earlier statement opened. */
function needsTransaction({ kind }: SqlStatement): boolean {
  return kind === 'engine' || kind === 'declare' || kind === 'copy-in' || kind === 'copy-out';
}

function wireColumns(columns: readonly ColumnDescription[], formats: readonly WireFormat[]): WireColumn[] {
  return columns.map((column, index) => ({
    ...column,
    tableOid: column.origin?.tableOid ?? 0,
    columnNumber: column.origin?.columnNumber ?? 0,
    format: formatOf(formats, index),
  }));
}

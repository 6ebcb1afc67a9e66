import { SqlError } from '../../../errors/sql-error.js';

/** What the query log and the metrics are told. Each start has an end, unless the process dies between them. */
export interface StatementEvents {
  started(statement: { readonly text: string; readonly deadlineMs: number | null }): number;
  finished(statementNumber: number, end: StatementResult): void;
}

export interface StatementResult {
  readonly outcome: 'success' | 'failed' | 'cancelled' | 'timeout';
  readonly sqlState: string | null;
  readonly message: string | null;
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly durationMs: number;
}

/** The record of one statement, from its start to its end. */
export class StatementRecord {
  readonly #startedAt = performance.now();
  readonly #number: number;
  readonly #bytesBefore: number;
  rows = 0;

  constructor(
    private readonly events: StatementEvents,
    text: string,
    timeoutMs: number,
    private readonly bytesSent: () => number,
  ) {
    this.#number = events.started({ text, deadlineMs: timeoutMs === 0 ? null : timeoutMs });
    this.#bytesBefore = bytesSent();
  }

  succeeded(): void {
    this.#finished({ outcome: 'success', sqlState: null, message: null });
  }

  failed(error: unknown): void {
    const { sqlState, message } = error instanceof SqlError ? error : new SqlError('XX000', 'internal error');
    const outcome = sqlState !== '57014' ? 'failed' : message.includes('timeout') ? 'timeout' : 'cancelled';
    this.#finished({ outcome, sqlState, message });
  }

  #finished(end: Pick<StatementResult, 'outcome' | 'sqlState' | 'message'>): void {
    this.events.finished(this.#number, {
      ...end,
      rows: this.rows,
      bytes: this.bytesSent() - this.#bytesBefore,
      durationMs: Math.round((performance.now() - this.#startedAt) * 1000) / 1000,
    });
  }
}

import { SqlError } from '../../../errors/sql-error.js';

/**
 * One statement's time: everything that can end it early goes through its signal. A statement has a clock of its own, so a cancel request
 * that comes after its end finds no clock, and cannot hit the next one.
 */
export class StatementClock {
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ending: SqlError | undefined;

  /** Starts the time of a statement; 0 is no limit. */
  start(timeoutMs: number): AbortSignal {
    this.stop();
    const controller = new AbortController();
    this.#controller = controller;
    if (timeoutMs > 0) {
      this.#timer = setTimeout(() => {
        controller.abort(new SqlError('57014', 'canceling statement due to statement timeout'));
      }, timeoutMs);
    }
    if (this.#ending !== undefined) controller.abort(this.#ending);
    return controller.signal;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#controller = undefined;
  }

  get isRunning(): boolean {
    return this.#controller !== undefined;
  }

  /** Ends the running statement, if there is one. */
  cancel(): void {
    this.#controller?.abort(new SqlError('57014', 'canceling statement due to user request'));
  }

  /** Ends the running statement and every later one: the session is over. */
  end(reason: SqlError): void {
    this.#ending ??= reason;
    this.#controller?.abort(reason);
  }
}

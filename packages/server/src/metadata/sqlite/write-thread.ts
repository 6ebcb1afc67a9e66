import { Worker } from 'node:worker_threads';

import { DomainError } from '../../errors/domain-error.js';
import { entryUrl } from '../../lib/entry-url.js';
import type { StatementResult } from './prepared-statements.js';
import { storageFailure } from './sqlite-failure.js';
import { OPENED_ID, type WriteAnswer, type WriteCommand, type WriteThreadData } from './write-thread-messages.js';

interface PendingCommand {
  readonly sql: string | undefined;
  readonly askedAtMs: number;
  resolve(result: StatementResult): void;
  reject(error: DomainError): void;
}

/**
 * The main thread's end of one write thread, from its start to its end; it never comes back to life. However the
 * thread ends, every command that waits is rejected: whoever waited for a commit must take it as not done.
 */
export class WriteThread {
  readonly #worker: Worker;
  /** In the order they were asked, which is the order they are answered in. */
  readonly #pending = new Map<number, PendingCommand>();
  readonly #exited: Promise<void>;
  #lastId = OPENED_ID;
  #endedBy: DomainError | undefined;

  /** Resolves when the database is open for writing. `entry` is another file only in tests. */
  static async start(
    databasePath: string,
    entry: URL = entryUrl(import.meta.url, './write-thread-entry.js'),
  ): Promise<WriteThread> {
    const thread = new WriteThread(databasePath, entry);
    try {
      await thread.#answerTo(OPENED_ID, undefined);
    } catch (error) {
      await thread.#exited;
      throw error;
    }
    return thread;
  }

  private constructor(databasePath: string, entry: URL) {
    const workerData: WriteThreadData = { databasePath };
    this.#worker = new Worker(entry, { name: 'metadata-writer', workerData, execArgv: [] });
    this.#worker.on('message', (answer: WriteAnswer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#end(`it failed: ${error.message}`, error));
    this.#worker.on('messageerror', (error) => this.#end('an answer could not be read', error));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#end(`it ended with code ${code}`, undefined);
        resolve();
      });
    });
  }

  get ended(): boolean {
    return this.#endedBy !== undefined;
  }

  /** Age of the oldest unanswered command, undefined when there is none. */
  get waitingMs(): number | undefined {
    const oldest = this.#pending.values().next();
    return oldest.done === true ? undefined : performance.now() - oldest.value.askedAtMs;
  }

  async run(command: WriteCommand): Promise<StatementResult> {
    if (this.#endedBy !== undefined) throw this.#endedBy;
    const id = ++this.#lastId;
    const answer = this.#answerTo(id, command.kind === 'run' ? command.sql : undefined);
    this.#worker.postMessage({ ...command, id });
    return answer;
  }

  /** Closes the database and resolves when the thread has ended. */
  async close(): Promise<void> {
    if (!this.ended) await this.run({ kind: 'close' });
    await this.#exited;
  }

  #answerTo(id: number, sql: string | undefined): Promise<StatementResult> {
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { sql, askedAtMs: performance.now(), resolve, reject });
    });
  }

  #settle(answer: WriteAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ('failure' in answer) pending?.reject(storageFailure(answer.failure, pending.sql));
    else pending?.resolve({ rows: answer.rows, changes: answer.changes });
  }

  #end(reason: string, cause: unknown): void {
    this.#endedBy ??= new DomainError(
      'storage_error',
      'The writer of the metadata database stopped; nothing was acknowledged. Repeat the request.',
      {},
      { cause: new Error(`The metadata write thread: ${reason}`, { cause }) },
    );
    for (const pending of this.#pending.values()) pending.reject(this.#endedBy);
    this.#pending.clear();
  }
}

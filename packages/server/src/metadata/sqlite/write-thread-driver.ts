import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely';

import { DomainError } from '../../errors/domain-error.js';
import type { SqliteValue } from './prepared-statements.js';
import { WriteThread } from './write-thread.js';

/** A disk that has not answered for so long is not slow, it is gone. */
const STUCK_AFTER_MS = 15_000;

/**
 * Gives the write connection to one transaction at a time, first come, first served.
 *
 *     transaction A   acquire ── run* ── commit ── release
 *     transaction B   acquire (waits) ───────────────────── run* ── …
 *
 * A connection belongs to the thread it was acquired from: when that thread ends in the middle, the rest of the
 * transaction fails too, and only the next transaction gets a new thread.
 */
export class WriteThreadDriver implements Driver {
  #thread: WriteThread | undefined;
  #lastTurn: Promise<void> = Promise.resolve();
  #closed = false;
  readonly #startThread: (databasePath: string) => Promise<WriteThread>;
  readonly #stuckAfterMs: number;

  constructor(
    private readonly databasePath: string,
    options: {
      readonly startThread?: (databasePath: string) => Promise<WriteThread>;
      readonly stuckAfterMs?: number;
    } = {},
  ) {
    this.#startThread = options.startThread ?? ((path) => WriteThread.start(path));
    this.#stuckAfterMs = options.stuckAfterMs ?? STUCK_AFTER_MS;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<WriteConnection> {
    const endTurn = await this.#takeTurn();
    try {
      if (this.#closed) throw new DomainError('shutting_down', 'The server is stopping; repeat the request later.');
      if (this.#thread === undefined || this.#thread.ended) this.#thread = await this.#startThread(this.databasePath);
      return new WriteConnection(this.#thread, endTurn);
    } catch (error) {
      endTurn();
      throw error;
    }
  }

  async beginTransaction(connection: WriteConnection): Promise<void> {
    connection.begin();
  }

  async commitTransaction(connection: WriteConnection): Promise<void> {
    await connection.commit();
  }

  async rollbackTransaction(connection: WriteConnection): Promise<void> {
    await connection.rollback();
  }

  async releaseConnection(connection: WriteConnection): Promise<void> {
    connection.endTurn();
  }

  /** Waits for the transactions that were asked for, then closes the database. */
  async destroy(): Promise<void> {
    const endTurn = await this.#takeTurn();
    try {
      this.#closed = true;
      if (this.#thread !== undefined && !this.#thread.ended) await this.#thread.close();
    } finally {
      endTurn();
    }
  }

  /** Throws when the disk has stopped answering. Never waits. */
  mustBeResponsive(): void {
    const waitingMs = this.#thread?.waitingMs;
    if (waitingMs === undefined || waitingMs < this.#stuckAfterMs) return;
    const seconds = Math.round(waitingMs / 1000);
    throw new DomainError('storage_error', `The metadata database has not answered for ${seconds} s; check its disk.`);
  }

  async #takeTurn(): Promise<() => void> {
    const previous = this.#lastTurn;
    let endTurn: () => void = () => undefined;
    this.#lastTurn = new Promise((resolve) => {
      endTurn = resolve;
    });
    await previous;
    return endTurn;
  }
}

class WriteConnection implements DatabaseConnection {
  /** `asked`: BEGIN travels with the first statement, so that an empty transaction costs nothing. */
  #state: 'idle' | 'asked' | 'begun' = 'idle';

  constructor(
    private readonly thread: WriteThread,
    readonly endTurn: () => void,
  ) {}

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#state === 'idle') throw new Error('Metadata is only written inside a transaction');
    const begin = this.#state === 'asked';
    this.#state = 'begun';
    const { rows, changes } = await this.thread.run({
      kind: 'run',
      begin,
      sql: query.sql,
      parameters: query.parameters as readonly SqliteValue[],
    });
    return { rows: rows as R[], numAffectedRows: BigInt(changes) };
  }

  begin(): void {
    this.#state = 'asked';
  }

  async commit(): Promise<void> {
    if (this.#state === 'begun') await this.thread.run({ kind: 'commit' });
    this.#state = 'idle';
  }

  /** A thread that ended has taken its transaction with it. */
  async rollback(): Promise<void> {
    if (this.#state === 'begun' && !this.thread.ended) await this.thread.run({ kind: 'rollback' });
    this.#state = 'idle';
  }

  streamQuery(): never {
    throw new Error('Metadata answers are pages; ask for the next one instead of streaming');
  }
}

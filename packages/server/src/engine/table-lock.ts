import { DomainError } from '../errors/domain-error.js';

export interface LockedTable {
  readonly projectId: string;
  readonly bucketName: string;
  readonly tableName: string;
}

export interface TableLockObserver {
  acquired(table: LockedTable, waitMs: number): void;
  /** Locks held at this moment. */
  active(count: number): void;
}

interface Waiter {
  readonly grant: () => void;
}

interface Lock {
  readonly projectId: string;
  readonly waiters: Waiter[];
}

/**
 * One writer per table, first come first served, any number of tables in parallel. The lock lives in this process; with
 * several service nodes a lease with a fencing number takes its place. Publication is compare-and-set anyway: the lock
 * saves work, the metadata transaction decides.
 *
 *     A builds ---- publishes
 *       B waits ------------- builds ---- publishes
 *         C leaves (signal): dropped from the queue, B and D are not delayed
 */
export class TableLocks {
  readonly #locks = new Map<string, Lock>();
  readonly #maxWaiting: number;
  readonly #observer: TableLockObserver | undefined;

  constructor(options: { maxWaiting: number; observer?: TableLockObserver }) {
    this.#maxWaiting = options.maxWaiting;
    this.#observer = options.observer;
  }

  /** How many writers wait for some table of each project right now; projects where none does are absent. */
  waitingByProject(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { projectId, waiters } of this.#locks.values()) {
      if (waiters.length > 0) counts.set(projectId, (counts.get(projectId) ?? 0) + waiters.length);
    }
    return counts;
  }

  /** Rejects with `table_busy` when too many wait already, with `request_cancelled` when `signal` aborts first. */
  async runExclusive<T>(
    table: LockedTable & { readonly tableId: string },
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const startedAt = performance.now();
    await this.#acquire(table, signal);
    this.#observer?.acquired(table, performance.now() - startedAt);
    this.#observer?.active(this.#locks.size);
    try {
      return await work();
    } finally {
      this.#release(table.tableId);
      this.#observer?.active(this.#locks.size);
    }
  }

  /**
   * Several tables at once, for a change that publishes them together. Always in the order of their ids, so that two of these never
   * wait for each other.
   */
  async runExclusiveAll<T>(
    tables: readonly (LockedTable & { readonly tableId: string })[],
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const byId = new Map(tables.map((table) => [table.tableId, table]));
    const inOrder = [...byId.values()].sort((a, b) => (a.tableId < b.tableId ? -1 : 1));
    const runFrom = (index: number): Promise<T> => {
      const table = inOrder[index];
      return table === undefined ? work() : this.runExclusive(table, signal, () => runFrom(index + 1));
    };
    return await runFrom(0);
  }

  #acquire(
    { projectId, tableId }: LockedTable & { readonly tableId: string },
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const lock = this.#locks.get(tableId);
    if (lock === undefined) {
      this.#locks.set(tableId, { projectId, waiters: [] });
      return Promise.resolve();
    }
    if (signal?.aborted === true) return Promise.reject(cancelled());
    if (lock.waiters.length >= this.#maxWaiting) {
      return Promise.reject(
        new DomainError(
          'table_busy',
          `${this.#maxWaiting} writes wait for this table already; repeat the request in a few seconds`,
          { waiting: lock.waiters.length },
          { retryAfterSeconds: 5 },
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        lock.waiters.splice(lock.waiters.indexOf(waiter), 1);
        reject(cancelled());
      };
      const waiter: Waiter = {
        grant: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      lock.waiters.push(waiter);
    });
  }

  #release(tableId: string): void {
    const next = this.#locks.get(tableId)?.waiters.shift();
    if (next === undefined) this.#locks.delete(tableId);
    else next.grant();
  }
}

function cancelled(): DomainError {
  return new DomainError('request_cancelled', 'The client left while the request waited for the table');
}

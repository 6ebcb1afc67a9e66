import { SqlError } from '../../../errors/sql-error.js';
import type { SqlConnection } from '../../../duckdb/workspace/sql-engine.js';
import type { TransactionModes } from '../../../duckdb/workspace/sql-statement.js';
import type { TransactionStatus } from '../codec/backend-writer.js';
import type { SessionSettings } from './session-settings.js';

/**
 * `idle`: each statement is its own transaction. `implicit`: several statements of one message or pipeline are one, which ends with it.
 * `block`: BEGIN was said. `failed`: an error happened in a block; only its end is possible.
 */
type BlockState = 'idle' | 'implicit' | 'block' | 'failed';

interface Savepoint {
  readonly name: string;
  /** See `SqlConnection.mark`. */
  readonly mark: number;
  /** See `TransactionListener.mark`. */
  readonly listenerMark: number;
}

/** What must happen to cursors, portals and notifications when a transaction ends. */
export interface TransactionListener {
  /** Rows of cursors WITH HOLD are taken out; all others are closed. May reject, then the transaction is rolled back. */
  beforeCommit(signal: AbortSignal): Promise<void>;
  /** It is done. */
  committed(): void;
  /** Nothing of the transaction is left. */
  rolledBack(): Promise<void>;
  /** What the session itself has to do when the transaction ends, for savepoints: how much there is, and to forget what came later. */
  mark(): number;
  backTo(mark: number): void;
}

/**
 * PostgreSQL's rules of transactions over DuckDB's: after any error in a block everything but its end is refused, whether or not DuckDB
 * could go on, and COMMIT of a failed block is a ROLLBACK, and says so.
 *
 * Savepoints: DuckDB has none. Clients set them around single statements to be able to go on after an error. `ROLLBACK TO` is granted where it
 * has nothing to undo: nothing was written since, and DuckDB has not given up the transaction. Otherwise it is refused.
 */
export class TransactionBlock {
  #state: BlockState = 'idle';
  #readOnly = false;
  #savepoints: Savepoint[] = [];

  constructor(
    private readonly connection: SqlConnection,
    private readonly settings: SessionSettings,
    private readonly listener: TransactionListener,
  ) {}

  get status(): TransactionStatus {
    if (this.#state === 'failed') return 'E';
    return this.#state === 'block' ? 'T' : 'I';
  }

  get isOpen(): boolean {
    return this.#state !== 'idle';
  }

  get isImplicit(): boolean {
    return this.#state === 'implicit';
  }

  get isFailed(): boolean {
    return this.#state === 'failed';
  }

  get isBlock(): boolean {
    return this.#state === 'block' || this.#state === 'failed';
  }

  /** READ ONLY is in force for the next statement. */
  get isReadOnly(): boolean {
    return this.isOpen ? this.#readOnly : this.settings.get('default_transaction_read_only') === 'on';
  }

  mustNotBeFailed(): void {
    if (this.#state !== 'failed') return;
    throw new SqlError('25P02', 'current transaction is aborted, commands ignored until end of transaction block');
  }

  /** A transaction that ends with the message, for a statement that others may follow. */
  async ensureOpen(signal: AbortSignal): Promise<void> {
    if (this.#state !== 'idle') return;
    await this.#begin('implicit', {}, signal);
  }

  /** BEGIN. False: there is a block already, which the client is warned of. */
  async begin(modes: TransactionModes, signal: AbortSignal): Promise<boolean> {
    if (this.#state === 'block') return false;
    if (this.#state === 'implicit') {
      this.#state = 'block';
      this.setModes(modes);
      return true;
    }
    await this.#begin('block', modes, signal);
    return true;
  }

  async #begin(state: 'implicit' | 'block', modes: TransactionModes, signal: AbortSignal): Promise<void> {
    await this.connection.begin(signal);
    this.settings.beginTransaction();
    this.#state = state;
    this.#savepoints = [];
    this.#readOnly = this.settings.get('default_transaction_read_only') === 'on';
    this.settings.set('transaction_isolation', this.settings.get('default_transaction_isolation') ?? '', true);
    this.setModes(modes);
  }

  /** SET TRANSACTION, and what stands behind BEGIN. */
  setModes({ readOnly, isolation, deferrable }: TransactionModes): void {
    if (readOnly !== undefined) {
      if (!readOnly && this.#readOnly && this.#savepoints.length > 0) {
        throw new SqlError('25001', 'transaction read-write mode must be set before any query');
      }
      this.#readOnly = readOnly;
    }
    this.settings.set('transaction_read_only', this.#readOnly ? 'on' : 'off', true);
    if (isolation !== undefined) this.settings.set('transaction_isolation', isolation, true);
    if (deferrable !== undefined) this.settings.set('transaction_deferrable', deferrable ? 'on' : 'off', true);
  }

  /** COMMIT; answers what became of it. */
  async commit(signal: AbortSignal): Promise<'COMMIT' | 'ROLLBACK'> {
    if (this.#state === 'failed') {
      await this.rollback();
      return 'ROLLBACK';
    }
    if (this.#state === 'idle') return 'COMMIT';
    try {
      await this.listener.beforeCommit(signal);
      await this.connection.commit(signal);
    } catch (error) {
      await this.rollback();
      throw error;
    }
    this.#state = 'idle';
    this.#savepoints = [];
    this.settings.commitTransaction();
    this.listener.committed();
    return 'COMMIT';
  }

  async rollback(): Promise<void> {
    if (this.#state === 'idle') return;
    this.#state = 'idle';
    this.#savepoints = [];
    this.settings.rollbackTransaction();
    await this.listener.rolledBack();
    await this.connection.rollback();
  }

  /** What an error of a statement does: ends a transaction of the message's own, and lets a block wait for its end. */
  async fail(): Promise<void> {
    if (this.#state === 'implicit') await this.rollback();
    else if (this.#state === 'block') this.#state = 'failed';
  }

  savepoint(name: string): void {
    this.#mustBeBlock('SAVEPOINT');
    this.#savepoints.push({ name, mark: this.connection.mark(), listenerMark: this.listener.mark() });
  }

  release(name: string): void {
    this.#mustBeBlock('RELEASE SAVEPOINT');
    this.#savepoints = this.#savepoints.slice(0, this.#find(name));
  }

  async rollbackTo(name: string): Promise<void> {
    this.#mustBeBlock('ROLLBACK TO SAVEPOINT');
    const index = this.#find(name);
    const savepoint = this.#savepoints[index];
    if (savepoint === undefined || !(await this.connection.isUntouchedSince(savepoint.mark))) {
      this.#state = 'failed';
      throw new SqlError(
        '0A000',
        'ROLLBACK TO SAVEPOINT cannot undo writes, nor errors that ended the engine’s transaction',
        {
          hint: 'Use ROLLBACK, or write in transactions of their own.',
        },
      );
    }
    this.listener.backTo(savepoint.listenerMark);
    this.#savepoints = this.#savepoints.slice(0, index + 1);
    this.#state = 'block';
  }

  #find(name: string): number {
    const index = this.#savepoints.findLastIndex((savepoint) => savepoint.name === name);
    if (index === -1) throw new SqlError('3B001', `savepoint "${name}" does not exist`);
    return index;
  }

  #mustBeBlock(command: string): void {
    if (this.isBlock) return;
    throw new SqlError('25P01', `${command} can only be used in transaction blocks`);
  }
}

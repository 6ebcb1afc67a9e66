import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely';

import { DomainError } from '../../errors/domain-error.js';
import { PreparedStatements, type SqliteValue } from './prepared-statements.js';
import { failureOf, storageFailure } from './sqlite-failure.js';

/** A reader in WAL mode waits for nobody, except a recovery at the very start; it must not stall the event loop. */
const BUSY_TIMEOUT_MS = 100;

/**
 * Reads on a read-only connection in the calling thread. A statement runs to its end without a pause: microseconds
 * from the page cache, never an fsync, never a lock that a writer could hold. Each statement sees the newest commit.
 */
export class MainThreadDriver implements Driver {
  readonly #database: DatabaseSyncInstance;
  readonly #connection: DatabaseConnection;

  constructor(databasePath: string) {
    try {
      this.#database = new DatabaseSync(databasePath, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    } catch (error) {
      throw storageFailure(failureOf(error));
    }
    this.#connection = new MainThreadConnection(this.#database);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }

  async beginTransaction(): Promise<never> {
    throw new Error('This connection only reads; transactions belong to the write thread');
  }

  async commitTransaction(): Promise<void> {}

  async rollbackTransaction(): Promise<void> {}
}

class MainThreadConnection implements DatabaseConnection {
  readonly #statements: PreparedStatements;

  constructor(private readonly database: DatabaseSyncInstance) {
    this.#statements = new PreparedStatements(database);
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (!this.database.isOpen)
      throw new DomainError('shutting_down', 'The server is stopping; repeat the request later.');
    try {
      const { rows } = this.#statements.run(query.sql, query.parameters as readonly SqliteValue[]);
      return { rows: rows as R[] };
    } catch (error) {
      throw storageFailure(failureOf(error), query.sql);
    }
  }

  streamQuery(): never {
    throw new Error('Metadata answers are pages; ask for the next one instead of streaming');
  }
}

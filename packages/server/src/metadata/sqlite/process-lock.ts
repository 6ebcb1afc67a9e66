import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';

import { failureOf, SQLITE_BUSY, storageFailure } from './sqlite-failure.js';

/** Another process, or another store in this one, has the metadata database. */
export class MetadataInUseError extends Error {
  override readonly name = 'MetadataInUseError';

  constructor(readonly databasePath: string) {
    super(
      `${databasePath} is in use by another running service. Stop that one first, or give this one another data directory.`,
    );
  }
}

/**
 * Two services on one metadata database would each be right about what is current and each remove the other's files.
 * So the service keeps an exclusive transaction open in an empty database beside the real one. The operating system
 * drops its lock with the process, however that ends; a lock file left behind means nothing.
 *
 * The lock is one of the process: opening and closing that file with `fs` in the same process would drop it.
 */
export class ProcessLock {
  readonly #database: DatabaseSyncInstance;

  static acquire(databasePath: string): ProcessLock {
    return new ProcessLock(databasePath);
  }

  private constructor(databasePath: string) {
    let database: DatabaseSyncInstance | undefined;
    try {
      database = new DatabaseSync(`${databasePath}.lock`, { timeout: 0 });
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      database?.close();
      const failure = failureOf(error);
      throw failure.code === SQLITE_BUSY ? new MetadataInUseError(databasePath) : storageFailure(failure);
    }
    this.#database = database;
  }

  release(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

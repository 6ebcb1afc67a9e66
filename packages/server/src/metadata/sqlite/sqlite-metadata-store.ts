import { AsyncLocalStorage } from 'node:async_hooks';

import { Kysely } from 'kysely';

import type { MetadataStore, MetadataTransaction, ReadOnlyMetadata } from '../metadata-store.js';
import { migrate, mustHaveCurrentSchema } from '../migrations/migrate.js';
import { copyDatabase } from './copy-database.js';
import { MainThreadDriver } from './main-thread-driver.js';
import { ProcessLock } from './process-lock.js';
import type { MetadataSchema } from './schema.js';
import { SqliteDialect } from './sqlite-dialect.js';
import { SqliteMetadataReader } from './sqlite-metadata-reader.js';
import { SqliteMetadataTransaction } from './sqlite-metadata-transaction.js';
import { WriteThreadDriver } from './write-thread-driver.js';

/**
 * The metadata of one service in one SQLite file.
 *
 *     main thread    read-only connection ── reads, synchronous, from the page cache
 *                    lock file            ── one service per database
 *     write thread   write connection     ── transactions one after another, the only place that waits for the disk
 *     copy thread    read-only connection ── there for the time of one copy
 *
 * A commit is durable before its promise resolves, and reads that start afterwards see it. No other code of the
 * process may open the database file: closing any descriptor of it would drop SQLite's locks.
 */
export class SqliteMetadataStore extends SqliteMetadataReader implements MetadataStore {
  readonly #lock: ProcessLock;
  readonly #readDriver: MainThreadDriver;
  readonly #writeDriver: WriteThreadDriver;
  readonly #writer: Kysely<MetadataSchema>;
  readonly #inTransaction = new AsyncLocalStorage<{ running: boolean }>();

  /**
   * Creates the database where there is none, and migrates an older one. Throws `MetadataInUseError` while another
   * service has it, `NewerSchemaError` when a newer build has had it. The directory must exist.
   */
  static async open(databasePath: string, options: { readonly now?: Date } = {}): Promise<SqliteMetadataStore> {
    const lock = ProcessLock.acquire(databasePath);
    const writeDriver = new WriteThreadDriver(databasePath);
    try {
      const writer = new Kysely<MetadataSchema>({ dialect: new SqliteDialect(writeDriver) });
      await migrate(writer as Kysely<unknown>, options.now ?? new Date());
      return new SqliteMetadataStore(databasePath, lock, new MainThreadDriver(databasePath), writeDriver, writer);
    } catch (error) {
      await writeDriver.destroy();
      lock.release();
      throw error;
    }
  }

  /** Beside a running service or without one; takes no lock and writes nothing. Throws when the schema is not this build's. */
  static async openReadOnly(databasePath: string): Promise<ReadOnlyMetadata> {
    const driver = new MainThreadDriver(databasePath);
    try {
      const db = new Kysely<MetadataSchema>({ dialect: new SqliteDialect(driver) });
      await mustHaveCurrentSchema(db as Kysely<unknown>);
      return new ClosingReader(db, driver);
    } catch (error) {
      await driver.destroy();
      throw error;
    }
  }

  private constructor(
    private readonly databasePath: string,
    lock: ProcessLock,
    readDriver: MainThreadDriver,
    writeDriver: WriteThreadDriver,
    writer: Kysely<MetadataSchema>,
  ) {
    super(new Kysely<MetadataSchema>({ dialect: new SqliteDialect(readDriver) }));
    this.#lock = lock;
    this.#readDriver = readDriver;
    this.#writeDriver = writeDriver;
    this.#writer = writer;
  }

  async transaction<T>(work: (tx: MetadataTransaction) => Promise<T>): Promise<T> {
    if (this.#inTransaction.getStore()?.running === true) {
      throw new Error('A transaction inside a transaction would wait for itself; use the one that is given');
    }
    const scope = { running: true };
    try {
      return await this.#inTransaction.run(scope, () =>
        this.#writer.transaction().execute((tx) => work(new SqliteMetadataTransaction(tx))),
      );
    } finally {
      // Work that was started inside and goes on in the background may open transactions of its own from now on.
      scope.running = false;
    }
  }

  async copyTo(path: string): Promise<ReadOnlyMetadata> {
    await copyDatabase(this.databasePath, path);
    return await SqliteMetadataStore.openReadOnly(path);
  }

  async ping(): Promise<void> {
    await this.db.selectFrom('projects').select('id').limit(1).execute();
    this.#writeDriver.mustBeResponsive();
  }

  /** Waits for running transactions, and refuses later ones. */
  async close(): Promise<void> {
    await this.#readDriver.destroy();
    await this.#writeDriver.destroy();
    this.#lock.release();
  }
}

class ClosingReader extends SqliteMetadataReader implements ReadOnlyMetadata {
  constructor(
    db: Kysely<MetadataSchema>,
    private readonly driver: MainThreadDriver,
  ) {
    super(db);
  }

  close(): Promise<void> {
    return this.driver.destroy();
  }
}

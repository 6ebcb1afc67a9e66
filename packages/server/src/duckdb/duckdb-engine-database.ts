import { stat } from 'node:fs/promises';
import { DuckDBInstance, type DuckDBConnection, type DuckDBMaterializedResult } from '@duckdb/node-api';
import { DomainError } from '../errors/domain-error.js';
import type { WorkerSettings } from '../workers/messages.js';
import { AttachedVersions } from './attached-versions.js';
import { SMALL_BLOCK_BYTES, STORAGE_VERSION, type EngineDatabase, type StagedFileOptions } from './engine-database.js';
import { BrokenInstanceError, cancelledError, fileFailure, translateEngineError } from './engine-errors.js';
import { interruptOnAbort } from './interruption.js';
import { PreparedReads } from './prepared-reads.js';
import { quoteIdentifier, quoteLiteral } from './quoting.js';

/**
 * Late materialization turns `SELECT … LIMIT n` into a semi join of the table with itself and a sort: 1.5 ms instead of 0.4 ms
 * for the first 100 of 3 million rows. What it is made for, the top rows of a wide table by an order, is rare here.
 */
const DISABLED_OPTIMIZERS = 'late_materialization';

/**
 * How many groups of neighbouring row groups one checkpoint may merge. Unbounded, a checkpoint after deleting a few rows everywhere writes
 * the whole table again and leaves the file twice as large (0.7 s instead of 0.1 s for 3 million rows). Two are enough to keep
 * tables together that grow by small appends. With the number of
 * threads it is the setting that stays changeable: see `StagedFileOptions`.
 */
const MAX_VACUUM_TASKS = 2;

/** Prepared statements kept for the next request of the same; each has a connection, which takes some tens of kilobytes. */
const IDLE_READS = 64;

/**
 * For files of small blocks. With more, the thread that waits for a statement spins beside the one that runs it, and often on the same
 * processor: 7 ms instead of 2 for an empty table, on an idle machine.
 */
const THREADS_FOR_SMALL_FILES = 1;

/**
 * A staged file that was not finished is removed, never continued, so a log would only cost: two of five syncs of an empty table, and
 * every changed row written twice.
 */
const RECOVERY_MODE = 'no_wal_writes';

const LOG_SUFFIXES = ['.wal', '.wal.checkpoint', '.wal.recovery'];

/**
 * The engine of one worker process: one instance, in memory, to which table files are attached.
 *
 *   open ──► settings, then locked
 *   readVersion     one prepared statement on a published file, kept for the next time
 *   withVersion     published file, READ_ONLY, shared by concurrent callbacks, stays attached
 *   withStagedFile  file being built, one callback, then CHECKPOINT ─► close connection ─► DETACH ─► no log left
 *
 * A file is never opened as the main database: after a crash that can fail where attaching the same file succeeds. There must be
 * one instance per process for files that are written, because the engine's file locks do not work within a process.
 * The control connection only attaches and detaches, one statement at a time.
 */
export class DuckDbEngineDatabase implements EngineDatabase {
  readonly #instance: DuckDBInstance;
  readonly #control: DuckDBConnection;
  readonly #versions: AttachedVersions;
  readonly #reads: PreparedReads;
  #controlQueue: Promise<unknown> = Promise.resolve();
  #nextStagedAlias = 1;
  /** As set last; the engine's own default until then. */
  #vacuumTasks: number | undefined;

  private constructor(
    instance: DuckDBInstance,
    control: DuckDBConnection,
    private readonly threads: number,
    attachedVersions: number,
  ) {
    this.#instance = instance;
    this.#control = control;
    this.#reads = new PreparedReads(() => instance.connect(), IDLE_READS);
    this.#versions = new AttachedVersions(
      (sql) => this.#runControl(sql),
      (alias) => this.#reads.forget(alias),
      attachedVersions,
    );
  }

  static async open(settings: WorkerSettings): Promise<DuckDbEngineDatabase> {
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: settings.memoryLimit,
      threads: String(settings.threads),
      temp_directory: settings.tempDirectory,
      preserve_insertion_order: 'true',
      autoload_known_extensions: 'false',
      autoinstall_known_extensions: 'false',
      allow_community_extensions: 'false',
      allow_persistent_secrets: 'false',
    });
    const control = await instance.connect();
    // Given at open, the size of the temporary directory is accepted and then ignored.
    if (settings.maxTempBytes !== null) {
      await control.run(`SET max_temp_directory_size = ${quoteLiteral(`${settings.maxTempBytes}B`)}`);
    }
    await control.run(`SET GLOBAL disabled_optimizers = '${DISABLED_OPTIMIZERS}'`);
    await control.run(`SET GLOBAL TimeZone = 'UTC'`);
    await control.run(`SET GLOBAL allowed_configs = ['max_vacuum_tasks', 'threads']`);
    await control.run('SET GLOBAL lock_configuration = true');
    return new DuckDbEngineDatabase(instance, control, settings.threads, settings.attachedVersions);
  }

  async withConnection<T>(signal: AbortSignal, use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    if (signal.aborted) throw cancelledError(signal.reason);
    const connection = await this.#instance.connect();
    const stopWatching = interruptOnAbort(connection, signal);
    try {
      if (signal.aborted) throw cancelledError(signal.reason);
      return await use(connection);
    } catch (error) {
      if (signal.aborted) throw cancelledError(error);
      throw translateEngineError(error);
    } finally {
      stopWatching();
      connection.closeSync();
    }
  }

  readVersion(
    version: { id: string; path: string },
    sqlOf: (alias: string) => string,
    signal: AbortSignal,
  ): Promise<DuckDBMaterializedResult> {
    return this.#versions.use(version, (alias) => this.#reads.run(alias, sqlOf(alias), signal));
  }

  withVersion<T>(version: { id: string; path: string }, use: (alias: string) => Promise<T>): Promise<T> {
    return this.#versions.use(version, use);
  }

  async withStagedFile<T>(
    path: string,
    options: StagedFileOptions,
    signal: AbortSignal,
    use: (connection: DuckDBConnection, alias: string) => Promise<T>,
  ): Promise<T> {
    if (signal.aborted) throw cancelledError(signal.reason);
    if (options.blockSizeBytes > SMALL_BLOCK_BYTES || this.threads <= THREADS_FOR_SMALL_FILES) {
      return await this.#buildStagedFile(path, options, signal, use);
    }
    await this.#runControl(`SET GLOBAL threads = ${THREADS_FOR_SMALL_FILES}`);
    try {
      return await this.#buildStagedFile(path, options, signal, use);
    } finally {
      await this.#runControl(`SET GLOBAL threads = ${this.threads}`);
    }
  }

  async #buildStagedFile<T>(
    path: string,
    options: StagedFileOptions,
    signal: AbortSignal,
    use: (connection: DuckDBConnection, alias: string) => Promise<T>,
  ): Promise<T> {
    const alias = quoteIdentifier(`staged_${this.#nextStagedAlias++}`);
    await this.#attachStaged(path, alias, options.blockSizeBytes);
    try {
      await this.#limitVacuum(options.mergeRowGroups === false ? 0 : MAX_VACUUM_TASKS);
      const result = await this.withConnection(signal, async (connection) => {
        const value = await use(connection, alias);
        await connection.run(`CHECKPOINT ${alias}`);
        return value;
      });
      await this.#runControl(`DETACH ${alias}`);
      await mustHaveNoLog(path);
      return result;
    } catch (error) {
      await this.#detachAfterFailure(alias, error);
      throw error;
    }
  }

  /** Detaches everything; running callbacks fail. */
  close(): void {
    this.#reads.close();
    this.#control.closeSync();
    this.#instance.closeSync();
  }

  async #limitVacuum(tasks: number): Promise<void> {
    if (this.#vacuumTasks === tasks) return;
    this.#vacuumTasks = tasks;
    await this.#runControl(`SET GLOBAL max_vacuum_tasks = ${tasks}`);
  }

  /** `BLOCK_SIZE` is only for a file that does not exist yet: a different one in an existing file is an error. */
  async #attachStaged(path: string, alias: string, blockSizeBytes: number): Promise<void> {
    const exists = (await sizeOf(path)) !== undefined;
    const blockSize = exists ? '' : `BLOCK_SIZE ${blockSizeBytes}, `;
    try {
      await this.#runControl(
        `ATTACH ${quoteLiteral(path)} AS ${alias} (${blockSize}STORAGE_VERSION '${STORAGE_VERSION}', RECOVERY_MODE '${RECOVERY_MODE}')`,
      );
    } catch (error) {
      throw fileFailure(error, 'The staged file cannot be opened.');
    }
  }

  /** After a failure: an instance that cannot let go of a file is as good as broken, so the worker must be replaced. */
  async #detachAfterFailure(alias: string, firstError: unknown): Promise<void> {
    try {
      await this.#runControl(`DETACH DATABASE IF EXISTS ${alias}`);
    } catch (error) {
      throw new BrokenInstanceError(new AggregateError([firstError, error], 'a staged file could not be detached'));
    }
  }

  #runControl(sql: string): Promise<unknown> {
    const run = this.#controlQueue.then(() => this.#control.run(sql));
    this.#controlQueue = run.catch(() => undefined);
    return run.catch((error: unknown) => {
      throw translateEngineError(error);
    });
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A log beside a finished file would hold rows that the file lacks. */
async function mustHaveNoLog(path: string): Promise<void> {
  for (const suffix of LOG_SUFFIXES) {
    if ((await sizeOf(path + suffix)) === undefined) continue;
    throw new DomainError(
      'storage_error',
      'The engine left an unfinished log beside the new file; nothing was changed.',
    );
  }
}

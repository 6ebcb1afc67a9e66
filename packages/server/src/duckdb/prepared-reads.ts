import type { DuckDBConnection, DuckDBMaterializedResult, DuckDBPreparedStatement } from '@duckdb/node-api';
import { cancelledError, translateEngineError } from './engine-errors.js';
import { interruptOnAbort } from './interruption.js';

interface PreparedRead {
  readonly alias: string;
  readonly sql: string;
  readonly connection: DuckDBConnection;
  readonly statement: DuckDBPreparedStatement;
}

/**
 * Statements that are asked again and again, each prepared on a connection of its own.
 *
 *   run(sql) ──idle one?──► run ──► idle again          a third of the time of connecting, planning and running
 *                │ no                   │
 *                └─► connect, prepare ──┘               more at once than idle ones: more connections
 *
 * A statement that failed or was interrupted is closed: a late interrupt must not meet the next one on its connection. `forget` closes
 * those of a version before it is detached, since their plans point into it; then none of them runs, because a version in use stays.
 */
export class PreparedReads {
  /** Least recently used first; one entry for each idle statement. */
  readonly #idle = new Set<PreparedRead>();

  constructor(
    private readonly connect: () => Promise<DuckDBConnection>,
    private readonly limit: number,
  ) {}

  get idleCount(): number {
    return this.#idle.size;
  }

  async run(alias: string, sql: string, signal: AbortSignal): Promise<DuckDBMaterializedResult> {
    if (signal.aborted) throw cancelledError(signal.reason);
    const read = this.#take(sql) ?? (await this.#prepare(alias, sql));
    const stopWatching = interruptOnAbort(read.connection, signal);
    try {
      if (signal.aborted) throw cancelledError(signal.reason);
      const result = await read.statement.run();
      if (signal.aborted) close(read);
      else this.#keep(read);
      return result;
    } catch (error) {
      close(read);
      throw signal.aborted ? cancelledError(error) : translateEngineError(error);
    } finally {
      stopWatching();
    }
  }

  forget(alias: string): void {
    for (const read of this.#idle) if (read.alias === alias) this.#close(read);
  }

  close(): void {
    for (const read of this.#idle) this.#close(read);
  }

  #take(sql: string): PreparedRead | undefined {
    for (const read of this.#idle) {
      if (read.sql !== sql) continue;
      this.#idle.delete(read);
      return read;
    }
    return undefined;
  }

  async #prepare(alias: string, sql: string): Promise<PreparedRead> {
    const connection = await this.connect();
    try {
      return { alias, sql, connection, statement: await connection.prepare(sql) };
    } catch (error) {
      connection.closeSync();
      throw translateEngineError(error);
    }
  }

  #keep(read: PreparedRead): void {
    this.#idle.add(read);
    if (this.#idle.size <= this.limit) return;
    const [oldest] = this.#idle;
    if (oldest !== undefined) this.#close(oldest);
  }

  #close(read: PreparedRead): void {
    this.#idle.delete(read);
    close(read);
  }
}

function close({ statement, connection }: PreparedRead): void {
  statement.destroySync();
  connection.closeSync();
}

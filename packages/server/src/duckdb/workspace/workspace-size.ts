import { stat } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { SqlError } from '../../errors/sql-error.js';
import type { GrowthGuard } from './workspace-database.js';

const LOG_SUFFIXES = ['.wal', '.wal.checkpoint', '.wal.recovery'];

/** Looking at two files costs tens of microseconds; at 500 MB/s a file grows by 50 MB between two looks. */
const LOOK_INTERVAL_MS = 100;

/** An interrupt is lost while its statement waits for a thread. */
const INTERRUPT_INTERVAL_MS = 20;

/** What a commit can still add after the last look: its part of the log, and a row group that was kept in memory. */
const MAX_HEADROOM_BYTES = 32_000_000;
const HEADROOM_SHARE = 1 / 16;

export interface SizeQueries {
  /** Bytes of blocks in use, the log not counted. */
  usedBytes(): Promise<number>;
  /** Writes the log into the file and cuts free blocks off its end; false while another transaction runs. */
  checkpoint(): Promise<boolean>;
}

/**
 * The size limit of a workspace.
 *
 *     before    at the limit already: 53100, nothing runs
 *     during    file or log pass it: the statement is interrupted
 *     COMMIT    passed: 53100, the caller rolls back; the blocks become free and a checkpoint returns them to the disk
 *
 * Sizes are those of the files; only when they pass the limit are the blocks in use counted, because a file keeps holes. Statements that
 * only remove are never held up, so a full workspace can be emptied.
 */
export class WorkspaceSize {
  readonly #open = new Set<OpenGrowth>();
  readonly #limitBytes: number;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(
    private readonly path: string,
    private readonly limits: { readonly limitBytes: number },
    private readonly queries: SizeQueries,
  ) {
    this.#limitBytes = limits.limitBytes - Math.min(MAX_HEADROOM_BYTES, limits.limitBytes * HEADROOM_SHARE);
  }

  /** File and log, as they are on the disk. */
  async sizeBytes(): Promise<number> {
    const sizes = await Promise.all(['', ...LOG_SUFFIXES].map((suffix) => sizeOf(this.path + suffix)));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  async begin(connection: DuckDBConnection): Promise<GrowthGuard> {
    if (await this.#isPassed()) {
      // What was deleted may not have been given back yet.
      await this.queries.checkpoint();
      if (await this.#isPassed()) throw this.#error();
    }
    const growth = new OpenGrowth(connection);
    this.#open.add(growth);
    this.#timer ??= setInterval(() => void this.#look(), LOOK_INTERVAL_MS);
    return {
      mustFit: async () => {
        growth.stopInterrupting();
        if (growth.passed || (await this.#isPassed())) {
          growth.passed = true;
          throw this.#error();
        }
      },
      end: async () => {
        growth.stopInterrupting();
        this.#open.delete(growth);
        if (this.#open.size === 0) {
          clearInterval(this.#timer);
          this.#timer = undefined;
        }
        if (growth.passed) await this.queries.checkpoint();
      },
    };
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      if (await this.#isPassed()) for (const growth of this.#open) growth.interrupt();
    } finally {
      this.#looking = false;
    }
  }

  async #isPassed(): Promise<boolean> {
    const onDisk = await this.sizeBytes();
    if (onDisk <= this.#limitBytes) return false;
    const file = await sizeOf(this.path);
    return onDisk - file + Math.min(file, await this.queries.usedBytes()) > this.#limitBytes;
  }

  #error(): SqlError {
    return new SqlError('53100', `the workspace has reached its size limit of ${describe(this.limits.limitBytes)}`, {
      hint: 'Drop or delete what is not needed any more, or use a workspace with a larger limit.',
    });
  }
}

class OpenGrowth {
  passed = false;
  #repeat: NodeJS.Timeout | undefined;

  constructor(private readonly connection: DuckDBConnection) {}

  interrupt(): void {
    if (this.passed) return;
    this.passed = true;
    this.connection.interrupt();
    this.#repeat = setInterval(() => this.connection.interrupt(), INTERRUPT_INTERVAL_MS);
  }

  stopInterrupting(): void {
    clearInterval(this.#repeat);
    this.#repeat = undefined;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
}

function describe(bytes: number): string {
  const gigabytes = bytes / 1_000_000_000;
  return gigabytes >= 1 ? `${Math.round(gigabytes * 10) / 10} GB` : `${Math.round(bytes / 1_000_000)} MB`;
}

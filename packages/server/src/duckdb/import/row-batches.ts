import type { DuckDBConnection } from '@duckdb/node-api';
import { readMemoryLimit, readNumber } from './query.js';

/** Stored rows are compressed; sorted in memory they are about this many times as large. */
const UNPACKED_BYTES_PER_STORED_BYTE = 6;
const BYTES_PER_VALUE = 16;
/**
 * Of the engine's memory, what a batch may take. Sorting and joining spill, but several times the limit at once needs more than the
 * limit all the same: measured at 64 MB, twice the limit fails and half of it passes.
 */
const BATCH_MEMORY = 0.5;
/** A whole row group, so that batches do not leave many half-filled ones. */
const MIN_BATCH_ROWS = 122_880;

export interface StoredSize {
  readonly sizeBytes: number;
  readonly rowCount: number;
  readonly columnCount: number;
}

/**
 * Runs `use` for consecutive ranges of row numbers of `table`, each small enough for its rows to be sorted. With the usual limits
 * there is one range; with a memory limit of a tenth of the file there are several.
 */
export async function forEachRowBatch(
  connection: DuckDBConnection,
  table: string,
  { sizeBytes, rowCount, columnCount }: StoredSize,
  use: (from: number, to: number) => Promise<unknown>,
): Promise<void> {
  const end = await readNumber(connection, `SELECT coalesce(max(rowid) + 1, 0) FROM ${table}`);
  const storedBytes = (sizeBytes / Math.max(1, rowCount)) * UNPACKED_BYTES_PER_STORED_BYTE;
  const rowBytes = Math.max(storedBytes, columnCount * BYTES_PER_VALUE);
  const memoryBytes = await readMemoryLimit(connection);
  const batchRows = Math.max(MIN_BATCH_ROWS, Math.floor((memoryBytes * BATCH_MEMORY) / rowBytes));
  for (let from = 0; from < end; from += batchRows) await use(from, Math.min(from + batchRows, end));
}

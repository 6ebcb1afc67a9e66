import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnDefinition } from '../../model/columns.js';
import type { RejectedRow } from '../../workers/messages.js';

/** Rejected rows that an answer shows; all of them are counted. */
export const SHOWN_REJECTED_ROWS = 100;

/** Columns on their way into the table: a name of the user's could be `rowid` or one of ours. */
export function loadedName(index: number): string {
  return `v${index}`;
}

/** 0-based number of a row as the reader yielded it: what `ImportSource.placesOf` understands. */
export const SOURCE_ROW = 'source_row';

export interface RejectedRows {
  readonly count: number;
  /** The first of them, by place. */
  readonly first: readonly RejectedRow[];
}

/**
 * A file to import, made plain and matched with the table: what CSV and Parquet have in common. The statement that
 * reads it runs inside the engine; rows never come into this process.
 */
export interface ImportSource {
  readonly unit: 'line' | 'row';
  /** The table columns that are loaded, in the order of the table. */
  readonly columns: readonly ColumnDefinition[];
  /** Grows while the file is read. */
  readonly warnings: readonly string[];
  /** How large the table file will be, roughly: for the choice of its block size. */
  readonly estimatedTableBytes: number;
  /** SELECT of the loaded columns, named by `loadedName`, converted strictly, in file order. */
  selectSql(): string;
  /**
   * Runs a statement around `selectSql()` and returns the rows it changed. The first row that does not fit fails it with
   * `import_failed` and its place; the statement then has changed nothing.
   */
  load(connection: DuckDBConnection, statement: (selectSql: string) => string): Promise<number>;
  /**
   * Makes the temporary table `table` of the rows that convert (loaded columns and `SOURCE_ROW`), in file order, and returns the
   * others. `maxBadRows` bounds what is remembered: past it, the count is only known to be greater.
   */
  loadLeniently(connection: DuckDBConnection, table: string, maxBadRows: number): Promise<RejectedRows>;
  /** 1-based places in the file of rows, given by ascending `SOURCE_ROW`. */
  placesOf(connection: DuckDBConnection, rows: readonly number[]): Promise<number[]>;
}

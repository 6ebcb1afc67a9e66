import type { DuckDBMaterializedResult } from '@duckdb/node-api';
import { chunkEncoder, type ChunkEncoder, type ColumnTypeNames } from './result-encoding.js';
import type { ColumnDescription, RowBatch, RowEncoding, RowSource, SettingsView, SqlNotice } from './sql-engine.js';

/** Rows that are all in memory, of a statement that has succeeded. Nothing that runs later can touch them. */
export class MadeRows implements RowSource {
  readonly affectedRows: number | undefined;
  #chunk = 0;
  #row = 0;
  #encoder: ChunkEncoder | undefined;
  #encoding: RowEncoding | undefined;

  constructor(
    private readonly result: DuckDBMaterializedResult,
    readonly columns: readonly ColumnDescription[] | undefined,
    readonly notices: readonly SqlNotice[],
    private readonly settings: SettingsView,
    private readonly columnTypes?: ColumnTypeNames,
  ) {
    this.affectedRows = columns === undefined ? changedRows(result) : undefined;
  }

  next(maxRows: number, encoding: RowEncoding): Promise<RowBatch> {
    return Promise.resolve(this.#next(maxRows, encoding));
  }

  #next(maxRows: number, encoding: RowEncoding): RowBatch {
    if (this.columns === undefined) return { bytes: [], rows: 0, end: true };
    const encoder = this.#encoderFor(encoding);
    const bytes: Uint8Array[] = [];
    let rows = 0;
    while (rows < maxRows && this.#chunk < this.result.chunkCount) {
      const chunk = this.result.getChunk(this.#chunk);
      const encoded = encoder.encode(chunk, this.#row, maxRows - rows);
      if (encoded.rows > 0) bytes.push(encoded.bytes);
      rows += encoded.rows;
      this.#row += encoded.rows;
      if (this.#row < chunk.rowCount) break;
      this.#chunk += 1;
      this.#row = 0;
    }
    const end = this.#chunk >= this.result.chunkCount;
    if (end) bytes.push(encoder.end());
    return { bytes, rows, end };
  }

  #encoderFor(encoding: RowEncoding): ChunkEncoder {
    if (encoding !== this.#encoding || this.#encoder === undefined) {
      this.#encoder = chunkEncoder(this.result, encoding, this.settings, this.columnTypes);
      this.#encoding = encoding;
    }
    return this.#encoder;
  }

  hold(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#chunk = this.result.chunkCount;
    return Promise.resolve();
  }

  abort(): Promise<void> {
    return this.close();
  }
}

/** DuckDB answers INSERT, UPDATE and DELETE with a number, and CREATE TABLE AS with one row that holds it. */
function changedRows(result: DuckDBMaterializedResult): number {
  if (result.rowsChanged > 0 || result.columnCount !== 1 || result.columnName(0) !== 'Count') return result.rowsChanged;
  const count = result.chunkCount > 0 ? result.getChunk(0).getColumnValues(0)[0] : 0;
  return typeof count === 'bigint' || typeof count === 'number' ? Number(count) : 0;
}

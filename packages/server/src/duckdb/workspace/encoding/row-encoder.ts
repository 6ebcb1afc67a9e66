import duckdb from '@duckdb/node-bindings';
import type { DuckDBDataChunk, DuckDBType } from '@duckdb/node-api';
import { writeSized } from './binary/array-writer.js';
import { binaryWriterOf } from './binary/binary-writers.js';
import { jsonWriterOf } from './json/json-writer-of.js';
import { textWriterOf } from './text/text-writers.js';
import type { TextWriter } from './text/text-writer.js';
import type { VectorWriter } from './vector-writer.js';
import type { WireBuffer } from './wire-buffer.js';
import type { WireFormat, WireSettings } from './wire-settings.js';
import { isShownAsJson, wireTypeOf } from './wire-type.js';

const DATA_ROW = 0x44;

/** What encodes the rows of one result, each kind of message in its own class. */
export interface ChunkEncoder {
  /**
   * Appends the messages of rows `from` to `to` of the chunk (excluding `to`) and answers the first row that it did not encode: less than
   * `to` when the buffer became full on the way. Nothing of the chunk is referenced by what was written.
   */
  encode(chunk: DuckDBDataChunk, from: number, to: number, out: WireBuffer): number;
}

/** DataRow messages. `formats` are as Bind gives them: none (all text), one for all columns, or one for each. */
export function createRowEncoder(
  types: readonly DuckDBType[],
  formats: readonly WireFormat[],
  settings: WireSettings,
): ChunkEncoder {
  return new RowEncoder(
    types.map((type, index) =>
      formatAt(formats, index) === 0 ? columnTextWriter(type, settings) : columnBinaryWriter(type, settings),
    ),
  );
}

export function formatAt(formats: readonly WireFormat[], column: number): WireFormat {
  return formats.length === 1 ? (formats[0] ?? 0) : (formats[column] ?? 0);
}

export function columnTextWriter(type: DuckDBType, settings: WireSettings): TextWriter {
  return isShownAsJson(type) ? jsonWriterOf(type, settings) : textWriterOf(type, settings);
}

export function columnBinaryWriter(type: DuckDBType, settings: WireSettings): VectorWriter {
  return isShownAsJson(type) ? jsonWriterOf(type, settings) : binaryWriterOf(type, wireTypeOf(type));
}

class RowEncoder implements ChunkEncoder {
  constructor(readonly columns: readonly VectorWriter[]) {}

  encode(chunk: DuckDBDataChunk, from: number, to: number, out: WireBuffer): number {
    const { columns } = this;
    bindColumns(columns, chunk);
    let row = from;
    while (row < to && !out.isFull) {
      const start = out.length;
      out.reserve(7);
      out.bytes[start] = DATA_ROW;
      out.view.setInt16(start + 5, columns.length);
      out.length = start + 7;
      try {
        this.#encodeColumns(row, out);
      } catch (error) {
        out.length = start;
        throw error;
      }
      out.view.setInt32(start + 1, out.length - start - 1);
      row++;
    }
    return row;
  }

  #encodeColumns(row: number, out: WireBuffer): void {
    const { columns } = this;
    for (let index = 0; index < columns.length; index++) {
      const column = columns[index] as VectorWriter;
      if (column.isNull(row)) out.writeInt32(-1);
      else writeSized(column, row, out);
    }
  }
}

export function bindColumns(columns: readonly VectorWriter[], chunk: DuckDBDataChunk): void {
  const { rowCount } = chunk;
  for (const [index, column] of columns.entries()) {
    column.bind(duckdb.data_chunk_get_vector(chunk.chunk, index), rowCount);
  }
}

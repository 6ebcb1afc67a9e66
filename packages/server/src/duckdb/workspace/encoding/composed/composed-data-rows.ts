import duckdb, { type Vector } from '@duckdb/node-bindings';
import type { DuckDBDataChunk, DuckDBType } from '@duckdb/node-api';
import type { ChunkEncoder } from '../row-encoder.js';
import { NO_VALUES, vectorBytes } from '../vector-writer.js';
import type { WireBuffer } from '../wire-buffer.js';
import type { WireSettings } from '../wire-settings.js';
import { around, columnName, textName, type Composition } from './composition.js';
import { RowStrings } from './row-strings.js';
import { builtIn, valueTextOf } from './value-text.js';

const DATA_ROW = 0x44;
const HEADER_BYTES = 7;
const LENGTH_BYTES = 4;

/**
 * DataRow messages in text format: DuckDB joins the texts with room for kind and lengths, and tells the lengths beside.
 *
 *   .......!!!!12!!!!some text   4, 9     ─►   D<length><2> <2>12 <9>some text
 */
export function composeDataRows(types: readonly DuckDBType[], settings: WireSettings): Composition | undefined {
  const texts: string[] = [];
  for (const [index, type] of types.entries()) {
    const text = valueTextOf(columnName(index), type, settings);
    if (text === undefined) return undefined;
    texts.push(text.sql);
  }
  const header = `'${' '.repeat(HEADER_BYTES + LENGTH_BYTES)}'`;
  const gap = `'${' '.repeat(LENGTH_BYTES)}'`;
  // `concat` passes over NULL.
  const row = builtIn('concat', ...texts.flatMap((_, index) => [index === 0 ? header : gap, textName(index)]));
  const lengths = texts.map((_, index) => `coalesce(${builtIn('strlen', textName(index))}, -1)`);
  return {
    ...around(types.length, texts, [row, ...lengths]),
    createEncoder: () => new ComposedDataRows(types.length),
  };
}

class ComposedDataRows implements ChunkEncoder {
  readonly #rows = new RowStrings();
  readonly #lengths: readonly Lengths[];

  constructor(columnCount: number) {
    this.#lengths = Array.from({ length: columnCount }, () => new Lengths());
  }

  encode(chunk: DuckDBDataChunk, from: number, to: number, out: WireBuffer): number {
    this.#bind(chunk);
    let row = from;
    while (row < to && !out.isFull) {
      let position = out.length;
      const end = this.#rows.copyRun(row, to, out);
      for (; row < end; row++) position = this.#writeLengths(row, position, out);
    }
    return row;
  }

  #bind(chunk: DuckDBDataChunk): void {
    const { rowCount } = chunk;
    this.#rows.bind(duckdb.data_chunk_get_vector(chunk.chunk, 0), rowCount);
    for (const [index, lengths] of this.#lengths.entries()) {
      lengths.bind(duckdb.data_chunk_get_vector(chunk.chunk, index + 1), rowCount);
    }
  }

  /** Answers where the next row begins. */
  #writeLengths(row: number, start: number, out: WireBuffer): number {
    const { bytes, view } = out;
    const lengths = this.#lengths;
    const byteCount = this.#rows.byteCount(row);
    bytes[start] = DATA_ROW;
    view.setInt32(start + 1, byteCount - 1);
    view.setInt16(start + 5, lengths.length);
    let position = start + HEADER_BYTES;
    for (let index = 0; index < lengths.length; index++) {
      const length = (lengths[index] as Lengths).of(row);
      view.setInt32(position, length);
      position += length < 0 ? LENGTH_BYTES : LENGTH_BYTES + length;
    }
    return start + byteCount;
  }
}

/** Numbers of bytes as BIGINT, -1 for NULL; no message is longer than their lower half can say. */
class Lengths {
  #values: DataView = NO_VALUES;

  bind(vector: Vector, rowCount: number): void {
    this.#values = vectorBytes(vector, rowCount * 8);
  }

  of(row: number): number {
    return this.#values.getInt32(row * 8, true);
  }
}

import duckdb, { type Vector } from '@duckdb/node-bindings';
import type { WireBuffer } from './wire-buffer.js';

/**
 * Writes values of one column straight from DuckDB's memory.
 *
 * `bind` points it at a vector of a chunk; the chunk must be referenced while values of it are read. All vectors are flat: results are
 * flattened when they are fetched, children of lists and structures with them. `write` appends the bytes of a value that is not null.
 */
export abstract class VectorWriter {
  #validity: DataView | undefined;

  bind(vector: Vector, rowCount: number): void {
    this.#validity = validityOf(vector, rowCount);
    this.bindValues(vector, rowCount);
  }

  isNull(row: number): boolean {
    const validity = this.#validity;
    return validity !== undefined && ((validity.getUint8(row >> 3) >> (row & 7)) & 1) === 0;
  }

  protected abstract bindValues(vector: Vector, rowCount: number): void;

  abstract write(row: number, out: WireBuffer): void;
}

/** Of types whose values have a fixed width: they lie one after the other. */
export abstract class FixedWidthWriter extends VectorWriter {
  protected values: DataView = NO_VALUES;

  protected abstract readonly widthBytes: number;

  protected bindValues(vector: Vector, rowCount: number): void {
    this.values = vectorBytes(vector, rowCount * this.widthBytes);
  }
}

export const NO_VALUES = new DataView(new ArrayBuffer(0));

/** A view of the vector's own memory. */
export function vectorBytes(vector: Vector, byteCount: number): DataView {
  if (byteCount === 0) return NO_VALUES;
  const { buffer, byteOffset, byteLength } = duckdb.vector_get_data(vector, byteCount);
  return new DataView(buffer, byteOffset, byteLength);
}

/** Bits, set where there is a value; undefined when no value is null. Read as bytes: 64-bit words would be BigInts. */
function validityOf(vector: Vector, rowCount: number): DataView | undefined {
  // The binding answers null without saying so in its types.
  const bytes = duckdb.vector_get_validity(vector, Math.ceil(rowCount / 64) * 8) as Uint8Array | null;
  return bytes === null ? undefined : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

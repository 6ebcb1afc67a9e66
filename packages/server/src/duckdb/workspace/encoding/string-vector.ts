import duckdb, { type Vector } from '@duckdb/node-bindings';
import { NO_VALUES, vectorBytes, VectorWriter } from './vector-writer.js';
import type { WireBuffer } from './wire-buffer.js';

/** DuckDB keeps strings of up to 12 bytes in the vector: length, then the bytes. */
export const INLINED_BYTES = 12;
export const ENTRY_BYTES = 16;
export const POINTER_OFFSET = 8;
const TWO_TO_32 = 4_294_967_296;
const NO_BYTES = new Uint8Array(0);

/**
 * Strings and blobs. Longer ones lie elsewhere and are fetched through a native call with an allocation; but those of a chunk normally lie
 * back to back, in either direction, so that one call fetches a whole run of them: a handful of calls per chunk instead of 2,048.
 * Only what is exactly adjacent is taken together, so nothing between two strings is ever read.
 */
export abstract class StringVectorWriter extends VectorWriter {
  #entries: DataView = NO_VALUES;
  #inlined: Uint8Array = NO_BYTES;
  #rowCount = 0;
  #run: Uint8Array = NO_BYTES;
  #runStart = 0;
  #runEnd = 0;

  protected bindValues(vector: Vector, rowCount: number): void {
    const entries = vectorBytes(vector, rowCount * ENTRY_BYTES);
    this.#entries = entries;
    this.#inlined = new Uint8Array(entries.buffer, entries.byteOffset, entries.byteLength);
    this.#rowCount = rowCount;
    this.#run = NO_BYTES;
    this.#runStart = 0;
    this.#runEnd = 0;
  }

  /** Calls `writeString` with where the bytes are: no object is made for a string. */
  write(row: number, out: WireBuffer): void {
    const entry = row * ENTRY_BYTES;
    const byteCount = this.#entries.getUint32(entry, true);
    if (byteCount <= INLINED_BYTES) {
      this.writeString(this.#inlined, entry + 4, byteCount, out);
      return;
    }
    const address = this.#addressAt(entry);
    if (address < this.#runStart || address + byteCount > this.#runEnd) this.#fetchRun(row, address, byteCount);
    this.writeString(this.#run, address - this.#runStart, byteCount, out);
  }

  protected abstract writeString(source: Uint8Array, start: number, byteCount: number, out: WireBuffer): void;

  #addressAt(entry: number): number {
    return addressOf(this.#entries, entry);
  }

  #fetchRun(firstRow: number, firstAddress: number, firstByteCount: number): void {
    let start = firstAddress;
    let end = firstAddress + firstByteCount;
    let lowestRow = firstRow;
    for (let row = firstRow + 1; row < this.#rowCount; row++) {
      if (this.isNull(row)) continue;
      const entry = row * ENTRY_BYTES;
      const byteCount = this.#entries.getUint32(entry, true);
      if (byteCount <= INLINED_BYTES) continue;
      const address = this.#addressAt(entry);
      if (address === end) end += byteCount;
      else if (address + byteCount === start) {
        start = address;
        lowestRow = row;
      } else if (address < start || address + byteCount > end) break;
    }
    const { buffer, byteOffset } = this.#entries;
    const pointerOffset = byteOffset + lowestRow * ENTRY_BYTES + POINTER_OFFSET;
    this.#run = duckdb.get_data_from_pointer(buffer as ArrayBuffer, pointerOffset, end - start);
    this.#runStart = start;
    this.#runEnd = end;
  }
}

/** Of a string that is not inlined. Addresses of user space have at most 57 bits, in practice 47: a double holds them. */
export function addressOf(entries: DataView, entry: number): number {
  return (
    entries.getUint32(entry + POINTER_OFFSET + 4, true) * TWO_TO_32 + entries.getUint32(entry + POINTER_OFFSET, true)
  );
}

import duckdb, { type Vector } from '@duckdb/node-bindings';
import { addressOf, ENTRY_BYTES, INLINED_BYTES, POINTER_OFFSET } from '../string-vector.js';
import { NO_VALUES, vectorBytes } from '../vector-writer.js';
import type { WireBuffer } from '../wire-buffer.js';

/** A vector of strings without nulls, which are copied in runs: as many as lie one behind the other. */
export class RowStrings {
  #entries: DataView = NO_VALUES;

  bind(vector: Vector, rowCount: number): void {
    this.#entries = vectorBytes(vector, rowCount * ENTRY_BYTES);
  }

  byteCount(row: number): number {
    return this.#entries.getUint32(row * ENTRY_BYTES, true);
  }

  /** Appends strings from `from` on, below `to`, until the buffer is full; at least one. Answers the first row that was not copied. */
  copyRun(from: number, to: number, out: WireBuffer): number {
    const entries = this.#entries;
    const firstBytes = this.byteCount(from);
    if (firstBytes <= INLINED_BYTES) {
      const start = entries.byteOffset + from * ENTRY_BYTES + 4;
      out.writeBytes(new Uint8Array(entries.buffer, start, firstBytes));
      return from + 1;
    }
    const room = Math.max(0, out.softLimitBytes - out.length);
    const start = this.#addressOf(from);
    let length = firstBytes;
    let row = from + 1;
    while (row < to && length < room && this.#addressOf(row) === start + length) {
      const byteCount = this.byteCount(row);
      if (byteCount <= INLINED_BYTES) break;
      length += byteCount;
      row++;
    }
    const pointerOffset = entries.byteOffset + from * ENTRY_BYTES + POINTER_OFFSET;
    out.writeBytes(duckdb.get_data_from_pointer(entries.buffer as ArrayBuffer, pointerOffset, length));
    return row;
  }

  #addressOf(row: number): number {
    return addressOf(this.#entries, row * ENTRY_BYTES);
  }
}

import type { Vector } from '@duckdb/node-bindings';
import type { ListEntries } from '../list-entries.js';
import { nullSubArray } from '../text/array-writer.js';
import { VectorWriter } from '../vector-writer.js';
import type { WireBuffer } from '../wire-buffer.js';

/** Dimensions, whether there are nulls, the type, each dimension with its lower bound, then the elements in row-major order. */
export class ArrayBinaryWriter extends VectorWriter {
  constructor(
    readonly elementOid: number,
    readonly entries: ListEntries,
    readonly element: VectorWriter,
  ) {
    super();
  }

  protected bindValues(vector: Vector, rowCount: number): void {
    const { child, childCount } = this.entries.bind(vector, rowCount);
    this.element.bind(child, childCount);
  }

  write(row: number, out: WireBuffer): void {
    const header = out.length;
    out.writeInt32(0);
    out.writeInt32(0);
    out.writeInt32(this.elementOid);
    if (this.entries.count(row) === 0) return;
    out.view.setInt32(header, this.#writeDimensions(row, out));
    const hasNulls = this.#writeElements(row, out);
    if (hasNulls) out.view.setInt32(header + 4, 1);
  }

  /** Inner arrays all have the same length: that of the first one. */
  #writeDimensions(row: number, out: WireBuffer): number {
    out.writeInt32(this.entries.count(row));
    out.writeInt32(1);
    const { element } = this;
    return element instanceof ArrayBinaryWriter ? 1 + element.#writeDimensions(this.entries.start(row), out) : 1;
  }

  #writeElements(row: number, out: WireBuffer): boolean {
    const { element } = this;
    const start = this.entries.start(row);
    const end = start + this.entries.count(row);
    let hasNulls = false;
    for (let index = start; index < end; index++) {
      if (element instanceof ArrayBinaryWriter) {
        if (element.isNull(index)) throw nullSubArray();
        if (element.#writeElements(index, out)) hasNulls = true;
      } else if (element.isNull(index)) {
        out.writeInt32(-1);
        hasNulls = true;
      } else writeSized(element, index, out);
    }
    return hasNulls;
  }
}

/** The length of a value, then the value. */
export function writeSized(writer: VectorWriter, row: number, out: WireBuffer): void {
  out.reserve(4);
  const at = out.length;
  out.length = at + 4;
  writer.write(row, out);
  out.view.setInt32(at, out.length - at - 4);
}

import type { Vector } from '@duckdb/node-bindings';
import { SqlError } from '../../../../errors/sql-error.js';
import { PG_TYPES } from '../../../../model/pg-types.js';
import { StringVectorWriter } from '../string-vector.js';
import { putUuidBytes } from '../text/string-writers.js';
import { FixedWidthWriter, VectorWriter } from '../vector-writer.js';
import type { WireBuffer } from '../wire-buffer.js';

/** Text and blobs are their bytes. */
export class BytesBinary extends StringVectorWriter {
  protected writeString(source: Uint8Array, start: number, byteCount: number, out: WireBuffer): void {
    out.copyFrom(source, start, byteCount);
  }
}

/** `"char"` is one byte, 0 for the empty string. */
export class CharBinary extends StringVectorWriter {
  protected writeString(source: Uint8Array, start: number, byteCount: number, out: WireBuffer): void {
    out.writeByte(byteCount === 0 ? 0 : (source[start] as number));
  }
}

/** jsonb: a version, then the text. Wraps what writes the text. */
export class JsonbBinary extends VectorWriter {
  constructor(readonly text: VectorWriter) {
    super();
  }
  protected bindValues(vector: Vector, rowCount: number): void {
    this.text.bind(vector, rowCount);
  }
  write(row: number, out: WireBuffer): void {
    out.writeByte(1);
    this.text.write(row, out);
  }
}

/** `1 2 3`, as catalogs keep it, to an array that counts from 0. */
export class NumberVectorBinary extends StringVectorWriter {
  constructor(readonly elementOid: typeof PG_TYPES.int2.oid | typeof PG_TYPES.oid.oid) {
    super();
  }
  protected writeString(source: Uint8Array, start: number, byteCount: number, out: WireBuffer): void {
    const words = Buffer.from(source.subarray(start, start + byteCount))
      .toString('latin1')
      .split(' ');
    const numbers = words.filter((word) => word !== '').map(Number);
    out.writeInt32(1);
    out.writeInt32(0);
    out.writeInt32(this.elementOid);
    out.writeInt32(numbers.length);
    out.writeInt32(0);
    for (const number of numbers) {
      if (this.elementOid === PG_TYPES.oid.oid) {
        out.writeInt32(4);
        out.writeInt32(number);
      } else {
        out.writeInt32(2);
        out.writeInt16(number);
      }
    }
  }
}

/** Types whose values are kept here as text, and whose binary form is a number that the text does not tell. */
export class TextOnlyBinary extends StringVectorWriter {
  constructor(readonly typeName: string) {
    super();
  }
  protected writeString(): void {
    throw new SqlError('42883', `no binary output function available for type ${this.typeName}`, {
      hint: 'Cast the column to text.',
    });
  }
}

/** The number of bits, then the bits from the left. DuckDB pads at the front, PostgreSQL at the end. */
export class BitBinary extends StringVectorWriter {
  protected writeString(source: Uint8Array, start: number, byteCount: number, out: WireBuffer): void {
    const padding = source[start] as number;
    const dataBytes = byteCount - 1;
    out.writeInt32(dataBytes * 8 - padding);
    out.reserve(dataBytes);
    const { bytes, length } = out;
    for (let index = 0; index < dataBytes; index++) {
      const byte = source[start + 1 + index] as number;
      const next = index + 1 < dataBytes ? (source[start + 2 + index] as number) : 0;
      bytes[length + index] = ((byte << padding) | (next >> (8 - padding))) & 0xff;
    }
    out.length = length + dataBytes;
  }
}

export class UuidBinary extends FixedWidthWriter {
  protected readonly widthBytes = 16;
  write(row: number, out: WireBuffer): void {
    out.reserve(16);
    putUuidBytes(out.bytes, out.length, this.values, row);
    out.length += 16;
  }
}

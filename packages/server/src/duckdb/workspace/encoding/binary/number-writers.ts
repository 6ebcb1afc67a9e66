import { bigInt128, bigUint128, safeInt128, safeInt64 } from '../text/digits.js';
import { bigDecimalAt, bignumOf, decimalAt } from '../text/number-writers.js';
import { StringVectorWriter } from '../string-vector.js';
import { FixedWidthWriter } from '../vector-writer.js';
import type { WireBuffer } from '../wire-buffer.js';
import { writeBigNumeric, writeNumeric } from './numeric-binary.js';

const TWO_TO_32 = 4_294_967_296;

/** A 64-bit number from a double that holds it. */
export function writeInt64(out: WireBuffer, value: number): void {
  out.reserve(8);
  const high = Math.floor(value / TWO_TO_32);
  out.view.setInt32(out.length, high);
  out.view.setUint32(out.length + 4, value - high * TWO_TO_32);
  out.length += 8;
}

export function writeBigInt64(out: WireBuffer, value: bigint): void {
  out.reserve(8);
  out.view.setBigInt64(out.length, value);
  out.length += 8;
}

export class BooleanBinary extends FixedWidthWriter {
  protected readonly widthBytes = 1;
  write(row: number, out: WireBuffer): void {
    out.writeByte(this.values.getUint8(row) === 0 ? 0 : 1);
  }
}

/** TINYINT, UTINYINT and SMALLINT as int2. */
export class Int2Binary extends FixedWidthWriter {
  protected readonly widthBytes: number;
  constructor(readonly source: 'int8' | 'uint8' | 'int16') {
    super();
    this.widthBytes = source === 'int16' ? 2 : 1;
  }
  write(row: number, out: WireBuffer): void {
    const { values, source } = this;
    if (source === 'int16') out.writeInt16(values.getInt16(row * 2, true));
    else out.writeInt16(source === 'int8' ? values.getInt8(row) : values.getUint8(row));
  }
}

export class Int4Binary extends FixedWidthWriter {
  protected readonly widthBytes = 4;
  write(row: number, out: WireBuffer): void {
    out.reserve(4);
    out.view.setInt32(out.length, this.values.getInt32(row * 4, true));
    out.length += 4;
  }
}

export class Int4FromUint16Binary extends FixedWidthWriter {
  protected readonly widthBytes = 2;
  write(row: number, out: WireBuffer): void {
    out.writeInt32(this.values.getUint16(row * 2, true));
  }
}

export class Int8Binary extends FixedWidthWriter {
  protected readonly widthBytes = 8;
  write(row: number, out: WireBuffer): void {
    out.reserve(8);
    const { view, length } = out;
    view.setInt32(length, this.values.getInt32(row * 8 + 4, true));
    view.setInt32(length + 4, this.values.getInt32(row * 8, true));
    out.length = length + 8;
  }
}

export class Int8FromUint32Binary extends FixedWidthWriter {
  protected readonly widthBytes = 4;
  write(row: number, out: WireBuffer): void {
    out.writeInt32(0);
    out.writeInt32(this.values.getInt32(row * 4, true));
  }
}

/** `oid` columns of catalogs, over INTEGER, UINTEGER or BIGINT: the lower 32 bits. */
export class OidBinary extends FixedWidthWriter {
  constructor(protected readonly widthBytes: 4 | 8) {
    super();
  }
  write(row: number, out: WireBuffer): void {
    out.writeInt32(this.values.getInt32(row * this.widthBytes, true));
  }
}

export class Float4Binary extends FixedWidthWriter {
  protected readonly widthBytes = 4;
  write(row: number, out: WireBuffer): void {
    out.writeInt32(this.values.getInt32(row * 4, true));
  }
}

/** The same swap of bytes as an integer's, which keeps every NaN as it is. */
export class Float8Binary extends Int8Binary {}

export class DecimalBinary extends FixedWidthWriter {
  constructor(
    protected readonly widthBytes: 2 | 4 | 8 | 16,
    readonly scale: number,
  ) {
    super();
  }
  write(row: number, out: WireBuffer): void {
    const value = decimalAt(this.values, row, this.widthBytes);
    if (value === undefined) writeBigNumeric(out, bigDecimalAt(this.values, row, this.widthBytes), this.scale);
    else writeNumeric(out, value, this.scale);
  }
}

/** UBIGINT, HUGEINT and UHUGEINT as numeric. */
export class WideIntegerBinary extends FixedWidthWriter {
  protected readonly widthBytes: number;
  constructor(readonly source: 'uint64' | 'int128' | 'uint128') {
    super();
    this.widthBytes = source === 'uint64' ? 8 : 16;
  }
  write(row: number, out: WireBuffer): void {
    const { values, source } = this;
    const at = row * this.widthBytes;
    const value = source === 'uint64' ? safeInt64(values, at) : safeInt128(values, at);
    if (value !== undefined && (value >= 0 || source === 'int128')) writeNumeric(out, value, 0);
    else if (source === 'uint64') writeBigNumeric(out, values.getBigUint64(at, true), 0);
    else writeBigNumeric(out, source === 'int128' ? bigInt128(values, at) : bigUint128(values, at), 0);
  }
}

export class BignumBinary extends StringVectorWriter {
  protected writeString(source: Uint8Array, start: number, byteCount: number, out: WireBuffer): void {
    writeBigNumeric(out, bignumOf(source, start, byteCount), 0);
  }
}

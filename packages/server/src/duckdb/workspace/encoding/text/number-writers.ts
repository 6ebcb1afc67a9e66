import type { WireBuffer } from '../wire-buffer.js';
import { bigInt128, bigUint128, putInteger, putPadded, safeInt128, safeInt64, writeInteger } from './digits.js';
import { writeFloat4, writeFloat8 } from './float-text.js';
import { FixedTextWriter, StringTextWriter } from './text-writer.js';

const MINUS = 0x2d;
const POINT = 0x2e;

export class BooleanText extends FixedTextWriter {
  protected readonly widthBytes = 1;
  write(row: number, out: WireBuffer): void {
    out.writeByte(this.values.getUint8(row) === 0 ? 0x66 : 0x74);
  }
}

export class Int8Text extends FixedTextWriter {
  protected readonly widthBytes = 1;
  write(row: number, out: WireBuffer): void {
    writeInteger(out, this.values.getInt8(row));
  }
}

export class Uint8Text extends FixedTextWriter {
  protected readonly widthBytes = 1;
  write(row: number, out: WireBuffer): void {
    writeInteger(out, this.values.getUint8(row));
  }
}

export class Int16Text extends FixedTextWriter {
  protected readonly widthBytes = 2;
  write(row: number, out: WireBuffer): void {
    writeInteger(out, this.values.getInt16(row * 2, true));
  }
}

export class Uint16Text extends FixedTextWriter {
  protected readonly widthBytes = 2;
  write(row: number, out: WireBuffer): void {
    writeInteger(out, this.values.getUint16(row * 2, true));
  }
}

export class Int32Text extends FixedTextWriter {
  protected readonly widthBytes = 4;
  write(row: number, out: WireBuffer): void {
    writeInteger(out, this.values.getInt32(row * 4, true));
  }
}

export class Uint32Text extends FixedTextWriter {
  protected readonly widthBytes = 4;
  write(row: number, out: WireBuffer): void {
    writeInteger(out, this.values.getUint32(row * 4, true));
  }
}

export class Int64Text extends FixedTextWriter {
  protected readonly widthBytes = 8;
  write(row: number, out: WireBuffer): void {
    const value = safeInt64(this.values, row * 8);
    if (value === undefined) out.writeAscii(String(this.values.getBigInt64(row * 8, true)));
    else writeInteger(out, value);
  }
}

export class Uint64Text extends FixedTextWriter {
  protected readonly widthBytes = 8;
  write(row: number, out: WireBuffer): void {
    const value = safeInt64(this.values, row * 8);
    if (value === undefined || value < 0) out.writeAscii(String(this.values.getBigUint64(row * 8, true)));
    else writeInteger(out, value);
  }
}

export class Int128Text extends FixedTextWriter {
  protected readonly widthBytes = 16;
  write(row: number, out: WireBuffer): void {
    const value = safeInt128(this.values, row * 16);
    if (value === undefined) out.writeAscii(String(bigInt128(this.values, row * 16)));
    else writeInteger(out, value);
  }
}

export class Uint128Text extends FixedTextWriter {
  protected readonly widthBytes = 16;
  write(row: number, out: WireBuffer): void {
    const value = safeInt128(this.values, row * 16);
    if (value === undefined || value < 0) out.writeAscii(String(bigUint128(this.values, row * 16)));
    else writeInteger(out, value);
  }
}

export class Float4Text extends FixedTextWriter {
  protected readonly widthBytes = 4;
  constructor(readonly extraFloatDigits: number) {
    super();
  }
  write(row: number, out: WireBuffer): void {
    writeFloat4(out, this.values.getFloat32(row * 4, true), this.extraFloatDigits);
  }
}

export class Float8Text extends FixedTextWriter {
  protected readonly widthBytes = 8;
  constructor(readonly extraFloatDigits: number) {
    super();
  }
  write(row: number, out: WireBuffer): void {
    writeFloat8(out, this.values.getFloat64(row * 8, true), this.extraFloatDigits);
  }
}

/** DECIMAL is an integer of 16, 32, 64 or 128 bits, and a scale: always all digits of the scale. */
export class DecimalText extends FixedTextWriter {
  readonly #divisor: number;

  constructor(
    protected readonly widthBytes: 2 | 4 | 8 | 16,
    readonly scale: number,
  ) {
    super();
    this.#divisor = 10 ** scale;
  }

  write(row: number, out: WireBuffer): void {
    const value = decimalAt(this.values, row, this.widthBytes);
    // Powers of ten beyond 10^15 and what they divide are not exact in a double.
    if (value === undefined || this.scale > 15) {
      writeBigDecimal(out, bigDecimalAt(this.values, row, this.widthBytes), this.scale);
      return;
    }
    const { scale } = this;
    if (scale === 0) {
      writeInteger(out, value);
      return;
    }
    out.reserve(36);
    const { bytes } = out;
    let position = out.length;
    if (value < 0) bytes[position++] = MINUS;
    const absolute = Math.abs(value);
    const whole = Math.floor(absolute / this.#divisor);
    const decimals = absolute - whole * this.#divisor;
    position = putInteger(bytes, position, whole);
    bytes[position] = POINT;
    position += scale + 1;
    if (scale <= 9) putPadded(bytes, position, decimals, scale);
    else {
      const high = Math.floor(decimals / 1e8);
      putPadded(bytes, position, decimals - high * 1e8, 8);
      putPadded(bytes, position - 8, high, scale - 8);
    }
    out.length = position;
  }
}

/** The unscaled value, or undefined where only a BigInt holds it. */
export function decimalAt(values: DataView, row: number, widthBytes: 2 | 4 | 8 | 16): number | undefined {
  if (widthBytes === 8) return safeInt64(values, row * 8);
  if (widthBytes === 4) return values.getInt32(row * 4, true);
  if (widthBytes === 2) return values.getInt16(row * 2, true);
  return safeInt128(values, row * 16);
}

export function bigDecimalAt(values: DataView, row: number, widthBytes: 2 | 4 | 8 | 16): bigint {
  if (widthBytes === 16) return bigInt128(values, row * 16);
  if (widthBytes === 8) return values.getBigInt64(row * 8, true);
  return BigInt(widthBytes === 4 ? values.getInt32(row * 4, true) : values.getInt16(row * 2, true));
}

function writeBigDecimal(out: WireBuffer, value: bigint, scale: number): void {
  if (value < 0n) out.writeByte(MINUS);
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  out.writeAscii(scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`);
}

/** BIGNUM: three bytes of sign and length, then the digits, all inverted when negative, so that they compare as bytes. */
export class BignumText extends StringTextWriter {
  override readonly characters = 'plain';
  protected writeString(source: Uint8Array, start: number, byteCount: number, out: WireBuffer): void {
    out.writeAscii(String(bignumOf(source, start, byteCount)));
  }
}

export function bignumOf(source: Uint8Array, start: number, byteCount: number): bigint {
  const isNegative = ((source[start] as number) & 0x80) === 0;
  const hex = Buffer.from(source.subarray(start + 3, start + byteCount));
  if (isNegative) for (let index = 0; index < hex.length; index++) hex[index] = ~(hex[index] as number);
  const value = BigInt(`0x0${hex.toString('hex')}`);
  return isNegative ? -value : value;
}

import type { WireBuffer } from '../wire-buffer.js';
import { FixedTextWriter, StringTextWriter } from './text-writer.js';

const HEX_DIGITS = Buffer.from('0123456789abcdef');
const BACKSLASH = 0x5c;

export class VarcharText extends StringTextWriter {
  protected writeString(source: Uint8Array, start: number, byteCount: number, out: WireBuffer): void {
    out.copyFrom(source, start, byteCount);
  }
}

/** `\xdead`. */
export class ByteaHexText extends StringTextWriter {
  protected writeString(source: Uint8Array, start: number, byteCount: number, out: WireBuffer): void {
    out.reserve(2 + byteCount * 2);
    const { bytes } = out;
    let position = out.length;
    bytes[position++] = BACKSLASH;
    bytes[position++] = 0x78;
    putHex(bytes, position, source, start, byteCount);
    out.length = position + byteCount * 2;
  }
}

function putHex(bytes: Uint8Array, at: number, source: Uint8Array, start: number, byteCount: number): void {
  let position = at;
  for (let index = start; index < start + byteCount; index++) {
    const byte = source[index] as number;
    bytes[position++] = HEX_DIGITS[byte >> 4] as number;
    bytes[position++] = HEX_DIGITS[byte & 15] as number;
  }
}

/** `bytea_output = escape`: printable bytes as they are, others as three octal digits. */
export class ByteaEscapeText extends StringTextWriter {
  protected writeString(source: Uint8Array, start: number, byteCount: number, out: WireBuffer): void {
    out.reserve(byteCount * 4);
    const { bytes } = out;
    let position = out.length;
    for (let index = start; index < start + byteCount; index++) {
      const byte = source[index] as number;
      if (byte === BACKSLASH) {
        bytes[position++] = BACKSLASH;
        bytes[position++] = BACKSLASH;
      } else if (byte < 0x20 || byte > 0x7e) {
        bytes[position++] = BACKSLASH;
        bytes[position++] = 0x30 + (byte >> 6);
        bytes[position++] = 0x30 + ((byte >> 3) & 7);
        bytes[position++] = 0x30 + (byte & 7);
      } else bytes[position++] = byte;
    }
    out.length = position;
  }
}

/** BIT: one byte that says how many bits of the first data byte are padding, then the bits. */
export class BitText extends StringTextWriter {
  override readonly characters = 'plain';
  protected writeString(source: Uint8Array, start: number, byteCount: number, out: WireBuffer): void {
    const padding = source[start] as number;
    const bitCount = (byteCount - 1) * 8 - padding;
    out.reserve(bitCount);
    const { bytes, length } = out;
    for (let bit = 0; bit < bitCount; bit++) {
      const place = bit + padding;
      const byte = source[start + 1 + (place >> 3)] as number;
      bytes[length + bit] = 0x30 + ((byte >> (7 - (place & 7))) & 1);
    }
    out.length = length + bitCount;
  }
}

/** UUIDs are stored as 128-bit integers, little-endian, with the first bit flipped so that they compare as signed numbers. */
export function putUuidBytes(bytes: Uint8Array, position: number, values: DataView, row: number): void {
  for (let index = 0; index < 16; index++) bytes[position + index] = values.getUint8(row * 16 + 15 - index);
  bytes[position] = (bytes[position] as number) ^ 0x80;
}

export class UuidText extends FixedTextWriter {
  protected readonly widthBytes = 16;
  readonly #raw = new Uint8Array(16);

  write(row: number, out: WireBuffer): void {
    const raw = this.#raw;
    putUuidBytes(raw, 0, this.values, row);
    out.reserve(36);
    const { bytes, length } = out;
    putHex(bytes, length, raw, 0, 4);
    putHex(bytes, length + 9, raw, 4, 2);
    putHex(bytes, length + 14, raw, 6, 2);
    putHex(bytes, length + 19, raw, 8, 2);
    putHex(bytes, length + 24, raw, 10, 6);
    for (const dash of [8, 13, 18, 23]) bytes[length + dash] = 0x2d;
    out.length = length + 36;
  }
}

/** ENUM values are numbers of their labels. */
export class EnumLabels extends FixedTextWriter {
  override readonly characters = 'any';
  readonly #labels: readonly Uint8Array[];

  constructor(
    protected readonly widthBytes: 1 | 2 | 4,
    labels: readonly string[],
  ) {
    super();
    this.#labels = labels.map((label) => Buffer.from(label));
  }

  write(row: number, out: WireBuffer): void {
    const { values } = this;
    const index =
      this.widthBytes === 1
        ? values.getUint8(row)
        : this.widthBytes === 2
          ? values.getUint16(row * 2, true)
          : values.getUint32(row * 4, true);
    out.writeBytes(this.#labels[index] as Uint8Array);
  }
}

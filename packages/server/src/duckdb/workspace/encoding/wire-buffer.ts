import { SqlError } from '../../../errors/sql-error.js';

/** Small enough to be left to a socket whole, large enough that a write costs nothing per row. */
const DEFAULT_CAPACITY_BYTES = 64 * 1024;
/** Beyond it a row encoder stops and lets its caller send. */
const DEFAULT_SOFT_LIMIT_BYTES = 256 * 1024;
/** A message's length is a signed 32-bit number; PostgreSQL itself stops at 1 GB. */
const MAX_CAPACITY_BYTES = 0x3fff_ffff;

/**
 * One growing buffer that encoders write into, value after value, without an object for any of them.
 *
 * A writer calls `reserve(n)` before it writes at most n bytes at `length`, and then moves `length`. `bytes` and `view` may be replaced
 * by `reserve`, so nobody keeps them across a call.
 */
export class WireBuffer {
  bytes: Buffer;
  view: DataView;
  length = 0;
  #spare: Buffer | undefined;

  constructor(
    readonly softLimitBytes: number = DEFAULT_SOFT_LIMIT_BYTES,
    capacityBytes: number = DEFAULT_CAPACITY_BYTES,
  ) {
    this.bytes = Buffer.allocUnsafeSlow(capacityBytes);
    this.view = viewOf(this.bytes);
  }

  get isFull(): boolean {
    return this.length >= this.softLimitBytes;
  }

  reserve(byteCount: number): void {
    if (this.length + byteCount > this.bytes.length) this.#grow(this.length + byteCount);
  }

  writeByte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  writeInt16(value: number): void {
    this.reserve(2);
    this.view.setInt16(this.length, value);
    this.length += 2;
  }

  writeInt32(value: number): void {
    this.reserve(4);
    this.view.setInt32(this.length, value);
    this.length += 4;
  }

  /** Of characters below 128. */
  writeAscii(text: string): void {
    this.reserve(text.length);
    const { bytes } = this;
    let position = this.length;
    for (let index = 0; index < text.length; index++) bytes[position++] = text.charCodeAt(index);
    this.length = position;
  }

  writeText(text: string): void {
    this.reserve(text.length * 3);
    this.length += this.bytes.write(text, this.length, 'utf8');
  }

  writeBytes(source: Uint8Array): void {
    this.copyFrom(source, 0, source.length);
  }

  /** Short pieces byte by byte: a native copy costs as much as 60 bytes of a loop. */
  copyFrom(source: Uint8Array, start: number, byteCount: number): void {
    this.reserve(byteCount);
    const { bytes, length } = this;
    if (byteCount <= 64) {
      for (let index = 0; index < byteCount; index++) bytes[length + index] = source[start + index] as number;
    } else {
      bytes.set(source.subarray(start, start + byteCount), length);
    }
    this.length = length + byteCount;
  }

  /** Everything written so far, for somebody to keep; the buffer starts empty again. */
  take(): Buffer {
    const { bytes, length } = this;
    this.length = 0;
    if (length * 4 < bytes.length) return Buffer.from(bytes.subarray(0, length));
    this.#use(this.#spare ?? Buffer.allocUnsafeSlow(this.#capacityAfter(bytes.length)));
    this.#spare = undefined;
    return bytes.subarray(0, length);
  }

  /** What was taken is of no use to anybody any more: its memory is used again, which spares the garbage collector most of its work. */
  giveBack(taken: Uint8Array): void {
    const whole = Buffer.from(taken.buffer as ArrayBuffer);
    if (whole.length === this.#capacityAfter(whole.length)) this.#spare = whole;
  }

  #capacityAfter(capacityBytes: number): number {
    return Math.max(DEFAULT_CAPACITY_BYTES, Math.min(capacityBytes, this.softLimitBytes * 2));
  }

  #use(bytes: Buffer): void {
    this.bytes = bytes;
    this.view = viewOf(bytes);
  }

  #grow(neededBytes: number): void {
    if (neededBytes > MAX_CAPACITY_BYTES) {
      throw new SqlError('54000', 'a row is larger than a message can be', { detail: 'The limit is 1 GB.' });
    }
    const capacity = Math.min(MAX_CAPACITY_BYTES, Math.max(neededBytes, this.bytes.length * 2));
    const larger = Buffer.allocUnsafeSlow(capacity);
    larger.set(this.bytes.subarray(0, this.length));
    this.#use(larger);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

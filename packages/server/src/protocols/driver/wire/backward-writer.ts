/** Most texts are short and ASCII, which is done before a call of the runtime has begun. */
const SHORT_TEXT = 32;
const FIRST_CAPACITY = 1024;
const VARINT = 0;
const LENGTH_DELIMITED = 2;
const EIGHT_BYTES = 1;

/**
 * Writes protocol buffers from their end to their beginning: what is inside a message is there before its length is asked for, so that
 * nothing is measured first and nothing is copied into what holds it.
 *
 *     [ free …………………… | field 1 | field 2 | field 3 ]     written in the order 3, 2, 1
 */
export class BackwardWriter {
  #buffer = Buffer.allocUnsafe(FIRST_CAPACITY);
  #at = FIRST_CAPACITY;

  /** Bytes so far. Remembered before a message is written, it is what `closeMessage` counts from. */
  get length(): number {
    return this.#buffer.length - this.#at;
  }

  finish(): Buffer<ArrayBuffer> {
    return this.#buffer.subarray(this.#at);
  }

  text(fieldNumber: number, value: string): void {
    const end = this.length;
    this.#text(value);
    this.closeMessage(fieldNumber, end);
  }

  bytes(fieldNumber: number, value: Uint8Array): void {
    const end = this.length;
    this.#reserve(value.length);
    this.#at -= value.length;
    this.#buffer.set(value, this.#at);
    this.closeMessage(fieldNumber, end);
  }

  /** Whole numbers from 0 to 2^53. */
  number(fieldNumber: number, value: number): void {
    this.#varint(value);
    this.#varint(fieldNumber * 8 + VARINT);
  }

  /** Numbers below zero take ten bytes, whatever their size. */
  bigInteger(fieldNumber: number, value: bigint): void {
    if (value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) this.#varint(Number(value));
    else this.#bigVarint(BigInt.asUintN(64, value));
    this.#varint(fieldNumber * 8 + VARINT);
  }

  double(fieldNumber: number, value: number): void {
    this.#reserve(8);
    this.#at -= 8;
    this.#buffer.writeDoubleLE(value, this.#at);
    this.#varint(fieldNumber * 8 + EIGHT_BYTES);
  }

  /** What was written since there were `end` bytes is the content of this field. */
  closeMessage(fieldNumber: number, end: number): void {
    this.#varint(this.length - end);
    this.#varint(fieldNumber * 8 + LENGTH_DELIMITED);
  }

  #text(value: string): void {
    const { length } = value;
    if (length <= SHORT_TEXT) {
      this.#reserve(length);
      const start = this.#at - length;
      let index = 0;
      for (; index < length; index += 1) {
        const code = value.charCodeAt(index);
        if (code > 0x7f) break;
        this.#buffer[start + index] = code;
      }
      if (index === length) {
        this.#at = start;
        return;
      }
    }
    const bytes = Buffer.byteLength(value);
    this.#reserve(bytes);
    this.#at -= bytes;
    this.#buffer.write(value, this.#at, bytes, 'utf8');
  }

  #varint(value: number): void {
    let bytes = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
    this.#reserve(bytes);
    this.#at -= bytes;
    let at = this.#at;
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#buffer[at++] = (rest % 0x80) | 0x80;
    this.#buffer[at] = rest;
  }

  #bigVarint(value: bigint): void {
    const groups: number[] = [];
    for (let rest = value; rest > 0n; rest >>= 7n) groups.push(Number(rest & 0x7fn) | 0x80);
    groups[groups.length - 1] = (groups.at(-1) ?? 0) & 0x7f;
    this.#reserve(groups.length);
    this.#at -= groups.length;
    this.#buffer.set(groups, this.#at);
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#at) return;
    const { length } = this;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, length + bytes));
    this.#buffer.copy(larger, larger.length - length, this.#at);
    this.#at = larger.length - length;
    this.#buffer = larger;
  }
}

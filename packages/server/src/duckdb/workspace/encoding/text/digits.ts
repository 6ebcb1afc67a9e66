import type { WireBuffer } from '../wire-buffer.js';

const ZERO = 0x30;
const HUNDRED_MILLION = 100_000_000;
const PAIR_TENS = new Uint8Array(100);
const PAIR_ONES = new Uint8Array(100);
for (let value = 0; value < 100; value++) {
  PAIR_TENS[value] = ZERO + Math.floor(value / 10);
  PAIR_ONES[value] = ZERO + (value % 10);
}

/** Two digits of 0 to 99. */
export function putPair(bytes: Uint8Array, position: number, value: number): void {
  bytes[position] = PAIR_TENS[value] as number;
  bytes[position + 1] = PAIR_ONES[value] as number;
}

/** Exactly `digitCount` digits that end before `end`; `value` is below 2^31. */
export function putPadded(bytes: Uint8Array, end: number, value: number, digitCount: number): void {
  let rest = value | 0;
  let position = end;
  let left = digitCount;
  while (left >= 2) {
    const quotient = (rest / 100) | 0;
    position -= 2;
    putPair(bytes, position, rest - quotient * 100);
    rest = quotient;
    left -= 2;
  }
  if (left === 1) bytes[position - 1] = ZERO + (rest % 10);
}

/** Digits of an integer from 0 to 2^53; the caller has reserved 16 bytes. Answers the position after them. */
export function putInteger(bytes: Uint8Array, position: number, value: number): number {
  if (value < HUNDRED_MILLION) return putSmall(bytes, position, value);
  const high = Math.floor(value / HUNDRED_MILLION);
  const end = putSmall(bytes, position, high) + 8;
  putPadded(bytes, end, value - high * HUNDRED_MILLION, 8);
  return end;
}

function putSmall(bytes: Uint8Array, position: number, value: number): number {
  if (value < 10) {
    bytes[position] = ZERO + value;
    return position + 1;
  }
  const end = position + digitCountOf(value);
  putPadded(bytes, end, value, end - position);
  return end;
}

/** Of integers below 10^9. */
function digitCountOf(value: number): number {
  if (value < 10_000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1_000 ? 3 : 4;
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  return value < 10_000_000 ? 7 : value < HUNDRED_MILLION ? 8 : 9;
}

const TWO_TO_32 = 4_294_967_296;
/** High words of integers below 2^53, which a double holds. */
const SAFE_HIGH = 2_097_152;

/** A safe integer of a 64-bit value, or undefined where only a BigInt holds it. Comparing words costs nothing. */
export function safeInt64(values: DataView, offset: number): number | undefined {
  const high = values.getInt32(offset + 4, true);
  if (high >= SAFE_HIGH || high < -SAFE_HIGH) return undefined;
  return high * TWO_TO_32 + values.getUint32(offset, true);
}

/** The same of a 128-bit value. */
export function safeInt128(values: DataView, offset: number): number | undefined {
  const sign = values.getInt32(offset + 12, true);
  const high = values.getInt32(offset + 4, true);
  if (sign !== values.getInt32(offset + 8, true) || (sign !== 0 && sign !== -1)) return undefined;
  if (sign === 0 ? high >= SAFE_HIGH || high < 0 : high < -SAFE_HIGH || high >= 0) return undefined;
  return high * TWO_TO_32 + values.getUint32(offset, true);
}

export function bigInt128(values: DataView, offset: number): bigint {
  return (values.getBigInt64(offset + 8, true) << 64n) | values.getBigUint64(offset, true);
}

export function bigUint128(values: DataView, offset: number): bigint {
  return (values.getBigUint64(offset + 8, true) << 64n) | values.getBigUint64(offset, true);
}

/** Reserves what it needs. */
export function writeInteger(out: WireBuffer, value: number): void {
  out.reserve(17);
  const { bytes } = out;
  let position = out.length;
  if (value < 0) bytes[position++] = 0x2d;
  out.length = putInteger(bytes, position, Math.abs(value));
}

import type { WireBuffer } from '../wire-buffer.js';

const BASE = 10_000;
const NEGATIVE = 0x4000;
/** Beyond it, the decimals moved to a multiple of four would not be exact in a double. */
const MAX_SAFE_SCALE = 12;

/** Digits of one value, most significant first; there are at most 4 of them before the point and 3 after it. */
const GROUPS = new Uint16Array(8);

/**
 * PostgreSQL's numeric: digits to base 10,000, aligned at the decimal point, without zero digits at either end, and the number of decimals
 * to show. `value` is unscaled and a safe integer.
 */
export function writeNumeric(out: WireBuffer, value: number, scale: number): void {
  if (scale > MAX_SAFE_SCALE) {
    writeBigNumeric(out, BigInt(value), scale);
    return;
  }
  const absolute = Math.abs(value);
  const divisor = 10 ** scale;
  let whole = Math.floor(absolute / divisor);
  const fractionGroups = (scale + 3) >> 2;
  let fraction = (absolute - whole * divisor) * 10 ** (fractionGroups * 4 - scale);

  // Filled from the end; the position of the point is fixed.
  let first = 8;
  for (let group = 0; group < fractionGroups; group++) {
    const rest = Math.floor(fraction / BASE);
    GROUPS[--first] = fraction - rest * BASE;
    fraction = rest;
  }
  while (whole > 0) {
    const rest = Math.floor(whole / BASE);
    GROUPS[--first] = whole - rest * BASE;
    whole = rest;
  }
  let weight = 8 - first - fractionGroups - 1;
  let end = 8;
  while (first < end && GROUPS[first] === 0) {
    first++;
    weight--;
  }
  while (end > first && GROUPS[end - 1] === 0) end--;

  out.reserve(8 + (end - first) * 2);
  const { view } = out;
  let position = out.length;
  view.setInt16(position, end - first);
  view.setInt16(position + 2, end === first ? 0 : weight);
  view.setInt16(position + 4, value < 0 ? NEGATIVE : 0);
  view.setInt16(position + 6, scale);
  position += 8;
  for (let group = first; group < end; group++) {
    view.setUint16(position, GROUPS[group] as number);
    position += 2;
  }
  out.length = position;
}

/** The same for any integer. */
export function writeBigNumeric(out: WireBuffer, value: bigint, scale: number): void {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  const wholeDigits = digits.slice(0, digits.length - scale);
  const fractionDigits = digits.slice(digits.length - scale);
  const aligned =
    wholeDigits.padStart(Math.ceil(wholeDigits.length / 4) * 4, '0') +
    fractionDigits.padEnd(Math.ceil(scale / 4) * 4, '0');
  const groups: number[] = [];
  for (let at = 0; at < aligned.length; at += 4) groups.push(Number(aligned.slice(at, at + 4)));
  let weight = Math.ceil(wholeDigits.length / 4) - 1;
  let first = 0;
  let end = groups.length;
  while (first < end && groups[first] === 0) {
    first++;
    weight--;
  }
  while (end > first && groups[end - 1] === 0) end--;

  out.writeInt16(end - first);
  out.writeInt16(end === first ? 0 : weight);
  out.writeInt16(value < 0n ? NEGATIVE : 0);
  out.writeInt16(scale);
  for (const group of groups.slice(first, end)) out.writeInt16(group);
}

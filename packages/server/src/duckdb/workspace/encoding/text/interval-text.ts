import type { WireBuffer } from '../wire-buffer.js';
import { writeInteger, putPair } from './digits.js';
import { MICROS_PER_SECOND, writeFraction } from './calendar-text.js';

const BLANK = 0x20;
const DASH = 0x2d;
const PLUS = 0x2b;
const COLON = 0x3a;

/**
 * IntervalStyle `postgres`: `1 year 2 mons -3 days +04:05:06.7`. Every part has its own sign, and a positive part after a negative one
 * says so. Months are shown as years and months; 24 hours are not a day.
 */
export function writeInterval(out: WireBuffer, months: number, days: number, micros: bigint): void {
  const start = out.length;
  const years = Math.trunc(months / 12);
  let isBefore = writePart(out, start, years, 'year', false);
  isBefore = writePart(out, start, months - years * 12, 'mon', isBefore);
  isBefore = writePart(out, start, days, 'day', isBefore);
  if (micros === 0n && out.length > start) return;
  if (out.length > start) out.writeByte(BLANK);
  if (micros < 0n) out.writeByte(DASH);
  else if (isBefore) out.writeByte(PLUS);
  writeDuration(out, micros < 0n ? -micros : micros);
}

/** Answers whether the part, or the last one that was there, is negative. */
function writePart(out: WireBuffer, start: number, value: number, unit: string, isBefore: boolean): boolean {
  if (value === 0) return isBefore;
  if (out.length > start) out.writeByte(BLANK);
  if (isBefore && value > 0) out.writeByte(PLUS);
  writeInteger(out, value);
  out.writeAscii(value === 1 ? ` ${unit}` : ` ${unit}s`);
  return value < 0;
}

function writeDuration(out: WireBuffer, micros: bigint): void {
  const totalSeconds = Number(micros / 1_000_000n);
  const fraction = Number(micros % BigInt(MICROS_PER_SECOND));
  const hours = Math.floor(totalSeconds / 3_600);
  const rest = totalSeconds - hours * 3_600;
  if (hours < 10) out.writeByte(0x30);
  writeInteger(out, hours);
  out.reserve(6);
  const { bytes, length } = out;
  bytes[length] = COLON;
  putPair(bytes, length + 1, Math.floor(rest / 60));
  bytes[length + 3] = COLON;
  putPair(bytes, length + 4, rest % 60);
  out.length = length + 6;
  if (fraction !== 0) writeFraction(out, fraction);
}

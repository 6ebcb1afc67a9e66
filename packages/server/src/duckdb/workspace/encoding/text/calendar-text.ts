import type { WireBuffer } from '../wire-buffer.js';
import { putInteger, putPadded, putPair } from './digits.js';

export const MICROS_PER_SECOND = 1_000_000;
export const MICROS_PER_DAY = 86_400_000_000;
const SECONDS_PER_DAY = 86_400;

const DASH = 0x2d;
const COLON = 0x3a;
const POINT = 0x2e;
const PLUS = 0x2b;

/** Year 0 is 1 BC, as astronomers count. */
export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Proleptic Gregorian calendar, days since 1970-01-01; eras of 400 years keep every intermediate value positive. */
export function civilDate(days: number): CivilDate {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  };
}

/** The inverse: days since 1970-01-01. */
export function daysOfCivil(year: number, month: number, day: number): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/**
 * Dates as `YYYY-MM-DD`. Neighbouring rows often are of one day, so the text of the last one is kept. Years before 1 are counted
 * backwards and marked by ` BC` at the end of the whole text, which is the caller's to add.
 */
export class DateText {
  #days = Number.NaN;
  readonly #text = new Uint8Array(16);
  #length = 0;
  #isBc = false;

  /** Reserves. Answers whether the year is before 1. */
  write(out: WireBuffer, days: number): boolean {
    if (days !== this.#days) this.#format(days);
    out.reserve(16);
    const { bytes, length } = out;
    const text = this.#text;
    for (let index = 0; index < this.#length; index++) bytes[length + index] = text[index] as number;
    out.length = length + this.#length;
    return this.#isBc;
  }

  #format(days: number): void {
    const { year, month, day } = civilDate(days);
    const text = this.#text;
    const shownYear = year > 0 ? year : 1 - year;
    let position = 4;
    if (shownYear < 10_000) putPadded(text, 4, shownYear, 4);
    else position = putInteger(text, 0, shownYear);
    text[position] = DASH;
    putPair(text, position + 1, month);
    text[position + 3] = DASH;
    putPair(text, position + 4, day);
    this.#days = days;
    this.#length = position + 6;
    this.#isBc = year <= 0;
  }
}

/** `HH:MM:SS` and the microseconds without zeros at the end. 24:00:00 exists. */
export function writeTimeOfDay(out: WireBuffer, micros: number): void {
  out.reserve(15);
  const { bytes, length } = out;
  const totalSeconds = Math.floor(micros / MICROS_PER_SECOND);
  const fraction = micros - totalSeconds * MICROS_PER_SECOND;
  const minutes = (totalSeconds / 60) | 0;
  const hours = (minutes / 60) | 0;
  putPair(bytes, length, hours);
  bytes[length + 2] = COLON;
  putPair(bytes, length + 3, minutes - hours * 60);
  bytes[length + 5] = COLON;
  putPair(bytes, length + 6, totalSeconds - minutes * 60);
  out.length = length + 8;
  if (fraction !== 0) writeFraction(out, fraction);
}

/** Point and digits of microseconds, without zeros at the end; the fraction is not 0. */
export function writeFraction(out: WireBuffer, micros: number): void {
  let digits = micros | 0;
  let count = 6;
  while (digits % 10 === 0) {
    digits = (digits / 10) | 0;
    count--;
  }
  out.reserve(7);
  const { bytes, length } = out;
  bytes[length] = POINT;
  putPadded(bytes, length + 1 + count, digits, count);
  out.length = length + 1 + count;
}

/** `+02`, `+05:30`, `-00:57:44`; ISO 8601 wants minutes always. Seconds east of Greenwich. */
export function writeOffset(out: WireBuffer, offsetSeconds: number, minutesAlways: boolean): void {
  out.reserve(9);
  const { bytes } = out;
  let position = out.length;
  const absolute = Math.abs(offsetSeconds);
  const seconds = absolute % 60;
  const minutes = ((absolute / 60) | 0) % 60;
  bytes[position] = offsetSeconds < 0 ? DASH : PLUS;
  putPair(bytes, position + 1, (absolute / 3_600) | 0);
  position += 3;
  if (minutes !== 0 || seconds !== 0 || minutesAlways) {
    bytes[position] = COLON;
    putPair(bytes, position + 1, minutes);
    position += 3;
  }
  if (seconds !== 0) {
    bytes[position] = COLON;
    putPair(bytes, position + 1, seconds);
    position += 3;
  }
  out.length = position;
}

export { SECONDS_PER_DAY };

import { DuckDBIntervalValue } from '@duckdb/node-api';
import { daysOfCivil, MICROS_PER_DAY, MICROS_PER_SECOND, SECONDS_PER_DAY } from '../text/calendar-text.js';
import { offsetsOf } from '../time-zone-offsets.js';
import { fieldOutOfRange, invalidDateTime } from './input-errors.js';

/** A date, or an infinity. */
export type DayInput = number | 'infinity' | '-infinity';

interface DateTimeInput {
  readonly days: number;
  /** Of the day; may be a whole day for 24:00:00. Undefined when there was no time. */
  readonly micros: number | undefined;
  /** Seconds east of Greenwich, or the name of a zone. */
  readonly zone: number | string | undefined;
}

const DATE =
  /^(?:(\d{4,7})-(\d{1,2})-(\d{1,2})|(\d{1,2})\/(\d{1,2})\/(\d{4,7})|(\d{4})(\d{2})(\d{2}))(?=$|[T\s+-]|[zZ]$)/;
const TIME = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d*))?)?(?:\s*([ap]m)(?![a-z]))?/i;
const ZONE = /^(?:([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?|([a-z][\w+-]*(?:\/[\w+-]+)*))/i;

/**
 * ISO 8601 in all its forms, PostgreSQL's own output, and month/day/year, which is what DateStyle `ISO, MDY` says. Drivers send these;
 * PostgreSQL's reader of nearly anything is not imitated: what is not understood is an error.
 */
function parseDateTime(text: string, typeName: string): DateTimeInput {
  let rest = text.trim();
  const fail = (): never => {
    throw invalidDateTime(typeName, text);
  };
  const isBc = /\sBC$/i.test(rest);
  rest = rest.replace(/\s(BC|AD)$/i, '');
  const date = DATE.exec(rest) ?? fail();
  const [, isoYear, isoMonth, isoDay, usMonth, usDay, usYear, year, month, day] = date;
  const days = checkedDays(
    Number(isoYear ?? usYear ?? year),
    Number(isoMonth ?? usMonth ?? month),
    Number(isoDay ?? usDay ?? day),
    isBc,
    text,
  );
  rest = rest.slice(date[0].length).replace(/^(T|\s+)/, '');
  if (rest === '') return { days, micros: undefined, zone: undefined };
  const time = TIME.exec(rest);
  const micros = time === null ? undefined : timeMicros(time, text);
  if (time !== null) rest = rest.slice(time[0].length).trimStart();
  return { days, micros, zone: rest === '' ? undefined : parseZone(rest, typeName, text) };
}

function checkedDays(year: number, month: number, day: number, isBc: boolean, text: string): number {
  const lastDay = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  const civilYear = isBc ? 1 - year : year;
  const isLeap = civilYear % 4 === 0 && (civilYear % 100 !== 0 || civilYear % 400 === 0);
  if (year === 0 || day < 1 || day > (month === 2 && isLeap ? 29 : lastDay)) throw fieldOutOfRange(text);
  return daysOfCivil(civilYear, month, day);
}

function timeMicros(match: RegExpExecArray, text: string): number {
  const [, hourText = '', minuteText, secondText = '0', fraction = '', half] = match;
  let hours = Number(hourText);
  if (half !== undefined) {
    if (hours < 1 || hours > 12) throw fieldOutOfRange(text);
    hours = (hours % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
  }
  const minutes = Number(minuteText);
  const seconds = Number(secondText);
  const micros =
    (hours * 3_600 + minutes * 60 + seconds) * MICROS_PER_SECOND +
    Math.round(Number(`0.${fraction === '' ? '0' : fraction}`) * MICROS_PER_SECOND);
  if (minutes > 59 || seconds > 60 || micros > MICROS_PER_DAY) throw fieldOutOfRange(text);
  return micros;
}

function parseZone(zone: string, typeName: string, text: string): number | string {
  const match = ZONE.exec(zone);
  if (match === null || match[0].length !== zone.length) throw invalidDateTime(typeName, text);
  const [, sign, hours, minutes = '0', seconds = '0', name] = match;
  if (name !== undefined) return /^(z|utc|gmt|zulu)$/i.test(name) ? 0 : name;
  const offset = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  if (offset >= 16 * 3_600) throw fieldOutOfRange(text);
  return sign === '-' ? -offset : offset;
}

function infinityOf(text: string): 'infinity' | '-infinity' | undefined {
  const word = text.trim().toLowerCase();
  return word === 'infinity' || word === '+infinity' ? 'infinity' : word === '-infinity' ? '-infinity' : undefined;
}

/** Days since 1970-01-01. */
export function parseDate(text: string): DayInput {
  if (text.trim().toLowerCase() === 'epoch') return 0;
  return infinityOf(text) ?? parseDateTime(text, 'date').days;
}

/** Microseconds since 1970-01-01; a zone in the text is ignored, as PostgreSQL does for the type without one. */
export function parseTimestamp(text: string): bigint | 'infinity' | '-infinity' {
  if (text.trim().toLowerCase() === 'epoch') return 0n;
  const infinity = infinityOf(text);
  if (infinity !== undefined) return infinity;
  const { days, micros = 0 } = parseDateTime(text, 'timestamp');
  return BigInt(days) * BigInt(MICROS_PER_DAY) + BigInt(micros);
}

/** In UTC. Without a zone it is a time of the session's. */
export function parseTimestampTz(text: string, sessionZone: string): bigint | 'infinity' | '-infinity' {
  if (text.trim().toLowerCase() === 'epoch') return 0n;
  const infinity = infinityOf(text);
  if (infinity !== undefined) return infinity;
  const { days, micros = 0, zone = sessionZone } = parseDateTime(text, 'timestamp with time zone');
  const localSeconds = days * SECONDS_PER_DAY + Math.floor(micros / MICROS_PER_SECOND);
  const offset = typeof zone === 'number' ? zone : offsetsOf(zone).atLocal(localSeconds);
  return BigInt(days) * BigInt(MICROS_PER_DAY) + BigInt(micros) - BigInt(offset) * 1_000_000n;
}

/** Microseconds of the day, of a time alone or of a timestamp. */
export function parseTime(text: string): number {
  return parseTimeAndZone(text, 'time').micros;
}

export function parseTimeTz(text: string, sessionZone: string): { readonly micros: number; readonly offset: number } {
  const { micros, zone = sessionZone } = parseTimeAndZone(text, 'time with time zone');
  const offset = typeof zone === 'number' ? zone : offsetsOf(zone).at(Math.floor(Date.now() / 1_000));
  return { micros, offset };
}

function parseTimeAndZone(
  text: string,
  typeName: string,
): { readonly micros: number; readonly zone: number | string | undefined } {
  const trimmed = text.trim();
  const time = TIME.exec(trimmed);
  if (time === null) {
    const { micros, zone } = parseDateTime(text, typeName);
    if (micros === undefined) throw invalidDateTime(typeName, text);
    return { micros, zone };
  }
  const rest = trimmed.slice(time[0].length).trimStart();
  return { micros: timeMicros(time, text), zone: rest === '' ? undefined : parseZone(rest, typeName, text) };
}

/** What a unit stands for: months, days or microseconds. */
const UNITS: readonly (readonly [RegExp, 'months' | 'days' | 'micros', number])[] = [
  [/^(us|usecs?|microsecs?|microseconds?)$/, 'micros', 1],
  [/^(ms|msecs?|millisecs?|milliseconds?)$/, 'micros', 1_000],
  [/^(s|secs?|seconds?)$/, 'micros', 1_000_000],
  [/^(m|mins?|minutes?)$/, 'micros', 60_000_000],
  [/^(h|hrs?|hours?)$/, 'micros', 3_600_000_000],
  [/^(d|days?)$/, 'days', 1],
  [/^(w|weeks?)$/, 'days', 7],
  [/^(mons?|months?)$/, 'months', 1],
  [/^(y|yrs?|years?)$/, 'months', 12],
  [/^(dec|decs|decades?)$/, 'months', 120],
  [/^(c|cent|century|centuries)$/, 'months', 1_200],
  [/^(mil|mils|millennium|millennia|millenniums?)$/, 'months', 12_000],
];
const INTERVAL_PART = /^\s*(?:([+-]?)(\d+):(\d{1,2})(?::(\d{1,2}(?:\.\d*)?))?|([+-]?(?:\d+\.?\d*|\.\d+))\s*([a-z]+)?)/i;
const ISO_PART = /^([+-]?(?:\d+\.?\d*|\.\d+))([YMWDHS])/i;
const ISO_DATE_UNITS: Readonly<Record<string, string>> = { Y: 'years', M: 'months', W: 'weeks', D: 'days' };
const ISO_TIME_UNITS: Readonly<Record<string, string>> = { H: 'hours', M: 'minutes', S: 'seconds' };

class IntervalSum {
  months = 0;
  days = 0;
  micros = 0;

  /** False for a unit that does not exist. Fractions go to the next smaller part: 30 days a month, 24 hours a day. */
  add(amount: number, unit: string): boolean {
    const known = UNITS.find(([name]) => name.test(unit.toLowerCase()));
    if (known === undefined) return false;
    const [, part, factor] = known;
    if (part === 'micros') this.micros += Math.round(amount * factor);
    else if (part === 'days') this.#addDays(amount * factor);
    else {
      const months = Math.trunc(amount * factor);
      this.months += months;
      this.#addDays((amount * factor - months) * 30);
    }
    return true;
  }

  #addDays(amount: number): void {
    const days = Math.trunc(amount);
    this.days += days;
    this.micros += Math.round((amount - days) * MICROS_PER_DAY);
  }

  value(sign: 1 | -1, text: string): DuckDBIntervalValue {
    const { months, days, micros } = this;
    if (Math.abs(months) > 2 ** 31 - 1 || Math.abs(days) > 2 ** 31 - 1 || !Number.isSafeInteger(micros)) {
      throw fieldOutOfRange(text);
    }
    return new DuckDBIntervalValue(months * sign || 0, days * sign || 0, BigInt(micros * sign || 0));
  }
}

/** `1 year 2 mons -3 days +04:05:06.7`, `@ 5 minutes ago`, `P1Y2M3DT4H5M6S`. */
export function parseInterval(text: string): DuckDBIntervalValue {
  let rest = text.trim().replace(/^@\s*/, '');
  const isAgo = /\sago$/i.test(rest);
  rest = rest.replace(/\s+ago$/i, '');
  const sum = new IntervalSum();
  const isRead = /^P/i.test(rest) ? addIsoParts(sum, rest.slice(1)) : addParts(sum, rest);
  if (!isRead) throw invalidDateTime('interval', text);
  return sum.value(isAgo ? -1 : 1, text);
}

function addParts(sum: IntervalSum, text: string): boolean {
  let rest = text;
  if (rest === '') return false;
  while (rest.trim() !== '') {
    const match = INTERVAL_PART.exec(rest);
    if (match === null) return false;
    const [all, sign, hours, minutes, seconds = '0', amount, unit = 'seconds'] = match;
    if (hours !== undefined) {
      if (Number(minutes) > 59 || Number(seconds) >= 60) return false;
      const micros = (Number(hours) * 3_600 + Number(minutes) * 60) * MICROS_PER_SECOND;
      const total = micros + Math.round(Number(seconds) * MICROS_PER_SECOND);
      sum.micros += sign === '-' ? -total : total;
    } else if (!sum.add(Number(amount), unit)) return false;
    rest = rest.slice(all.length);
  }
  return true;
}

function addIsoParts(sum: IntervalSum, text: string): boolean {
  let rest = text;
  let units = ISO_DATE_UNITS;
  while (rest !== '') {
    if (/^T/i.test(rest)) {
      units = ISO_TIME_UNITS;
      rest = rest.slice(1);
    }
    const match = ISO_PART.exec(rest);
    const unit = match === null ? undefined : units[(match[2] ?? '').toUpperCase()];
    if (match === null || unit === undefined || !sum.add(Number(match[1]), unit)) return false;
    rest = rest.slice(match[0].length);
  }
  return text !== '';
}

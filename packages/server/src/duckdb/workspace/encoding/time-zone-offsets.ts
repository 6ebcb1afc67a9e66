import { SqlError } from '../../../errors/sql-error.js';
import { civilDate, daysOfCivil, SECONDS_PER_DAY } from './text/calendar-text.js';

/** Some zones were changed twice within a month (the Ramadan pauses of Egypt and Morocco); nowhere twice within a week. */
const SAMPLE_SECONDS = 7 * SECONDS_PER_DAY;
/** Dates repeat every 400 years, and the rules of the last year known hold on; `Intl` knows no year beyond 275760. */
const REPEATED_FROM_YEAR = 2_400;
const CYCLE_YEARS = 400;
const CYCLE_SECONDS = 146_097 * SECONDS_PER_DAY;
/** Before standard time every place had its own, which `Intl` knows; it is the same at any earlier time. */
const FIRST_YEAR = 1_800;

interface YearOffsets {
  /** UTC seconds of the changes within the year, ascending. */
  readonly changes: readonly number[];
  /** One more than changes. */
  readonly offsets: readonly number[];
}

/**
 * Seconds between local time and UTC in one zone, at any time since before there was standard time. `Intl` knows it but takes
 * microseconds per question; so its answers are kept as the list of changes of each year that was asked for.
 */
export class TimeZoneOffsets {
  readonly #format: Intl.DateTimeFormat | undefined;
  readonly #years = new Map<number, YearOffsets>();
  /** The last answer, and the range that it holds for. */
  #from = 1;
  #until = 0;
  #offset = 0;

  constructor(readonly timeZone: string) {
    this.#format = /^(utc|gmt|etc\/(utc|gmt|zulu|uct)|uct|zulu|z)$/i.test(timeZone) ? undefined : formatOf(timeZone);
  }

  /** Seconds east of Greenwich at a time in UTC. */
  at(utcSeconds: number): number {
    if (this.#format === undefined) return 0;
    if (utcSeconds >= this.#from && utcSeconds < this.#until) return this.#offset;
    return this.#find(utcSeconds);
  }

  /**
   * At a local time. One that exists twice is the earlier, daylight time; one that was skipped is read with the offset before the
   * change, as PostgreSQL does.
   */
  atLocal(localSeconds: number): number {
    const before = this.at(localSeconds - SECONDS_PER_DAY);
    const after = this.at(localSeconds + SECONDS_PER_DAY);
    if (before === after) return before;
    const fitsBefore = this.at(localSeconds - before) === before;
    const fitsAfter = this.at(localSeconds - after) === after;
    if (fitsBefore === fitsAfter) return fitsBefore ? Math.max(before, after) : before;
    return fitsBefore ? before : after;
  }

  #find(utcSeconds: number): number {
    const { year } = civilDate(Math.floor(utcSeconds / SECONDS_PER_DAY));
    const cycles = year >= REPEATED_FROM_YEAR ? Math.floor((year - REPEATED_FROM_YEAR) / CYCLE_YEARS) + 1 : 0;
    const shift = cycles * CYCLE_SECONDS;
    const shownYear = Math.max(FIRST_YEAR, year - cycles * CYCLE_YEARS);
    const seconds = year < FIRST_YEAR ? startOfYear(FIRST_YEAR) : utcSeconds - shift;
    const { changes, offsets } = this.#yearOffsets(shownYear);
    let index = 0;
    while (index < changes.length && seconds >= (changes[index] ?? Infinity)) index++;
    this.#offset = offsets[index] ?? 0;
    if (year < FIRST_YEAR) {
      this.#from = Number.NEGATIVE_INFINITY;
      this.#until = startOfYear(FIRST_YEAR);
    } else {
      this.#from = (changes[index - 1] ?? startOfYear(shownYear)) + shift;
      this.#until = (changes[index] ?? startOfYear(shownYear + 1)) + shift;
    }
    return this.#offset;
  }

  #yearOffsets(year: number): YearOffsets {
    const known = this.#years.get(year);
    if (known !== undefined) return known;
    const changes: number[] = [];
    const start = startOfYear(year);
    const end = startOfYear(year + 1);
    let time = start;
    let offset = this.#ask(start);
    const offsets = [offset];
    while (time < end) {
      const next = Math.min(end, time + SAMPLE_SECONDS);
      const nextOffset = this.#ask(next);
      if (nextOffset !== offset) {
        const change = this.#findChange(time, next, offset);
        if (change < end) {
          changes.push(change);
          offsets.push(nextOffset);
        }
      }
      time = next;
      offset = nextOffset;
    }
    const found = { changes, offsets };
    this.#years.set(year, found);
    return found;
  }

  /** The first second between the two whose offset is not `offset` any more. */
  #findChange(from: number, until: number, offset: number): number {
    let [low, high] = [from, until];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#ask(middle) === offset) low = middle;
      else high = middle;
    }
    return high;
  }

  #ask(utcSeconds: number): number {
    const fields: Record<string, number> = {};
    for (const { type, value } of this.#format?.formatToParts(utcSeconds * 1000) ?? []) fields[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = fields;
    return daysOfCivil(year, month, day) * SECONDS_PER_DAY + hour * 3_600 + minute * 60 + second - utcSeconds;
  }
}

function startOfYear(year: number): number {
  return daysOfCivil(year, 1, 1) * SECONDS_PER_DAY;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new SqlError('22023', `invalid value for parameter "TimeZone": "${timeZone}"`, { cause });
  }
}

const KNOWN_ZONES = new Map<string, TimeZoneOffsets>();

/** Shared by all sessions: what one learned about a zone serves the others. Zones are few, and misspelt ones are not kept. */
export function offsetsOf(timeZone: string): TimeZoneOffsets {
  let offsets = KNOWN_ZONES.get(timeZone);
  if (offsets === undefined) {
    offsets = new TimeZoneOffsets(timeZone);
    KNOWN_ZONES.set(timeZone, offsets);
  }
  return offsets;
}

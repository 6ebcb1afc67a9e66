import { safeInt64 } from './text/digits.js';
import { MICROS_PER_DAY, MICROS_PER_SECOND, SECONDS_PER_DAY } from './text/calendar-text.js';

export type TimestampUnit = 's' | 'ms' | 'us' | 'ns';

const INFINITY = 2n ** 63n - 1n;
const BIG_MICROS_PER_DAY = 86_400_000_000n;
const TWO_TO_32 = 4_294_967_296;

/**
 * Splits DuckDB's 64-bit timestamps into a day and the microseconds of it, without a BigInt as far as the years 1685 to 2255 go.
 * The fields hold what the last `read` found; nanoseconds are cut to microseconds, downwards, as their cast to TIMESTAMP does.
 */
export class TimestampParts {
  /** Since 1970-01-01. */
  days = 0;
  /** Of the day, from 0. */
  micros = 0;

  constructor(readonly unit: TimestampUnit) {}

  /** False for an infinity, whose sign is that of `days` then. */
  read(values: DataView, offset: number): boolean {
    if (this.unit === 'ns') return this.#readNanos(values, offset);
    const ticks = safeInt64(values, offset);
    if (ticks === undefined) return this.#readFar(values.getBigInt64(offset, true));
    if (this.unit === 'us') {
      this.days = Math.floor(ticks / MICROS_PER_DAY);
      this.micros = ticks - this.days * MICROS_PER_DAY;
    } else {
      const perSecond = this.unit === 's' ? 1 : 1_000;
      this.days = Math.floor(ticks / (SECONDS_PER_DAY * perSecond));
      this.micros = (ticks - this.days * SECONDS_PER_DAY * perSecond) * (MICROS_PER_SECOND / perSecond);
    }
    return true;
  }

  /** Moves by seconds, less than a day. */
  shift(seconds: number): void {
    this.micros += seconds * MICROS_PER_SECOND;
    if (this.micros < 0) {
      this.micros += MICROS_PER_DAY;
      this.days--;
    } else if (this.micros >= MICROS_PER_DAY) {
      this.micros -= MICROS_PER_DAY;
      this.days++;
    }
  }

  /** Nanoseconds of today do not fit a double: divided by 1,000 word by word. */
  #readNanos(values: DataView, offset: number): boolean {
    const high = values.getInt32(offset + 4, true);
    const low = values.getUint32(offset, true);
    if ((high === 0x7fff_ffff && low === 0xffff_ffff) || (high === -0x8000_0000 && low === 1)) {
      this.days = high;
      return false;
    }
    const quotient = Math.floor(high / 1_000);
    const micros = quotient * TWO_TO_32 + Math.floor(((high - quotient * 1_000) * TWO_TO_32 + low) / 1_000);
    this.days = Math.floor(micros / MICROS_PER_DAY);
    this.micros = micros - this.days * MICROS_PER_DAY;
    return true;
  }

  /** Only microseconds get so far: seconds and milliseconds of that size are beyond the calendar. */
  #readFar(ticks: bigint): boolean {
    if (ticks === INFINITY || ticks === -INFINITY) {
      this.days = ticks > 0n ? 1 : -1;
      return false;
    }
    const micros = ((ticks % BIG_MICROS_PER_DAY) + BIG_MICROS_PER_DAY) % BIG_MICROS_PER_DAY;
    this.micros = Number(micros);
    this.days = Number((ticks - micros) / BIG_MICROS_PER_DAY);
    return true;
  }
}

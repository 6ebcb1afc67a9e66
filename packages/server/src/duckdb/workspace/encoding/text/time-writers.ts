import type { WireBuffer } from '../wire-buffer.js';
import { TimestampParts, type TimestampUnit } from '../timestamp-parts.js';
import type { TimeZoneOffsets } from '../time-zone-offsets.js';
import { DateText, MICROS_PER_SECOND, SECONDS_PER_DAY, writeOffset, writeTimeOfDay } from './calendar-text.js';
import { safeInt64 } from './digits.js';
import { writeInterval } from './interval-text.js';
import { FixedTextWriter, type TextCharacters } from './text-writer.js';

const INFINITE_DAYS = 2 ** 31 - 1;

export class DateWriter extends FixedTextWriter {
  protected readonly widthBytes = 4;
  override readonly characters = 'spaced';
  readonly #text = new DateText();

  write(row: number, out: WireBuffer): void {
    const days = this.values.getInt32(row * 4, true);
    if (days === INFINITE_DAYS || days === -INFINITE_DAYS) out.writeAscii(days > 0 ? 'infinity' : '-infinity');
    else if (this.#text.write(out, days)) out.writeAscii(' BC');
  }
}

export class TimeWriter extends FixedTextWriter {
  protected readonly widthBytes = 8;
  write(row: number, out: WireBuffer): void {
    writeTimeOfDay(out, safeInt64(this.values, row * 8) ?? 0);
  }
}

/** Nanoseconds of a day fit a double. */
export class TimeNsWriter extends FixedTextWriter {
  protected readonly widthBytes = 8;
  write(row: number, out: WireBuffer): void {
    writeTimeOfDay(out, Math.floor((safeInt64(this.values, row * 8) ?? 0) / 1_000));
  }
}

/** 40 bits of microseconds, then 24 bits of offset, which count backwards from the greatest one so that equal times sort. */
const MAX_OFFSET_SECONDS = 16 * 3_600 - 1;

export function timeTzMicros(values: DataView, row: number): number {
  return values.getUint32(row * 8 + 4, true) * 256 + values.getUint8(row * 8 + 3);
}

/** Seconds east of Greenwich. */
export function timeTzOffset(values: DataView, row: number): number {
  return MAX_OFFSET_SECONDS - (values.getUint32(row * 8, true) & 0xff_ffff);
}

export class TimeTzWriter extends FixedTextWriter {
  protected readonly widthBytes = 8;
  write(row: number, out: WireBuffer): void {
    writeTimeOfDay(out, timeTzMicros(this.values, row));
    writeOffset(out, timeTzOffset(this.values, row), false);
  }
}

/** `separator` is a blank, or the T of ISO 8601, which JSON uses. */
export class TimestampWriter extends FixedTextWriter {
  protected readonly widthBytes = 8;
  override readonly characters: TextCharacters = 'spaced';
  readonly #parts: TimestampParts;
  readonly #date = new DateText();
  readonly #separator: number;

  /** With `offsets` it is a time of that zone. */
  constructor(
    unit: TimestampUnit,
    readonly offsets: TimeZoneOffsets | undefined,
    readonly isIso: boolean,
  ) {
    super();
    this.#parts = new TimestampParts(unit);
    this.#separator = isIso ? 0x54 : 0x20;
  }

  write(row: number, out: WireBuffer): void {
    const parts = this.#parts;
    if (!parts.read(this.values, row * 8)) {
      out.writeAscii(parts.days > 0 ? 'infinity' : '-infinity');
      return;
    }
    let offset = 0;
    if (this.offsets !== undefined) {
      offset = this.offsets.at(parts.days * SECONDS_PER_DAY + Math.floor(parts.micros / MICROS_PER_SECOND));
      parts.shift(offset);
    }
    const isBc = this.#date.write(out, parts.days);
    out.writeByte(this.#separator);
    writeTimeOfDay(out, parts.micros);
    if (this.offsets !== undefined) writeOffset(out, offset, this.isIso);
    if (isBc) out.writeAscii(' BC');
  }
}

/** Months and days of 32 bits, microseconds of 64. */
export class IntervalWriter extends FixedTextWriter {
  protected readonly widthBytes = 16;
  override readonly characters = 'spaced';
  write(row: number, out: WireBuffer): void {
    const { values } = this;
    const micros = values.getBigInt64(row * 16 + 8, true);
    writeInterval(out, values.getInt32(row * 16, true), values.getInt32(row * 16 + 4, true), micros);
  }
}

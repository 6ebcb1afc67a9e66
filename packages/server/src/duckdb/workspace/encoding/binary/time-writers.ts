import { SqlError } from '../../../../errors/sql-error.js';
import { safeInt64 } from '../text/digits.js';
import { MICROS_PER_DAY } from '../text/calendar-text.js';
import { timeTzMicros, timeTzOffset } from '../text/time-writers.js';
import { TimestampParts, type TimestampUnit } from '../timestamp-parts.js';
import { FixedWidthWriter } from '../vector-writer.js';
import type { WireBuffer } from '../wire-buffer.js';
import { writeBigInt64, writeInt64 } from './number-writers.js';

/** PostgreSQL counts from 2000-01-01. */
export const PG_EPOCH_DAYS = 10_957;
const INFINITE_DAYS = 2 ** 31 - 1;
const MIN_INT32 = -(2 ** 31);
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

export class DateBinary extends FixedWidthWriter {
  protected readonly widthBytes = 4;
  write(row: number, out: WireBuffer): void {
    const days = this.values.getInt32(row * 4, true);
    if (days === INFINITE_DAYS) out.writeInt32(INFINITE_DAYS);
    else if (days === -INFINITE_DAYS) out.writeInt32(MIN_INT32);
    else out.writeInt32(days - PG_EPOCH_DAYS);
  }
}

export class TimeBinary extends FixedWidthWriter {
  protected readonly widthBytes = 8;
  constructor(readonly ticksPerMicro: 1 | 1_000) {
    super();
  }
  write(row: number, out: WireBuffer): void {
    writeInt64(out, Math.floor((safeInt64(this.values, row * 8) ?? 0) / this.ticksPerMicro));
  }
}

/** The zone is in seconds west of Greenwich. */
export class TimeTzBinary extends FixedWidthWriter {
  protected readonly widthBytes = 8;
  write(row: number, out: WireBuffer): void {
    writeInt64(out, timeTzMicros(this.values, row));
    out.writeInt32(-timeTzOffset(this.values, row));
  }
}

/** TIMESTAMP of any unit, and TIMESTAMPTZ: microseconds. */
export class TimestampBinary extends FixedWidthWriter {
  protected readonly widthBytes = 8;
  readonly #parts: TimestampParts;

  constructor(unit: TimestampUnit) {
    super();
    this.#parts = new TimestampParts(unit);
  }

  write(row: number, out: WireBuffer): void {
    const parts = this.#parts;
    if (!parts.read(this.values, row * 8)) {
      writeBigInt64(out, parts.days > 0 ? MAX_INT64 : MIN_INT64);
      return;
    }
    const micros = (parts.days - PG_EPOCH_DAYS) * MICROS_PER_DAY + parts.micros;
    if (Number.isSafeInteger(micros)) writeInt64(out, micros);
    else writeBigInt64(out, farMicros(parts));
  }
}

/** DuckDB's calendar begins before PostgreSQL's 64 bits do. */
function farMicros({ days, micros }: TimestampParts): bigint {
  const all = BigInt(days - PG_EPOCH_DAYS) * BigInt(MICROS_PER_DAY) + BigInt(micros);
  if (all <= MIN_INT64 || all >= MAX_INT64) throw new SqlError('22008', 'timestamp out of range');
  return all;
}

export class IntervalBinary extends FixedWidthWriter {
  protected readonly widthBytes = 16;
  write(row: number, out: WireBuffer): void {
    const { values } = this;
    out.reserve(16);
    const { view, length } = out;
    view.setInt32(length, values.getInt32(row * 16 + 12, true));
    view.setInt32(length + 4, values.getInt32(row * 16 + 8, true));
    view.setInt32(length + 8, values.getInt32(row * 16 + 4, true));
    view.setInt32(length + 12, values.getInt32(row * 16, true));
    out.length = length + 16;
  }
}

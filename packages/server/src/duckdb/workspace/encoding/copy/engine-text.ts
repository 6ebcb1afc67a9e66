import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBIntervalValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeTZValue,
  DuckDBTimeValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { dateText, offsetText, timestampText, timeText } from '../../../time-text.js';

/** The text that DuckDB casts to the same value. Blobs are hexadecimal digits, for `unhex`. */
export function engineText(value: DuckDBValue): string {
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (value instanceof DuckDBDateValue) return dateText(value.days);
  if (value instanceof DuckDBTimestampValue) return timestampText(value.micros);
  if (value instanceof DuckDBTimestampTZValue) return timestampText(value.micros, '+00');
  if (value instanceof DuckDBTimeValue) return timeText(value.micros);
  if (value instanceof DuckDBTimeTZValue) return timeText(value.micros) + offsetText(value.offset);
  if (value instanceof DuckDBIntervalValue) {
    return `${value.months} months ${value.days} days ${value.micros} microseconds`;
  }
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('hex');
  return String(value);
}

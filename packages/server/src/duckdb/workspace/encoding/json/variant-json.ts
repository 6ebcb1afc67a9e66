import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUnionValue,
  DuckDBVariantValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { dateText, timestampText } from '../../../time-text.js';
import { writeInterval } from '../text/interval-text.js';
import type { WireBuffer } from '../wire-buffer.js';

/** JSON of a value whose type is known only from itself. Times of a zone are shown in UTC. */
export function writeVariantJson(value: DuckDBValue, out: WireBuffer): void {
  if (value === null) out.writeAscii('null');
  else if (typeof value === 'boolean' || typeof value === 'bigint') out.writeAscii(String(value));
  else if (typeof value === 'number') out.writeAscii(Number.isFinite(value) ? String(value) : `"${value}"`);
  else if (typeof value === 'string') out.writeText(JSON.stringify(value));
  else if (value instanceof DuckDBVariantValue) writeVariantJson(value.value, out);
  else if (value instanceof DuckDBUnionValue) writeVariantJson(value.value, out);
  else if (value instanceof DuckDBDecimalValue) out.writeAscii(value.toString());
  else if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) writeList(value.items, out);
  else if (value instanceof DuckDBStructValue) writeObject(Object.entries(value.entries), out);
  else if (value instanceof DuckDBMapValue) {
    writeObject(
      value.entries.map((entry) => [String(entry.key), entry.value]),
      out,
    );
  } else if (value instanceof DuckDBIntervalValue) {
    out.writeAscii('"');
    writeInterval(out, value.months, value.days, value.micros);
    out.writeAscii('"');
  } else out.writeText(JSON.stringify(textOf(value)));
}

function textOf(value: Exclude<DuckDBValue, null | boolean | bigint | number | string>): string {
  if (value instanceof DuckDBDateValue) return dateText(value.days);
  if (value instanceof DuckDBTimestampValue) return timestampText(value.micros);
  if (value instanceof DuckDBTimestampTZValue) return timestampText(value.micros, '+00:00');
  if (value instanceof DuckDBBlobValue) return `\\x${Buffer.from(value.bytes).toString('hex')}`;
  return value.toString();
}

function writeList(items: readonly DuckDBValue[], out: WireBuffer): void {
  out.writeAscii('[');
  for (const [index, item] of items.entries()) {
    if (index > 0) out.writeAscii(',');
    writeVariantJson(item, out);
  }
  out.writeAscii(']');
}

function writeObject(entries: readonly (readonly [string, DuckDBValue])[], out: WireBuffer): void {
  out.writeAscii('{');
  for (const [index, [key, item]] of entries.entries()) {
    if (index > 0) out.writeAscii(',');
    out.writeText(`${JSON.stringify(key)}:`);
    writeVariantJson(item, out);
  }
  out.writeAscii('}');
}

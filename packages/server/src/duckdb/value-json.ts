import {
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBBitValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimeNSValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeTZValue,
  DuckDBTimeValue,
  DuckDBTypeId,
  DuckDBUnionType,
  DuckDBUnionValue,
  DuckDBUUIDValue,
  type DuckDBDataChunk,
  type DuckDBMaterializedResult,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { dateText, intervalText, offsetText, timestampNanosText, timestampText, timeText } from './time-text.js';

/** JSON text of one value that is not null. */
type ValueWriter = (value: DuckDBValue) => string;

/** One object per line, of the first `rowCount` rows of each chunk; keys in column order, values as in previews. */
export function ndjsonWriter(
  names: readonly string[],
  types: readonly DuckDBType[],
): (chunk: DuckDBDataChunk, rowCount: number) => string {
  const prefixes = prefixesOf(names);
  const writers = types.map((type) => nullable(writerOf(type)));
  return (chunk, rowCount) => {
    const rows: string[] = [];
    appendRows(chunk, prefixes, writers, rows);
    return rows
      .slice(0, rowCount)
      .map((row) => `${row}\n`)
      .join('');
  };
}

/**
 * A JSON array of row objects with keys in column order, as chapter 3.3 of the API contract describes the values; `texts` puts those that
 * are not texts into quotes.
 */
export function rowsToJson(
  result: DuckDBMaterializedResult,
  { texts = false }: { readonly texts?: boolean } = {},
): { rowsJson: string; rowCount: number } {
  const names = result.columnNames();
  const prefixes = prefixesOf(names);
  const writers = result.columnTypes().map((type) => nullable(texts ? quoted(writerOf(type)) : writerOf(type)));
  const rows: string[] = [];
  // Chunks that are there already; fetching them would send each of them through the thread pool.
  for (let index = 0; index < result.chunkCount; index++) appendRows(result.getChunk(index), prefixes, writers, rows);
  return { rowsJson: `[${rows.join(',')}]`, rowCount: rows.length };
}

function prefixesOf(names: readonly string[]): string[] {
  return names.map((name, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
}

/** Column by column, because a vector is read fastest that way; a row's text grows from left to right. */
function appendRows(
  chunk: DuckDBDataChunk,
  prefixes: readonly string[],
  writers: readonly ValueWriter[],
  rows: string[],
): void {
  const texts = new Array<string>(chunk.rowCount).fill('');
  for (const [column, write] of writers.entries()) {
    const vector = chunk.getColumnVector(column);
    const prefix = prefixes[column] ?? '';
    for (let row = 0; row < texts.length; row++) texts[row] += prefix + write(vector.getItem(row));
  }
  for (const text of texts) rows.push(`${text}}`);
}

function nullable(write: ValueWriter): ValueWriter {
  return (value) => (value === null ? 'null' : write(value));
}

/** Built once per column; a value of an unexpected class is a defect and throws. */
export function writerOf(type: DuckDBType): ValueWriter {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    const write = nullable(writerOf(type.valueType));
    return (value) => {
      if (!(value instanceof DuckDBListValue) && !(value instanceof DuckDBArrayValue)) throw unexpected(value, type);
      return `[${value.items.map(write).join(',')}]`;
    };
  }
  if (type instanceof DuckDBStructType) return structWriter(type);
  if (type instanceof DuckDBMapType) return mapWriter(type);
  if (type instanceof DuckDBUnionType) return unionWriter(type);
  const write = SCALAR_WRITERS[type.typeId];
  if (write === undefined) throw new Error(`no JSON form for values of type ${type.toString()}`);
  return write;
}

function structWriter(type: DuckDBStructType): ValueWriter {
  const fields = type.entryNames.map((name, index) => {
    const fieldType = type.entryTypes[index];
    if (fieldType === undefined) throw new Error(`struct field ${name} has no type`);
    return { name, key: JSON.stringify(name), write: nullable(writerOf(fieldType)) };
  });
  return (value) => {
    if (!(value instanceof DuckDBStructValue)) throw unexpected(value, type);
    return `{${fields.map(({ name, key, write }) => `${key}:${write(value.entries[name] ?? null)}`).join(',')}}`;
  };
}

/** What is no text already becomes the text of its JSON. */
function quoted(write: ValueWriter): ValueWriter {
  return (value) => {
    const json = write(value);
    return json.startsWith('"') ? json : JSON.stringify(json);
  };
}

/** JSON keys are text. */
function mapWriter(type: DuckDBMapType): ValueWriter {
  const keyText = quoted(nullable(writerOf(type.keyType)));
  const writeValue = nullable(writerOf(type.valueType));
  return (value) => {
    if (!(value instanceof DuckDBMapValue)) throw unexpected(value, type);
    return `{${value.entries.map((entry) => `${keyText(entry.key)}:${writeValue(entry.value)}`).join(',')}}`;
  };
}

function unionWriter(type: DuckDBUnionType): ValueWriter {
  const writers = new Map<string, ValueWriter>();
  for (const [index, tag] of type.memberTags.entries()) {
    const memberType = type.memberTypes[index];
    if (memberType !== undefined) writers.set(tag, nullable(writerOf(memberType)));
  }
  return (value) => {
    if (!(value instanceof DuckDBUnionValue)) throw unexpected(value, type);
    const write = writers.get(value.tag);
    if (write === undefined) throw unexpected(value, type);
    return write(value.value);
  };
}

const writeText: ValueWriter = (value) => JSON.stringify(value);
const writeInteger: ValueWriter = (value) => String(value);

/** JSON has no word for what is not finite; a text tells it from null. */
const writeFloat: ValueWriter = (value) => {
  if (typeof value !== 'number') throw new Error('a floating-point value is not a number');
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0.0' : String(value);
  return `"${value}"`;
};

/** For values whose text has nothing to escape. */
function textOf<T extends DuckDBValue>(
  valueClass: abstract new (...args: never[]) => T,
  toText: (value: T) => string,
): ValueWriter {
  return (value) => {
    if (!(value instanceof valueClass)) throw new Error(`unexpected value of class ${valueClass.name}`);
    return `"${toText(value)}"`;
  };
}

const SCALAR_WRITERS: Readonly<Partial<Record<DuckDBTypeId, ValueWriter>>> = {
  [DuckDBTypeId.BOOLEAN]: (value) => (value === true ? 'true' : 'false'),
  [DuckDBTypeId.TINYINT]: writeInteger,
  [DuckDBTypeId.SMALLINT]: writeInteger,
  [DuckDBTypeId.INTEGER]: writeInteger,
  [DuckDBTypeId.BIGINT]: writeInteger,
  [DuckDBTypeId.HUGEINT]: writeInteger,
  [DuckDBTypeId.UTINYINT]: writeInteger,
  [DuckDBTypeId.USMALLINT]: writeInteger,
  [DuckDBTypeId.UINTEGER]: writeInteger,
  [DuckDBTypeId.UBIGINT]: writeInteger,
  [DuckDBTypeId.UHUGEINT]: writeInteger,
  [DuckDBTypeId.BIGNUM]: writeInteger,
  [DuckDBTypeId.FLOAT]: writeFloat,
  [DuckDBTypeId.DOUBLE]: writeFloat,
  [DuckDBTypeId.DECIMAL]: textOf(DuckDBDecimalValue, ({ value, scale }) => decimalText(value, scale)),
  [DuckDBTypeId.VARCHAR]: writeText,
  [DuckDBTypeId.ENUM]: writeText,
  [DuckDBTypeId.BLOB]: textOf(DuckDBBlobValue, ({ bytes }) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
  ),
  [DuckDBTypeId.BIT]: textOf(DuckDBBitValue, (value) => value.toString()),
  [DuckDBTypeId.UUID]: (value) => {
    if (!(value instanceof DuckDBUUIDValue)) throw new Error('unexpected value in a column of type UUID');
    return `"${value.toString()}"`;
  },
  [DuckDBTypeId.DATE]: textOf(DuckDBDateValue, ({ days }) => dateText(days)),
  [DuckDBTypeId.TIME]: textOf(DuckDBTimeValue, ({ micros }) => timeText(micros)),
  [DuckDBTypeId.TIME_NS]: textOf(DuckDBTimeNSValue, ({ nanos }) => timeText(nanos / 1_000n, Number(nanos % 1_000n))),
  [DuckDBTypeId.TIME_TZ]: textOf(DuckDBTimeTZValue, ({ micros, offset }) => timeText(micros) + offsetText(offset)),
  [DuckDBTypeId.TIMESTAMP]: textOf(DuckDBTimestampValue, ({ micros }) => timestampText(micros)),
  [DuckDBTypeId.TIMESTAMP_S]: textOf(DuckDBTimestampSecondsValue, (value) =>
    coarseTimestamp(value.seconds, 1_000_000n, value.isFinite),
  ),
  [DuckDBTypeId.TIMESTAMP_MS]: textOf(DuckDBTimestampMillisecondsValue, (value) =>
    coarseTimestamp(value.millis, 1_000n, value.isFinite),
  ),
  [DuckDBTypeId.TIMESTAMP_NS]: textOf(DuckDBTimestampNanosecondsValue, ({ nanos }) => timestampNanosText(nanos)),
  [DuckDBTypeId.TIMESTAMP_TZ]: textOf(DuckDBTimestampTZValue, ({ micros }) => timestampText(micros, '+00:00')),
  [DuckDBTypeId.INTERVAL]: textOf(DuckDBIntervalValue, ({ months, days, micros }) =>
    intervalText(months, days, micros),
  ),
};

function coarseTimestamp(ticks: bigint, microsPerTick: bigint, finite: boolean): string {
  if (!finite) return ticks > 0n ? 'infinity' : '-infinity';
  return timestampText(ticks * microsPerTick);
}

function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return String(unscaled);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function unexpected(value: DuckDBValue, type: DuckDBType): Error {
  return new Error(`unexpected ${typeof value} value in a column of type ${type.toString()}`);
}

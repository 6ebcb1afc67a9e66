import {
  DuckDBArrayType,
  DuckDBDecimalType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  DuckDBTypeId,
  DuckDBUnionType,
  type DuckDBType,
} from '@duckdb/node-api';
import { entriesOf } from '../list-entries.js';
import { textWriterOf } from '../text/text-writers.js';
import type { TextWriter } from '../text/text-writer.js';
import { TimestampWriter } from '../text/time-writers.js';
import { offsetsOf } from '../time-zone-offsets.js';
import type { TimestampUnit } from '../timestamp-parts.js';
import type { WireSettings } from '../wire-settings.js';
import * as json from './json-writers.js';

const INTEGERS: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.BIGNUM,
]);

const TIMESTAMP_UNITS: Readonly<Partial<Record<DuckDBTypeId, TimestampUnit>>> = {
  [DuckDBTypeId.TIMESTAMP]: 'us',
  [DuckDBTypeId.TIMESTAMP_TZ]: 'us',
  [DuckDBTypeId.TIMESTAMP_S]: 's',
  [DuckDBTypeId.TIMESTAMP_MS]: 'ms',
  [DuckDBTypeId.TIMESTAMP_NS]: 'ns',
};

/** JSON of any type, in the forms of PostgreSQL's `to_json`: numbers bare, ISO 8601 for dates, strings for the rest. */
export function jsonWriterOf(type: DuckDBType, settings: WireSettings): json.JsonWriter {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    return new json.ListJson(entriesOf(type), jsonWriterOf(type.valueType, settings));
  }
  if (type instanceof DuckDBStructType) {
    const fields = type.entryTypes.map((field) => jsonWriterOf(field, settings));
    return new json.StructJson(type.entryNames, fields);
  }
  if (type instanceof DuckDBMapType) {
    return new json.MapJson(keyWriterOf(type.keyType, settings), jsonWriterOf(type.valueType, settings));
  }
  if (type instanceof DuckDBUnionType) {
    return new json.UnionJson(type.memberTypes.map((member) => jsonWriterOf(member, settings)));
  }
  const { typeId } = type;
  if (typeId === DuckDBTypeId.VARIANT) return new json.VariantJson();
  if (typeId === DuckDBTypeId.BOOLEAN) return new json.BooleanJson();
  const unit = TIMESTAMP_UNITS[typeId];
  if (unit !== undefined) {
    const offsets = typeId === DuckDBTypeId.TIMESTAMP_TZ ? offsetsOf(settings.timeZone) : undefined;
    return new json.QuotedJson(new TimestampWriter(unit, offsets, true));
  }
  const text = textWriterOf(type, settings);
  if (INTEGERS.has(typeId) || type instanceof DuckDBDecimalType || isJsonColumn(type)) return new json.BareJson(text);
  if (typeId === DuckDBTypeId.FLOAT || typeId === DuckDBTypeId.DOUBLE) return new json.FloatJson(text);
  return new json.QuotedJson(text);
}

function isJsonColumn(type: DuckDBType): boolean {
  return type.typeId === DuckDBTypeId.VARCHAR && /^jsonb?$/i.test(type.alias ?? '');
}

function keyWriterOf(type: DuckDBType, settings: WireSettings): TextWriter {
  const isNested =
    type instanceof DuckDBListType ||
    type instanceof DuckDBArrayType ||
    type instanceof DuckDBStructType ||
    type instanceof DuckDBMapType ||
    type instanceof DuckDBUnionType ||
    type.typeId === DuckDBTypeId.VARIANT;
  return isNested ? jsonWriterOf(type, settings) : textWriterOf(type, settings);
}

import {
  DuckDBArrayType,
  DuckDBDecimalType,
  DuckDBEnumType,
  DuckDBListType,
  DuckDBTypeId,
  type DuckDBType,
} from '@duckdb/node-api';
import { entriesOf } from '../list-entries.js';
import { offsetsOf } from '../time-zone-offsets.js';
import { VectorWriter } from '../vector-writer.js';
import type { WireSettings } from '../wire-settings.js';
import { ArrayTextWriter } from './array-writer.js';
import * as numbers from './number-writers.js';
import * as strings from './string-writers.js';
import type { TextWriter } from './text-writer.js';
import * as times from './time-writers.js';

/** Of types that have a text of their own. For the others, which are shown as JSON, see `json/`. */
export function textWriterOf(type: DuckDBType, settings: WireSettings): TextWriter {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    return new ArrayTextWriter(entriesOf(type), textWriterOf(type.valueType, settings));
  }
  if (type instanceof DuckDBDecimalType) return new numbers.DecimalText(decimalWidthBytes(type), type.scale);
  if (type instanceof DuckDBEnumType) return new strings.EnumLabels(enumWidthBytes(type), type.values);
  const create = SCALARS[type.typeId];
  if (create === undefined) throw new Error(`no text for values of type ${type.toString()}`);
  return create(settings);
}

export function decimalWidthBytes({ width }: DuckDBDecimalType): 2 | 4 | 8 | 16 {
  return width <= 4 ? 2 : width <= 9 ? 4 : width <= 18 ? 8 : 16;
}

export function enumWidthBytes({ internalTypeId }: DuckDBEnumType): 1 | 2 | 4 {
  if (internalTypeId === DuckDBTypeId.UTINYINT) return 1;
  return internalTypeId === DuckDBTypeId.USMALLINT ? 2 : 4;
}

/** A column of the type NULL has no values. */
export class NullWriter extends VectorWriter {
  readonly characters = 'plain';
  override isNull(): boolean {
    return true;
  }
  protected bindValues(): void {}
  write(): void {
    throw new Error('a value of type NULL is not null');
  }
}

const SCALARS: Readonly<Partial<Record<DuckDBTypeId, (settings: WireSettings) => TextWriter>>> = {
  [DuckDBTypeId.BOOLEAN]: () => new numbers.BooleanText(),
  [DuckDBTypeId.TINYINT]: () => new numbers.Int8Text(),
  [DuckDBTypeId.UTINYINT]: () => new numbers.Uint8Text(),
  [DuckDBTypeId.SMALLINT]: () => new numbers.Int16Text(),
  [DuckDBTypeId.USMALLINT]: () => new numbers.Uint16Text(),
  [DuckDBTypeId.INTEGER]: () => new numbers.Int32Text(),
  [DuckDBTypeId.UINTEGER]: () => new numbers.Uint32Text(),
  [DuckDBTypeId.BIGINT]: () => new numbers.Int64Text(),
  [DuckDBTypeId.UBIGINT]: () => new numbers.Uint64Text(),
  [DuckDBTypeId.HUGEINT]: () => new numbers.Int128Text(),
  [DuckDBTypeId.UHUGEINT]: () => new numbers.Uint128Text(),
  [DuckDBTypeId.BIGNUM]: () => new numbers.BignumText(),
  [DuckDBTypeId.FLOAT]: ({ extraFloatDigits }) => new numbers.Float4Text(extraFloatDigits),
  [DuckDBTypeId.DOUBLE]: ({ extraFloatDigits }) => new numbers.Float8Text(extraFloatDigits),
  [DuckDBTypeId.VARCHAR]: () => new strings.VarcharText(),
  [DuckDBTypeId.BLOB]: ({ byteaOutput }) =>
    byteaOutput === 'hex' ? new strings.ByteaHexText() : new strings.ByteaEscapeText(),
  [DuckDBTypeId.GEOMETRY]: ({ byteaOutput }) =>
    byteaOutput === 'hex' ? new strings.ByteaHexText() : new strings.ByteaEscapeText(),
  [DuckDBTypeId.BIT]: () => new strings.BitText(),
  [DuckDBTypeId.UUID]: () => new strings.UuidText(),
  [DuckDBTypeId.DATE]: () => new times.DateWriter(),
  [DuckDBTypeId.TIME]: () => new times.TimeWriter(),
  [DuckDBTypeId.TIME_NS]: () => new times.TimeNsWriter(),
  [DuckDBTypeId.TIME_TZ]: () => new times.TimeTzWriter(),
  [DuckDBTypeId.TIMESTAMP]: () => new times.TimestampWriter('us', undefined, false),
  [DuckDBTypeId.TIMESTAMP_S]: () => new times.TimestampWriter('s', undefined, false),
  [DuckDBTypeId.TIMESTAMP_MS]: () => new times.TimestampWriter('ms', undefined, false),
  [DuckDBTypeId.TIMESTAMP_NS]: () => new times.TimestampWriter('ns', undefined, false),
  [DuckDBTypeId.TIMESTAMP_TZ]: ({ timeZone }) => new times.TimestampWriter('us', offsetsOf(timeZone), false),
  [DuckDBTypeId.INTERVAL]: () => new times.IntervalWriter(),
  [DuckDBTypeId.SQLNULL]: () => new NullWriter(),
};

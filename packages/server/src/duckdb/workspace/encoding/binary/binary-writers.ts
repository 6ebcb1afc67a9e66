import {
  DuckDBArrayType,
  DuckDBDecimalType,
  DuckDBEnumType,
  DuckDBListType,
  DuckDBTypeId,
  type DuckDBType,
} from '@duckdb/node-api';
import { PG_TYPES } from '../../../../model/pg-types.js';
import { entriesOf } from '../list-entries.js';
import { EnumLabels } from '../text/string-writers.js';
import { decimalWidthBytes, enumWidthBytes, NullWriter } from '../text/text-writers.js';
import type { VectorWriter } from '../vector-writer.js';
import type { WireType } from '../wire-type.js';
import { ArrayBinaryWriter } from './array-writer.js';
import * as numbers from './number-writers.js';
import * as strings from './string-writers.js';
import * as times from './time-writers.js';

/** As PostgreSQL's send functions. Types that are shown as JSON are not here: their binary form is their text. */
export function binaryWriterOf(type: DuckDBType, wireType: WireType): VectorWriter {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    // The array of an inner dimension has the type of the whole.
    const inner = type.valueType instanceof DuckDBArrayType ? wireType : wireType.element;
    if (inner === undefined) throw new Error(`${type.toString()} is not an array of ${wireType.name}`);
    const elementOid = wireType.element?.oid ?? inner.oid;
    return new ArrayBinaryWriter(elementOid, entriesOf(type), binaryWriterOf(type.valueType, inner));
  }
  if (type instanceof DuckDBDecimalType) return new numbers.DecimalBinary(decimalWidthBytes(type), type.scale);
  if (type instanceof DuckDBEnumType) return new EnumLabels(enumWidthBytes(type), type.values);
  if (type.typeId === DuckDBTypeId.VARCHAR) return textLike(wireType);
  if (wireType.size === 4 && isNumberOfCatalog(wireType)) {
    return new numbers.OidBinary(type.typeId === DuckDBTypeId.BIGINT ? 8 : 4);
  }
  const create = SCALARS[type.typeId];
  if (create === undefined) throw new Error(`no binary form for values of type ${type.toString()}`);
  return create();
}

function isNumberOfCatalog({ oid }: WireType): boolean {
  return oid === PG_TYPES.oid.oid || oid === PG_TYPES.xid.oid || oid === PG_TYPES.cid.oid;
}

const TEXT_ONLY: ReadonlySet<number> = new Set([PG_TYPES.aclitem.oid, PG_TYPES.inet.oid, PG_TYPES.pg_lsn.oid]);

function textLike({ oid, name }: WireType): VectorWriter {
  if (oid === PG_TYPES.char.oid) return new strings.CharBinary();
  if (oid === PG_TYPES.jsonb.oid) return new strings.JsonbBinary(new strings.BytesBinary());
  if (oid === PG_TYPES.int2vector.oid) return new strings.NumberVectorBinary(PG_TYPES.int2.oid);
  if (oid === PG_TYPES.oidvector.oid) return new strings.NumberVectorBinary(PG_TYPES.oid.oid);
  if (name.startsWith('reg') || TEXT_ONLY.has(oid)) return new strings.TextOnlyBinary(name);
  return new strings.BytesBinary();
}

const SCALARS: Readonly<Partial<Record<DuckDBTypeId, () => VectorWriter>>> = {
  [DuckDBTypeId.BOOLEAN]: () => new numbers.BooleanBinary(),
  [DuckDBTypeId.TINYINT]: () => new numbers.Int2Binary('int8'),
  [DuckDBTypeId.UTINYINT]: () => new numbers.Int2Binary('uint8'),
  [DuckDBTypeId.SMALLINT]: () => new numbers.Int2Binary('int16'),
  [DuckDBTypeId.USMALLINT]: () => new numbers.Int4FromUint16Binary(),
  [DuckDBTypeId.INTEGER]: () => new numbers.Int4Binary(),
  [DuckDBTypeId.UINTEGER]: () => new numbers.Int8FromUint32Binary(),
  [DuckDBTypeId.BIGINT]: () => new numbers.Int8Binary(),
  [DuckDBTypeId.UBIGINT]: () => new numbers.WideIntegerBinary('uint64'),
  [DuckDBTypeId.HUGEINT]: () => new numbers.WideIntegerBinary('int128'),
  [DuckDBTypeId.UHUGEINT]: () => new numbers.WideIntegerBinary('uint128'),
  [DuckDBTypeId.BIGNUM]: () => new numbers.BignumBinary(),
  [DuckDBTypeId.FLOAT]: () => new numbers.Float4Binary(),
  [DuckDBTypeId.DOUBLE]: () => new numbers.Float8Binary(),
  [DuckDBTypeId.BLOB]: () => new strings.BytesBinary(),
  [DuckDBTypeId.GEOMETRY]: () => new strings.BytesBinary(),
  [DuckDBTypeId.BIT]: () => new strings.BitBinary(),
  [DuckDBTypeId.UUID]: () => new strings.UuidBinary(),
  [DuckDBTypeId.DATE]: () => new times.DateBinary(),
  [DuckDBTypeId.TIME]: () => new times.TimeBinary(1),
  [DuckDBTypeId.TIME_NS]: () => new times.TimeBinary(1_000),
  [DuckDBTypeId.TIME_TZ]: () => new times.TimeTzBinary(),
  [DuckDBTypeId.TIMESTAMP]: () => new times.TimestampBinary('us'),
  [DuckDBTypeId.TIMESTAMP_S]: () => new times.TimestampBinary('s'),
  [DuckDBTypeId.TIMESTAMP_MS]: () => new times.TimestampBinary('ms'),
  [DuckDBTypeId.TIMESTAMP_NS]: () => new times.TimestampBinary('ns'),
  [DuckDBTypeId.TIMESTAMP_TZ]: () => new times.TimestampBinary('us'),
  [DuckDBTypeId.INTERVAL]: () => new times.IntervalBinary(),
  [DuckDBTypeId.SQLNULL]: () => new NullWriter(),
};

import {
  DuckDBArrayType,
  DuckDBDecimalType,
  DuckDBEnumType,
  DuckDBListType,
  DuckDBTypeId,
  type DuckDBType,
} from '@duckdb/node-api';
import { numericTypmod, PG_TYPES, type PgType, type PgTypeName } from '../../../model/pg-types.js';

/** What a column of a DuckDB type is to a PostgreSQL client. */
export interface WireType {
  readonly oid: number;
  /** The type of arrays of it; 0 for arrays themselves, whose arrays have the same type. */
  readonly arrayOid: number;
  /** `pg_type.typname`: `int4`, `_int4`. */
  readonly name: string;
  /** `pg_type.typlen`; -1 where lengths vary. */
  readonly size: number;
  /** -1 for none. */
  readonly typmod: number;
  /** Of arrays. */
  readonly element?: WireType;
}

/** The type of an ENUM in `pg_type`; undefined for one that has none there, which is text. */
export type EnumResolver = (
  type: DuckDBEnumType,
) => { readonly oid: number; readonly arrayOid: number; readonly name: string } | undefined;

/**
 * Every type of DuckDB 1.5, and the one of PostgreSQL that holds its values without loss.
 *
 * - Unsigned integers take the next wider type. What is wider than 64 bits is numeric.
 * - Fractions of a microsecond are dropped: PostgreSQL has no type for nanoseconds.
 * - Lists of scalars are arrays. Fixed-size arrays may be nested, also in a list: all their rows have equal length, which PostgreSQL's
 *   multi-dimensional arrays ask for. A list of lists gives no such promise and is json, as are STRUCT, MAP, UNION, VARIANT and lists
 *   of these: drivers parse it.
 * - A type with an alias that names a PostgreSQL type of the same representation is that type. DuckDB 1.5 itself gives an alias only to JSON
 *   (types made by `CREATE TYPE` lose their name); who knows a catalog column's type gives it one, and so it becomes `name`, `oid` and `"char"`,
 *   which drivers insist on.
 */
export function wireTypeOf(type: DuckDBType, resolveEnum?: EnumResolver): WireType {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) return arrayOrJson(type, resolveEnum);
  if (type instanceof DuckDBEnumType) {
    const known = resolveEnum?.(type);
    return known === undefined ? plain(PG_TYPES.text) : { ...known, size: 4, typmod: -1 };
  }
  if (type instanceof DuckDBDecimalType) {
    return {
      ...plain(PG_TYPES.numeric),
      typmod: type.width === WIDEST_DECIMAL ? -1 : numericTypmod(type.width, type.scale),
    };
  }
  const aliased = type.alias === undefined ? undefined : aliasedType(type.typeId, type.alias);
  if (aliased !== undefined) return plain(PG_TYPES[aliased]);
  return SCALARS[type.typeId] ?? plain(PG_TYPES.json);
}

/** Whether values are written as JSON because PostgreSQL has no type of their shape. JSON columns themselves are text already. */
export function isShownAsJson(type: DuckDBType): boolean {
  return type.typeId !== DuckDBTypeId.VARCHAR && wireTypeOf(type).oid === PG_TYPES.json.oid;
}

/** What sums, products and `numeric` without digits become: PostgreSQL says no digits of these. */
const WIDEST_DECIMAL = 38;

function plain({ oid, arrayOid, name, size }: PgType): WireType {
  return { oid, arrayOid, name, size, typmod: -1 };
}

const numericOf = (precision: number): WireType => ({
  ...plain(PG_TYPES.numeric),
  typmod: numericTypmod(precision, 0),
});

const SCALARS: Readonly<Partial<Record<DuckDBTypeId, WireType>>> = {
  [DuckDBTypeId.BOOLEAN]: plain(PG_TYPES.bool),
  [DuckDBTypeId.TINYINT]: plain(PG_TYPES.int2),
  [DuckDBTypeId.SMALLINT]: plain(PG_TYPES.int2),
  [DuckDBTypeId.UTINYINT]: plain(PG_TYPES.int2),
  [DuckDBTypeId.INTEGER]: plain(PG_TYPES.int4),
  [DuckDBTypeId.USMALLINT]: plain(PG_TYPES.int4),
  [DuckDBTypeId.BIGINT]: plain(PG_TYPES.int8),
  [DuckDBTypeId.UINTEGER]: plain(PG_TYPES.int8),
  [DuckDBTypeId.UBIGINT]: numericOf(20),
  [DuckDBTypeId.HUGEINT]: numericOf(39),
  [DuckDBTypeId.UHUGEINT]: numericOf(39),
  [DuckDBTypeId.BIGNUM]: plain(PG_TYPES.numeric),
  [DuckDBTypeId.INTEGER_LITERAL]: plain(PG_TYPES.int4),
  [DuckDBTypeId.FLOAT]: plain(PG_TYPES.float4),
  [DuckDBTypeId.DOUBLE]: plain(PG_TYPES.float8),
  [DuckDBTypeId.VARCHAR]: plain(PG_TYPES.text),
  [DuckDBTypeId.STRING_LITERAL]: plain(PG_TYPES.text),
  [DuckDBTypeId.SQLNULL]: plain(PG_TYPES.text),
  [DuckDBTypeId.ANY]: plain(PG_TYPES.text),
  [DuckDBTypeId.INVALID]: plain(PG_TYPES.text),
  [DuckDBTypeId.BLOB]: plain(PG_TYPES.bytea),
  [DuckDBTypeId.GEOMETRY]: plain(PG_TYPES.bytea),
  [DuckDBTypeId.BIT]: plain(PG_TYPES.varbit),
  [DuckDBTypeId.UUID]: plain(PG_TYPES.uuid),
  [DuckDBTypeId.DATE]: plain(PG_TYPES.date),
  [DuckDBTypeId.TIME]: plain(PG_TYPES.time),
  [DuckDBTypeId.TIME_NS]: plain(PG_TYPES.time),
  [DuckDBTypeId.TIME_TZ]: plain(PG_TYPES.timetz),
  [DuckDBTypeId.TIMESTAMP]: plain(PG_TYPES.timestamp),
  [DuckDBTypeId.TIMESTAMP_S]: plain(PG_TYPES.timestamp),
  [DuckDBTypeId.TIMESTAMP_MS]: plain(PG_TYPES.timestamp),
  [DuckDBTypeId.TIMESTAMP_NS]: plain(PG_TYPES.timestamp),
  [DuckDBTypeId.TIMESTAMP_TZ]: plain(PG_TYPES.timestamptz),
  [DuckDBTypeId.INTERVAL]: plain(PG_TYPES.interval),
};

function arrayOrJson(type: DuckDBListType | DuckDBArrayType, resolveEnum: EnumResolver | undefined): WireType {
  const element = wireTypeOf(type.valueType, resolveEnum);
  if (element.element !== undefined) {
    return type.valueType instanceof DuckDBArrayType ? element : plain(PG_TYPES.json);
  }
  // A JSON column in a list stays json[]: each element is a document of its own.
  if (element.arrayOid === 0 || isShownAsJson(type.valueType)) return plain(PG_TYPES.json);
  return {
    oid: element.arrayOid,
    arrayOid: 0,
    name: `_${element.name}`,
    size: -1,
    typmod: element.typmod,
    element,
  };
}

const TEXT_ALIASES: readonly PgTypeName[] = [
  'json',
  'jsonb',
  'name',
  'char',
  'varchar',
  'bpchar',
  'int2vector',
  'oidvector',
  'pg_node_tree',
  'aclitem',
  'inet',
  'pg_lsn',
  'regproc',
  'regprocedure',
  'regoper',
  'regoperator',
  'regclass',
  'regtype',
  'regnamespace',
  'regrole',
];
const NUMBER_ALIASES: readonly PgTypeName[] = ['oid', 'xid', 'cid'];

/** An alias counts only over a representation that its encoders know, because a user may give any name to a type. */
function aliasedType(typeId: DuckDBTypeId, alias: string): PgTypeName | undefined {
  const known =
    typeId === DuckDBTypeId.VARCHAR
      ? TEXT_ALIASES
      : [DuckDBTypeId.INTEGER, DuckDBTypeId.UINTEGER, DuckDBTypeId.BIGINT].includes(typeId)
        ? NUMBER_ALIASES
        : [];
  const wanted = alias.toLowerCase();
  return known.find((name) => name === wanted);
}

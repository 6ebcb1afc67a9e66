/**
 * The types of PostgreSQL 15 that a workspace speaks of, by the numbers that clients know them by. The numbers are fixed by
 * PostgreSQL (`pg_type.dat`); drivers have them built in.
 */
export interface PgType {
  readonly oid: number;
  /** The type of arrays of it; 0 where there is none. */
  readonly arrayOid: number;
  /** `pg_type.typname`. */
  readonly name: string;
  /** `pg_type.typlen`: bytes of a value, -1 where they vary, -2 for text that ends with NUL. */
  readonly size: number;
  /** How `format_type` spells it. */
  readonly sqlName: string;
}

function pgType(oid: number, arrayOid: number, name: string, size: number, sqlName: string = name): PgType {
  return { oid, arrayOid, name, size, sqlName };
}

export const PG_TYPES = {
  bool: pgType(16, 1000, 'bool', 1, 'boolean'),
  bytea: pgType(17, 1001, 'bytea', -1),
  char: pgType(18, 1002, 'char', 1, '"char"'),
  name: pgType(19, 1003, 'name', 64),
  int8: pgType(20, 1016, 'int8', 8, 'bigint'),
  int2: pgType(21, 1005, 'int2', 2, 'smallint'),
  int2vector: pgType(22, 1006, 'int2vector', -1),
  int4: pgType(23, 1007, 'int4', 4, 'integer'),
  regproc: pgType(24, 1008, 'regproc', 4),
  text: pgType(25, 1009, 'text', -1),
  oid: pgType(26, 1028, 'oid', 4),
  xid: pgType(28, 1011, 'xid', 4),
  cid: pgType(29, 1012, 'cid', 4),
  oidvector: pgType(30, 1013, 'oidvector', -1),
  json: pgType(114, 199, 'json', -1),
  pg_node_tree: pgType(194, 0, 'pg_node_tree', -1),
  float4: pgType(700, 1021, 'float4', 4, 'real'),
  float8: pgType(701, 1022, 'float8', 8, 'double precision'),
  unknown: pgType(705, 0, 'unknown', -2),
  inet: pgType(869, 1041, 'inet', -1),
  aclitem: pgType(1033, 1034, 'aclitem', 12),
  bpchar: pgType(1042, 1014, 'bpchar', -1, 'character'),
  varchar: pgType(1043, 1015, 'varchar', -1, 'character varying'),
  date: pgType(1082, 1182, 'date', 4),
  time: pgType(1083, 1183, 'time', 8, 'time without time zone'),
  timestamp: pgType(1114, 1115, 'timestamp', 8, 'timestamp without time zone'),
  timestamptz: pgType(1184, 1185, 'timestamptz', 8, 'timestamp with time zone'),
  interval: pgType(1186, 1187, 'interval', 16),
  timetz: pgType(1266, 1270, 'timetz', 12, 'time with time zone'),
  bit: pgType(1560, 1561, 'bit', -1),
  varbit: pgType(1562, 1563, 'varbit', -1, 'bit varying'),
  numeric: pgType(1700, 1231, 'numeric', -1),
  regprocedure: pgType(2202, 2207, 'regprocedure', 4),
  regoper: pgType(2203, 2208, 'regoper', 4),
  regoperator: pgType(2204, 2209, 'regoperator', 4),
  regclass: pgType(2205, 2210, 'regclass', 4),
  regtype: pgType(2206, 2211, 'regtype', 4),
  record: pgType(2249, 2287, 'record', -1),
  void: pgType(2278, 0, 'void', 4),
  uuid: pgType(2950, 2951, 'uuid', 16),
  pg_lsn: pgType(3220, 3221, 'pg_lsn', 8),
  jsonb: pgType(3802, 3807, 'jsonb', -1),
  regnamespace: pgType(4089, 4090, 'regnamespace', 4),
  regrole: pgType(4096, 4097, 'regrole', 4),
} as const satisfies Record<string, PgType>;

export type PgTypeName = keyof typeof PG_TYPES;

const BY_OID: ReadonlyMap<number, PgType> = new Map(Object.values(PG_TYPES).map((type) => [type.oid, type]));
const BY_ARRAY_OID: ReadonlyMap<number, PgType> = new Map(
  Object.values(PG_TYPES).flatMap((type) => (type.arrayOid === 0 ? [] : [[type.arrayOid, type]])),
);

/** Scalar types only; see `elementTypeOf` for arrays. */
export function pgTypeOf(oid: number): PgType | undefined {
  return BY_OID.get(oid);
}

/** The type of the elements of an array type. */
export function elementTypeOf(arrayOid: number): PgType | undefined {
  return BY_ARRAY_OID.get(arrayOid);
}

/** numeric(p, s) as PostgreSQL keeps it in `atttypmod` and sends it in RowDescription. */
export function numericTypmod(precision: number, scale: number): number {
  return ((precision << 16) | scale) + 4;
}

/** What `format_type(oid, typmod)` answers, for the types of this table and their arrays; undefined for others. */
export function formatPgType(oid: number, typmod = -1): string | undefined {
  const element = BY_ARRAY_OID.get(oid);
  if (element !== undefined) return `${withTypmod(element, typmod)}[]`;
  const type = BY_OID.get(oid);
  return type === undefined ? undefined : withTypmod(type, typmod);
}

function withTypmod(type: PgType, typmod: number): string {
  if (typmod < 0) return type.sqlName;
  switch (type.name) {
    case 'numeric':
      return `numeric(${((typmod - 4) >> 16) & 0xffff},${(typmod - 4) & 0x7ff})`;
    case 'varchar':
    case 'bpchar':
      return `${type.sqlName}(${typmod - 4})`;
    case 'bit':
    case 'varbit':
      return `${type.sqlName}(${typmod})`;
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return type.sqlName.replace(' ', `(${typmod}) `);
    default:
      return type.sqlName;
  }
}

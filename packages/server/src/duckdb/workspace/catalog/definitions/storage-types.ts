const PLAIN: Readonly<Record<string, string>> = {
  bool: 'BOOLEAN',
  bytea: 'BLOB',
  date: 'DATE',
  float4: 'FLOAT',
  float8: 'DOUBLE',
  int2: 'SMALLINT',
  int4: 'INTEGER',
  int8: 'BIGINT',
  interval: 'INTERVAL',
  numeric: 'DECIMAL(38, 0)',
  oid: 'UINTEGER',
  regproc: 'UINTEGER',
  regtype: 'UINTEGER',
  timestamptz: 'TIMESTAMPTZ',
  xid: 'UINTEGER',
  // Lists while they are worked with; they become text where they leave.
  int2vector: 'SMALLINT[]',
  oidvector: 'UINTEGER[]',
};

/**
 * The DuckDB type that a catalogue column of a PostgreSQL type has. Which type of PostgreSQL it was is not kept (DuckDB drops the alias of
 * a plain type): `result-types.ts` finds it from the statement.
 */
export function storageTypeOf(pgType: string): string {
  if (pgType.startsWith('_')) return `${storageTypeOf(pgType.slice(1))}[]`;
  return PLAIN[pgType] ?? 'VARCHAR';
}

/** What a column holds where a definition says nothing. */
export function emptyValueOf(pgType: string): string {
  if (pgType === 'bool') return 'false';
  if (/^(int2|int4|int8|oid|regproc|float4|float8)$/.test(pgType)) return '0';
  return 'NULL';
}

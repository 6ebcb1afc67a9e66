/** Types that DuckDB has not, and those it has that hold the same. Result columns keep PostgreSQL's type: see `result-types.ts`. */
const RENAMED: Readonly<Record<string, string>> = {
  jsonb: 'json',
  char: 'varchar',
  name: 'varchar',
  bpchar: 'varchar',
  unknown: 'varchar',
  cstring: 'varchar',
  citext: 'varchar',
  xml: 'varchar',
  tid: 'varchar',
  inet: 'varchar',
  cidr: 'varchar',
  macaddr: 'varchar',
  pg_lsn: 'varchar',
  pg_node_tree: 'varchar',
  pg_ndistinct: 'varchar',
  pg_dependencies: 'varchar',
  pg_mcv_list: 'varchar',
  aclitem: 'varchar',
  anyarray: 'varchar',
  oid: 'uinteger',
  xid: 'uinteger',
  cid: 'uinteger',
  xid8: 'ubigint',
  regproc: 'uinteger',
  regprocedure: 'uinteger',
  regoper: 'uinteger',
  regoperator: 'uinteger',
  regclass: 'uinteger',
  regtype: 'uinteger',
  regrole: 'uinteger',
  regnamespace: 'uinteger',
  regconfig: 'uinteger',
  regdictionary: 'uinteger',
  regcollation: 'uinteger',
  sql_identifier: 'varchar',
  cardinal_number: 'integer',
  character_data: 'varchar',
  yes_or_no: 'varchar',
  time_stamp: 'timestamptz',
};

/** What to write for a type of PostgreSQL. */
export function typeNameFor(pgName: string): readonly string[] {
  return [RENAMED[pgName] ?? pgName];
}

/** Types whose values are numbers of objects and are written as names. */
export const REG_TYPES: ReadonlySet<string> = new Set([
  'regclass',
  'regtype',
  'regproc',
  'regprocedure',
  'regnamespace',
  'regrole',
  'regoper',
  'regoperator',
]);

/** Types that hold text: a cast to one of them makes a `reg…` value its name. */
export const TEXT_TYPES: ReadonlySet<string> = new Set(['text', 'varchar', 'name', 'bpchar', 'cstring', 'citext']);

import type { DuckDBConnection, DuckDBType } from '@duckdb/node-api';
import { quoteIdentifier } from '../quoting.js';
import { TokenList, type TextEdit } from './catalog/user-sql/token-list.js';
import { literalSql } from './encoding/parameters/literal-sql.js';
import type { WireSettings } from './encoding/wire-settings.js';
import { readName } from './gate/write-targets.js';

/**
 * Texts that PostgreSQL may read in another way than the engine: arrays, bytes, and times that are not written in full. Nothing else is
 * looked at, because one has to ask for the types of the columns.
 */
const PERHAPS_OTHER = /^\s*\{.*\}\s*$|^\\x|^\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[ T]\d{1,2}:\d\d(?!:\d\d(\.\d{1,6})?$)/s;

interface Assignment {
  /** Of the token. */
  readonly index: number;
  /** Its name, or its place among the columns that the statement names. */
  readonly column: string | number;
}

interface Assigned {
  readonly table: readonly string[];
  /** Of INSERT; undefined: all of the table. */
  readonly columns: readonly string[] | undefined;
  readonly assignments: readonly Assignment[];
}

/** Literals of INSERT … VALUES and of SET as PostgreSQL reads them for their columns. The search path is set. */
export async function assignedLiteralEdits(
  connection: DuckDBConnection,
  sql: string,
  settings: WireSettings,
): Promise<readonly TextEdit[]> {
  if (!/^\s*(insert|update)\b/i.test(sql)) return [];
  const list = new TokenList(sql);
  const assigned = list.matches(0, 'insert') ? insertedInto(list) : updated(list);
  if (assigned === undefined || assigned.assignments.length === 0) return [];
  const types = await typesOf(connection, assigned);
  return assigned.assignments.flatMap(({ index, column }) => {
    const type = types.get(typeof column === 'number' ? column : column.toLowerCase());
    const literal = type && literalSql(list.at(index)?.value ?? '', type, settings);
    return literal === undefined ? [] : [list.replace(index, index, literal)];
  });
}

function insertedInto(list: TokenList): Assigned | undefined {
  const name = list.matches(1, 'into') ? readName(list.tokens, 2) : undefined;
  if (name === undefined) return undefined;
  let at = list.matches(name.next, 'as') ? name.next + 2 : name.next;
  let columns: string[] | undefined;
  if (list.matches(at, '(')) {
    columns = list.args(at).map(([first]) => list.at(first)?.value ?? '');
    at = list.partner(at) + 1;
  }
  const assignments: Assignment[] = [];
  if (list.matches(at, 'values')) {
    for (let row = at + 1; list.matches(row, '('); row = list.partner(row) + 2) {
      for (const [column, [first, last]] of list.args(row).entries()) {
        if (first === last && isPerhapsOther(list, first)) assignments.push({ index: first, column });
      }
    }
  }
  return { table: name.parts, columns, assignments: [...assignments, ...setIn(list)] };
}

function updated(list: TokenList): Assigned | undefined {
  const name = readName(list.tokens, list.matches(1, 'only') ? 2 : 1);
  return name && { table: name.parts, columns: undefined, assignments: setIn(list) };
}

/** `SET a = '…', b = '…'` of UPDATE and of ON CONFLICT. */
function setIn(list: TokenList): Assignment[] {
  return list.tokens.flatMap((_, index) => {
    const isAssigned =
      isPerhapsOther(list, index) &&
      list.matches(index - 1, '=') &&
      list.isName(index - 2) &&
      (list.matches(index - 3, 'set') || list.matches(index - 3, ',')) &&
      (list.at(index + 1) === undefined || list.isBoundary(index + 1));
    return isAssigned ? [{ index, column: list.at(index - 2)?.value ?? '' }] : [];
  });
}

function isPerhapsOther(list: TokenList, index: number): boolean {
  const token = list.at(index);
  return token?.kind === 'string' && PERHAPS_OTHER.test(token.value);
}

/** By name in lower case, and by place among the statement's columns. Nothing for a table that is not there: the statement will say so. */
async function typesOf(
  connection: DuckDBConnection,
  { table, columns }: Assigned,
): Promise<ReadonlyMap<string | number, DuckDBType>> {
  const path = table.map((part, index) => (part === 'public' && index === table.length - 2 ? 'main' : part));
  const types = new Map<string | number, DuckDBType>();
  const name = path.slice(-2).map(quoteIdentifier).join('.');
  const described = await connection.prepare(`SELECT * FROM ${name}`).catch(() => undefined);
  if (described === undefined) return types;
  try {
    for (let index = 0; index < described.columnCount; index++) {
      types.set(described.columnName(index).toLowerCase(), described.columnType(index));
    }
  } finally {
    described.destroySync();
  }
  const named = columns ?? [...types.keys()].map(String);
  for (const [index, column] of named.entries()) {
    const type = types.get(column.toLowerCase());
    if (type !== undefined) types.set(index, type);
  }
  return types;
}

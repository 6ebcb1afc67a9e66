import { DuckDBTypeId, type DuckDBPreparedStatement } from '@duckdb/node-api';
import { tokenize, type SqlToken } from './sql-tokens.js';

/**
 * Some functions of DuckDB (those of JSON and of lists) are bound only when their parameters have values: until then the statement has one
 * column, without a type, and not every parameter has one. Clients want to know both before they give values.
 */
export function hasUnknownColumns(prepared: DuckDBPreparedStatement): boolean {
  return prepared.columnCount > 0 && prepared.columnTypeId(0) === DuckDBTypeId.INVALID;
}

/** How the type of a parameter is written: as `chosen` has it, as DuckDB knows it, as a cast in the statement says, else text. */
export function typeNames(
  prepared: DuckDBPreparedStatement,
  sql: string,
  chosen: ReadonlyMap<number, string>,
): (index: number) => string {
  const declared = declaredTypes(sql);
  return (index) => {
    const isKnown = prepared.parameterTypeId(index) !== DuckDBTypeId.INVALID;
    return chosen.get(index) ?? (isKnown ? prepared.parameterType(index).toString() : declared.get(index)) ?? 'VARCHAR';
  };
}

/** The statement with a constant in the place of each parameter; it has the same columns, whatever the values. */
export function withoutParameters(sql: string, typeName: (index: number) => string): string {
  let text = '';
  let copied = 0;
  for (const { kind, value, start, end } of tokenize(sql)) {
    const index = kind === 'parameter' ? Number(value) : 0;
    if (!(index > 0)) continue;
    text += sql.slice(copied, start) + constantOf(typeName(index));
    copied = end;
  }
  return text + sql.slice(copied);
}

/** Functions of DECIMALs answer an INTEGER when they are given a NULL of that type. */
function constantOf(typeName: string): string {
  const isDecimal = /^(decimal|numeric)\b(?!.*\[)/i.test(typeName);
  return `CAST(${isDecimal ? '0' : 'NULL'} AS ${typeName})`;
}

const SECOND_WORDS = new Set(['precision', 'varying']);
const TIME_ZONE = new Set(['with', 'without']);

/** The types that parameters are cast to, `$1::text` or `CAST($1 AS text)`, as they are written. */
export function declaredTypes(sql: string): ReadonlyMap<number, string> {
  const declared = new Map<number, string>();
  for (const { index, type } of usesIn(sql)) if (type !== undefined && !declared.has(index)) declared.set(index, type);
  return declared;
}

/** Parameters that are cast in one place and not in another: PostgreSQL knows their type everywhere then, DuckDB only there. */
export function onceDeclared(sql: string): readonly number[] {
  if (!sql.includes('$')) return [];
  const uses = usesIn(sql);
  const withType = new Set(uses.flatMap(({ index, type }) => (type === undefined ? [] : [index])));
  return uses.flatMap(({ index, type }) => (type === undefined && withType.has(index) ? [index] : []));
}

/** Every place of a parameter, with the type that it is cast to there. */
function usesIn(sql: string): readonly { readonly index: number; readonly type: string | undefined }[] {
  const tokens = tokenize(sql);
  return tokens.flatMap(({ kind, value }, at) => {
    const index = kind === 'parameter' ? Number(value) : 0;
    if (!(index > 0)) return [];
    const mark = tokens[at + 1];
    const isCast = mark?.value === '::' || (mark?.value === 'as' && tokens[at - 2]?.value === 'cast');
    return [{ index, type: isCast ? typeAt(sql, tokens, at + 2) : undefined }];
  });
}

function typeAt(sql: string, tokens: readonly SqlToken[], from: number): string | undefined {
  const first = tokens[from];
  if (first?.kind !== 'word' && first?.kind !== 'quoted') return undefined;
  const value = (index: number): string => tokens[index]?.value ?? '';
  let last = from;
  while (value(last + 1) === '.') last += 2;
  if (SECOND_WORDS.has(value(last + 1))) last += 1;
  if (value(last + 1) === '(') while (tokens[last + 1] !== undefined && value(last) !== ')') last += 1;
  if (TIME_ZONE.has(value(last + 1)) && value(last + 2) === 'time') last += 3;
  while (value(last + 1) === '[') while (tokens[last + 1] !== undefined && value(last) !== ']') last += 1;
  return sql.slice(first.start, tokens[last]?.end);
}

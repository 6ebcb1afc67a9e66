import { CATALOG_DATABASE, TYPING } from '../names.js';
import type { TextEdit, TokenList } from './token-list.js';

const NUMERIC = /^(numeric|decimal|dec)$/;
const NUMBER_TEXT = /^\s*[+-]?\d*(?:\.(\d*))?\s*$/;

/** What holds most numbers: 28 digits before the point and 10 behind. Clients are told no digits of so wide a type. */
export const WIDE_NUMERIC = 'DECIMAL(38, 10)';

/** Of what it is a cast of: integers stay whole. */
const AS_NUMERIC = `${CATALOG_DATABASE}.${TYPING}.as_numeric(`;

/**
 * `numeric` without digits: as many as the value has in PostgreSQL, 18 with 3 behind the point in DuckDB, which would round. Constants
 * keep their own digits; a parameter is bound with those of its value. What is kept as text (views, defaults) must not name the catalogue's
 * macros.
 */
export function numericEdits(list: TokenList): TextEdit[] {
  const isDefinition = list.matches(0, 'create') || list.matches(0, 'alter');
  const isOfQuery = list.tokens.some((_, index) => list.matches(index, 'select'));
  const isStored = isDefinition && !(isOfQuery && makesTable(list));
  return list.tokens.flatMap((token, index) => {
    if (token.kind === 'operator' && token.value === '::' && isNumeric(list, index + 1))
      return castEdit(list, index, isStored);
    if (list.matches(index, 'cast', '(')) return callEdit(list, index, isStored);
    const isColumn = isDefinition && !isOfQuery && isNumeric(list, index) && isTypeOfColumn(list, index);
    return isColumn ? [list.replace(index, index, WIDE_NUMERIC)] : [];
  });
}

function isNumeric(list: TokenList, index: number): boolean {
  return list.isWord(index) && NUMERIC.test(list.at(index)?.value ?? '') && !list.matches(index + 1, '(');
}

function castEdit(list: TokenList, cast: number, isStored: boolean): TextEdit[] {
  if (list.matches(cast + 2, '[')) return [list.replace(cast + 1, cast + 1, WIDE_NUMERIC)];
  const first = list.castOperandStart(cast);
  const text = typeByValue(list, first, cast - 1);
  if (text === 'as it is') return [];
  if (text !== undefined || isStored) return [list.replace(cast + 1, cast + 1, text ?? WIDE_NUMERIC)];
  return [list.insertBefore(first, AS_NUMERIC), list.replace(cast, cast + 1, ')')];
}

function callEdit(list: TokenList, cast: number, isStored: boolean): TextEdit[] {
  const close = list.partner(cast + 1);
  const type = close - 1;
  if (!isNumeric(list, type) || !list.matches(type - 1, 'as')) return [];
  const text = typeByValue(list, cast + 2, type - 2);
  if (text === 'as it is') return [];
  if (text !== undefined || isStored) return [list.replace(type, type, text ?? WIDE_NUMERIC)];
  return [list.replace(cast, cast + 1, AS_NUMERIC), list.replace(type - 1, close, ')')];
}

function makesTable(list: TokenList): boolean {
  return list.tokens.slice(0, 6).some((_, index) => list.matches(index, 'table'));
}

/** The type that a constant has by its own digits; undefined for what is no constant. */
function typeByValue(list: TokenList, first: number, last: number): string | undefined {
  const token = first === last ? list.at(first) : undefined;
  if (token?.kind === 'parameter') return 'as it is';
  // Which of the macro's variants is meant cannot be told while a parameter has no type.
  if (list.tokens.slice(first, last + 1).some(({ kind }) => kind === 'parameter')) return WIDE_NUMERIC;
  if (token?.kind !== 'string' && token?.kind !== 'number') return undefined;
  const found = NUMBER_TEXT.exec(token.value);
  if (found === null) return undefined;
  const digits = token.value.replaceAll(/\D/g, '').length;
  return digits > 38 ? undefined : `DECIMAL(38, ${found[1]?.length ?? 0})`;
}

/** Behind these words stands the name of a column. */
const BEFORE_COLUMN = /^(column|add|alter|drop|rename|to|exists)$/;

/** `a numeric`, `TYPE numeric`; not a column that is called so. */
function isTypeOfColumn(list: TokenList, index: number): boolean {
  const before = list.at(index - 1);
  if (!list.isName(index - 1) || list.isBoundary(index - 1)) return false;
  return before?.kind === 'quoted' || !BEFORE_COLUMN.test(before?.value ?? '');
}

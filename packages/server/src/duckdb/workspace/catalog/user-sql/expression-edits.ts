import { quoteLiteral } from '../../../quoting.js';
import { parseArrayLiteral } from '../rewrite/array-literal.js';
import { REG_TYPES } from '../rewrite/types.js';
import type { TextEdit, TokenList } from './token-list.js';

const PATTERNS: Readonly<Record<string, readonly [string, string]>> = {
  '~': ['regexp_matches(', ", 's')"],
  '~*': ['regexp_matches(', ", 'si')"],
  '!~': ['(NOT regexp_matches(', ", 's'))"],
  '!~*': ['(NOT regexp_matches(', ", 'si'))"],
};

/** Functions that take the name of a sequence; DuckDB wants it as a plain text. */
const SEQUENCE_FUNCTIONS = /^(nextval|currval|setval)$/;

/**
 * `a ~ b`: a pattern is found anywhere in PostgreSQL, and must match all of the text with DuckDB's operator of the same name. Between
 * two operands only; alone before one it is the bitwise complement in both.
 */
export function patternEdits(list: TokenList): TextEdit[] {
  return list.tokens.flatMap((token, index) => {
    const parts = token.kind === 'operator' ? PATTERNS[token.value] : undefined;
    if (parts === undefined) return [];
    const first = list.operandStart(index - 1);
    const last = list.operandEnd(index + 1);
    if (first > index - 1 || last < index + 1) return [];
    const before = list.at(index - 1);
    if (before?.kind === 'operator') return [];
    return [list.insertBefore(first, parts[0]), list.replace(index, index, ','), list.insertAfter(last, parts[1])];
  });
}

/** `LIKE 'a\_b'`: a backslash escapes in PostgreSQL, and means itself in DuckDB unless one says otherwise. */
export function likeEdits(list: TokenList): TextEdit[] {
  return list.tokens.flatMap((token, index) => {
    if (token.kind !== 'word' || (token.value !== 'like' && token.value !== 'ilike')) return [];
    const pattern = list.at(index + 1);
    if (pattern?.kind !== 'string' || !pattern.value.includes('\\') || list.matches(index + 2, 'escape')) return [];
    return [list.insertAfter(index + 1, " ESCAPE '\\'")];
  });
}

/** Casts to types that DuckDB has not, and literals that it reads otherwise. */
export function castEdits(list: TokenList): TextEdit[] {
  return list.tokens.flatMap((token, index) => {
    if (token.kind !== 'operator' || token.value !== '::' || !list.isName(index + 1)) return [];
    // ::pg_catalog.text
    const isQualified = list.matches(index + 1, 'pg_catalog', '.');
    const typeAt = isQualified ? index + 3 : index + 1;
    const type = list.at(typeAt)?.value ?? '';
    const qualifier = isQualified ? [list.replace(index + 1, index + 2, '')] : [];
    if (REG_TYPES.has(type)) return registeredCast(list, index, typeAt, type);
    const literal = list.at(index - 1);
    if (literal?.kind === 'string' && list.matches(typeAt + 1, '[', ']')) {
      const elements = listSql(literal.value);
      if (elements !== undefined) return [...qualifier, list.replace(index - 1, index - 1, elements)];
    }
    if (literal?.kind === 'string' && type === 'bytea' && /^\\x([0-9a-f]{2})*$/i.test(literal.value)) {
      const bytes = literal.value.slice(2).replace(/../g, (pair) => `\\x${pair}`);
      return [...qualifier, list.replace(index - 1, index - 1, `'${bytes}'`)];
    }
    if (type === 'name') return [...qualifier, list.replace(typeAt, typeAt, 'varchar')];
    return qualifier;
  });
}

function registeredCast(list: TokenList, cast: number, typeAt: number, type: string): TextEdit[] {
  const first = list.castOperandStart(cast);
  if (list.matches(first - 1, '(') && SEQUENCE_FUNCTIONS.test(list.at(first - 2)?.value ?? '')) {
    return [list.replace(cast, typeAt, '')];
  }
  const kind = type.replace('procedure', 'proc').replace('operator', 'oper');
  const isText = list.matches(typeAt + 1, '::', 'text') || list.matches(typeAt + 1, '::', 'varchar');
  if (isColumnOfItsOwn(list, first, typeAt)) {
    const out = `__pg.fn.${type}_out(__pg.fn.${kind}_in(`;
    return [list.insertBefore(first, out), list.replace(cast, typeAt, '))')];
  }
  const before = isText ? `__pg.fn.${type}_out(__pg.fn.${kind}_in(` : `__pg.fn.${kind}_in(`;
  return [list.insertBefore(first, before), list.replace(cast, typeAt, isText ? '))' : ')')];
}

/** Nothing but this between two commas of a SELECT: it goes to the client, who reads a name and not a number. */
function isColumnOfItsOwn(list: TokenList, first: number, last: number): boolean {
  const starts = list.matches(first - 1, 'select') || list.matches(first - 1, ',');
  const after = list.at(last + 1);
  return starts && (after === undefined || after.value === ',' || after.value === ';' || after.value === 'from');
}

/** `= ANY ('{a,b}')` and `<> ALL ('{a,b}')`: as a list of constants, which take the type of what they are compared with. */
export function anyEdits(list: TokenList): TextEdit[] {
  return list.tokens.flatMap((token, index) => {
    if (token.kind !== 'operator' || !list.isWord(index + 1)) return [];
    const word = list.at(index + 1)?.value ?? '';
    const isAny = token.value === '=' && (word === 'any' || word === 'some');
    const isNone = (token.value === '<>' || token.value === '!=') && word === 'all';
    const literal = list.at(index + 3);
    if (!(isAny || isNone) || !list.matches(index + 2, '(') || literal?.kind !== 'string') return [];
    const elements = parseArrayLiteral(literal.value);
    if (elements === undefined || !list.matches(index + 4, ')')) return [];
    const items = elements.length === 0 ? 'NULL' : listText(elements).slice(1, -1);
    return [list.replace(index, index + 4, `${isAny ? 'IN' : 'NOT IN'} (${items})`)];
  });
}

/** An array of PostgreSQL's text form as a list; undefined for text that is none. */
export function listSql(literal: string): string | undefined {
  const elements = parseArrayLiteral(literal);
  return elements && listText(elements);
}

function listText(elements: readonly (string | null)[]): string {
  return `[${elements.map((one) => (one === null ? 'NULL' : quoteLiteral(one))).join(', ')}]`;
}

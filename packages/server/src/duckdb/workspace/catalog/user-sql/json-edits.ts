import { quoteLiteral } from '../../../quoting.js';
import { parseArrayLiteral } from '../rewrite/array-literal.js';
import { listSql } from './expression-edits.js';
import type { TextEdit, TokenList } from './token-list.js';

/** What each is in DuckDB, which reads a path of names as a JSON pointer. */
const ARROWS: Readonly<Record<string, string>> = { '->': '->', '->>': '->>', '#>': '->', '#>>': '->>' };

/** `document ? 'key'` and its like, as functions. */
const QUESTIONS: Readonly<Record<string, string>> = {
  '?': '__pg.fn.jsonb_has(',
  '?|': '__pg.fn.jsonb_has_any(',
  '?&': '__pg.fn.jsonb_has_all(',
};

interface Key {
  readonly last: number;
  readonly edits: readonly TextEdit[];
}

/**
 * Operators of JSON. DuckDB's arrows bind weaker than comparisons, LIKE and IN, so each chain of them gets brackets; an arrow with anything
 * but a constant or a parameter behind it may be that of a lambda, and is left alone.
 */
export function jsonEdits(list: TokenList): TextEdit[] {
  const edits: TextEdit[] = [];
  for (let at = 1; at < list.tokens.length; at++) {
    const chain = arrowKey(list, at);
    if (chain === undefined) {
      edits.push(...questionEdits(list, at), ...containmentEdits(list, at));
      continue;
    }
    const first = list.castOperandStart(at);
    let key: Key | undefined = chain;
    let { last } = chain;
    for (; key !== undefined; key = arrowKey(list, last + 1)) {
      edits.push(...key.edits);
      ({ last } = key);
    }
    edits.push(list.insertBefore(first, '('), list.insertAfter(last, ')'), ...questionEdits(list, last + 1, first));
    edits.push(...containmentEdits(list, last + 1, first));
    at = last + 1;
  }
  return edits;
}

/** The arrow at `at` with the constant behind it. */
function arrowKey(list: TokenList, at: number): Key | undefined {
  const operator = list.at(at);
  const arrow = operator?.kind === 'operator' ? ARROWS[operator.value] : undefined;
  if (operator === undefined || arrow === undefined) return undefined;
  if (operator.value.startsWith('#')) {
    const path = pathBehind(list, at + 1);
    return path && { last: path.last, edits: [list.replace(at, path.last, `${arrow} ${quoteLiteral(path.pointer)}`)] };
  }
  const kind = list.at(at + 1)?.kind;
  if (kind !== 'string' && kind !== 'number' && kind !== 'parameter') return undefined;
  const last = list.matches(at + 2, '::') ? list.typeEnd(at + 3) : at + 1;
  return { last, edits: [] };
}

/** `'{a,0}'` or `ARRAY['a', '0']`. */
function pathBehind(list: TokenList, at: number): { readonly last: number; readonly pointer: string } | undefined {
  const token = list.at(at);
  if (token?.kind === 'string') {
    const names = parseArrayLiteral(token.value);
    const last = list.matches(at + 1, '::') ? list.typeEnd(at + 2) : at;
    return names === undefined || names.includes(null) ? undefined : { last, pointer: pointerOf(names) };
  }
  if (!list.matches(at, 'array', '[')) return undefined;
  const names = list.args(at + 1).map(([first, last]) => (first === last ? list.at(first) : undefined));
  if (names.some((name) => name?.kind !== 'string')) return undefined;
  return { last: list.partner(at + 1), pointer: pointerOf(names.map((name) => name?.value ?? '')) };
}

function pointerOf(names: readonly (string | null)[]): string {
  if (names.length === 0) return '$';
  return names.map((name) => `/${(name ?? '').replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function questionEdits(list: TokenList, at: number, start?: number): TextEdit[] {
  const token = list.at(at);
  // To the tokens, a question mark stands alone.
  if (token?.kind !== 'parameter' || list.sql[token.start] !== '?' || !isOperand(list, at - 1)) return [];
  const second = list.at(at + 1);
  const isLong =
    second?.kind === 'operator' && second.start === token.end && QUESTIONS[`?${second.value}`] !== undefined;
  const sign = isLong ? `?${second.value}` : '?';
  const operator = isLong ? at + 1 : at;
  const last = list.operandEnd(operator + 1);
  if (last < operator + 1) return [];
  const literal = list.at(operator + 1);
  const keys = isLong && literal?.kind === 'string' ? listSql(literal.value) : undefined;
  return [
    list.insertBefore(start ?? list.castOperandStart(at), QUESTIONS[sign] ?? ''),
    list.replace(at, operator, ','),
    ...(keys === undefined ? [] : [list.replace(operator + 1, operator + 1, keys)]),
    list.insertAfter(last, ')'),
  ];
}

/** `a @> b` of documents, told by a cast or by a constant that is one; lists have the operator in DuckDB, too. */
function containmentEdits(list: TokenList, at: number, start?: number): TextEdit[] {
  const token = list.at(at);
  if (token?.kind !== 'operator' || (token.value !== '@>' && token.value !== '<@')) return [];
  const first = start ?? list.castOperandStart(at);
  const last = list.operandEnd(at + 1);
  if (!isOperand(list, at - 1) || last < at + 1) return [];
  if (!isDocument(list, first, at - 1) && !isDocument(list, at + 1, last)) return [];
  const name = token.value === '@>' ? '__pg.fn.jsonb_contains(' : '__pg.fn.jsonb_contained(';
  return [list.insertBefore(first, name), list.replace(at, at, ','), list.insertAfter(last, ')')];
}

function isOperand(list: TokenList, at: number): boolean {
  const token = list.at(at);
  if (token === undefined) return false;
  if (token.kind === 'punctuation') return token.value === ')' || token.value === ']';
  return token.kind !== 'operator' && !list.isBoundary(at);
}

function isDocument(list: TokenList, first: number, last: number): boolean {
  if (list.matches(last - 1, '::') && (list.matches(last, 'jsonb') || list.matches(last, 'json'))) return true;
  const token = list.at(first);
  if (first !== last || token?.kind !== 'string' || !/^\s*[[{]/.test(token.value)) return false;
  try {
    JSON.parse(token.value);
    return true;
  } catch {
    // Text of an array of PostgreSQL's.
    return false;
  }
}

import { quoteIdentifier } from '../../../quoting.js';
import { namesByPlace } from './named-by-parser.js';
import type { TextEdit, TokenList } from './token-list.js';

/** Words that end the list of columns of a SELECT. */
const AFTER_COLUMNS = new Set(
  'from where group having window order limit offset fetch union intersect except into qualify for using returning'.split(
    ' ',
  ),
);

/** No columns, although they are words. */
const VALUES = /^(true|false|null|current_(user|role|catalog|schema)|session_user|user)$/;

/** DuckDB takes an alias of this name for what the word means. */
const NO_ALIAS = /^(current_(date|time|timestamp)|localtime|localtimestamp)$/;

/** What DuckDB makes several columns of, or has another grammar for. */
const NOT_ONE_COLUMN = /^(columns|cast|try_cast|extract)$/;

type Item = readonly [first: number, last: number];

/**
 * Names for columns that have none, as PostgreSQL gives them: a call is called like its function, a cast like what is cast, and most of the
 * rest `?column?`. Programs read results by these names, and DuckDB would say `count_star()`. In every SELECT, because an outer one may use
 * the name; and a call of `generate_series` makes rows in PostgreSQL and a list in DuckDB.
 *
 * Most columns are told by their tokens. For others PostgreSQL's parser is asked, which takes a millisecond; where the statement is not of
 * its grammar they keep DuckDB's names.
 */
export function columnNameEdits(list: TokenList): TextEdit[] {
  const items = list.tokens.flatMap((_, index) =>
    list.matches(index, 'select') || isReturning(list, index) ? itemsFrom(list, index + 1) : [],
  );
  const edits: TextEdit[] = items.flatMap(([first, last]) => seriesEdits(list, first, last));
  const unknown: Item[] = [];
  for (const item of items) {
    const known = editsByTokens(list, item);
    if (known === undefined) unknown.push(item);
    else edits.push(...known);
  }
  if (unknown.length === 0) return edits;
  const names = namesByPlace(list.sql);
  for (const [first, last] of unknown) {
    const name = names?.get(list.startOf(first));
    if (name !== undefined && !NO_ALIAS.test(name)) edits.push(named(list, last, name));
  }
  return edits;
}

/** A column of that name is possible, too. */
function isReturning(list: TokenList, index: number): boolean {
  return list.matches(index, 'returning') && !list.matches(index - 1, '.') && !list.matches(index - 1, 'as');
}

function itemsFrom(list: TokenList, start: number): Item[] {
  const found: Item[] = [];
  let first = list.matches(start, 'all') ? start + 1 : start;
  if (list.matches(first, 'distinct')) {
    first++;
    if (list.matches(first, 'on', '(')) first = list.partner(first + 1) + 1;
  }
  for (let at = first; at <= list.tokens.length; at++) {
    const token = list.at(at);
    if (list.matches(at, '(') || list.matches(at, '[') || list.matches(at, '{')) {
      at = list.partner(at);
      continue;
    }
    const isEnd =
      token === undefined ||
      endsColumns(list, at) ||
      (token.kind === 'punctuation' && (token.value === ';' || token.value === ')'));
    if (isEnd || (token.kind === 'punctuation' && token.value === ',')) {
      if (at > first) found.push([first, at - 1]);
      first = at + 1;
    }
    if (isEnd) break;
  }
  return found;
}

function endsColumns(list: TokenList, at: number): boolean {
  const token = list.at(at);
  if (list.matches(at, 'on', 'conflict')) return true;
  if (token?.kind !== 'word' || !AFTER_COLUMNS.has(token.value)) return false;
  const isPartOfExpression =
    (token.value === 'from' && list.matches(at - 1, 'distinct') && list.matches(at - 2, 'is')) ||
    (token.value === 'from' && list.matches(at - 2, 'not', 'distinct')) ||
    (token.value === 'group' && list.matches(at - 1, 'within'));
  return !isPartOfExpression && !list.matches(at - 1, '.') && !list.matches(at - 1, 'as');
}

/** Undefined: the tokens alone do not tell. */
function editsByTokens(list: TokenList, [first, last]: Item): TextEdit[] | undefined {
  if (list.matches(last, '*') || (last > first && list.matches(last - 1, 'as') && list.isName(last))) return [];
  if (hasSeveralColumns(list, first, last)) return [];
  const token = list.at(first);
  if (first === last && (token?.kind === 'number' || token?.kind === 'string' || token?.kind === 'parameter')) {
    return [named(list, last, '?column?')];
  }
  let at = first;
  while (list.isName(at) && list.matches(at + 1, '.') && list.isName(at + 2)) at += 2;
  if (!list.isName(at)) return undefined;
  if (at === last) return list.isWord(at) && at === first && VALUES.test(list.at(at)?.value ?? '') ? undefined : [];
  // A call: name ( … ), with FILTER or OVER, and nothing behind it.
  const isCall = !list.isBoundary(at) && list.matches(at + 1, '(') && list.callEnd(at + 1) === last;
  if (!isCall) return undefined;
  const name = list.at(at)?.value ?? '';
  if (NOT_ONE_COLUMN.test(name)) return undefined;
  return [named(list, last, name === 'trim' ? nameOfTrim(list, at + 2) : name)];
}

/** `trim(…)` is a spelling of three functions. */
function nameOfTrim(list: TokenList, first: number): string {
  if (list.matches(first, 'leading')) return 'ltrim';
  return list.matches(first, 'trailing') ? 'rtrim' : 'btrim';
}

/** `generate_series(1, 3) + 1`: rows, also within an expression; within another call it is DuckDB's list. */
function seriesEdits(list: TokenList, first: number, last: number): TextEdit[] {
  const edits: TextEdit[] = [];
  for (let at = first; at <= last; at++) {
    const isCall =
      list.matches(at, 'generate_series', '(') && !list.matches(at - 1, '.') && !list.matches(at - 1, 'as');
    if (isCall) edits.push(list.insertBefore(at, 'unnest('), list.insertAfter(list.partner(at + 1), ')'));
    if (list.matches(at, '(') || list.matches(at, '[') || list.matches(at, '{')) at = list.partner(at);
    else if (isCall) at = list.partner(at + 1);
  }
  return edits;
}

/** `COLUMNS('a.*')`, also within an expression, and `* EXCLUDE (a)`. */
function hasSeveralColumns(list: TokenList, first: number, last: number): boolean {
  for (let at = first; at <= last; at++) {
    if (list.matches(at, 'columns', '(')) return true;
    const isStar = list.matches(at, '*') && (at === first || list.matches(at - 1, '.'));
    if (isStar) return true;
  }
  return false;
}

function named(list: TokenList, last: number, name: string): TextEdit {
  return list.insertAfter(last, ` AS ${quoteIdentifier(name)}`);
}

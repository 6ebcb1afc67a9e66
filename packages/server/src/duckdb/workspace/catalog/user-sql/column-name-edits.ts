import { quoteIdentifier } from '../../../quoting.js';
import type { TextEdit, TokenList } from './token-list.js';

/** Words that end the list of columns of a SELECT. */
const AFTER_COLUMNS = new Set(
  'from where group having window order limit offset fetch union intersect except into qualify for using returning'.split(
    ' ',
  ),
);

/**
 * Names for columns that have none, as PostgreSQL gives them: a call is called like its function, a cast like what is cast. Programs
 * read results by these names, and DuckDB would say `count_star()`. Only of the outermost SELECT; and a call of `generate_series`
 * there makes rows in PostgreSQL and a list in DuckDB.
 */
export function columnNameEdits(list: TokenList): TextEdit[] {
  const select = outermostSelect(list);
  if (select < 0) return [];
  return items(list, select + 1).flatMap(([first, last]) => nameEdits(list, first, last));
}

function outermostSelect(list: TokenList): number {
  for (let at = 0; at < list.tokens.length; at++) {
    const token = list.at(at);
    if (token?.kind === 'punctuation' && (token.value === '(' || token.value === '[')) at = list.partner(at);
    else if (token?.kind === 'word' && token.value === 'select') return at;
  }
  return -1;
}

function items(list: TokenList, start: number): (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  let first = list.matches(start, 'all') ? start + 1 : start;
  if (list.matches(first, 'distinct')) {
    first++;
    if (list.matches(first, 'on', '(')) first = list.partner(first + 1) + 1;
  }
  for (let at = first; at <= list.tokens.length; at++) {
    const token = list.at(at);
    if (token?.kind === 'punctuation' && (token.value === '(' || token.value === '[')) {
      at = list.partner(at);
      continue;
    }
    const isEnd =
      token === undefined ||
      (token.kind === 'word' && AFTER_COLUMNS.has(token.value)) ||
      (token.kind === 'punctuation' && (token.value === ';' || token.value === ')'));
    if (isEnd || (token.kind === 'punctuation' && token.value === ',')) {
      if (at > first) found.push([first, at - 1]);
      first = at + 1;
    }
    if (isEnd) break;
  }
  return found;
}

function nameEdits(list: TokenList, first: number, last: number): TextEdit[] {
  // A call: name ( … ), maybe qualified, and nothing behind it.
  let at = first;
  while (list.isName(at) && list.matches(at + 1, '.') && list.isName(at + 2)) at += 2;
  if (list.isName(at) && !list.isBoundary(at) && list.matches(at + 1, '(') && list.partner(at + 1) === last) {
    const name = list.at(at)?.value ?? '';
    if (/^(cast|try_cast|columns|unnest|extract)$/.test(name)) return [];
    if (name === 'generate_series') {
      return [list.insertBefore(first, 'unnest('), list.insertAfter(last, `) AS ${name}`)];
    }
    return [list.insertAfter(last, ` AS ${quoteIdentifier(name)}`)];
  }
  // A cast of a column or of a call: a.b::type
  if (list.isName(at) && !list.isBoundary(at) && list.matches(at + 1, '::') && isType(list, at + 2, last)) {
    return [list.insertAfter(last, ` AS ${quoteIdentifier(list.at(at)?.value ?? '')}`)];
  }
  return [];
}

/** Whether these tokens are all of one type's name: no alias behind it. */
function isType(list: TokenList, first: number, last: number): boolean {
  if (!list.isName(first)) return false;
  let at = list.matches(first + 1, '.') ? first + 2 : first;
  if (list.matches(at + 1, '(')) at = list.partner(at + 1);
  while (list.matches(at + 1, '[')) at = list.partner(at + 1);
  return at === last;
}

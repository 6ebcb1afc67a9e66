import { quoteLiteral } from '../../../quoting.js';
import { listSql } from './expression-edits.js';
import type { TextEdit, TokenList } from './token-list.js';

/** A time without seconds, and an offset: the engine wants both in full. */
const WITHOUT_SECONDS = /^\s*(\d{4}-\d\d-\d\d[ T]\d\d:\d\d)\s*(Z|[+-]\d\d(?::?\d\d)?)\s*$/i;

/** `'2026-11-25 12:00+00'::timestamptz`, and the same with CAST and with the type before it. */
export function timestampEdits(list: TokenList): TextEdit[] {
  return list.tokens.flatMap((token, index) => {
    const found = token.kind === 'string' ? WITHOUT_SECONDS.exec(token.value) : null;
    if (found === null) return [];
    const isTyped =
      (list.matches(index + 1, '::') && isTimestamp(list, index + 2)) ||
      (list.matches(index - 2, 'cast', '(') && list.matches(index + 1, 'as') && isTimestamp(list, index + 2)) ||
      isTimestamp(list, index - 1) ||
      list.matches(index - 4, 'timestamp', 'with', 'time', 'zone');
    return isTyped ? [list.replace(index, index, quoteLiteral(`${found[1]}:00${found[2]}`))] : [];
  });
}

function isTimestamp(list: TokenList, index: number): boolean {
  return list.matches(index, 'timestamptz') || list.matches(index, 'timestamp');
}

/** `tags text[] DEFAULT '{}'` */
export function defaultEdits(list: TokenList): TextEdit[] {
  if (!list.matches(0, 'create') && !list.matches(0, 'alter')) return [];
  return list.tokens.flatMap((_, index) => {
    const literal = list.at(index + 1);
    const isOfArray = list.matches(index, 'default') && list.matches(index - 1, ']') && literal?.kind === 'string';
    const elements = isOfArray ? listSql(literal.value) : undefined;
    return elements === undefined ? [] : [list.replace(index + 1, index + 1, elements)];
  });
}

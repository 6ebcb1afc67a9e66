import { CATALOG_DATABASE, TYPING } from '../names.js';
import { editedSpan, type TextEdit, type TokenList } from './token-list.js';

/** `(sum, what is summed)`: as BIGINT where that is of an integer type that PostgreSQL sums to one. */
export const SUM_AS = `${CATALOG_DATABASE}.${TYPING}.sum_as`;

/** Calls that make one value of many rows: inside of a window function's argument the type of them is not known early enough. */
const AGGREGATE =
  /^(sum|min|max|avg|count|any_value|first|last|bool_and|bool_or|array_agg|string_agg|list|mode|median)$/;

/**
 * `sum(integer)` is bigint in PostgreSQL and a HUGEINT in DuckDB, which clients would get as numeric. Only the engine knows of which type the
 * argument is, so a macro with one variant for each decides; it names the argument for its type alone, and nothing is computed twice.
 */
export function sumEdits(list: TokenList, edits: readonly TextEdit[]): TextEdit[] {
  return list.tokens.flatMap((token, index) => {
    if (token.kind !== 'word' || token.value !== 'sum' || !list.matches(index + 1, '(')) return [];
    const isQualified = list.matches(index - 2, 'pg_catalog', '.');
    if (list.matches(index - 1, '.') && !isQualified) return [];
    const [argument, ...others] = list.args(index + 1);
    if (argument === undefined || others.length > 0) return [];
    const [from, to] = summed(list, argument);
    if (to < from || hasAggregate(list, from, to)) return [];
    const text = editedSpan(list.sql, edits, list.startOf(from), list.endOf(to));
    return [
      list.insertBefore(isQualified ? index - 2 : index, `${SUM_AS}(`),
      list.insertAfter(list.callEnd(index + 1), `, ${text})`),
    ];
  });
}

/** Without DISTINCT before and ORDER BY behind. */
function summed(list: TokenList, [first, last]: readonly [number, number]): readonly [number, number] {
  const from = list.matches(first, 'distinct') || list.matches(first, 'all') ? first + 1 : first;
  for (let at = from; at <= last; at++) {
    if (list.matches(at, '(') || list.matches(at, '[')) at = list.partner(at);
    else if (list.matches(at, 'order', 'by')) return [from, at - 1];
  }
  return [from, last];
}

function hasAggregate(list: TokenList, from: number, to: number): boolean {
  for (let at = from; at <= to; at++) {
    if (list.isWord(at) && AGGREGATE.test(list.at(at)?.value ?? '') && list.matches(at + 1, '(')) return true;
  }
  return false;
}

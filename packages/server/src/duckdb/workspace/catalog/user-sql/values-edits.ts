import type { TextEdit, TokenList } from './token-list.js';

/**
 * The columns of VALUES are `column1`, `column2`, … in PostgreSQL, and `col0`, … in DuckDB. Not those of INSERT, which have no names, and not
 * where the statement names them itself.
 */
export function valuesEdits(list: TokenList): TextEdit[] {
  return list.tokens.flatMap((token, index) => {
    if (token.kind !== 'word' || token.value !== 'values' || !list.matches(index + 1, '(')) return [];
    const before = list.at(index - 1);
    const isQuery = before === undefined || list.matches(index - 1, '(') || list.matches(index - 1, 'as');
    if (!isQuery) return [];
    let last = list.partner(index + 1);
    while (list.matches(last + 1, ',') && list.matches(last + 2, '(')) last = list.partner(last + 2);
    if (isNamed(list, index, last)) return [];
    const columns = list.args(index + 1).map((_, column) => `column${column + 1}`);
    return [
      list.insertBefore(index, 'SELECT * FROM ('),
      list.insertAfter(last, `) AS "*VALUES*"(${columns.join(', ')})`),
    ];
  });
}

/** `(VALUES (1)) AS t (a)`, and `WITH t (a) AS (VALUES (1))`. */
function isNamed(list: TokenList, values: number, last: number): boolean {
  if (!list.matches(values - 1, '(') || !list.matches(last + 1, ')')) return false;
  const alias = list.matches(last + 2, 'as') ? last + 3 : last + 2;
  if (list.isName(alias) && !list.isBoundary(alias) && list.matches(alias + 1, '(')) return true;
  const as = list.matches(values - 2, 'materialized') ? values - 3 : values - 2;
  return list.matches(as, 'as') && list.matches(as - 1, ')');
}

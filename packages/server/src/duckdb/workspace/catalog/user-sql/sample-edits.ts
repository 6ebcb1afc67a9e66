import type { TextEdit, TokenList } from './token-list.js';

/** `TABLESAMPLE SYSTEM (10)`: a percentage in PostgreSQL; DuckDB wants to be told. */
export function sampleEdits(list: TokenList): TextEdit[] {
  return list.tokens.flatMap((token, index) => {
    const isSample =
      token.kind === 'word' &&
      token.value === 'tablesample' &&
      (list.matches(index + 1, 'system', '(') || list.matches(index + 1, 'bernoulli', '('));
    if (!isSample || list.at(index + 3)?.kind !== 'number' || !list.matches(index + 4, ')')) return [];
    return [list.insertAfter(index + 3, ' PERCENT')];
  });
}

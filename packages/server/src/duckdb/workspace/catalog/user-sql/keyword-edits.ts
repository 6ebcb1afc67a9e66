import type { TextEdit, TokenList } from './token-list.js';

/** Words that DuckDB reserves and PostgreSQL does not: a column may be called so without quotes. */
const RESERVED = new Set(
  'anti asof at describe generated glob lambda pivot pivot_longer pivot_wider positional qualify semi show summarize unpivot'.split(
    ' ',
  ),
);

/** Behind these words stands an expression or the name of a column, and never a clause of DuckDB's. */
const BEFORE_NAMES = new Set(
  'select distinct by where having and or not on set case when then else between returning'.split(' '),
);

/** Names of columns in quotes where DuckDB would take them for words of its own. */
export function keywordEdits(list: TokenList): TextEdit[] {
  const isDefinition = list.matches(0, 'create') || list.matches(0, 'alter');
  return list.tokens.flatMap(({ kind, value }, index) => {
    if (kind !== 'word' || !RESERVED.has(value) || !isColumn(list, index, isDefinition)) return [];
    return [list.replace(index, index, `"${value}"`)];
  });
}

function isColumn(list: TokenList, index: number, isDefinition: boolean): boolean {
  // `AT TIME ZONE` and `GENERATED ALWAYS AS` are the same to both.
  if (list.matches(index, 'at')) return !list.matches(index + 1, 'time', 'zone') && !list.matches(index + 1, '(');
  if (list.matches(index, 'generated')) return !list.matches(index + 1, 'always') && !list.matches(index + 1, 'by');
  if (list.matches(index, 'lambda') && isLambda(list, index)) return false;
  const before = list.at(index - 1);
  if (before === undefined) return false;
  if (before.kind === 'word') return BEFORE_NAMES.has(before.value) || (isDefinition && before.value === 'column');
  if (before.kind === 'operator' || before.value === ',' || before.value === '.') return !list.matches(index + 1, '(');
  if (before.value !== '(') return false;
  const after = list.at(index + 1);
  // `(DESCRIBE t)` is a query.
  return (
    isDefinition || after === undefined || (after.kind !== 'word' && after.kind !== 'quoted' && after.value !== '(')
  );
}

/** `lambda x: …`, `lambda x, i: …` */
function isLambda(list: TokenList, index: number): boolean {
  for (let at = index + 1; list.isName(at); at += 2) {
    if (list.matches(at + 1, ':')) return true;
    if (!list.matches(at + 1, ',')) return false;
  }
  return false;
}

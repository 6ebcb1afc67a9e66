import type { SqlToken } from '../sql-tokens.js';

/** A result up to this many rows is made at once rather than streamed: streaming takes a transaction and three more trips to the engine. */
const SMALL_ROWS = 1000;

/** Functions that make many rows, or values without bound, out of nothing. */
const MANY_ROWS =
  /^(unnest|generate_|range$|repeat|regexp_split_to_table|string_to_table|json|_pg_expandarray|list|array_fill|lpad|rpad)/;

/**
 * Whether a query surely answers few rows, by its words alone: it reads no table, or ends in a small LIMIT. A wrong "no" costs a fraction of
 * a millisecond; a wrong "yes" would hold a large result in memory, so what is not surely small is not.
 */
export function isSmallQuery(tokens: readonly SqlToken[]): boolean {
  const words = new Set(tokens.flatMap(({ kind, value }) => (kind === 'word' || kind === 'quoted' ? [value] : [])));
  if (endsInSmallLimit(tokens)) return true;
  if (words.has('from') || words.has('table') || words.has('recursive') || words.has('returning')) return false;
  const first = tokens[0]?.value;
  if (first !== 'select' && first !== 'values') return false;
  return ![...words].some((word) => MANY_ROWS.test(word));
}

function endsInSmallLimit(tokens: readonly SqlToken[]): boolean {
  const [word, count] = tokens.slice(-2);
  if (word?.kind !== 'word' || word.value !== 'limit' || count?.kind !== 'number') return false;
  return /^\d+$/.test(count.value) && Number(count.value) <= SMALL_ROWS && depthAtEnd(tokens) === 0;
}

function depthAtEnd(tokens: readonly SqlToken[]): number {
  let depth = 0;
  for (const { kind, value } of tokens) {
    if (kind !== 'punctuation') continue;
    if (value === '(') depth += 1;
    if (value === ')') depth -= 1;
  }
  return depth;
}

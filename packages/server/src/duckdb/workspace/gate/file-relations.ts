import type { SqlToken } from '../sql-tokens.js';

/** Words that end a FROM clause of their level of brackets. */
const END_OF_FROM: ReadonlySet<string> = new Set([
  'where',
  'group',
  'having',
  'order',
  'limit',
  'offset',
  'window',
  'qualify',
  'union',
  'intersect',
  'except',
  'select',
  'values',
  'returning',
  'set',
]);

/** A relation follows wherever they stand. */
const BEFORE_RELATION: ReadonlySet<string> = new Set(['join', 'table', 'pivot', 'unpivot', 'describe', 'summarize']);

/** May stand between such a word and the relation. */
const BEFORE_NAME: ReadonlySet<string> = new Set(['only', 'lateral', 'table']);

/** Their FROM is no clause: `extract(year FROM x)`, `trim(both 'x' FROM y)`. */
const CALLS_WITH_FROM: ReadonlySet<string> = new Set(['extract', 'trim', 'substring', 'overlay']);

interface Level {
  inFrom: boolean;
  /** The name in front of the bracket. */
  readonly call: string;
}

/**
 * The first relation that is written as a file. DuckDB reads `FROM 'x.csv'` and, when no table has the name, `FROM "dir/x.parquet"` as files: of what
 * it may open that would be the links to versions, and rows that are set aside, behind the back of everything that decides who sees what. PostgreSQL has
 * no strings there; a name with a slash is the price.
 */
export function fileRelation(tokens: readonly SqlToken[]): SqlToken | undefined {
  const levels: Level[] = [{ inFrom: false, call: '' }];
  const removes = tokens.some(({ kind, value }) => kind === 'word' && (value === 'delete' || value === 'merge'));
  let expected = false;
  for (const [at, token] of tokens.entries()) {
    const level = levels.at(-1) ?? { inFrom: false, call: '' };
    if (token.kind === 'string') {
      if (expected) return token;
    } else if (token.kind === 'quoted') {
      if (expected && token.value.includes('/')) return token;
    } else if (token.kind === 'punctuation' && '([{'.includes(token.value)) {
      const before = tokens[at - 1];
      levels.push({ inFrom: expected, call: before?.kind === 'word' ? before.value : '' });
      // `FROM ('a' JOIN 'b')`: what is in the bracket is where a relation is expected, too.
      continue;
    } else if (token.kind === 'punctuation' && ')]}'.includes(token.value)) {
      if (levels.length > 1) levels.pop();
    } else if (token.kind === 'punctuation' && token.value === ',') {
      expected = level.inFrom;
      continue;
    } else if (token.kind === 'punctuation' && token.value === '.') {
      // The parts of a name: the engine puts them together before it looks for a file.
      continue;
    } else if (token.kind === 'word') {
      if (expected && BEFORE_NAME.has(token.value)) continue;
      if (token.value === 'from' && isClause(tokens, at, level)) {
        level.inFrom = true;
        expected = true;
        continue;
      }
      if (END_OF_FROM.has(token.value)) level.inFrom = false;
      if (BEFORE_RELATION.has(token.value) || (token.value === 'using' && removes)) {
        expected = true;
        continue;
      }
      if (tokens[at + 1]?.value === '.') continue;
    }
    if (token.kind === 'quoted' && tokens[at + 1]?.value === '.') continue;
    expected = false;
  }
  return undefined;
}

function isClause(tokens: readonly SqlToken[], at: number, { call }: Level): boolean {
  const word = (index: number): string => (tokens[index]?.kind === 'word' ? (tokens[index]?.value ?? '') : '');
  if (word(at - 1) === 'distinct' && (word(at - 2) === 'is' || word(at - 2) === 'not')) return false;
  return !CALLS_WITH_FROM.has(call);
}

import { quoteIdentifier } from '../../../quoting.js';
import type { TextEdit, TokenList } from './token-list.js';

interface RowFunction {
  /** What stands for the function's name, and for its closing bracket. */
  readonly before: string;
  readonly after: string;
  /** Undefined: one that is called like the function, or its alias. */
  readonly columns?: readonly string[];
}

/** The type of the list is said, because a document may be a parameter. */
const elements = (extract: string, type: string): RowFunction => ({
  before: `unnest(CAST(${extract}`,
  after: `, '$[*]') AS ${type}[]))`,
  columns: ['value'],
});
const members = (value: string): RowFunction => ({
  before: `(SELECT key, ${value} AS value FROM json_each`,
  after: '))',
  columns: ['key', 'value'],
});

/** Functions of PostgreSQL that return rows, where a relation stands. In a list of columns they are macros. */
export const ROW_FUNCTIONS: ReadonlyMap<string, RowFunction> = new Map([
  ...['json', 'jsonb'].flatMap((type): [string, RowFunction][] => [
    [`${type}_array_elements`, elements('json_extract', 'JSON')],
    [`${type}_array_elements_text`, elements('json_extract_string', 'VARCHAR')],
    [`${type}_each`, members('value')],
    [`${type}_each_text`, members(`value ->> '$'`)],
    [`${type}_object_keys`, { before: 'unnest(json_keys', after: '))' }],
  ]),
  ['regexp_split_to_table', { before: 'unnest(regexp_split_to_array', after: '))' }],
  ['string_to_table', { before: 'unnest(__pg.fn.string_to_list', after: '))' }],
]);

/** Words behind which relations are named, and words behind which expressions are. */
const CLAUSES = new Set(
  'from join using select where on group by having window order limit offset values set returning qualify when then else'.split(
    ' ',
  ),
);

/**
 * `FROM jsonb_array_elements(document) AS e`. DuckDB has functions that return lists, and takes those apart with `unnest`; the columns get
 * PostgreSQL's names. Where an alias is used as a value (`e ->> 'name'`), it is the column's name, too.
 */
export function rowFunctionEdits(list: TokenList): TextEdit[] {
  return list.tokens.flatMap((token, index) => {
    const target = token.kind === 'word' ? ROW_FUNCTIONS.get(token.value) : undefined;
    if (target === undefined || !list.matches(index + 1, '(')) return [];
    const isQualified = list.matches(index - 2, 'pg_catalog', '.');
    const first = isQualified ? index - 2 : index;
    if ((list.matches(index - 1, '.') && !isQualified) || !standsForRelation(list, first)) return [];
    // DuckDB's own takes a path.
    if (target.columns?.length === 2 && list.args(index + 1).length !== 1) return [];
    const close = list.partner(index + 1);
    return [
      list.replace(first, index, target.before),
      list.replace(close, close, target.after),
      ...aliasEdits(list, close, token.value, target),
    ];
  });
}

/** Whether a relation is named at `first`: behind FROM, JOIN, LATERAL, or behind a comma of their list. */
function standsForRelation(list: TokenList, first: number): boolean {
  if (list.matches(first - 1, 'from') || list.matches(first - 1, 'join') || list.matches(first - 1, 'lateral')) {
    return true;
  }
  if (!list.matches(first - 1, ',')) return false;
  for (let at = first - 1; at >= 0; at--) {
    if (list.matches(at, ')') || list.matches(at, ']')) at = list.partner(at);
    else if (list.matches(at, '(') || list.matches(at, '[')) return false;
    else if (list.isWord(at) && CLAUSES.has(list.at(at)?.value ?? '')) {
      return list.matches(at, 'from') || list.matches(at, 'join') || list.matches(at, 'using');
    }
  }
  return false;
}

function aliasEdits(list: TokenList, close: number, name: string, { columns }: RowFunction): TextEdit[] {
  const isOrdered = list.matches(close + 1, 'with', 'ordinality');
  const end = isOrdered ? close + 2 : close;
  const hasAs = list.matches(end + 1, 'as');
  const alias = hasAs ? end + 2 : end + 1;
  const isAliased = list.isName(alias) && (hasAs || !list.isBoundary(alias));
  if (isAliased && list.matches(alias + 1, '(')) return [];
  const called = isAliased ? (list.at(alias)?.value ?? '') : name;
  const own = columns === undefined || (columns.length === 1 && isAliased && isUsedAsValue(list, alias, called));
  const names = [...(own ? [called] : columns), ...(isOrdered ? ['ordinality'] : [])].map(quoteIdentifier).join(', ');
  return [
    isAliased ? list.insertAfter(alias, `(${names})`) : list.insertAfter(end, ` AS ${quoteIdentifier(name)}(${names})`),
  ];
}

/** The alias alone, without a column behind it, anywhere else in the statement. */
function isUsedAsValue(list: TokenList, alias: number, name: string): boolean {
  return list.tokens.some(
    (token, at) =>
      at !== alias &&
      (token.kind === 'word' || token.kind === 'quoted') &&
      token.value === name &&
      !list.matches(at - 1, '.') &&
      !list.matches(at - 1, 'as') &&
      !list.matches(at + 1, '.') &&
      !list.matches(at + 1, '('),
  );
}

import type { DuckDBConnection } from '@duckdb/node-api';
import { SqlError } from '../../errors/sql-error.js';
import { quoteIdentifier, quoteLiteral } from '../quoting.js';
import { TokenList } from './catalog/user-sql/token-list.js';

/** `LIKE b INCLUDING DEFAULTS` in the list of a CREATE TABLE. */
export interface LikeClause {
  readonly start: number;
  readonly end: number;
  /** As it is written, for a query that makes it visible. */
  readonly relation: string;
  readonly path: readonly string[];
  readonly copied: ReadonlySet<Copied>;
}

type Copied = 'defaults' | 'constraints' | 'indexes';

/** What INCLUDING names. Storage, statistics and the like mean nothing here; comments are not copied. */
const OPTIONS: Readonly<Record<string, readonly Copied[]>> = {
  all: ['defaults', 'constraints', 'indexes'],
  defaults: ['defaults'],
  identity: ['defaults'],
  generated: ['defaults'],
  constraints: ['constraints'],
  indexes: ['indexes'],
  comments: [],
  compression: [],
  statistics: [],
  storage: [],
};

const COLUMNS_SQL = `SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info($1)`;
const OWN_SQL = `
  SELECT database_name, schema_name, name FROM (
    SELECT database_name, schema_name, table_name AS name FROM duckdb_tables()
    UNION ALL SELECT database_name, schema_name, view_name FROM duckdb_views())
  WHERE lower(name) = lower($1) AND database_name IN ('temp', current_database())
    AND (lower(schema_name) = lower($2) OR $2 IS NULL AND (database_name = 'temp' OR list_contains(current_schemas(true), schema_name)))
  ORDER BY database_name = 'temp' DESC LIMIT 1`;
const HERE = 'database_name = $1 AND schema_name = $2 AND table_name = $3';
const CONSTRAINTS_SQL = `SELECT constraint_type, constraint_column_names, expression FROM duckdb_constraints()
  WHERE ${HERE} AND constraint_type IN ('UNIQUE', 'CHECK') ORDER BY constraint_index`;
const INDEX_SQL = `SELECT index_name FROM duckdb_indexes() WHERE ${HERE} AND sql IS NOT NULL LIMIT 1`;

/** DuckDB has no LIKE in CREATE TABLE. Answers none for every other statement. */
export function likeClauses(sql: string): readonly LikeClause[] {
  const list = new TokenList(sql);
  if (!list.matches(0, 'create')) return [];
  const open = list.tokens.findIndex(({ kind, value }) => kind === 'punctuation' && value === '(');
  const table = list.tokens.findIndex((token) => token.kind === 'word' && token.value === 'table');
  if (table < 0 || open < table || list.tokens.slice(table, open).some(isAs)) return [];
  return list.args(open).flatMap(([first, last]) => likeClause(list, first, last) ?? []);
}

function isAs({ kind, value }: { readonly kind: string; readonly value: string }): boolean {
  return kind === 'word' && value === 'as';
}

function likeClause(list: TokenList, first: number, last: number): LikeClause | undefined {
  // A column may be called "like" only in quotes.
  if (!list.matches(first, 'like') || !list.isName(first + 1)) return undefined;
  let at = first + 1;
  while (list.matches(at + 1, '.') && list.isName(at + 2)) at += 2;
  const path = [];
  for (let part = first + 1; part <= at; part += 2) path.push(list.at(part)?.value ?? '');
  const relation = list.sql.slice(list.startOf(first + 1), list.endOf(at));
  const copied = new Set<Copied>();
  for (at += 1; at <= last; at += 2) {
    const names = OPTIONS[list.at(at + 1)?.value ?? ''];
    const isIncluded = list.matches(at, 'including');
    if (names === undefined || (!isIncluded && !list.matches(at, 'excluding'))) {
      throw new SqlError('42601', `syntax error at or near ${JSON.stringify(list.at(at)?.value)}`, {
        hint: 'LIKE takes INCLUDING or EXCLUDING and one of ALL, DEFAULTS, CONSTRAINTS, INDEXES, IDENTITY, COMMENTS.',
      });
    }
    for (const name of names) {
      if (isIncluded) copied.add(name);
      else copied.delete(name);
    }
  }
  return { start: list.startOf(first), end: list.endOf(last), relation, path, copied };
}

/** The statement with the columns of the other tables in the place of the clauses. Those tables must be visible to the connection. */
export async function withoutLike(
  connection: DuckDBConnection,
  sql: string,
  clauses: readonly LikeClause[],
): Promise<string> {
  let rewritten = '';
  let copied = 0;
  for (const clause of clauses) {
    rewritten += sql.slice(copied, clause.start) + (await definitionsOf(connection, clause));
    copied = clause.end;
  }
  return rewritten + sql.slice(copied);
}

async function definitionsOf(connection: DuckDBConnection, { path, copied }: LikeClause): Promise<string> {
  const rows = async (sql: string, values: (string | null)[]): Promise<readonly (readonly unknown[])[]> =>
    (await connection.runAndReadAll(sql, values)).getRowsJS();
  const written = path.map((part) => (part === 'public' ? 'main' : part));
  const columns = await rows(COLUMNS_SQL, [written.map(quoteIdentifier).join('.')]);
  const definitions = columns.map(([name, type, notNull, defaultValue]) => {
    const wanted = copied.has('defaults') && defaultValue !== null ? ` DEFAULT ${String(defaultValue)}` : '';
    return `${quoteIdentifier(String(name))} ${String(type)}${notNull === true ? ' NOT NULL' : ''}${wanted}`;
  });
  const [place] = await rows(OWN_SQL, [written.at(-1) ?? '', written.at(-2) ?? null]);
  if (place === undefined) {
    if (!copied.has('indexes')) return definitions.join(', ');
    // It is not in the file of the table.
    throw new SqlError('0A000', 'the primary key of a table of the project cannot be copied', {
      hint: 'Name it yourself: CREATE TABLE … (LIKE …, PRIMARY KEY (…)).',
    });
  }
  const key = columns.filter(([, , , , isKey]) => isKey === true).map(([name]) => quoteIdentifier(String(name)));
  if (copied.has('indexes') && key.length > 0) definitions.push(`PRIMARY KEY (${key.join(', ')})`);
  for (const [kind, names, expression] of await rows(CONSTRAINTS_SQL, place.map(String))) {
    if (kind === 'CHECK' && copied.has('constraints')) definitions.push(`CHECK (${String(expression)})`);
    if (kind === 'UNIQUE' && copied.has('indexes')) {
      definitions.push(`UNIQUE (${(names as string[]).map(quoteIdentifier).join(', ')})`);
    }
  }
  const [index] = copied.has('indexes') ? await rows(INDEX_SQL, place.map(String)) : [];
  if (index !== undefined) {
    throw new SqlError('0A000', `the index ${quoteLiteral(String(index[0]))} cannot be copied`, {
      hint: 'Leave out INCLUDING INDEXES, or add EXCLUDING INDEXES, and create the indexes of the new table yourself.',
    });
  }
  return definitions.join(', ');
}

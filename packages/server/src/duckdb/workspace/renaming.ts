import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteIdentifier, quoteLiteral } from '../quoting.js';
import { tokenize, type SqlToken } from './sql-tokens.js';

interface Rename {
  /** The word TABLE. */
  readonly object: SqlToken;
  readonly path: readonly string[];
  readonly newName: string;
}

const FIND_SQL = `
  SELECT database_name, schema_name, name, is_view FROM (
    SELECT database_name, schema_name, table_name AS name, false AS is_view FROM duckdb_tables() WHERE NOT internal
    UNION ALL SELECT database_name, schema_name, view_name, true FROM duckdb_views() WHERE NOT internal)
  WHERE lower(name) = lower($1) AND database_name IN ('temp', current_database())
    AND (lower(schema_name) = lower($2) OR $2 IS NULL AND (database_name = 'temp' OR list_contains(current_schemas(true), schema_name)))
  ORDER BY database_name = 'temp' DESC LIMIT 1`;

const HERE = 'database_name = $1 AND schema_name = $2 AND table_name = $3';
const INDEXES_SQL = `SELECT sql FROM duckdb_indexes() WHERE ${HERE} AND sql IS NOT NULL ORDER BY index_oid`;
const TABLE_SQL = `SELECT sql, comment FROM duckdb_tables() WHERE ${HERE}`;
const COMMENTS_SQL = `SELECT column_name, comment FROM duckdb_columns() WHERE ${HERE} AND comment IS NOT NULL`;
const UNMOVABLE_SQL = `SELECT 1 FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY'
  AND database_name = $1 AND schema_name = $2 AND $3 IN (table_name, referenced_table)`;

/**
 * `ALTER TABLE x RENAME TO y` as PostgreSQL has it: x may be a view, and a table takes its indexes along. DuckDB has another statement for
 * views and refuses a table with indexes. To drop these, rename, and make them again would do for one session; but DuckDB renames in
 * place, so that every other one, whose transaction still sees the old index, could not list indexes until it ends. So such a table is made
 * again under its new name. What has foreign keys or computed columns is left to DuckDB, which refuses it.
 *
 * Answers what runs instead, in order and in one transaction; undefined for every other statement.
 */
export async function renamingStatements(
  connection: DuckDBConnection,
  sql: string,
): Promise<readonly string[] | undefined> {
  const rename = parseRename(sql);
  if (rename === undefined) return undefined;
  const rows = async (text: string, values: (string | null)[]): Promise<readonly (readonly unknown[])[]> =>
    (await connection.runAndReadAll(text, values)).getRows();
  const [name, schema] = [rename.path.at(-1) ?? '', rename.path.at(-2) ?? null];
  const [target] = await rows(FIND_SQL, [name, schema === 'public' ? 'main' : schema]);
  if (target === undefined) return undefined;
  const [place, isView] = [target.slice(0, 3).map(String), target[3] === true];
  if (isView) return [`${sql.slice(0, rename.object.start)}VIEW${sql.slice(rename.object.end)}`];
  const indexes = await rows(INDEXES_SQL, place);
  const [table] = await rows(TABLE_SQL, place);
  const definition = String(table?.[0]);
  if (indexes.length === 0 || (await rows(UNMOVABLE_SQL, place)).length > 0 || isComputed(definition)) return undefined;
  const from = place.map(quoteIdentifier).join('.');
  const to = [...place.slice(0, 2), rename.newName].map(quoteIdentifier).join('.');
  const columns = await rows(COMMENTS_SQL, place);
  return [
    withName(definition, 'table', to),
    `INSERT INTO ${to} SELECT * FROM ${from}`,
    `DROP TABLE ${from}`,
    ...indexes.map(([index]) => withName(String(index), 'on', to)),
    ...(table?.[1] === null ? [] : [`COMMENT ON TABLE ${to} IS ${quoteLiteral(String(table?.[1]))}`]),
    ...columns.map(
      ([column, comment]) =>
        `COMMENT ON COLUMN ${to}.${quoteIdentifier(String(column))} IS ${quoteLiteral(String(comment))}`,
    ),
  ];
}

function parseRename(sql: string): Rename | undefined {
  const tokens = tokenize(sql);
  const isWord = (at: number, value: string): boolean => tokens[at]?.kind === 'word' && tokens[at].value === value;
  const object = tokens[1];
  if (!isWord(0, 'alter') || object === undefined || !isWord(1, 'table')) return undefined;
  let at = isWord(2, 'if') ? 4 : 2;
  const path = [tokens[at++]?.value ?? ''];
  for (; tokens[at]?.value === '.'; at += 2) path.push(tokens[at + 1]?.value ?? '');
  const newName = tokens[at + 2]?.value;
  if (!isWord(at, 'rename') || !isWord(at + 1, 'to') || newName === undefined) return undefined;
  return { object, path, newName };
}

function isComputed(definition: string): boolean {
  return tokenize(definition).some(({ kind, value }) => kind === 'word' && value === 'generated');
}

/** `CREATE TABLE a.b(…)` and `CREATE INDEX i ON a.b(…)`, as DuckDB prints them, for another table. */
function withName(definition: string, before: 'table' | 'on', name: string): string {
  const tokens = tokenize(definition);
  const word = tokens.findIndex(({ kind, value }) => kind === 'word' && value === before);
  const list = tokens.findIndex(({ value }, index) => index > word && value === '(');
  return `${definition.slice(0, tokens[word]?.end)} ${name}${definition.slice(tokens[list]?.start)}`;
}

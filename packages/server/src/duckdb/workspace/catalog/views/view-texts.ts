import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteLiteral } from '../../../quoting.js';
import type { Fields } from '../ast.js';
import { OWN_BASE, OWN_STEP } from '../definitions/object-numbers.js';
import type { NamedRelation } from '../result-outline.js';
import { quoteName } from './quote-name.js';
import { printView, viewedRelations, viewQuery, type FindViewed, type ViewedRelation } from './view-printer.js';

/** What `pg_get_viewdef` answers for the views that can be printed as PostgreSQL does, by their number. */
export interface ViewTexts {
  readonly plain: ReadonlyMap<number, string>;
  readonly pretty: ReadonlyMap<number, string>;
}

const VIEWS_SQL = `SELECT view_oid, schema_name, sql FROM duckdb_views() WHERE database_name IN ('ws', 'temp') AND NOT internal`;

const TYPES: Readonly<Record<string, string>> = {
  TINYINT: 'smallint',
  SMALLINT: 'smallint',
  INTEGER: 'integer',
  BIGINT: 'bigint',
  HUGEINT: 'numeric',
  DOUBLE: 'double precision',
  VARCHAR: 'text',
  DATE: 'date',
  TIMESTAMP: 'timestamp without time zone',
  BOOLEAN: 'boolean',
};

/**
 * Prints the views that a connection sees. Asked for when a statement of the catalogue wants the text of a view; the tables of the
 * project must be up to date. `schemas`: those whose tables need no schema before their name.
 */
export async function readViewTexts(connection: DuckDBConnection, schemas: readonly string[]): Promise<ViewTexts> {
  const views = (await connection.runAndReadAll(VIEWS_SQL)).getRows().flatMap(([oid, schema, sql]) => {
    const query = viewQuery(String(sql));
    return query === undefined ? [] : [{ oid: OWN_BASE + OWN_STEP * Number(oid), schema: String(schema), query }];
  });
  const find = await relationsIn(
    connection,
    views.flatMap(({ query }) => viewedRelations(query)),
    schemas,
  );
  const printed = (pretty: boolean): ReadonlyMap<number, string> =>
    new Map(
      views.flatMap(({ oid, query }: { oid: number; query: Fields }): [number, string][] => {
        const text = printView(query, find, pretty);
        return text === undefined ? [] : [[oid, text]];
      }),
    );
  return { plain: printed(false), pretty: printed(true) };
}

async function relationsIn(
  connection: DuckDBConnection,
  relations: readonly NamedRelation[],
  schemas: readonly string[],
): Promise<FindViewed> {
  if (relations.length === 0) return () => undefined;
  const names = [...new Set(relations.map(({ name }) => name.toLowerCase()))].map(quoteLiteral).join(', ');
  const found = await connection.runAndReadAll(`
    SELECT schema_name, table_name, column_name, data_type FROM (
      SELECT CASE WHEN schema_name = 'main' THEN 'public' ELSE schema_name END AS schema_name, table_name, column_name, data_type, column_index
      FROM duckdb_columns() WHERE database_name = 'ws' AND lower(table_name) IN (${names})
      UNION ALL
      SELECT s.spelling, r.name, c.name, CASE c.type_oid WHEN 21 THEN 'SMALLINT' WHEN 23 THEN 'INTEGER' WHEN 20 THEN 'BIGINT' WHEN 1700 THEN 'DECIMAL'
        WHEN 701 THEN 'DOUBLE' WHEN 25 THEN 'VARCHAR' WHEN 1082 THEN 'DATE' WHEN 1114 THEN 'TIMESTAMP' WHEN 16 THEN 'BOOLEAN' ELSE '' END, c.number
      FROM __project.main.relations AS r JOIN __project.main.spellings AS s ON s.oid = r.schema_oid
      JOIN __project.main.columns AS c ON c.relation_oid = r.oid
      WHERE lower(r.name) IN (${names})
    ) ORDER BY schema_name, table_name, column_index`);
  const byName = new Map<string, ViewedRelation & { readonly columns: { name: string; type: string }[] }>();
  for (const [schema, table, name, type] of found.getRows().map((row) => row.map(String))) {
    const key = keyOf(schema, table);
    const spelling = schemas.includes(schema ?? '')
      ? quoteName(table ?? '')
      : `${quoteName(schema ?? '')}.${quoteName(table ?? '')}`;
    const relation = byName.get(key) ?? { spelling, columns: [] };
    byName.set(key, relation);
    relation.columns.push({ name: name ?? '', type: typeOf(type ?? '') });
  }
  // The engine keeps the schema of a view's tables, or looks for them in its own.
  return ({ schema, name }) => byName.get(keyOf(schema === 'main' || schema === undefined ? 'public' : schema, name));
}

function keyOf(schema: string | undefined, name: string | undefined): string {
  return `${schema?.toLowerCase() ?? ''}\0${name?.toLowerCase() ?? ''}`;
}

function typeOf(engineType: string): string {
  return engineType.startsWith('DECIMAL') && !engineType.endsWith(']')
    ? 'numeric'
    : (TYPES[engineType] ?? 'another type');
}

import type { DuckDBConnection } from '@duckdb/node-api';
import type { SqlNotice } from './sql-engine.js';
import type { EngineStatement, ExistenceClause } from './sql-statement.js';

const EXISTS_SQL: Readonly<Record<ExistenceClause['object'], string>> = {
  table: `SELECT 1 FROM duckdb_tables() WHERE lower(table_name) = lower($1) AND ($2 IS NULL OR lower(schema_name) = lower($2))
          AND database_name IN ('ws', 'temp')`,
  view: `SELECT 1 FROM duckdb_views() WHERE lower(view_name) = lower($1) AND ($2 IS NULL OR lower(schema_name) = lower($2))
         AND database_name IN ('ws', 'temp')`,
  index: `SELECT 1 FROM duckdb_indexes() WHERE lower(index_name) = lower($1) AND ($2 IS NULL OR lower(schema_name) = lower($2))
          AND database_name IN ('ws', 'temp')`,
  sequence: `SELECT 1 FROM duckdb_sequences() WHERE lower(sequence_name) = lower($1) AND ($2 IS NULL OR lower(schema_name) = lower($2))
             AND database_name IN ('ws', 'temp')`,
  type: `SELECT 1 FROM duckdb_types() WHERE lower(type_name) = lower($1) AND ($2 IS NULL OR lower(schema_name) = lower($2))
         AND database_name IN ('ws', 'temp')`,
  schema: `SELECT 1 FROM duckdb_schemas() WHERE lower(schema_name) = lower($1) AND database_name = 'ws' AND $2 IS NULL`,
};

/** What PostgreSQL says when IF NOT EXISTS or IF EXISTS made the difference. */
export async function existenceNotices(
  connection: DuckDBConnection,
  { existence }: EngineStatement,
): Promise<readonly SqlNotice[]> {
  if (existence === undefined) return [];
  const { verb, object, names } = existence;
  const notices: SqlNotice[] = [];
  for (const { schema, name } of names) {
    const engineSchema = schema?.toLowerCase() === 'public' ? 'main' : (schema ?? null);
    const found = await connection.runAndReadAll(EXISTS_SQL[object], [name, engineSchema]);
    const exists = found.currentRowCount > 0;
    if (verb === 'create' && exists) notices.push(alreadyExists(object, name));
    if (verb === 'drop' && !exists) notices.push(doesNotExist(object, name));
  }
  return notices;
}

function alreadyExists(object: ExistenceClause['object'], name: string): SqlNotice {
  const what = object === 'schema' || object === 'type' ? object : 'relation';
  const sqlState = object === 'schema' ? '42P06' : object === 'type' ? '42710' : '42P07';
  return { severity: 'NOTICE', sqlState, message: `${what} "${name}" already exists, skipping` };
}

function doesNotExist(object: ExistenceClause['object'], name: string): SqlNotice {
  return { severity: 'NOTICE', sqlState: '00000', message: `${object} "${name}" does not exist, skipping` };
}

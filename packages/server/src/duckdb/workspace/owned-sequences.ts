import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteIdentifier } from '../quoting.js';
import { writeTargets } from './gate/write-targets.js';
import { tokenize } from './sql-tokens.js';

/** A sequence that a serial column has made for itself, by its full name. */
interface OwnedSequence {
  readonly sql: string;
  readonly name: string;
}

const COLUMNS_OF_TABLE = `
  SELECT database_name, schema_name, left(table_name || '_' || column_name || '_seq', 63)
  FROM system.main.duckdb_columns()
  WHERE database_name IN ('ws', 'temp') AND lower(table_name) = lower($1)
    AND lower(schema_name) = lower(coalesce($2, schema_name))
    AND contains(column_default, 'nextval') AND contains(column_default, left(table_name || '_' || column_name || '_seq', 63))`;

const USERS = `SELECT 1 FROM system.main.duckdb_columns() WHERE contains(column_default, $1) AND contains(column_default, 'nextval')`;

/** The sequences of serial and identity columns of the tables that `DROP TABLE` names: they go with their table, as in PostgreSQL. */
export async function ownedSequences(connection: DuckDBConnection, sql: string): Promise<readonly OwnedSequence[]> {
  if (!/^\s*drop\s+table\b/i.test(sql)) return [];
  const owned: OwnedSequence[] = [];
  for (const { schema, name } of writeTargets(tokenize(sql))) {
    const inEngine = schema === 'public' ? 'main' : schema;
    const found = await connection.runAndReadAll(COLUMNS_OF_TABLE, [name, inEngine]);
    for (const path of found.getRows()) {
      const parts = path.map(String);
      owned.push({ sql: parts.map(quoteIdentifier).join('.'), name: parts.at(-1) ?? '' });
    }
  }
  return owned;
}

/** When their tables are gone. One that a table still uses stays: another one, or one of the same name in another schema. */
export async function dropSequences(connection: DuckDBConnection, owned: readonly OwnedSequence[]): Promise<void> {
  for (const { sql, name } of owned) {
    const users = await connection.runAndReadAll(USERS, [name]);
    if (users.currentRowCount === 0) await connection.run(`DROP SEQUENCE IF EXISTS ${sql}`);
  }
}

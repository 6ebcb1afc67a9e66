import type { DuckDBConnection } from '@duckdb/node-api';
import { SqlError } from '../../errors/sql-error.js';
import { conversionError, invalidLabel, invalidValue } from './conversion-error.js';
import { tokenize } from './sql-tokens.js';

/** Enumerations with their labels, and for each the tables that have a column of it. */
const ENUMS_SQL = `
  SELECT t.type_name, t.labels, list(c.table_name)
  FROM system.main.duckdb_types() AS t
  LEFT JOIN system.main.duckdb_columns() AS c ON c.database_name = t.database_name
    AND c.data_type = 'ENUM(' || array_to_string(list_transform(t.labels, lambda l: '''' || replace(l, '''', '''''') || ''''), ', ') || ')'
  WHERE t.database_name = 'ws' AND NOT t.internal AND t.logical_type = 'ENUM'
  GROUP BY ALL`;

/**
 * A text that is no label: DuckDB says only how many bytes a label takes. The type is the one enumeration without that label which the statement
 * names, or of which it names a table; where several come into question, PostgreSQL's words without the name are the answer.
 */
export async function withEnumName(
  error: SqlError,
  statement: string,
  connection: DuckDBConnection,
): Promise<SqlError> {
  const label = labelOf(error);
  if (label === undefined) return error;
  const rows = (await connection.runAndReadAll(ENUMS_SQL)).getRowsJS();
  const words = new Set(tokenize(statement).map(({ value }) => value.toLowerCase()));
  const named = (name: unknown): boolean => typeof name === 'string' && words.has(name.toLowerCase());
  const [only, ...others] = rows.filter(
    ([name, labels, tables]) =>
      !(labels as string[]).includes(label.text) && (named(name) || (tables as unknown[]).some(named)),
  );
  if (only === undefined && (rows.length === 0 || ['utinyint', 'usmallint', 'uinteger'].some(named))) {
    return reworded(error, invalidValue(label.numberType, label.text).message);
  }
  return only === undefined || others.length > 0
    ? error
    : reworded(error, invalidLabel(String(only[0]), label.text).message);
}

/** Whether `withEnumName` has anything to say of it. */
export function labelOf({ cause }: SqlError): { readonly text: string; readonly numberType: string } | undefined {
  const said = cause instanceof Error ? /Could not convert string .* to UINT\d+/s.exec(cause.message)?.[0] : undefined;
  return said === undefined ? undefined : conversionError(said.replaceAll('\\"', '"'))?.label;
}

function reworded({ sqlState, position, cause }: SqlError, message: string): SqlError {
  return new SqlError(sqlState, message, { ...(position === undefined ? {} : { position }), cause });
}

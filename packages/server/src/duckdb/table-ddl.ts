import type { ColumnDefinition, TableShape } from '../model/columns.js';
import { quoteIdentifier } from './quoting.js';

/** The one table inside a version file. */
export const DATA_TABLE = 'main.data';

/** `alias.main.data`; the alias is quoted already. */
export function dataTable(alias: string): string {
  return `${alias}.${DATA_TABLE}`;
}

/**
 * CREATE TABLE for a checked shape; `table` is ready for SQL, such as `dataTable(alias)`. Types are the engine's own spelling
 * and defaults are rebuilt expressions, both made by our printers, so they go in as they are. Key columns are NOT NULL;
 * there is no PRIMARY KEY index, which would cost load time and space: the write path guarantees keys.
 */
export function createTableSql(table: string, shape: TableShape): string {
  return `CREATE TABLE ${table} (${shape.columns.map((column) => columnSql(column)).join(', ')})`;
}

function columnSql(column: ColumnDefinition): string {
  const constraint = column.nullable ? '' : ' NOT NULL';
  const fallback = column.default === null ? '' : ` DEFAULT (${column.default})`;
  return `${quoteIdentifier(column.name)} ${column.type}${constraint}${fallback}`;
}

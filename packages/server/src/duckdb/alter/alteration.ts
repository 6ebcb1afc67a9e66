import type { DuckDBConnection } from '@duckdb/node-api';
import { nameKey, type ColumnDefinition, type TableShape } from '../../model/columns.js';

/** The copy of the table file that becomes the next version. */
export interface AlterTarget {
  readonly connection: DuckDBConnection;
  /** Ready for SQL. */
  readonly table: string;
}

/** A change of a table's shape, checked: what the shape will be and how a file gets there. */
export interface PreparedAlteration {
  readonly shape: TableShape;
  /** Makes a file of the old shape one of the new shape; null when the file serves as it is. */
  readonly apply: ((target: AlterTarget) => Promise<void>) | null;
}

/** The service has found the column already; this finds it in the worker's copy of the shape. */
export function columnOf(shape: TableShape, name: string): ColumnDefinition {
  const column = shape.columns.find((candidate) => nameKey(candidate.name) === nameKey(name));
  if (column === undefined) throw new Error('a job names a column that the table does not have');
  return column;
}

export function withColumn(shape: TableShape, old: ColumnDefinition, next: ColumnDefinition): TableShape {
  return {
    columns: shape.columns.map((column) => (column === old ? next : column)),
    primaryKey: shape.primaryKey.map((name) => (name === old.name ? next.name : name)),
  };
}

import type { DuckDBConnection } from '@duckdb/node-api';
import { DomainError } from '../../errors/domain-error.js';
import type { ColumnDefinition, TableShape } from '../../model/columns.js';
import { checkShapeDefinition } from '../checked-shape.js';
import { castSql } from '../import/conversion.js';
import { quoteIdentifier } from '../quoting.js';
import type { AlterTarget, PreparedAlteration } from './alteration.js';
import { setNotNull } from './not-null.js';

/** A column at the end of the table. Rows that are there get its default, each its own where the default says so. */
export async function prepareAddColumn(
  connection: DuckDBConnection,
  shape: TableShape,
  requested: ColumnDefinition,
  rowCount: number,
): Promise<PreparedAlteration> {
  const checked = await checkShapeDefinition(connection, { columns: [requested], primaryKey: [] });
  const column = checked.columns[0] ?? requested;
  if (!column.nullable && column.default === null && rowCount > 0) {
    throw new DomainError(
      'not_null_violation',
      `Column '${column.name}' cannot be NOT NULL: the table has ${rowCount} rows, which would have no value. Give a default, ` +
        'or add the column as nullable, fill it, and set NOT NULL afterwards.',
      { column_name: column.name, null_count: rowCount },
    );
  }
  return {
    shape: { ...shape, columns: [...shape.columns, column] },
    apply: (target) => addColumn(target, column),
  };
}

/**
 * In steps, because ADD COLUMN with a default keeps the whole column in memory, stops the engine when a nested type meets more than
 * one vector of rows, and knows no NOT NULL. A change of type has none of this and is as fast.
 */
async function addColumn(target: AlterTarget, column: ColumnDefinition): Promise<void> {
  const { connection, table } = target;
  const name = quoteIdentifier(column.name);
  await connection.run(`ALTER TABLE ${table} ADD COLUMN ${name} ${column.type}`);
  if (column.default !== null) {
    const value = castSql({ raw: `(${column.default})`, needed: true, column });
    await connection.run(`ALTER TABLE ${table} ALTER COLUMN ${name} TYPE ${column.type} USING ${value}`);
    await connection.run(`ALTER TABLE ${table} ALTER COLUMN ${name} SET DEFAULT (${column.default})`);
  }
  if (!column.nullable) await setNotNull(target, column.name, 'NOT NULL with this default');
}

import type { TableShape } from '../../model/columns.js';
import { quoteIdentifier } from '../quoting.js';
import { columnOf, type PreparedAlteration } from './alteration.js';

export function prepareDropColumn(shape: TableShape, columnName: string): PreparedAlteration {
  const column = columnOf(shape, columnName);
  return {
    shape: { ...shape, columns: shape.columns.filter((each) => each !== column) },
    apply: async ({ connection, table }) => {
      await connection.run(`ALTER TABLE ${table} DROP COLUMN ${quoteIdentifier(column.name)}`);
    },
  };
}

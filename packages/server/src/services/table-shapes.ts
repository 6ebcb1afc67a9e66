import { DomainError } from '../errors/domain-error.js';
import { nameKey, type ColumnDefinition, type TableShape } from '../model/columns.js';
import { mustBeValidColumnName } from '../model/names.js';

/** Names of columns and key; the worker checks types and defaults. Key names take the spelling of their columns. */
export function mustBeConsistentShape(input: TableShape): TableShape {
  const byKey = new Map<string, ColumnDefinition>();
  for (const column of input.columns) {
    mustBeValidColumnName(column.name);
    const twin = byKey.get(nameKey(column.name));
    if (twin !== undefined) {
      throw new DomainError(
        'duplicate_column',
        `Columns '${twin.name}' and '${column.name}' have the same name; names are compared without case`,
        { columns: [twin.name, column.name] },
      );
    }
    byKey.set(nameKey(column.name), column);
  }
  const primaryKey: string[] = [];
  for (const name of input.primaryKey) {
    const column = byKey.get(nameKey(name));
    if (column === undefined || primaryKey.includes(column.name)) {
      throw new DomainError(
        'invalid_primary_key',
        column === undefined
          ? `Primary key column '${name}' not found in columns`
          : `Primary key column '${name}' is named twice`,
        { primary_key: input.primaryKey, columns: input.columns.map((each) => each.name) },
      );
    }
    primaryKey.push(column.name);
  }
  return {
    columns: input.columns.map((column) =>
      primaryKey.includes(column.name) ? { ...column, nullable: false } : column,
    ),
    primaryKey,
  };
}

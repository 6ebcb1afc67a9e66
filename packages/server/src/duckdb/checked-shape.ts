import type { DuckDBConnection } from '@duckdb/node-api';
import { DomainError } from '../errors/domain-error.js';
import { parseColumnType } from '../model/column-types.js';
import { nameKey, type ColumnDefinition, type TableShape } from '../model/columns.js';
import { mustBeValidColumnName } from '../model/names.js';
import { checkDefault } from './checked-expression.js';

/**
 * A requested shape as it can be stored: names checked, types in the engine's spelling, defaults rebuilt, key columns NOT NULL and
 * spelled like the columns. Checking a checked shape again changes nothing.
 */
export async function checkShapeDefinition(connection: DuckDBConnection, shape: TableShape): Promise<TableShape> {
  if (shape.columns.length === 0) throw new DomainError('invalid_request', 'A table needs at least one column.');
  const columnsByKey = checkNames(shape.columns);
  const primaryKey = checkPrimaryKey(shape, columnsByKey);
  const keyNames = new Set(primaryKey);
  const columns: ColumnDefinition[] = [];
  for (const column of shape.columns) {
    const type = parseColumnType(column.type);
    const fallback = column.default === null ? null : await checkDefault(connection, column.default, type);
    columns.push({
      name: column.name,
      type,
      nullable: column.nullable && !keyNames.has(column.name),
      default: fallback,
    });
  }
  return { columns, primaryKey };
}

function checkNames(columns: readonly ColumnDefinition[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { name } of columns) {
    mustBeValidColumnName(name);
    const other = names.get(nameKey(name));
    if (other !== undefined) {
      const reason = other === name ? `is there twice` : `and '${other}' differ only in case`;
      throw new DomainError('duplicate_column', `Column '${name}' ${reason}; rename one of them.`, { column: name });
    }
    names.set(nameKey(name), name);
  }
  return names;
}

function checkPrimaryKey(shape: TableShape, columnsByKey: ReadonlyMap<string, string>): string[] {
  const details = { primary_key: shape.primaryKey, columns: shape.columns.map((column) => column.name) };
  const names: string[] = [];
  for (const name of shape.primaryKey) {
    const column = columnsByKey.get(nameKey(name));
    if (column === undefined) {
      throw new DomainError('invalid_primary_key', `Primary key column '${name}' not found in columns`, details);
    }
    if (names.includes(column))
      throw new DomainError('invalid_primary_key', `Primary key column '${column}' is there twice`, details);
    names.push(column);
  }
  return names;
}

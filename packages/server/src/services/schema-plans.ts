import { DomainError } from '../errors/domain-error.js';
import type { TableRecord } from '../metadata/records.js';
import { nameKey, type ColumnChanges, type ColumnDefinition } from '../model/columns.js';

/**
 * What a change of a table's shape asks of the columns and the key that are there, in the order of the contract. Types, defaults and
 * rows are the worker's.
 */
export function mustHaveNoColumn(table: TableRecord, name: string): void {
  if (findColumn(table, name) === undefined) return;
  throw new DomainError('column_exists', `Column ${name} already exists in table ${table.name}`, {
    column_name: name,
    existing_columns: columnNames(table),
  });
}

export function requireColumn(table: TableRecord, name: string): ColumnDefinition {
  const column = findColumn(table, name);
  if (column !== undefined) return column;
  throw new DomainError('column_not_found', `Column ${name} not found in table ${table.name}`, {
    column_name: name,
    existing_columns: columnNames(table),
  });
}

export function mustChangeSomething(changes: ColumnChanges): void {
  if (Object.values(changes).some((change) => change !== undefined)) return;
  throw new DomainError(
    'no_changes_specified',
    'No changes specified; give at least one of new_name, new_type, set_not_null and set_default',
    {},
  );
}

/** Another column has the name; only the case of its own may change. */
export function newNameMustBeFree(table: TableRecord, column: ColumnDefinition, changes: ColumnChanges): void {
  if (changes.name === undefined) return;
  const holder = findColumn(table, changes.name);
  if (holder === undefined || holder === column) return;
  throw new DomainError('column_exists', `Column ${changes.name} already exists in table ${table.name}`, {
    new_name: changes.name,
  });
}

export function keyMustPermitNulls(table: TableRecord, column: ColumnDefinition, changes: ColumnChanges): void {
  if (changes.nullable !== true || !isInKey(table, column)) return;
  throw columnInPrimaryKey(table, column, 'so it is always NOT NULL');
}

export function mustNotBeLastColumn(table: TableRecord): void {
  const count = table.current.columns.length;
  if (count > 1) return;
  throw new DomainError(
    'cannot_drop_last_column',
    `Table ${table.name} has one column only, and a table keeps at least one; add another column first, or delete the table`,
    { column_count: count },
  );
}

export function mustNotBeInKey(table: TableRecord, column: ColumnDefinition): void {
  if (isInKey(table, column)) throw columnInPrimaryKey(table, column, 'so it cannot be dropped');
}

/** The columns of a new key, in its order. */
export function keyColumns(table: TableRecord, names: readonly string[]): ColumnDefinition[] {
  const columns: ColumnDefinition[] = [];
  for (const name of names) {
    const column = findColumn(table, name);
    if (column === undefined) {
      throw new DomainError(
        'column_not_found',
        `Column ${name} not found in table ${table.name}`,
        { column: name, existing_columns: columnNames(table) },
        { httpStatus: 400 },
      );
    }
    if (columns.includes(column)) {
      throw new DomainError('invalid_primary_key', `Primary key column '${column.name}' is named twice`, {
        primary_key: names,
        columns: columnNames(table),
      });
    }
    columns.push(column);
  }
  return columns;
}

export function mustHaveNoKey(table: TableRecord): void {
  const { primaryKey } = table.current;
  if (primaryKey.length === 0) return;
  throw new DomainError(
    'primary_key_exists',
    `Table ${table.name} already has a primary key (${primaryKey.join(', ')}); drop it first`,
    { existing_primary_key: primaryKey },
  );
}

/** For callers that want a key only over columns that say themselves that they always have a value. */
export function mustNotBeNullable(table: TableRecord, columns: readonly ColumnDefinition[]): void {
  const nullable = columns.find((column) => column.nullable);
  if (nullable === undefined) return;
  throw new DomainError('invalid_primary_key', `Selected column "${nullable.name}" is nullable`, {
    primary_key: columns.map(({ name }) => name),
    columns: columnNames(table),
  });
}

export function mustHaveKey(table: TableRecord): void {
  if (table.current.primaryKey.length > 0) return;
  throw new DomainError('no_primary_key', `Table ${table.name} has no primary key`, {
    project_id: table.projectId,
    bucket_name: table.bucketName,
    table_name: table.name,
  });
}

function columnInPrimaryKey(table: TableRecord, column: ColumnDefinition, consequence: string): DomainError {
  return new DomainError(
    'column_in_primary_key',
    `Column ${column.name} is part of the primary key, ${consequence}; drop the primary key first`,
    { primary_key: table.current.primaryKey },
  );
}

function isInKey(table: TableRecord, column: ColumnDefinition): boolean {
  return table.current.primaryKey.includes(column.name);
}

function findColumn(table: TableRecord, name: string): ColumnDefinition | undefined {
  return table.current.columns.find((column) => nameKey(column.name) === nameKey(name));
}

function columnNames(table: TableRecord): string[] {
  return table.current.columns.map(({ name }) => name);
}

import type { ColumnDefinition, TableShape } from '../../model/columns.js';
import { nameKey } from '../../model/columns.js';
import { quoteIdentifier } from '../quoting.js';
import { importFailed } from './import-failure.js';
import { loadedName, type ImportSource } from './import-source.js';
import type { KeyColumn } from './key-uniqueness.js';

export function isKeyColumn(shape: TableShape, column: ColumnDefinition): boolean {
  return shape.primaryKey.some((name) => nameKey(name) === nameKey(column.name));
}

/** The key as columns of the stored table. */
export function storedKey(shape: TableShape): KeyColumn[] {
  return shape.columns
    .filter((column) => isKeyColumn(shape, column))
    .map(({ name, type }) => ({ name, sql: quoteIdentifier(name), type }));
}

/** The key as columns of `ImportSource.selectSql()`. */
export function loadedKey(shape: TableShape, source: ImportSource): KeyColumn[] {
  return source.columns.flatMap((column, index) =>
    isKeyColumn(shape, column) ? [{ name: column.name, sql: loadedName(index), type: column.type }] : [],
  );
}

/** Such a column hides the engine's row number of the same name. */
export function hidesRowNumber(shape: TableShape): boolean {
  return shape.columns.some(({ name }) => nameKey(name) === 'rowid');
}

/** The engine updates these by deleting and inserting, so that a row would move to the end of the table. */
export function movesWhenUpdated({ type }: ColumnDefinition): boolean {
  return /\[|^MAP\b|^UNION\b|^VARIANT$|^GEOMETRY\b|[( ,"](?:MAP\(|UNION\(|VARIANT\b|GEOMETRY\b)/.test(type);
}

export function quotedNames(columns: readonly ColumnDefinition[]): string {
  return columns.map(({ name }) => quoteIdentifier(name)).join(', ');
}

/** The loaded columns of a staged table: it may have others of ours. */
export function loadedNames(source: ImportSource): string {
  return source.columns.map((_, index) => loadedName(index)).join(', ');
}

/** New rows get the default of a column that is not loaded; a column that must have a value needs one. */
export function mustFillNewRows(shape: TableShape, source: ImportSource): void {
  const empty = shape.columns.find(
    (column) => !column.nullable && column.default === null && !source.columns.includes(column),
  );
  if (empty === undefined) return;
  throw importFailed(
    `the column ${JSON.stringify(empty.name)} is not loaded, but it is NOT NULL and has no default; add it to import_options.columns`,
    { column: empty.name },
  );
}

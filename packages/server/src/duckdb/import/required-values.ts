import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnDefinition, TableShape } from '../../model/columns.js';
import type { RejectedRow } from '../../workers/messages.js';
import { importFailedAt } from './import-failure.js';
import { loadedName, SHOWN_REJECTED_ROWS, type ImportSource, type RejectedRows } from './import-source.js';
import { changeRows, readNumber, readRows } from './query.js';
import { isKeyColumn } from './table-columns.js';

/** Loaded columns that must have a value in every row: NOT NULL ones and the primary key. */
interface RequiredColumn {
  readonly sql: string;
  readonly column: ColumnDefinition;
  readonly reason: string;
}

function requiredColumns(shape: TableShape, source: ImportSource): RequiredColumn[] {
  return source.columns.flatMap((column, index) => {
    const isKey = isKeyColumn(shape, column);
    if (column.nullable && !isKey) return [];
    const reason = isKey
      ? 'the value is empty, but the column is part of the primary key'
      : 'the value is empty, but the column is NOT NULL';
    return [{ sql: loadedName(index), column, reason }];
  });
}

function anyEmpty(required: readonly RequiredColumn[]): string {
  return required.map(({ sql }) => `${sql} IS NULL`).join(' OR ');
}

function firstEmpty(required: readonly RequiredColumn[]): string {
  return `CASE ${required.map(({ sql }, index) => `WHEN ${sql} IS NULL THEN ${index}`).join(' ')} END`;
}

/**
 * The place of the first missing value, after the engine refused a row without telling which; undefined when there is none, and
 * the engine meant something else.
 */
export async function missingValueError(
  connection: DuckDBConnection,
  shape: TableShape,
  source: ImportSource,
  cause: unknown,
): Promise<Error | undefined> {
  const required = requiredColumns(shape, source);
  if (required.length === 0) return undefined;
  const [row] = await readRows(
    connection,
    `SELECT n, ${firstEmpty(required)} FROM (SELECT row_number() OVER () - 1 AS n, * FROM (${source.selectSql()}))
     WHERE ${anyEmpty(required)} ORDER BY n LIMIT 1`,
  );
  if (row === undefined) return undefined;
  const [rejected] = await rejectedRows(connection, source, required, [row]);
  return rejected && importFailedAt(source.unit, rejected, cause);
}

/** Rows of the temporary table `table` that lack a required value; `rowNumber` is its column of source rows. */
export async function findMissingValues(
  connection: DuckDBConnection,
  shape: TableShape,
  source: ImportSource,
  table: string,
  rowNumber: string,
): Promise<RejectedRows> {
  const required = requiredColumns(shape, source);
  if (required.length === 0) return { count: 0, first: [] };
  const count = await readNumber(connection, `SELECT count(*) FROM ${table} WHERE ${anyEmpty(required)}`);
  if (count === 0) return { count: 0, first: [] };
  const rows = await readRows(
    connection,
    `SELECT ${rowNumber}, ${firstEmpty(required)} FROM ${table} WHERE ${anyEmpty(required)} ORDER BY ${rowNumber} LIMIT ${SHOWN_REJECTED_ROWS}`,
  );
  return { count, first: await rejectedRows(connection, source, required, rows) };
}

export async function removeMissingValues(
  connection: DuckDBConnection,
  shape: TableShape,
  source: ImportSource,
  table: string,
): Promise<void> {
  const required = requiredColumns(shape, source);
  if (required.length > 0) await changeRows(connection, `DELETE FROM ${table} WHERE ${anyEmpty(required)}`);
}

async function rejectedRows(
  connection: DuckDBConnection,
  source: ImportSource,
  required: readonly RequiredColumn[],
  rows: readonly (readonly unknown[])[],
): Promise<RejectedRow[]> {
  const ordinals = rows.map(([ordinal]) => Number(ordinal));
  const places = await source.placesOf(connection, ordinals);
  return rows.map(([ordinal, index], position) => ({
    line: places[position] ?? Number(ordinal) + 1,
    column: required[Number(index)]?.column.name ?? null,
    value: null,
    reason: required[Number(index)]?.reason ?? 'a required value is empty',
  }));
}

import type { DuckDBConnection } from '@duckdb/node-api';
import { DomainError } from '../errors/domain-error.js';
import { nameKey, type ColumnDefinition, type TableShape } from '../model/columns.js';
import type { RowCondition, RowOrder } from '../model/row-condition.js';
import type { RowSelection } from '../workers/messages.js';
import { checkCondition, conditionFailure, parseOrderBy } from './checked-expression.js';
import { quoteIdentifier } from './quoting.js';
import { rowConditionSql, rowOrderSql } from './row-condition.js';
import { dataTable } from './table-ddl.js';

/** How a column appears in the select list; the quoted name itself when nothing is to be changed. */
export type ColumnPrinter = (column: ColumnDefinition) => string;

const printName: ColumnPrinter = (column) => quoteIdentifier(column.name);

/** SELECT for a user's choice of columns, rows, order and number, every part checked against the shape. */
export async function selectionSql(
  connection: DuckDBConnection,
  alias: string,
  shape: TableShape,
  selection: RowSelection,
  printColumn: ColumnPrinter = printName,
): Promise<string> {
  const { filter } = selection;
  // The list of columns is checked first, as it is without a condition.
  selectedColumns(shape, selection.columns);
  const condition =
    filter === null
      ? null
      : typeof filter === 'string'
        ? await checkCondition(connection, filter, shape)
        : rowConditionSql(filter, shape);
  return selectSql(alias, shape, selection, condition, printColumn);
}

/** The same without the user's condition, which takes the engine to check. */
export function unfilteredSelectionSql(
  alias: string,
  shape: TableShape,
  selection: Omit<RowSelection, 'filter'>,
  printColumn: ColumnPrinter = printName,
): string {
  return selectSql(alias, shape, selection, null, printColumn);
}

function selectSql(
  alias: string,
  shape: TableShape,
  selection: Omit<RowSelection, 'filter'>,
  condition: string | null,
  printColumn: ColumnPrinter,
): string {
  const columns = selectedColumns(shape, selection.columns);
  const parts = [`SELECT ${columns.map(printColumn).join(', ')} FROM ${dataTable(alias)}`];
  if (condition !== null) parts.push(`WHERE ${condition}`);
  const { orderBy } = selection;
  if (orderBy !== null && orderBy.length > 0) {
    parts.push(`ORDER BY ${orderOf(orderBy, shape, selection.limit !== null)}`);
  }
  if (selection.limit !== null) parts.push(`LIMIT ${rowCountText('limit', selection.limit)}`);
  if (selection.offset !== undefined) parts.push(`OFFSET ${rowCountText('offset', selection.offset)}`);
  return parts.join(' ');
}

/** What an error of that SELECT means: with a condition in it, the condition is the user's and so is the error. */
export function selectionFailure(error: unknown, selection: RowSelection): unknown {
  if (error instanceof DomainError || selection.filter === null) return error;
  return conditionFailure(error, conditionText(selection.filter));
}

/** What an error shows of a condition. */
export function conditionText(condition: string | RowCondition): string {
  return typeof condition === 'string' ? condition : JSON.stringify(condition);
}

/** The named columns in their order, every name checked; null stands for all. */
export function selectedColumns(shape: TableShape, names: readonly string[] | null): readonly ColumnDefinition[] {
  if (names === null) return shape.columns;
  if (names.length === 0)
    throw new DomainError('invalid_request', 'Name at least one column, or leave the list out for all.');
  const byKey = new Map(shape.columns.map((column) => [nameKey(column.name), column]));
  const chosen = new Set<ColumnDefinition>();
  for (const name of names) {
    const column = byKey.get(nameKey(name));
    if (column === undefined) throw unknownColumn(name, shape);
    if (chosen.has(column))
      throw new DomainError('invalid_request', `Column '${column.name}' is chosen twice.`, { column: column.name });
    chosen.add(column);
  }
  return [...chosen];
}

function unknownColumn(name: string, shape: TableShape): DomainError {
  const existing = shape.columns.map((column) => column.name);
  return new DomainError(
    'unknown_column',
    `The table has no column '${name}'; its columns are ${existing.slice(0, 50).join(', ')}.`,
    {
      column: name,
      existing_columns: existing,
    },
  );
}

/**
 * Rows that are equal in the user's order keep their physical order when only some of them are wanted: otherwise two pages
 * could show one row twice and another never.
 */
function orderOf(orderBy: string | readonly RowOrder[], shape: TableShape, isPage: boolean): string {
  const order = typeof orderBy === 'string' ? parseOrderBy(orderBy, shape) : rowOrderSql(orderBy, shape);
  return isPage ? `${order}, rowid` : order;
}

function rowCountText(name: 'limit' | 'offset', count: number): string {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new DomainError('invalid_request', `The ${name} must be a whole number, zero or more.`, { [name]: count });
  }
  return String(count);
}

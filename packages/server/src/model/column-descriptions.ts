import { nameKey } from './columns.js';

/**
 * What people say about the columns of a table, by column name; a column without a description is absent. The names are those
 * of the table's columns, letter by letter; arguments are compared without case, as everywhere.
 *
 * The descriptions belong to the table and not to its versions: whoever renames or drops a column moves or drops its
 * description in the same transaction. Column names are any text, so members are looked up as own members only.
 */
export type ColumnDescriptions = Readonly<Record<string, string>>;

export function columnDescription(descriptions: ColumnDescriptions, columnName: string): string | null {
  const own = ownName(descriptions, columnName);
  return own === undefined ? null : (descriptions[own] ?? null);
}

/** `text` null removes the description. */
export function withColumnDescription(
  descriptions: ColumnDescriptions,
  columnName: string,
  text: string | null,
): ColumnDescriptions {
  const others = entriesWithout(descriptions, columnName);
  return Object.fromEntries(text === null ? others : [...others, [columnName, text]]);
}

export function renameColumnDescription(
  descriptions: ColumnDescriptions,
  from: string,
  to: string,
): ColumnDescriptions {
  return withColumnDescription(dropColumnDescription(descriptions, from), to, columnDescription(descriptions, from));
}

export function dropColumnDescription(descriptions: ColumnDescriptions, columnName: string): ColumnDescriptions {
  return Object.fromEntries(entriesWithout(descriptions, columnName));
}

function entriesWithout(descriptions: ColumnDescriptions, columnName: string): [string, string][] {
  return Object.entries(descriptions).filter(([name]) => nameKey(name) !== nameKey(columnName));
}

function ownName(descriptions: ColumnDescriptions, columnName: string): string | undefined {
  if (Object.hasOwn(descriptions, columnName)) return columnName;
  return Object.keys(descriptions).find((name) => nameKey(name) === nameKey(columnName));
}

import { nameKey, type ColumnDefinition, type TableShape } from '../../model/columns.js';
import { quoteIdentifier } from '../quoting.js';

/** What two states of a table have in common, so that their rows can be compared. */
export interface ComparedShape {
  /** Key columns, when both states have the same key; empty: rows are compared as a whole. */
  readonly key: readonly ColumnDefinition[];
  /** Columns of the same name and type in both, without the key. */
  readonly values: readonly ColumnDefinition[];
}

/** Columns of our own beside the user's: no name of a user's column ends with a blank. */
export const HIT = quoteIdentifier('hit ');
export const CHANGE = quoteIdentifier('change ');
export const PLACE = quoteIdentifier('place ');

/** Names as the right state spells them; columns that only one has, or whose type differs, are left out. */
export function comparedShape(left: TableShape, right: TableShape): ComparedShape {
  const leftByKey = new Map(left.columns.map((column) => [nameKey(column.name), column]));
  const common = right.columns.filter((column) => leftByKey.get(nameKey(column.name))?.type === column.type);
  const key = sameKey(left, right)
    ? common.filter(({ name }) => right.primaryKey.some((each) => nameKey(each) === nameKey(name)))
    : [];
  // A key column whose type changed identifies nothing any more.
  const usable = key.length === right.primaryKey.length ? key : [];
  return { key: usable, values: common.filter((column) => !usable.includes(column)) };
}

function sameKey(left: TableShape, right: TableShape): boolean {
  const names = (shape: TableShape): string => shape.primaryKey.map(nameKey).sort().join('\0');
  return left.primaryKey.length > 0 && names(left) === names(right);
}

export function equalOn(columns: readonly ColumnDefinition[], left: string, right: string): string {
  return columns
    .map(({ name }) => quoteIdentifier(name))
    .map((name) => `${left}.${name} = ${right}.${name}`)
    .join(' AND ');
}

/** True when some value differs, NULL being a value like others; `false` for no columns. */
export function differentOn(columns: readonly ColumnDefinition[], left: string, right: string): string {
  if (columns.length === 0) return 'false';
  const parts = columns
    .map(({ name }) => quoteIdentifier(name))
    .map((name) => `${left}.${name} IS DISTINCT FROM ${right}.${name}`);
  return `(${parts.join(' OR ')})`;
}

export function listOf(columns: readonly ColumnDefinition[], alias?: string): string {
  return columns.map(({ name }) => `${alias === undefined ? '' : `${alias}.`}${quoteIdentifier(name)}`).join(', ');
}

/** A row as one value, so that the two states of it stand side by side in an answer. */
export function rowOf(columns: readonly ColumnDefinition[], alias: string): string {
  const members = columns.map(({ name }) => `${quoteIdentifier(name)} := ${alias}.${quoteIdentifier(name)}`);
  return `struct_pack(${members.join(', ')})`;
}

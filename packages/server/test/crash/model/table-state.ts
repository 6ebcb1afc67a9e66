/** Tables as anybody would write them down: columns, a key, and rows in order. No knowledge of files, versions or SQL. */
export type Type = 'INTEGER' | 'DOUBLE' | 'VARCHAR';
export type Value = number | string | null;

export interface Column {
  readonly name: string;
  readonly type: Type;
  readonly nullable: boolean;
  /** As the user wrote it, without the quotes of a text; cast to the type of the column whenever a row needs it. */
  readonly default: Literal | null;
}

export interface Literal {
  readonly isText: boolean;
  readonly text: string;
}

export interface TableState {
  readonly columns: readonly Column[];
  readonly key: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

/** What a cast that is not possible gives. */
export const IMPOSSIBLE = Symbol('impossible');
export type Cast = Value | typeof IMPOSSIBLE;

const NUMBER = /^\d+(\.\d+)?$/;

export function castText(text: string, type: Type): Cast {
  if (type === 'VARCHAR') return text;
  if (!NUMBER.test(text)) return IMPOSSIBLE;
  // No value of these tests is halfway between two integers, where rounding would be a matter of taste.
  return type === 'INTEGER' ? Math.round(Number(text)) : Number(text);
}

export function castValue(value: Value, from: Type, to: Type): Cast {
  if (value === null || from === to) return value;
  if (from === 'DOUBLE') return castText(Number.isInteger(value) ? `${value}.0` : String(value), to);
  return castText(String(value), to);
}

/** The value that the default gives to a row; null without a default. */
export function defaultValue(column: Pick<Column, 'type' | 'default'>): Cast {
  return column.default === null ? null : castText(column.default.text, column.type);
}

export function literalSql({ isText, text }: Literal): string {
  return isText ? `'${text}'` : text;
}

export function indexOf({ columns }: TableState, name: string): number {
  return columns.findIndex((column) => column.name.toLowerCase() === name.toLowerCase());
}

export function keyText(state: Pick<TableState, 'columns' | 'key'>, row: readonly Value[]): string {
  return JSON.stringify(state.key.map((name) => row[state.columns.findIndex((column) => column.name === name)]));
}

export function hasRepeatedKey(state: TableState): boolean {
  if (state.key.length === 0) return false;
  return new Set(state.rows.map((row) => keyText(state, row))).size < state.rows.length;
}

/** As the server shows it, for comparison. */
export function visible({ columns, key, rows }: TableState): unknown {
  return {
    columns: columns.map(({ name, type, nullable }) => `${name} ${type}${nullable ? '' : ' NOT NULL'}`),
    key,
    rowCount: rows.length,
    rows: rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]]))),
  };
}

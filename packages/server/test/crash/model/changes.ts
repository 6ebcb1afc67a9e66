import {
  castText,
  castValue,
  defaultValue,
  hasRepeatedKey,
  IMPOSSIBLE,
  indexOf,
  keyText,
  type Column,
  type Literal,
  type TableState,
  type Type,
  type Value,
} from './table-state.js';

export interface ColumnAlteration {
  readonly newName?: string;
  readonly newType?: Type;
  readonly notNull?: boolean;
  /** Null drops it. */
  readonly newDefault?: Literal | null;
}

export interface Load {
  readonly incremental: boolean;
  /** Columns of the file, all of the key among them. */
  readonly columns: readonly string[];
  /** Texts, an empty one for a missing value. */
  readonly lines: readonly (readonly string[])[];
}

export type Condition =
  | { readonly kind: 'all' }
  | { readonly kind: 'none' }
  | { readonly kind: 'is null' | 'equals'; readonly column: string; readonly text: string };

export type TableChange =
  | { readonly kind: 'import'; readonly load: Load }
  | { readonly kind: 'delete rows'; readonly condition: Condition }
  | { readonly kind: 'add column'; readonly column: Column }
  | { readonly kind: 'alter column'; readonly name: string; readonly alteration: ColumnAlteration }
  | { readonly kind: 'drop column'; readonly name: string }
  | { readonly kind: 'add key'; readonly names: readonly string[] }
  | { readonly kind: 'drop key' };

/** The state afterwards (the same object when nothing changes), or the code of the refusal. */
export type Outcome = TableState | string;

export function applyChange(state: TableState, change: TableChange): Outcome {
  switch (change.kind) {
    case 'import':
      return applyLoad(state, change.load);
    case 'delete rows': {
      const rows = state.rows.filter((row) => !selects(state, row, change.condition));
      return rows.length === state.rows.length ? state : { ...state, rows };
    }
    case 'add column':
      return addColumn(state, change.column);
    case 'alter column':
      return alterColumn(state, change.name, change.alteration);
    case 'drop column':
      return dropColumn(state, change.name);
    case 'add key':
      return addKey(state, change.names);
    case 'drop key':
      return state.key.length === 0 ? 'no_primary_key' : { ...state, key: [] };
  }
}

function selects(state: TableState, row: readonly Value[], condition: Condition): boolean {
  if (condition.kind === 'all' || condition.kind === 'none') return condition.kind === 'all';
  const value = row[indexOf(state, condition.column)] ?? null;
  if (condition.kind === 'is null') return value === null;
  const type = state.columns[indexOf(state, condition.column)]?.type ?? 'VARCHAR';
  return value !== null && castValue(value, type, 'VARCHAR') === condition.text;
}

function addColumn(state: TableState, column: Column): Outcome {
  if (indexOf(state, column.name) !== -1) return 'column_exists';
  const value = defaultValue(column);
  if (value === IMPOSSIBLE) return 'invalid_default';
  if (!column.nullable && value === null && state.rows.length > 0) return 'not_null_violation';
  return { ...state, columns: [...state.columns, column], rows: state.rows.map((row) => [...row, value]) };
}

function alterColumn(state: TableState, name: string, alteration: ColumnAlteration): Outcome {
  const index = indexOf(state, name);
  const column = state.columns[index];
  if (column === undefined) return 'column_not_found';
  if (Object.keys(alteration).length === 0) return 'no_changes_specified';
  const next = altered(column, alteration);
  const holder = indexOf(state, next.name);
  if (holder !== -1 && holder !== index) return 'column_exists';
  if (state.key.includes(column.name) && next.nullable) return 'column_in_primary_key';
  if (defaultValue(next) === IMPOSSIBLE) return 'invalid_default';
  if (JSON.stringify(next) === JSON.stringify(column)) return state;
  const values = state.rows.map((row) => castValue(row[index] ?? null, column.type, next.type));
  if (values.includes(IMPOSSIBLE)) return 'cast_failed';
  const after: TableState = {
    columns: state.columns.map((each) => (each === column ? next : each)),
    key: state.key.map((each) => (each === column.name ? next.name : each)),
    rows: state.rows.map((row, place) => row.map((value, at) => (at === index ? (values[place] as Value) : value))),
  };
  if (next.type !== column.type && hasRepeatedKey(after)) return 'duplicate_key';
  if (!next.nullable && values.includes(null)) return 'not_null_violation';
  return after;
}

function altered(column: Column, { newName, newType, notNull, newDefault }: ColumnAlteration): Column {
  return {
    name: newName ?? column.name,
    type: newType ?? column.type,
    nullable: notNull === undefined ? column.nullable : !notNull,
    default: newDefault === undefined ? column.default : newDefault,
  };
}

function dropColumn(state: TableState, name: string): Outcome {
  const index = indexOf(state, name);
  const column = state.columns[index];
  if (column === undefined) return 'column_not_found';
  if (state.columns.length === 1) return 'cannot_drop_last_column';
  if (state.key.includes(column.name)) return 'column_in_primary_key';
  const without = <T>(items: readonly T[]): T[] => items.filter((_, at) => at !== index);
  return { ...state, columns: without(state.columns), rows: state.rows.map(without) };
}

function addKey(state: TableState, names: readonly string[]): Outcome {
  const key: string[] = [];
  for (const name of names) {
    const column = state.columns[indexOf(state, name)];
    if (column === undefined) return 'column_not_found';
    if (key.includes(column.name)) return 'invalid_primary_key';
    key.push(column.name);
  }
  if (state.key.length > 0) return 'primary_key_exists';
  const columns = state.columns.map((column) => (key.includes(column.name) ? { ...column, nullable: false } : column));
  const after = { columns, key, rows: state.rows };
  const lacksValue = state.rows.some((row) =>
    row.some((value, at) => value === null && columns[at]?.nullable === false),
  );
  if (lacksValue) return 'not_null_violation';
  return hasRepeatedKey(after) ? 'duplicate_key' : after;
}

/** Everything a file may do wrong is told as `import_failed`. */
function applyLoad(state: TableState, { incremental, columns, lines }: Load): Outcome {
  const loaded = columns.map((name) => indexOf(state, name));
  const rows: Value[][] = [];
  for (const line of lines) {
    const row: Value[] = state.columns.map((column) => defaultValue(column) as Value);
    for (const [position, index] of loaded.entries()) {
      const text = line[position] ?? '';
      const column = state.columns[index];
      const value = text === '' ? null : castText(text, column?.type ?? 'VARCHAR');
      if (value === IMPOSSIBLE || (value === null && column?.nullable !== true)) return 'import_failed';
      row[index] = value;
    }
    rows.push(row);
  }
  const incoming = lastOfEachKey(state, rows);
  const kept = incremental ? state.rows : [];
  const places = state.key.length === 0 ? new Map<string, number>() : placesOf(state, kept);
  const isKnown = (row: readonly Value[]): boolean => places.has(keyText(state, row));
  const added = incoming.filter((row) => !isKnown(row));
  const isUnfilled = state.columns.some(
    (column, index) => !loaded.includes(index) && !column.nullable && column.default === null,
  );
  const needsFilling = !incremental || state.key.length === 0 || added.length > 0;
  if (isUnfilled && needsFilling) return 'import_failed';
  const merged = kept.map((row) => [...row]);
  for (const row of incoming.filter(isKnown)) {
    const old = merged[places.get(keyText(state, row)) ?? -1];
    for (const index of loaded) if (old !== undefined) old[index] = row[index] ?? null;
  }
  return { ...state, rows: [...merged, ...added] };
}

/** Of the rows with one key, the last stays, at its place. */
function lastOfEachKey(state: TableState, rows: readonly Value[][]): readonly Value[][] {
  if (state.key.length === 0) return rows;
  const last = placesOf(state, rows);
  return rows.filter((row, place) => last.get(keyText(state, row)) === place);
}

function placesOf(state: TableState, rows: readonly (readonly Value[])[]): Map<string, number> {
  return new Map(rows.map((row, place) => [keyText(state, row), place]));
}

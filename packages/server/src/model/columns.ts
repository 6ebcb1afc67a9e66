/** A column as stored: `type` is the engine's own spelling, `default` a checked expression or null. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly default: string | null;
}

/** What changes in a column, all of it at once; absent members stay as they are. */
export interface ColumnChanges {
  readonly name?: string;
  /** As the user wrote it. */
  readonly type?: string;
  readonly nullable?: boolean;
  /** As the user wrote it; null takes it away. */
  readonly default?: string | null;
}

/** A change of a table's shape, with what the user wrote: the worker checks types and defaults. */
export type TableAlteration =
  | { readonly kind: 'addColumn'; readonly column: ColumnDefinition }
  | { readonly kind: 'alterColumn'; readonly column: string; readonly changes: ColumnChanges }
  | { readonly kind: 'dropColumn'; readonly column: string }
  | { readonly kind: 'addPrimaryKey'; readonly columns: readonly string[] };

/** What a table looks like inside: columns in order, and the primary key (empty when there is none). */
export interface TableShape {
  readonly columns: readonly ColumnDefinition[];
  readonly primaryKey: readonly string[];
}

/** DuckDB compares identifiers without regard to ASCII case; so do we, for every kind of name. */
export function nameKey(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** A column as stored: `type` is the engine's own spelling, `default` a checked expression or null. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly default: string | null;
}

/** What a table looks like inside: columns in order, and the primary key (empty when there is none). */
export interface TableShape {
  readonly columns: readonly ColumnDefinition[];
  readonly primaryKey: readonly string[];
}

/** DuckDB compares identifiers without regard to ASCII case; so do we, for every kind of name. */
export function nameKey(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

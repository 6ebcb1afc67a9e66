/**
 * A choice of rows as parts instead of a text, for doors whose callers do not write SQL. Everything holds at once. Column names are
 * looked up without regard to case; NULL never matches.
 */
export interface RowCondition {
  readonly comparisons: readonly ColumnComparison[];
  /** Rows whose `_timestamp` is not before this, in seconds since 1970. */
  readonly changedSince: number | null;
  /** Rows whose `_timestamp` is before this. */
  readonly changedUntil: number | null;
  /** Rows of which some text column contains this, in exactly these letters. */
  readonly contains: string | null;
}

export const NO_CONDITION: RowCondition = { comparisons: [], changedSince: null, changedUntil: null, contains: null };

export type ComparisonOperator = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';

/** How a text column and the values are compared: `text` as they are, else as numbers or moments; what does not convert does not match. */
export type ComparedAs = 'text' | 'integer' | 'number' | 'timestamp';

export interface ColumnComparison {
  readonly column: string;
  readonly operator: ComparisonOperator;
  /** Several of them go with `eq` (one of them) and `ne` (none of them) only. */
  readonly values: readonly string[];
  readonly as: ComparedAs;
}

/** Rows (not) in another table, by one column of each. */
export interface RowReference<T> {
  readonly column: string;
  readonly negated: boolean;
  readonly table: T;
  readonly tableColumn: string;
}

export interface RowOrder {
  readonly column: string;
  readonly descending: boolean;
  /** Anything but `text`: text is ordered as the numbers or moments it holds. */
  readonly as: ComparedAs;
}

/** The column that says when a row was written or changed, where a table has it. */
export const TIMESTAMP_COLUMN = '_timestamp';

export function isEmptyCondition({ comparisons, changedSince, changedUntil, contains }: RowCondition): boolean {
  return comparisons.length === 0 && changedSince === null && changedUntil === null && contains === null;
}

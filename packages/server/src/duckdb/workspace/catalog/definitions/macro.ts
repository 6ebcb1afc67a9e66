/** A function of PostgreSQL as a macro: parameters and body per number of arguments. */
export interface Macro {
  readonly name: string;
  /** `(a, b) AS body`, one per number of arguments. */
  readonly variants: readonly string[];
}

/**
 * Macros replace text: a parameter's column, say `pg_class.oid`, would be caught by a table of that name inside the body. So tables and
 * lambda parameters inside bodies are called `__…`, which no client writes.
 */
export function macro(name: string, ...variants: readonly string[]): Macro {
  return { name, variants };
}

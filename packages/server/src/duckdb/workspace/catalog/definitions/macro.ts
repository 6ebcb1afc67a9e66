/** A function of PostgreSQL as a macro: parameters and body per number of arguments. */
export interface Macro {
  readonly name: string;
  /** `(a, b) AS body`, one per number of arguments. */
  readonly variants: readonly string[];
}

/**
 * Macros replace text: a caller's column, say `oid`, would be caught by a column of that name in a table inside the body. So tables
 * inside bodies are called `__…`, which no client writes, and `hygienic` gives their columns such names as well.
 */
export function macro(name: string, ...variants: readonly string[]): Macro {
  return { name, variants: variants.map(hygienic) };
}

/** `FROM __pg.own.x AS __t … __t.oid` becomes `FROM (SELECT oid AS __oid FROM __pg.own.x) AS __t … __t.__oid`. */
function hygienic(variant: string): string {
  let body = variant;
  for (const [, table, alias] of variant.matchAll(/((?:__pg\.\w+\.\w+|pragma_\w+\(\))) AS (__\w+)/g)) {
    if (table === undefined || alias === undefined || !body.includes(`${table} AS ${alias}`)) continue;
    const used = new Set([...body.matchAll(new RegExp(`\\b${alias}\\.([a-z_]+)`, 'g'))].map((match) => match[1] ?? ''));
    const columns = [...used].map((column) => `${column} AS __${column}`).join(', ');
    body = body
      .replaceAll(`${table} AS ${alias}`, `(SELECT ${columns} FROM ${table}) AS ${alias}`)
      .replace(new RegExp(`\\b${alias}\\.([a-z_]+)`, 'g'), `${alias}.__$1`);
  }
  return body;
}

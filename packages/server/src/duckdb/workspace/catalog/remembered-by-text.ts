const CACHED_STATEMENTS = 500;
/** Longer ones hold data, and do not come again. */
const LONGEST_CACHED = 4_000;

/** What `read` finds in a statement. Programs say the same again and again, so short ones are remembered; undefined for longer ones than `longest`. */
export function rememberedByText<T>(
  read: (sql: string) => T | undefined,
  longest: number,
): (sql: string) => T | undefined {
  const known = new Map<string, T | undefined>();
  return (sql) => {
    if (sql.length > longest) return undefined;
    if (known.has(sql)) return known.get(sql);
    const found = read(sql);
    if (sql.length <= LONGEST_CACHED) {
      known.set(sql, found);
      const [oldest] = known.keys();
      if (known.size > CACHED_STATEMENTS && oldest !== undefined) known.delete(oldest);
    }
    return found;
  };
}

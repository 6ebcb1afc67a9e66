import { nameKey } from './columns.js';

/** A bucket name as a plain SQL identifier: `in.c-sales` as `in_c_sales`, folded. */
export function schemaKey(bucketName: string): string {
  return nameKey(bucketName).replaceAll(/[-.]/g, '_');
}

/**
 * What SQL may call each of these buckets: its own name, and that name with `-` and `.` as `_`. The plain spelling belongs to the bucket
 * that is called so; where none is, to the first one in byte order, so that a name never means two buckets.
 */
export function schemaSpellings(bucketNames: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const owners = new Map<string, string>();
  for (const name of [...bucketNames].sort()) {
    const key = schemaKey(name);
    const owner = owners.get(key);
    if (owner === undefined || (nameKey(name) === key && nameKey(owner) !== key)) owners.set(key, name);
  }
  return new Map(
    bucketNames.map((name) => {
      const plain = name.replaceAll(/[-.]/g, '_');
      return [name, plain !== name && owners.get(schemaKey(name)) === name ? [name, plain] : [name]];
    }),
  );
}

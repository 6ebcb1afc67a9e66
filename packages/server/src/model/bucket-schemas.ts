import { nameKey } from './columns.js';

/** A bucket name as a plain SQL identifier: `in.c-sales` as `in_c_sales`, folded. */
export function schemaKey(bucketName: string): string {
  return nameKey(bucketName).replaceAll(/[-.]/g, '_');
}

/**
 * What SQL may call each of these buckets: its own name, that name with `-` and `.` as `_`, and Keboola's spelling of a bucket of a stage,
 * `in.c-sales` for `in_c_sales`. A spelling belongs to the bucket that is called so; where none is, to the first one in byte order, so
 * that a name never means two buckets.
 */
export function schemaSpellings(bucketNames: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const owners = new Map<string, string>();
  for (const name of [...bucketNames].sort()) {
    const key = schemaKey(name);
    const owner = owners.get(key);
    if (owner === undefined || (nameKey(name) === key && nameKey(owner) !== key)) owners.set(key, name);
  }
  const names = new Set(bucketNames.map(nameKey));
  return new Map(
    bucketNames.map((name) => {
      if (owners.get(schemaKey(name)) !== name) return [name, [name]];
      const plain = name.replaceAll(/[-.]/g, '_');
      const ofStage = plain.replace(/^(in|out)_c_/i, '$1.c-');
      const free = ofStage !== plain && (ofStage === name || !names.has(nameKey(ofStage)));
      return [name, [...new Set([name, plain, ...(free ? [ofStage] : [])])]];
    }),
  );
}

import type { MetadataReader } from '../metadata/metadata-store.js';

/**
 * `snap_orders_20261123_163701_265`, in UTC, one for each of these tables. Taken within one millisecond, the later one
 * gets the next free millisecond. No two of the names may be the same.
 */
export async function newSnapshotIds(
  reader: MetadataReader,
  projectId: string,
  tableNames: readonly string[],
  now: Date,
): Promise<readonly string[]> {
  const times = tableNames.map(() => now.getTime());
  for (;;) {
    const ids = tableNames.map((name, index) => snapshotId(name, times[index] ?? now.getTime()));
    const taken = await reader.findSnapshotIds(projectId, ids);
    if (taken.size === 0) return ids;
    for (const [index, id] of ids.entries()) if (taken.has(id)) times[index] = (times[index] ?? 0) + 1;
  }
}

function snapshotId(tableName: string, timeMs: number): string {
  const [date = '', clock = ''] = new Date(timeMs).toISOString().split('T');
  const digits = clock.replaceAll(/\D/g, '');
  return `snap_${tableName}_${date.replaceAll('-', '')}_${digits.slice(0, 6)}_${digits.slice(6, 9)}`;
}

import type { MetadataReader } from '../metadata/metadata-store.js';
import type { TableRecord } from '../metadata/records.js';

/** `snap_orders_20261123_163701_265`, in UTC. Taken within one millisecond, the later one gets the next free millisecond. */
export async function newSnapshotId(
  reader: MetadataReader,
  table: Pick<TableRecord, 'projectId' | 'name'>,
  now: Date,
): Promise<string> {
  for (let time = now.getTime(); ; time += 1) {
    const [date = '', clock = ''] = new Date(time).toISOString().split('T');
    const digits = clock.replaceAll(/\D/g, '');
    const id = `snap_${table.name}_${date.replaceAll('-', '')}_${digits.slice(0, 6)}_${digits.slice(6, 9)}`;
    if ((await reader.getSnapshot(table.projectId, id)) === undefined) return id;
  }
}

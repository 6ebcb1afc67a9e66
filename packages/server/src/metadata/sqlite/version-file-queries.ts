import type { VersionOnFile, VersionRecord } from '../records.js';
import type { Database } from './database.js';
import { toVersion } from './version-queries.js';

/** Versions by the file they stand on: several may share one. */
export async function listVersionFiles(
  db: Database,
  afterFileId: string | undefined,
  limit: number,
): Promise<readonly VersionRecord[]> {
  const rows = await db
    .selectFrom('versions as v')
    .selectAll('v')
    .where('v.file_id', '>', afterFileId ?? '')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('versions as earlier')
            .select('earlier.id')
            .whereRef('earlier.file_id', '=', 'v.file_id')
            .whereRef('earlier.id', '<', 'v.id'),
        ),
      ),
    )
    .orderBy('v.file_id')
    .limit(limit)
    .execute();
  return rows.map(toVersion);
}

export async function listVersionsOnFile(db: Database, fileId: string): Promise<readonly VersionOnFile[]> {
  const rows = await db
    .selectFrom('versions as v')
    .leftJoin('tables as t', 't.id', 'v.table_id')
    .leftJoin('buckets as b', 'b.id', 't.bucket_id')
    .selectAll('v')
    .select(['t.name as table_name', 'b.branch_id', 'b.name as bucket_name'])
    .where('v.file_id', '=', fileId)
    .orderBy('v.id')
    .execute();
  const snapshots = await db
    .selectFrom('snapshots as s')
    .innerJoin('versions as v', 'v.id', 's.version_id')
    .select(['s.id', 's.version_id'])
    .where('v.file_id', '=', fileId)
    .orderBy('s.id')
    .execute();
  return rows.map((row) => ({
    version: toVersion(row),
    state: row.retired_at === null ? 'current' : row.dispensable === 0 ? 'kept' : 'retired',
    table:
      row.table_name === null || row.branch_id === null || row.bucket_name === null
        ? null
        : { branchId: row.branch_id, bucketName: row.bucket_name, name: row.table_name },
    snapshotIds: snapshots.filter((snapshot) => snapshot.version_id === row.id).map(({ id }) => id),
  }));
}

import { DomainError } from '../errors/domain-error.js';
import type { MetadataTransaction, NewBucket } from '../metadata/metadata-store.js';
import type { BucketRecord, TableRecord } from '../metadata/records.js';
import { nameKey } from '../model/columns.js';
import { newSortableId } from '../model/ids.js';
import { DEFAULT_BRANCH_ID, type BucketRef } from '../model/refs.js';
import type { Change } from './change.js';
import { requireBucketToChange } from './require-bucket.js';
import { repeatedVersion } from './table-versions.js';

/**
 * The first write of a branch into something of main gives it something of its own, in the transaction of that write:
 *
 *     bucket   a row of the branch that lies over main's bucket
 *     table    a row whose first version stands on the file that main is at: nothing is copied
 */
export async function ownBucketId(
  tx: MetadataTransaction,
  change: Change<never>,
  bucket: BucketRecord,
): Promise<string> {
  if (bucket.ownId !== null) return bucket.ownId;
  const id = newSortableId(change.now);
  await tx.insertBucket({
    id,
    projectId: bucket.projectId,
    branchId: bucket.branchId,
    name: bucket.name,
    description: bucket.description,
    createdAt: change.now,
    ...(await linkOf(tx, bucket)),
  });
  const settings =
    bucket.mainId === null ? undefined : await tx.getSnapshotSettings({ kind: 'bucket', id: bucket.mainId });
  if (settings !== undefined) {
    await tx.putSnapshotSettings({ kind: 'bucket', id, projectId: bucket.projectId }, settings, change.now);
  }
  return id;
}

/** What lies over a linked bucket of main is a link to the same source. */
async function linkOf(tx: MetadataTransaction, bucket: BucketRecord): Promise<Pick<NewBucket, 'link'>> {
  if (bucket.linkedFrom === null) return {};
  const sourceBucketId = bucket.linkedFrom.bucketId;
  const link = (await tx.listBucketLinks(sourceBucketId)).find(({ bucketId }) => bucketId === bucket.mainId);
  if (link === undefined) throw new Error('a linked bucket of main is not among the links of its source');
  return { link: { sourceBucketId, throughShare: link.throughShare, createdBy: link.createdBy } };
}

/** The table as the branch's own; `table` is what the branch shows now. Nothing changes for its readers. */
export async function ownTable(
  tx: MetadataTransaction,
  change: Change<never>,
  table: TableRecord,
): Promise<TableRecord> {
  if (table.source !== 'main' || table.branchId === DEFAULT_BRANCH_ID) return table;
  if ((await tx.getVersion(table.current.id)) === undefined) {
    throw new DomainError('version_conflict', 'The table changed while the request was running; repeat the request');
  }
  const { projectId, branchId, bucketName } = table;
  const bucket = await requireBucketToChange(tx, { projectId, branchId, bucketName });
  const bucketId = await ownBucketId(tx, change, bucket);
  const id = newSortableId(change.now);
  const version = { ...repeatedVersion(change, table.current), tableId: id, parentId: table.current.id };
  const { name, description, columnDescriptions } = table;
  await tx.insertTable({
    id,
    projectId,
    bucketId,
    name,
    description,
    columnDescriptions,
    createdAt: change.now,
    version,
    isBase: true,
  });
  const settings = await tx.getSnapshotSettings({ kind: 'table', id: table.id });
  if (settings !== undefined) await tx.putSnapshotSettings({ kind: 'table', id, projectId }, settings, change.now);
  const own = await tx.getTableById(id);
  if (own === undefined) throw new Error('a table that was just made is not there');
  return { ...own, source: 'branch' };
}

/** In a branch main's table is hidden and stays; what the branch has of its own goes. */
export async function deleteTable(tx: MetadataTransaction, change: Change<never>, table: TableRecord): Promise<void> {
  const isOwn = table.source !== 'main' || table.branchId === DEFAULT_BRANCH_ID;
  if (isOwn) await tx.deleteTable(table.id, table.current.id, change.now);
  if (table.branchId === DEFAULT_BRANCH_ID || table.source === 'branch_only') return;
  const { projectId, branchId, bucketName, name } = table;
  const bucket = await requireBucketToChange(tx, { projectId, branchId, bucketName });
  await ownBucketId(tx, change, bucket);
  const main = await tx.getTable(projectId, bucketName, name);
  if (main !== undefined) await hideTable(tx, change, table, main);
}

/** The same for a bucket with its tables. What main makes in it later is not hidden by name, but by the bucket. */
export async function deleteBucket(
  tx: MetadataTransaction,
  change: Change<never>,
  bucket: BucketRecord,
): Promise<void> {
  const own = bucket.ownId === null ? [] : (await tx.listTables(bucket.ownId)).items;
  if (bucket.ownId !== null) await tx.deleteBucket(bucket.ownId, change.now);
  if (bucket.mainId === null) return;
  const ref = { projectId: bucket.projectId, branchId: bucket.branchId, bucketName: bucket.name };
  // What a linked bucket shows is not main's to delete: hiding the link is all there is.
  if (bucket.linkedFrom === null) await hideTables(tx, change, ref, bucket.mainId, own);
  await tx.insertBranchDeletion(bucket, {
    bucketName: bucket.name,
    tableName: null,
    mainVersionId: null,
    createdAt: change.now,
    createdBy: change.principal.actor,
  });
}

async function hideTables(
  tx: MetadataTransaction,
  change: Change<never>,
  ref: BucketRef,
  mainBucketId: string,
  own: readonly TableRecord[],
): Promise<void> {
  for (const main of (await tx.listTables(mainBucketId)).items) {
    if (await tx.isDeletedInBranch(ref, main.name)) continue;
    const taken = own.find(({ name }) => nameKey(name) === nameKey(main.name));
    await hideTable(tx, change, { branchId: ref.branchId, ...taken }, main);
  }
}

/** The version that the branch knew counts: of a table that it had taken, the one it took. */
async function hideTable(
  tx: MetadataTransaction,
  change: Change<never>,
  seen: Pick<TableRecord, 'branchId'> & Partial<Pick<TableRecord, 'baseVersionId'>>,
  main: TableRecord,
): Promise<void> {
  const base = typeof seen.baseVersionId === 'string' ? await tx.getVersion(seen.baseVersionId) : undefined;
  await tx.insertBranchDeletion(
    { projectId: main.projectId, branchId: seen.branchId },
    {
      bucketName: main.bucketName,
      tableName: main.name,
      mainVersionId: base?.parentId ?? main.current.id,
      createdAt: change.now,
      createdBy: change.principal.actor,
    },
  );
}

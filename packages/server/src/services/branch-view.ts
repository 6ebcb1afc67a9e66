import type { Listed, MetadataReader } from '../metadata/metadata-store.js';
import type { BucketRecord, TableRecord } from '../metadata/records.js';
import type { BucketListQuery, TableListQuery } from '../model/list-query.js';
import { DEFAULT_BRANCH_ID, type BranchRef, type BucketRef, type TableRef } from '../model/refs.js';

/**
 * What a name means in a branch. A branch has rows only for what it wrote or deleted itself; everything else is main's, live:
 *
 *     own table            source `branch`, or `branch_only` when main has none of that name
 *     deleted in branch    hidden
 *     main's               source `main`
 *
 * A bucket is the same in two layers: the branch's own bucket lies over main's bucket of that name, unless the branch deleted
 * that one. A linked bucket of the branch shows its source, and hides main's. So the branch sees tables that main gets later, and main never sees anything of the branch.
 */
export async function findBucket(reader: MetadataReader, ref: BucketRef): Promise<BucketRecord | undefined> {
  const { own, main } = await findLayers(reader, ref);
  if (own === undefined || main === undefined) return own ?? asSeenFrom(ref, main);
  const layers = { branchId: ref.branchId, ownId: own.id, mainId: main.id };
  const { tableCount, sizeBytes } = await reader.sumVisibleTables(layers);
  return { ...own, source: 'branch', mainId: main.id, tableCount, sizeBytes };
}

export async function findTable(reader: MetadataReader, ref: TableRef): Promise<TableRecord | undefined> {
  if (ref.branchId === DEFAULT_BRANCH_ID) return await reader.getTable(ref.projectId, ref.bucketName, ref.tableName);
  const { own, main } = await findLayers(reader, ref);
  const ownTable = own && (await reader.getTableOfBucket(own.id, ref.tableName));
  const mainTable = main && (await findMainTable(reader, ref));
  if (ownTable !== undefined) return { ...ownTable, source: mainTable === undefined ? 'branch_only' : 'branch' };
  // Settings of the branch's own bucket hold for the tables that it shows from main, too.
  return mainTable && { ...mainTable, branchId: ref.branchId, source: 'main', bucketId: own?.id ?? mainTable.bucketId };
}

export async function listBuckets(
  reader: MetadataReader,
  branch: BranchRef,
  query?: BucketListQuery,
): Promise<Listed<BucketRecord>> {
  if (branch.branchId === DEFAULT_BRANCH_ID) return await reader.listBuckets(branch.projectId, query);
  return await reader.listBucketsOfBranch(branch, query);
}

/** Tables of a bucket that `findBucket` or `listBuckets` gave. */
export async function listTables(
  reader: MetadataReader,
  { id, branchId, source, ownId, mainId }: BucketRecord,
  query?: TableListQuery,
): Promise<Listed<TableRecord>> {
  if (ownId !== null && mainId !== null) return await reader.listTablesOfLayers({ branchId, ownId, mainId }, query);
  const listed = await reader.listTables(id, query);
  return branchId === DEFAULT_BRANCH_ID
    ? listed
    : { ...listed, items: listed.items.map((table) => ({ ...table, branchId, source })) };
}

/** Main's table, unless the branch has deleted it (or its bucket). */
async function findMainTable(reader: MetadataReader, ref: TableRef): Promise<TableRecord | undefined> {
  if (await reader.isDeletedInBranch(ref, ref.tableName)) return undefined;
  return await reader.getTable(ref.projectId, ref.bucketName, ref.tableName);
}

interface Layers {
  readonly own: BucketRecord | undefined;
  readonly main: BucketRecord | undefined;
}

async function findLayers(reader: MetadataReader, ref: BucketRef): Promise<Layers> {
  const main = await reader.getBucket(ref.projectId, ref.bucketName);
  if (ref.branchId === DEFAULT_BRANCH_ID) return { own: main, main: undefined };
  const own = await reader.getBranchBucket(ref);
  const isHidden = main !== undefined && (await reader.isDeletedInBranch(ref, null));
  return { own, main: isHidden || isLink(own) ? undefined : main };
}

function isLink(bucket: BucketRecord | undefined): boolean {
  return bucket !== undefined && bucket.linkedFrom !== null;
}

function asSeenFrom(ref: BucketRef, main: BucketRecord | undefined): BucketRecord | undefined {
  return main && { ...main, branchId: ref.branchId, source: 'main', ownId: null, mainId: main.id };
}

import { DEFAULT_BRANCH_ID } from '../../model/refs.js';
import type { BucketLinkRecord } from '../records.js';
import { countInProject } from './counters.js';
import { slices, type Database } from './database.js';

/**
 * Linked buckets are rows of `buckets` that name a source bucket. They have no tables of their own, so that removing one
 * removes a row and its settings and nothing else.
 */
function selectLinks(db: Database) {
  return db
    .selectFrom('buckets as b')
    .innerJoin('buckets as s', 's.id', 'b.source_bucket_id')
    .select([
      'b.id as bucketId',
      'b.project_id as projectId',
      'b.branch_id as branchId',
      'b.name as bucketName',
      'b.created_at',
      'b.link_through_share',
      'b.link_created_by',
      's.id as source_id',
      's.project_id as source_project_id',
      's.name as source_name',
    ])
    .orderBy('b.project_id')
    .orderBy('b.name')
    .orderBy('b.branch_id');
}

export async function listBucketLinks(db: Database, sourceBucketId: string): Promise<readonly BucketLinkRecord[]> {
  const rows = await selectLinks(db).where('b.source_bucket_id', '=', sourceBucketId).execute();
  return rows.map(toLink);
}

/** `projectId` in its stored spelling. */
export async function listForeignLinks(db: Database, projectId: string): Promise<readonly BucketLinkRecord[]> {
  const rows = await selectLinks(db)
    .where('s.project_id', '=', projectId)
    .whereRef('b.project_id', '!=', 's.project_id')
    .execute();
  return rows.map(toLink);
}

export async function removeLinks(db: Database, links: readonly BucketLinkRecord[]): Promise<void> {
  for (const slice of slices(links)) {
    const ids = slice.map(({ bucketId }) => bucketId);
    await db.deleteFrom('snapshot_settings').where('owner_kind', '=', 'bucket').where('owner_id', 'in', ids).execute();
    await db.deleteFrom('buckets').where('id', 'in', ids).execute();
  }
  const removed = new Map<string, number>();
  const counted = links.filter(({ branchId }) => branchId === DEFAULT_BRANCH_ID);
  for (const { projectId } of counted) removed.set(projectId, (removed.get(projectId) ?? 0) + 1);
  for (const [projectId, count] of removed) await countInProject(db, projectId, { buckets: -count });
}

type LinkRow = Awaited<ReturnType<ReturnType<typeof selectLinks>['execute']>>[number];

function toLink(row: LinkRow): BucketLinkRecord {
  return {
    bucketId: row.bucketId,
    projectId: row.projectId,
    branchId: row.branchId,
    bucketName: row.bucketName,
    source: { bucketId: row.source_id, projectId: row.source_project_id, bucketName: row.source_name },
    throughShare: row.link_through_share === 1,
    createdAt: new Date(row.created_at),
    createdBy: row.link_created_by ?? '',
  };
}

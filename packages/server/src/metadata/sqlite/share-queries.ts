import { nameKey } from '../../model/columns.js';
import { DEFAULT_BRANCH_ID } from '../../model/refs.js';
import type { Listed, Page } from '../metadata-store.js';
import type { BucketLinkRecord, BucketShareRecord, SharedBucketRecord } from '../records.js';
import { bucketNotFound, selectBuckets, toBucket } from './bucket-queries.js';
import type { Database } from './database.js';
import { listBucketLinks, removeLinks } from './link-queries.js';
import { EVERYTHING } from './list-in-turns.js';
import { mustBeActiveProject } from './project-queries.js';

export async function listBucketShares(db: Database, bucketId: string): Promise<readonly BucketShareRecord[]> {
  const rows = await db
    .selectFrom('bucket_shares')
    .selectAll()
    .where('bucket_id', '=', bucketId)
    .orderBy('target_project_id')
    .execute();
  return rows.map((row) => ({
    targetProjectId: row.target_project_id,
    createdAt: new Date(row.created_at),
    createdBy: row.created_by,
  }));
}

export async function isBucketSharedWith(db: Database, bucketId: string, projectId: string): Promise<boolean> {
  return (await findShare(db, bucketId, projectId)) !== undefined;
}

export async function listSharedBuckets(
  db: Database,
  projectId: string,
  page: Page = EVERYTHING,
): Promise<Listed<SharedBucketRecord>> {
  const target = db.selectFrom('projects').select('id').where('id_key', '=', nameKey(projectId));
  const rows = await selectBuckets(db)
    .innerJoin('bucket_shares as share', 'share.bucket_id', 'b.id')
    .where('share.target_project_id', '=', target)
    .select('share.created_at as shared_at')
    .orderBy('b.project_id')
    .orderBy('b.name')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  const links = await db
    .selectFrom('buckets')
    .select(['name', 'source_bucket_id'])
    .where('project_id', '=', target)
    .where('branch_id', '=', DEFAULT_BRANCH_ID)
    .where('source_bucket_id', 'is not', null)
    .orderBy('name')
    .execute();
  const { total } = await db
    .selectFrom('bucket_shares')
    .where('target_project_id', '=', target)
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  const items = rows.map((row) => ({
    bucket: toBucket(row),
    sharedAt: new Date(row.shared_at),
    linkedAs: links.filter((link) => link.source_bucket_id === row.id).map(({ name }) => name),
  }));
  return { items, total };
}

export async function insertBucketShare(db: Database, bucketId: string, share: BucketShareRecord): Promise<boolean> {
  const inserted = await db
    .insertInto('bucket_shares')
    .values({
      bucket_id: bucketId,
      target_project_id: await mustBeActiveProject(db, share.targetProjectId),
      created_at: share.createdAt.getTime(),
      created_by: share.createdBy,
    })
    .onConflict((conflict) => conflict.columns(['bucket_id', 'target_project_id']).doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

export async function deleteBucketShare(
  db: Database,
  bucketId: string,
  targetProjectId: string,
): Promise<readonly BucketLinkRecord[] | undefined> {
  const share = await findShare(db, bucketId, targetProjectId);
  if (share === undefined) return undefined;
  await db
    .deleteFrom('bucket_shares')
    .where('bucket_id', '=', bucketId)
    .where('target_project_id', '=', share.target_project_id)
    .execute();
  const closing = (await listBucketLinks(db, bucketId)).filter(
    ({ projectId, throughShare }) => throughShare && projectId === share.target_project_id,
  );
  await removeLinks(db, closing);
  return closing;
}

export async function setReadonlyGrant(db: Database, bucketId: string, granted: boolean): Promise<void> {
  const updated = await db
    .updateTable('buckets')
    .set({ readonly_granted: granted ? 1 : 0 })
    .where('id', '=', bucketId)
    .executeTakeFirst();
  if (updated.numUpdatedRows === 0n) throw bucketNotFound();
}

function findShare(db: Database, bucketId: string, projectId: string) {
  return db
    .selectFrom('bucket_shares as share')
    .innerJoin('projects as p', 'p.id', 'share.target_project_id')
    .select('share.target_project_id')
    .where('share.bucket_id', '=', bucketId)
    .where('p.id_key', '=', nameKey(projectId))
    .executeTakeFirst();
}

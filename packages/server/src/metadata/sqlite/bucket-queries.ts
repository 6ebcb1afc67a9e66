import { DomainError } from '../../errors/domain-error.js';
import { nameKey } from '../../model/columns.js';
import type { Listed, NewBucket, Page } from '../metadata-store.js';
import type { BucketRecord } from '../records.js';
import { countInProject } from './counters.js';
import { isProject, type Database } from './database.js';
import { listInTurns } from './list-in-turns.js';
import { mustBeActiveProject } from './project-queries.js';
import type { BucketRow } from './schema.js';
import { deleteSettings, deleteSettingsOfTables } from './snapshot-settings-queries.js';
import { dispenseVersionsOfTables } from './version-queries.js';

export async function getBucket(
  db: Database,
  projectId: string,
  bucketName: string,
): Promise<BucketRecord | undefined> {
  const row = await db
    .selectFrom('buckets')
    .selectAll()
    .where(isProject(projectId))
    .where('name_key', '=', nameKey(bucketName))
    .executeTakeFirst();
  return row && toBucket(row);
}

export async function listBuckets(db: Database, projectId: string, page?: Page): Promise<Listed<BucketRecord>> {
  const items = await listInTurns(page, async ({ afterName, limit, offset }) => {
    const rows = await db
      .selectFrom('buckets')
      .selectAll()
      .where(isProject(projectId))
      .where('name', '>', afterName ?? '')
      .orderBy('name')
      .limit(limit)
      .offset(offset)
      .execute();
    return rows.map(toBucket);
  });
  const project = await db
    .selectFrom('projects')
    .select('bucket_count')
    .where('id_key', '=', nameKey(projectId))
    .executeTakeFirst();
  return { items, total: project?.bucket_count ?? 0 };
}

export async function insertBucket(db: Database, bucket: NewBucket): Promise<void> {
  const projectId = await mustBeActiveProject(db, bucket.projectId);
  const inserted = await db
    .insertInto('buckets')
    .values({
      id: bucket.id,
      project_id: projectId,
      name: bucket.name,
      name_key: nameKey(bucket.name),
      description: bucket.description,
      created_at: bucket.createdAt.getTime(),
      updated_at: bucket.createdAt.getTime(),
      table_count: 0,
      size_bytes: 0,
    })
    .onConflict((conflict) => conflict.columns(['project_id', 'name_key']).doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows !== 1n) {
    const message = `Bucket ${bucket.name} already exists in project ${projectId}`;
    throw new DomainError('bucket_exists', message, { project_id: projectId, bucket_name: bucket.name });
  }
  await countInProject(db, projectId, { buckets: 1 });
}

export async function deleteBucket(db: Database, bucketId: string, now: Date): Promise<void> {
  const bucket = await db
    .selectFrom('buckets')
    .select(['project_id', 'table_count', 'size_bytes'])
    .where('id', '=', bucketId)
    .executeTakeFirst();
  if (bucket === undefined) throw bucketNotFound();
  const tables = db.selectFrom('tables').select('id').where('bucket_id', '=', bucketId);
  await dispenseVersionsOfTables(db, tables, now);
  await deleteSettingsOfTables(db, tables);
  await deleteSettings(db, { kind: 'bucket', id: bucketId });
  await db.deleteFrom('tables').where('bucket_id', '=', bucketId).execute();
  await db.deleteFrom('buckets').where('id', '=', bucketId).execute();
  await countInProject(db, bucket.project_id, {
    buckets: -1,
    tables: -bucket.table_count,
    bytes: -bucket.size_bytes,
  });
}

/** For a bucket that was there a moment ago; its id means nothing to the caller. */
export function bucketNotFound(): DomainError {
  const message =
    'The bucket was deleted while the request was running; nothing was changed. List the buckets of the project.';
  return new DomainError('bucket_not_found', message);
}

function toBucket(row: BucketRow): BucketRecord {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    description: row.description,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    tableCount: row.table_count,
    sizeBytes: row.size_bytes,
  };
}

import type { ExpressionBuilder } from 'kysely';

import { DomainError } from '../../errors/domain-error.js';
import { nameKey } from '../../model/columns.js';
import type { BucketListQuery } from '../../model/list-query.js';
import { DEFAULT_BRANCH_ID } from '../../model/refs.js';
import type { Listed, NewBucket } from '../metadata-store.js';
import type { BucketRecord } from '../records.js';
import { countInProject } from './counters.js';
import type { Database } from './database.js';
import { listBucketLinks, removeLinks } from './link-queries.js';
import { isFiltered, isPlain, listInTurns, pageOf, readInTurns } from './list-in-turns.js';
import { nameMatches } from './name-filter.js';
import { mustBeActiveProject } from './project-queries.js';
import type { BucketRow, MetadataSchema } from './schema.js';
import { deleteSettings, deleteSettingsOfTables } from './snapshot-settings-queries.js';
import { dispenseVersionsOfTables } from './version-queries.js';

export type BucketAndSource = MetadataSchema & { b: BucketRow; s: BucketRow };

/** Buckets `b`, and for linked ones their source `s`, which has the tables. */
export function selectBuckets(db: Database) {
  return db
    .selectFrom('buckets as b')
    .leftJoin('buckets as s', 's.id', 'b.source_bucket_id')
    .selectAll('b')
    .select([
      's.project_id as source_project_id',
      's.name as source_name',
      's.table_count as source_table_count',
      's.size_bytes as source_size_bytes',
      's.readonly_granted as source_readonly_granted',
    ]);
}

export async function getBucket(
  db: Database,
  projectId: string,
  bucketName: string,
  branchId: string = DEFAULT_BRANCH_ID,
): Promise<BucketRecord | undefined> {
  const row = await selectBuckets(db)
    .where(ofProject(projectId))
    .where('b.branch_id', '=', branchId)
    .where('b.name_key', '=', nameKey(bucketName))
    .executeTakeFirst();
  return row && toBucket(row);
}

export async function listBuckets(
  db: Database,
  projectId: string,
  query: BucketListQuery = {},
): Promise<Listed<BucketRecord>> {
  if (!isPlain(query)) return await listInOrder(db, projectId, query);
  const items = await listInTurns(pageOf(query), async ({ afterName, limit, offset }) => {
    const rows = await selectBuckets(db)
      .where(ofProject(projectId))
      .where('b.branch_id', '=', DEFAULT_BRANCH_ID)
      .where('b.name', '>', afterName ?? '')
      .orderBy('b.name')
      .limit(limit)
      .offset(offset)
      .execute();
    return rows.map(toBucket);
  });
  return { items, total: await bucketCount(db, projectId) };
}

async function listInOrder(db: Database, projectId: string, query: BucketListQuery): Promise<Listed<BucketRecord>> {
  const page = pageOf(query);
  const matching = db
    .selectFrom('buckets as b')
    .leftJoin('buckets as s', 's.id', 'b.source_bucket_id')
    .where(ofProject(projectId))
    .where('b.branch_id', '=', DEFAULT_BRANCH_ID)
    .where(nameMatches('b', query));
  const ids = await matching
    .select('b.id')
    .orderBy(bucketSortValue(query.sort ?? 'name'), query.order ?? 'asc')
    .orderBy('b.name')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  const total = isFiltered(query)
    ? (await matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()).total
    : await bucketCount(db, projectId);
  const items = await readInTurns(
    ids.map(({ id }) => id),
    async (wanted) => (await selectBuckets(db).where('b.id', 'in', wanted).execute()).map(toBucket),
  );
  return { items, total };
}

export function bucketSortValue(sort: NonNullable<BucketListQuery['sort']>) {
  return (eb: ExpressionBuilder<BucketAndSource, 'b' | 's'>) =>
    sort === 'table_count' || sort === 'size_bytes' ? eb.fn.coalesce(`s.${sort}`, `b.${sort}`) : eb.ref(`b.${sort}`);
}

async function bucketCount(db: Database, projectId: string): Promise<number> {
  const project = await db
    .selectFrom('projects')
    .select('bucket_count')
    .where('id_key', '=', nameKey(projectId))
    .executeTakeFirst();
  return project?.bucket_count ?? 0;
}

/** The branch's own, by name. */
export async function listBranchBuckets(
  db: Database,
  projectId: string,
  branchId: string,
): Promise<readonly BucketRecord[]> {
  const rows = await selectBuckets(db)
    .where(ofProject(projectId))
    .where('b.branch_id', '=', branchId)
    .orderBy('b.name')
    .execute();
  return rows.map(toBucket);
}

export async function insertBucket(db: Database, bucket: NewBucket): Promise<void> {
  const projectId = await mustBeActiveProject(db, bucket.projectId);
  if (bucket.link !== undefined) await mustBeOrdinaryBucket(db, bucket.link.sourceBucketId);
  const inserted = await db
    .insertInto('buckets')
    .values({
      id: bucket.id,
      project_id: projectId,
      branch_id: bucket.branchId,
      name: bucket.name,
      name_key: nameKey(bucket.name),
      description: bucket.description,
      created_at: bucket.createdAt.getTime(),
      updated_at: bucket.createdAt.getTime(),
      table_count: 0,
      size_bytes: 0,
      source_bucket_id: bucket.link?.sourceBucketId ?? null,
      link_through_share: bucket.link === undefined ? null : bucket.link.throughShare ? 1 : 0,
      link_created_by: bucket.link?.createdBy ?? null,
      readonly_granted: 0,
    })
    .onConflict((conflict) => conflict.columns(['project_id', 'branch_id', 'name_key']).doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows !== 1n) {
    const message = `Bucket ${bucket.name} already exists in project ${projectId}`;
    throw new DomainError('bucket_exists', message, { project_id: projectId, bucket_name: bucket.name });
  }
  if (bucket.branchId === DEFAULT_BRANCH_ID) await countInProject(db, projectId, { buckets: 1 });
}

async function mustBeOrdinaryBucket(db: Database, bucketId: string): Promise<void> {
  const source = await db
    .selectFrom('buckets')
    .select(['source_bucket_id'])
    .where('id', '=', bucketId)
    .executeTakeFirst();
  if (source === undefined) throw bucketNotFound();
  if (source.source_bucket_id !== null) {
    throw new DomainError('bucket_is_linked', 'A linked bucket cannot be linked again; link its source');
  }
}

export async function updateBucket(
  db: Database,
  bucketId: string,
  change: { description: string | null; updatedAt: Date },
): Promise<void> {
  const updated = await db
    .updateTable('buckets')
    .set({ description: change.description, updated_at: change.updatedAt.getTime() })
    .where('id', '=', bucketId)
    .executeTakeFirst();
  if (updated.numUpdatedRows === 0n) throw bucketNotFound();
}

export async function deleteBucket(db: Database, bucketId: string, now: Date): Promise<void> {
  const bucket = await db
    .selectFrom('buckets')
    .select(['project_id', 'branch_id', 'table_count', 'size_bytes'])
    .where('id', '=', bucketId)
    .executeTakeFirst();
  if (bucket === undefined) throw bucketNotFound();
  await removeLinks(db, await listBucketLinks(db, bucketId));
  await db.deleteFrom('bucket_shares').where('bucket_id', '=', bucketId).execute();
  const tables = db.selectFrom('tables').select('id').where('bucket_id', '=', bucketId);
  await dispenseVersionsOfTables(db, tables, now);
  await deleteSettingsOfTables(db, tables);
  await deleteSettings(db, { kind: 'bucket', id: bucketId });
  await db.deleteFrom('tables').where('bucket_id', '=', bucketId).execute();
  await db.deleteFrom('buckets').where('id', '=', bucketId).execute();
  if (bucket.branch_id !== DEFAULT_BRANCH_ID) return;
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

export function ofProject(projectId: string) {
  return (eb: ExpressionBuilder<BucketAndSource, 'b'>) =>
    eb(
      'b.project_id',
      '=',
      eb.selectFrom('projects').select('projects.id').where('projects.id_key', '=', nameKey(projectId)),
    );
}

type SelectedBucket = BucketRow & {
  source_project_id: string | null;
  source_name: string | null;
  source_table_count: number | null;
  source_size_bytes: number | null;
  source_readonly_granted: 0 | 1 | null;
};

export function toBucket(row: SelectedBucket): BucketRecord {
  return {
    id: row.id,
    projectId: row.project_id,
    branchId: row.branch_id,
    source: row.branch_id === DEFAULT_BRANCH_ID ? 'main' : 'branch_only',
    ownId: row.id,
    mainId: null,
    name: row.name,
    description: row.description,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    tableCount: row.source_table_count ?? row.table_count,
    sizeBytes: row.source_size_bytes ?? row.size_bytes,
    linkedFrom: linkSourceOf(row.source_bucket_id, row),
    readonlyGranted: (row.source_readonly_granted ?? row.readonly_granted) === 1,
  };
}

export function linkSourceOf(
  bucketId: string | null,
  source: { readonly source_project_id: string | null; readonly source_name: string | null },
): BucketRecord['linkedFrom'] {
  if (bucketId === null || source.source_project_id === null || source.source_name === null) return null;
  return { bucketId, projectId: source.source_project_id, bucketName: source.source_name };
}

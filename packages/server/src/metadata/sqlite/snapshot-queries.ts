import type { ExpressionBuilder } from 'kysely';

import { DomainError } from '../../errors/domain-error.js';
import { nameKey } from '../../model/columns.js';
import type { Listed, Page, SnapshotFilter } from '../metadata-store.js';
import type { SnapshotRecord } from '../records.js';
import { isProject, type Database } from './database.js';
import { mustBeActiveProject } from './project-queries.js';
import type { MetadataSchema, SnapshotRow, VersionRow } from './schema.js';
import { toVersion } from './version-queries.js';

/** A snapshot with its version; what both rows call the same keeps the version's meaning. */
function selectSnapshots(db: Database) {
  return db
    .selectFrom('snapshots as s')
    .innerJoin('versions as v', 'v.id', 's.version_id')
    .selectAll('v')
    .select([
      's.id as s_id',
      's.bucket_name',
      's.table_name',
      's.type',
      's.description',
      's.created_at as s_created_at',
      's.created_by as s_created_by',
      's.expires_at',
    ]);
}

export async function getSnapshot(
  db: Database,
  projectId: string,
  snapshotId: string,
): Promise<SnapshotRecord | undefined> {
  const row = await selectSnapshots(db)
    .innerJoin('projects as p', 'p.id', 's.project_id')
    .where('p.id_key', '=', nameKey(projectId))
    .where('s.id', '=', snapshotId)
    .executeTakeFirst();
  return row && toSnapshot(row);
}

export async function listSnapshots(
  db: Database,
  projectId: string,
  filter: SnapshotFilter,
  page: Page,
): Promise<Listed<SnapshotRecord>> {
  const { bucketName, tableName, type } = filter;
  const matching = db
    .selectFrom('snapshots')
    .where(isProject(projectId))
    .$if(bucketName !== undefined, (query) => query.where(folded('bucket_name'), '=', nameKey(bucketName ?? '')))
    .$if(tableName !== undefined, (query) => query.where(folded('table_name'), '=', nameKey(tableName ?? '')))
    .$if(type !== undefined, (query) => query.where('type', '=', type as SnapshotRow['type']));
  // Cut before the join: rows that are skipped are not joined with their versions first.
  const cut = matching
    .select('id')
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit)
    .offset(page.offset);
  const rows = await selectSnapshots(db)
    .innerJoin('projects as p', 'p.id', 's.project_id')
    .where('p.id_key', '=', nameKey(projectId))
    .where('s.id', 'in', cut)
    .orderBy('s.created_at', 'desc')
    .orderBy('s.id', 'desc')
    .execute();
  const { total } = await matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  return { items: rows.map(toSnapshot), total };
}

export async function listExpiredSnapshots(db: Database, now: Date, limit: number): Promise<readonly SnapshotRecord[]> {
  const rows = await selectSnapshots(db)
    .where('s.expires_at', '<=', now.getTime())
    .orderBy('s.expires_at')
    .orderBy('s.id')
    .limit(limit)
    .execute();
  return rows.map(toSnapshot);
}

export async function insertSnapshot(
  db: Database,
  snapshot: Omit<SnapshotRecord, 'version'>,
  versionId: string,
): Promise<void> {
  const projectId = await mustBeActiveProject(db, snapshot.projectId);
  const inserted = await db
    .insertInto('snapshots')
    .values({
      id: snapshot.id,
      project_id: projectId,
      bucket_name: snapshot.bucketName,
      table_name: snapshot.tableName,
      version_id: versionId,
      type: snapshot.type,
      description: snapshot.description,
      created_at: snapshot.createdAt.getTime(),
      created_by: snapshot.createdBy,
      expires_at: snapshot.expiresAt.getTime(),
    })
    .onConflict((conflict) => conflict.columns(['project_id', 'id']).doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows === 1n) return;
  throw new DomainError('snapshot_exists', `Snapshot ${snapshot.id} already exists in project ${projectId}`, {
    project_id: projectId,
    snapshot_id: snapshot.id,
  });
}

export async function deleteSnapshot(db: Database, projectId: string, snapshotId: string): Promise<boolean> {
  const deleted = await db
    .deleteFrom('snapshots')
    .where(isProject(projectId))
    .where('id', '=', snapshotId)
    .executeTakeFirst();
  return deleted.numDeletedRows > 0n;
}

/** Names of buckets and tables are ASCII, for which this is `nameKey`. */
function folded(column: 'bucket_name' | 'table_name') {
  return (eb: ExpressionBuilder<MetadataSchema, 'snapshots'>) => eb.fn<string>('lower', [column]);
}

type SelectedSnapshot = VersionRow &
  Pick<SnapshotRow, 'bucket_name' | 'table_name' | 'type' | 'description' | 'expires_at'> & {
    s_id: string;
    s_created_at: number;
    s_created_by: string;
  };

function toSnapshot(row: SelectedSnapshot): SnapshotRecord {
  return {
    id: row.s_id,
    projectId: row.project_id,
    bucketName: row.bucket_name,
    tableName: row.table_name,
    type: row.type,
    description: row.description,
    createdAt: new Date(row.s_created_at),
    createdBy: row.s_created_by,
    expiresAt: new Date(row.expires_at),
    version: toVersion(row),
  };
}

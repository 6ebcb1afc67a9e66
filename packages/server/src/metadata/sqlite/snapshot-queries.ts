import type { ExpressionBuilder } from 'kysely';

import { DomainError } from '../../errors/domain-error.js';
import { nameKey } from '../../model/columns.js';
import type { BranchRef } from '../../model/refs.js';
import type { Listed, NewSnapshot, Page, SnapshotFilter } from '../metadata-store.js';
import type { SnapshotRecord } from '../records.js';
import { isProject, slices, type Database } from './database.js';
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
      's.branch_id',
      's.bucket_name',
      's.table_name',
      's.table_description',
      's.column_descriptions',
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
  { projectId, branchId }: BranchRef,
  filter: SnapshotFilter,
  page: Page,
): Promise<Listed<SnapshotRecord>> {
  const { bucketName, tableName, type } = filter;
  const matching = db
    .selectFrom('snapshots')
    .where(isProject(projectId))
    .where('branch_id', '=', branchId)
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

export async function findSnapshotIds(
  db: Database,
  projectId: string,
  snapshotIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const ids of slices(snapshotIds)) {
    const rows = await db
      .selectFrom('snapshots')
      .select('id')
      .where(isProject(projectId))
      .where('id', 'in', ids)
      .execute();
    for (const { id } of rows) found.add(id);
  }
  return found;
}

export async function insertSnapshots(db: Database, snapshots: readonly NewSnapshot[]): Promise<void> {
  const owners = new Map<string, string>();
  for (const { projectId } of snapshots) {
    if (!owners.has(projectId)) owners.set(projectId, await mustBeActiveProject(db, projectId));
  }
  const ownerOf = (snapshot: NewSnapshot): string => owners.get(snapshot.projectId) ?? snapshot.projectId;
  for (const slice of slices(snapshots)) {
    const inserted = await db
      .insertInto('snapshots')
      .values(slice.map((snapshot) => toRow(snapshot, ownerOf(snapshot))))
      .onConflict((conflict) => conflict.columns(['project_id', 'id']).doNothing())
      .returning(['project_id', 'id'])
      .execute();
    const added = new Set(inserted.map(({ project_id: projectId, id }) => JSON.stringify([projectId, id])));
    const refused = slice.find((snapshot) => !added.has(JSON.stringify([ownerOf(snapshot), snapshot.id])));
    if (refused !== undefined) throw snapshotExists(ownerOf(refused), refused.id);
  }
}

function snapshotExists(projectId: string, snapshotId: string): DomainError {
  return new DomainError('snapshot_exists', `Snapshot ${snapshotId} already exists in project ${projectId}`, {
    project_id: projectId,
    snapshot_id: snapshotId,
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

function toRow(snapshot: NewSnapshot, projectId: string): SnapshotRow {
  return {
    id: snapshot.id,
    project_id: projectId,
    branch_id: snapshot.branchId,
    bucket_name: snapshot.bucketName,
    table_name: snapshot.tableName,
    table_description: snapshot.tableDescription,
    column_descriptions: JSON.stringify(snapshot.columnDescriptions),
    version_id: snapshot.version.id,
    size_bytes: snapshot.version.sizeBytes,
    type: snapshot.type,
    description: snapshot.description,
    created_at: snapshot.createdAt.getTime(),
    created_by: snapshot.createdBy,
    expires_at: snapshot.expiresAt.getTime(),
  };
}

type SelectedSnapshot = VersionRow &
  Pick<
    SnapshotRow,
    | 'branch_id'
    | 'bucket_name'
    | 'table_name'
    | 'table_description'
    | 'column_descriptions'
    | 'type'
    | 'description'
    | 'expires_at'
  > & { s_id: string; s_created_at: number; s_created_by: string };

function toSnapshot(row: SelectedSnapshot): SnapshotRecord {
  return {
    id: row.s_id,
    projectId: row.project_id,
    branchId: row.branch_id,
    bucketName: row.bucket_name,
    tableName: row.table_name,
    tableDescription: row.table_description,
    columnDescriptions: JSON.parse(row.column_descriptions) as Readonly<Record<string, string>>,
    type: row.type,
    description: row.description,
    createdAt: new Date(row.s_created_at),
    createdBy: row.s_created_by,
    expiresAt: new Date(row.expires_at),
    version: toVersion(row),
  };
}

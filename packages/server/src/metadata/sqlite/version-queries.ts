import type { SelectQueryBuilder } from 'kysely';

import type { ColumnDefinition } from '../../model/columns.js';
import type { OperationName } from '../../model/operations.js';
import type { VersionRecord } from '../records.js';
import { slices, type Database } from './database.js';
import type { MetadataSchema, VersionRow } from './schema.js';

/**
 * A version row lives in three steps: current (`retired_at` is null, one table points to it), retired (nobody points
 * to it, its file may still be read), forgotten (no row, so the file is garbage).
 */
export async function getVersion(db: Database, versionId: string): Promise<VersionRecord | undefined> {
  const row = await db.selectFrom('versions').selectAll().where('id', '=', versionId).executeTakeFirst();
  return row && toVersion(row);
}

export async function listVersions(
  db: Database,
  afterId: string | undefined,
  limit: number,
): Promise<readonly VersionRecord[]> {
  const rows = await db
    .selectFrom('versions')
    .selectAll()
    .where('id', '>', afterId ?? '')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(toVersion);
}

export async function listRetiredVersions(db: Database, limit: number): Promise<readonly VersionRecord[]> {
  const rows = await db
    .selectFrom('versions')
    .selectAll()
    .where('retired_at', 'is not', null)
    .orderBy('retired_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(toVersion);
}

export async function insertVersion(db: Database, version: VersionRecord): Promise<void> {
  await db
    .insertInto('versions')
    .values({
      id: version.id,
      table_id: version.tableId,
      project_id: version.projectId,
      parent_id: version.parentId,
      columns: JSON.stringify(version.columns),
      primary_key: JSON.stringify(version.primaryKey),
      row_count: version.rowCount,
      size_bytes: version.sizeBytes,
      checksum: version.checksum,
      block_size_bytes: version.blockSizeBytes,
      operation: version.operation,
      created_at: version.createdAt.getTime(),
      created_by: version.createdBy,
      retired_at: null,
    })
    .execute();
}

export async function retireVersion(db: Database, versionId: string, now: Date): Promise<void> {
  await db.updateTable('versions').set({ retired_at: now.getTime() }).where('id', '=', versionId).execute();
}

/** `current` selects the versions of tables that the same transaction deletes next. */
export async function retireVersionsOfTables(
  db: Database,
  current: SelectQueryBuilder<MetadataSchema, 'tables', { current_version_id: string }>,
  now: Date,
): Promise<void> {
  await db.updateTable('versions').set({ retired_at: now.getTime() }).where('id', 'in', current).execute();
}

export async function forgetVersions(db: Database, versionIds: readonly string[]): Promise<void> {
  for (const ids of slices(versionIds)) {
    await db.deleteFrom('versions').where('id', 'in', ids).where('retired_at', 'is not', null).execute();
  }
}

export function toVersion(row: Omit<VersionRow, 'retired_at'>): VersionRecord {
  return {
    id: row.id,
    tableId: row.table_id,
    projectId: row.project_id,
    parentId: row.parent_id,
    columns: JSON.parse(row.columns) as readonly ColumnDefinition[],
    primaryKey: JSON.parse(row.primary_key) as readonly string[],
    rowCount: row.row_count,
    sizeBytes: row.size_bytes,
    checksum: row.checksum,
    blockSizeBytes: row.block_size_bytes,
    operation: row.operation as OperationName,
    createdAt: new Date(row.created_at),
    createdBy: row.created_by,
  };
}

import type { Expression, ExpressionBuilder, SelectQueryBuilder, SqlBool } from 'kysely';

import type { ColumnDefinition } from '../../model/columns.js';
import type { OperationName } from '../../model/operations.js';
import type { Listed, Page } from '../metadata-store.js';
import type { KeptVersionRecord, VersionRecord } from '../records.js';
import { slices, toDate, type Database } from './database.js';
import type { MetadataSchema, VersionRow } from './schema.js';

/**
 * A version row lives in three steps: current (`retired_at` is null, one table points to it), retired (kept by the history
 * of its table, by a snapshot, or only until it is collected), forgotten (no row). A file is garbage when no row names it.
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

/** The history of a table: its current version, and what it keeps of the replaced ones. */
function selectHistory(db: Database, tableId: string, replacedSince: Date) {
  return db
    .selectFrom('versions')
    .where('table_id', '=', tableId)
    .where('dispensable', '=', 0)
    .where((eb) => eb.or([eb('retired_at', 'is', null), eb('retired_at', '>=', replacedSince.getTime())]));
}

export async function listTableVersions(
  db: Database,
  tableId: string,
  replacedSince: Date,
  page: Page,
): Promise<Listed<KeptVersionRecord>> {
  const kept = selectHistory(db, tableId, replacedSince);
  const rows = await kept.selectAll().orderBy('id', 'desc').limit(page.limit).offset(page.offset).execute();
  const { total } = await kept.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  return { items: rows.map(toKeptVersion), total };
}

export async function getTableVersion(
  db: Database,
  tableId: string,
  versionId: string,
  replacedSince: Date,
): Promise<KeptVersionRecord | undefined> {
  const row = await selectHistory(db, tableId, replacedSince)
    .selectAll()
    .where('id', '=', versionId)
    .executeTakeFirst();
  return row && toKeptVersion(row);
}

export async function getTableVersionAt(
  db: Database,
  tableId: string,
  moment: Date,
  replacedSince: Date,
): Promise<KeptVersionRecord | undefined> {
  const row = await selectHistory(db, tableId, replacedSince)
    .selectAll()
    .where('created_at', '<=', moment.getTime())
    .where((eb) => eb.or([eb('retired_at', 'is', null), eb('retired_at', '>', moment.getTime())]))
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && toKeptVersion(row);
}

export async function listCollectableVersions(
  db: Database,
  retiredBefore: Date,
  limit: number,
): Promise<readonly VersionRecord[]> {
  const rows = await db
    .selectFrom('versions')
    .selectAll()
    .where('retired_at', 'is not', null)
    .where((eb) => eb.or([eb('dispensable', '=', 1), eb('retired_at', '<', retiredBefore.getTime())]))
    .where(notHeld)
    .orderBy('retired_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(toVersion);
}

export async function useOfVersionFile(db: Database, fileId: string): Promise<'current' | 'kept' | undefined> {
  const row = await db
    .selectFrom('versions')
    .select((eb) => eb.fn.count<number>('id').filterWhere('retired_at', 'is', null).as('current'))
    .select((eb) => eb.fn.countAll<number>().as('all'))
    .where('file_id', '=', fileId)
    .executeTakeFirstOrThrow();
  if (row.current > 0) return 'current';
  return row.all > 0 ? 'kept' : undefined;
}

export async function insertVersion(db: Database, version: VersionRecord): Promise<void> {
  await db
    .insertInto('versions')
    .values({
      id: version.id,
      table_id: version.tableId,
      project_id: version.projectId,
      file_id: version.fileId,
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
      dispensable: 0,
    })
    .execute();
}

export async function retireVersion(db: Database, versionId: string, now: Date): Promise<void> {
  await db.updateTable('versions').set({ retired_at: now.getTime() }).where('id', '=', versionId).execute();
}

/** What history keeps of the tables ends with them; `tables` selects those that the same transaction deletes next. */
export async function dispenseVersionsOfTables(
  db: Database,
  tables: SelectQueryBuilder<MetadataSchema, 'tables', { id: string }>,
  now: Date,
): Promise<void> {
  await db
    .updateTable('versions')
    .set((eb) => ({ dispensable: 1, retired_at: eb.fn.coalesce('retired_at', eb.val(now.getTime())) }))
    .where('table_id', 'in', tables)
    .execute();
}

/** Of the replaced versions of a table, history keeps the newest `keep`. */
export async function limitHistory(db: Database, tableId: string, keep: number): Promise<void> {
  const surplus = db
    .selectFrom('versions')
    .select('id')
    .where('table_id', '=', tableId)
    .where('retired_at', 'is not', null)
    .where('dispensable', '=', 0)
    .orderBy('id', 'desc')
    .limit(1_000_000)
    .offset(keep);
  await db.updateTable('versions').set({ dispensable: 1 }).where('id', 'in', surplus).execute();
}

export async function forgetVersions(
  db: Database,
  versionIds: readonly string[],
): Promise<readonly { projectId: string; fileId: string }[]> {
  const forgotten: { projectId: string; fileId: string }[] = [];
  for (const ids of slices(versionIds)) {
    const rows = await db
      .deleteFrom('versions')
      .where('id', 'in', ids)
      .where('retired_at', 'is not', null)
      .where(notHeld)
      .returning(['project_id as projectId', 'file_id as fileId'])
      .execute();
    forgotten.push(...rows);
  }
  const released = new Map<string, { projectId: string; fileId: string }>();
  for (const file of forgotten) {
    if ((await useOfVersionFile(db, file.fileId)) === undefined) released.set(file.fileId, file);
  }
  return [...released.values()];
}

/** Neither a snapshot nor a branch's table that began with it needs the version. */
function notHeld(eb: ExpressionBuilder<MetadataSchema, 'versions'>): Expression<SqlBool> {
  const snapshot = eb.selectFrom('snapshots as s').select('s.id').whereRef('s.version_id', '=', 'versions.id');
  const branchTable = eb.selectFrom('tables as t').select('t.id').whereRef('t.base_version_id', '=', 'versions.id');
  return eb.and([eb.not(eb.exists(snapshot)), eb.not(eb.exists(branchTable))]);
}

function toKeptVersion(row: VersionRow): KeptVersionRecord {
  return { ...toVersion(row), retiredAt: toDate(row.retired_at) };
}

export function toVersion(row: Omit<VersionRow, 'retired_at' | 'dispensable'>): VersionRecord {
  return {
    id: row.id,
    tableId: row.table_id,
    projectId: row.project_id,
    fileId: row.file_id,
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

import { DomainError } from '../../errors/domain-error.js';
import { nameKey } from '../../model/columns.js';
import type { NewTable, PublishOptions } from '../metadata-store.js';
import type { VersionRecord } from '../records.js';
import { bucketNotFound } from './bucket-queries.js';
import { countTables } from './counters.js';
import type { Database } from './database.js';
import { getTableById } from './table-queries.js';
import { deleteSettingsOfTables } from './snapshot-settings-queries.js';
import { dispenseVersionsOfTables, insertVersion, limitHistory, retireVersion } from './version-queries.js';

/**
 * The three ways in which a table's current version changes: first version, next version, none any more. The latter
 * two compare before they set: a writer built its file from one version and may replace only that one.
 */
export async function insertTable(db: Database, table: NewTable): Promise<void> {
  const bucket = await db
    .selectFrom('buckets')
    .select(['project_id', 'name', 'source_bucket_id'])
    .where('id', '=', table.bucketId)
    .executeTakeFirst();
  if (bucket === undefined) throw bucketNotFound();
  if (bucket.source_bucket_id !== null)
    throw new DomainError('bucket_is_linked', 'A linked bucket has no tables of its own');
  const existing = await db
    .selectFrom('tables')
    .select('name')
    .where('bucket_id', '=', table.bucketId)
    .where('name_key', '=', nameKey(table.name))
    .executeTakeFirst();
  if (existing !== undefined) throw tableExists(bucket, table.name);
  await insertVersion(db, table.version);
  const createdAt = table.createdAt.getTime();
  await db
    .insertInto('tables')
    .values({
      id: table.id,
      project_id: bucket.project_id,
      bucket_id: table.bucketId,
      name: table.name,
      name_key: nameKey(table.name),
      description: table.description,
      column_descriptions: JSON.stringify(table.columnDescriptions),
      base_version_id: table.isBase === true ? table.version.id : null,
      current_version_id: table.version.id,
      created_at: createdAt,
      updated_at: createdAt,
      last_imported_at: null,
      row_count: table.version.rowCount,
      size_bytes: table.version.sizeBytes,
    })
    .execute();
  const place = { bucketId: table.bucketId, projectId: bucket.project_id };
  await countTables(db, place, { tables: 1, bytes: table.version.sizeBytes }, table.createdAt);
}

export async function publishVersion(
  db: Database,
  version: VersionRecord,
  expectedVersionId: string,
  options: PublishOptions,
): Promise<void> {
  const replaced = await mustBeAt(db, version.tableId, expectedVersionId);
  const now = options.now.getTime();
  await insertVersion(db, version);
  const updated = await db
    .updateTable('tables')
    .set({
      current_version_id: version.id,
      row_count: version.rowCount,
      size_bytes: version.sizeBytes,
      updated_at: now,
      ...(options.imported ? { last_imported_at: now } : {}),
    })
    .where('id', '=', version.tableId)
    .where('current_version_id', '=', expectedVersionId)
    .executeTakeFirst();
  if (updated.numUpdatedRows !== 1n) throw await versionConflict(db, version.tableId);
  await retireVersion(db, expectedVersionId, options.now);
  await limitHistory(db, version.tableId, options.keepVersions);
  await countTables(db, replaced, { tables: 0, bytes: version.sizeBytes - replaced.sizeBytes }, undefined);
}

export async function deleteTable(db: Database, tableId: string, expectedVersionId: string, now: Date): Promise<void> {
  const deleted = await mustBeAt(db, tableId, expectedVersionId);
  const gone = db.selectFrom('tables').select('id').where('id', '=', tableId);
  await dispenseVersionsOfTables(db, gone, now);
  await deleteSettingsOfTables(db, gone);
  const result = await db
    .deleteFrom('tables')
    .where('id', '=', tableId)
    .where('current_version_id', '=', expectedVersionId)
    .executeTakeFirst();
  if (result.numDeletedRows !== 1n) throw await versionConflict(db, tableId);
  await countTables(db, deleted, { tables: -1, bytes: -deleted.sizeBytes }, now);
}

/** Checked before anything is written, so that a caller who catches the conflict has changed nothing. */
async function mustBeAt(
  db: Database,
  tableId: string,
  versionId: string,
): Promise<{ bucketId: string; projectId: string; sizeBytes: number }> {
  const place = await db
    .selectFrom('tables as t')
    .innerJoin('versions as v', 'v.id', 't.current_version_id')
    .select(['t.bucket_id as bucketId', 't.project_id as projectId', 'v.size_bytes as sizeBytes'])
    .where('t.id', '=', tableId)
    .where('t.current_version_id', '=', versionId)
    .executeTakeFirst();
  if (place === undefined) throw await versionConflict(db, tableId);
  return place;
}

async function versionConflict(db: Database, tableId: string): Promise<DomainError> {
  const table = await getTableById(db, tableId);
  if (table === undefined) {
    const message = 'The table was deleted while the request was running; nothing was changed.';
    return new DomainError('version_conflict', message);
  }
  const message = `Table '${table.bucketName}.${table.name}' changed while the request was running; nothing was changed. Repeat the request.`;
  return new DomainError('version_conflict', message, {
    project_id: table.projectId,
    bucket_name: table.bucketName,
    table_name: table.name,
  });
}

function tableExists(bucket: { project_id: string; name: string }, tableName: string): DomainError {
  const message = `Table ${tableName} already exists in bucket ${bucket.name}`;
  return new DomainError('table_exists', message, {
    project_id: bucket.project_id,
    bucket_name: bucket.name,
    table_name: tableName,
  });
}

import type { UploadRecord } from '../records.js';
import { fromJson, toJson, type Database } from './database.js';
import { mustBeActiveProject } from './project-queries.js';
import type { UploadRow } from './schema.js';

export async function getUpload(db: Database, uploadKey: string): Promise<UploadRecord | undefined> {
  const row = await db.selectFrom('uploads').selectAll().where('key', '=', uploadKey).executeTakeFirst();
  return row && toUpload(row);
}

export async function listExpiredUploads(db: Database, now: Date, limit: number): Promise<readonly UploadRecord[]> {
  const rows = await db
    .selectFrom('uploads')
    .selectAll()
    .where('expires_at', '<=', now.getTime())
    .orderBy('expires_at')
    .orderBy('key')
    .limit(limit)
    .execute();
  return rows.map(toUpload);
}

export async function insertUpload(db: Database, upload: UploadRecord): Promise<void> {
  const projectId = await mustBeActiveProject(db, upload.projectId);
  await db
    .insertInto('uploads')
    .values({
      key: upload.key,
      project_id: projectId,
      file_name: upload.fileName,
      content_type: upload.contentType,
      declared_size_bytes: upload.declaredSizeBytes,
      declared_sha256: upload.declaredSha256,
      tags: toJson(upload.tags),
      created_at: upload.createdAt.getTime(),
      expires_at: upload.expiresAt.getTime(),
      uploaded_path: upload.uploaded?.path ?? null,
      uploaded_size_bytes: upload.uploaded?.sizeBytes ?? null,
      uploaded_sha256: upload.uploaded?.checksumSha256 ?? null,
    })
    .execute();
}

export async function completeUpload(
  db: Database,
  uploadKey: string,
  uploaded: NonNullable<UploadRecord['uploaded']>,
): Promise<{ found: boolean; replacedPath: string | null }> {
  const before = await getUpload(db, uploadKey);
  if (before === undefined) return { found: false, replacedPath: null };
  await db
    .updateTable('uploads')
    .set({
      uploaded_path: uploaded.path,
      uploaded_size_bytes: uploaded.sizeBytes,
      uploaded_sha256: uploaded.checksumSha256,
    })
    .where('key', '=', uploadKey)
    .execute();
  const replacedPath = before.uploaded?.path ?? null;
  // The same path written again replaces nothing that could be removed.
  return { found: true, replacedPath: replacedPath === uploaded.path ? null : replacedPath };
}

export async function deleteUpload(db: Database, uploadKey: string): Promise<void> {
  await db.deleteFrom('uploads').where('key', '=', uploadKey).execute();
}

function toUpload(row: UploadRow): UploadRecord {
  return {
    key: row.key,
    projectId: row.project_id,
    fileName: row.file_name,
    contentType: row.content_type,
    declaredSizeBytes: row.declared_size_bytes,
    declaredSha256: row.declared_sha256,
    tags: fromJson<Record<string, string>>(row.tags),
    createdAt: new Date(row.created_at),
    expiresAt: new Date(row.expires_at),
    uploaded: toUploaded(row),
  };
}

function toUploaded(row: UploadRow): UploadRecord['uploaded'] {
  if (row.uploaded_path === null || row.uploaded_size_bytes === null || row.uploaded_sha256 === null) return null;
  return { path: row.uploaded_path, sizeBytes: row.uploaded_size_bytes, checksumSha256: row.uploaded_sha256 };
}

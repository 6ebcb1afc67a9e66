import { nameKey } from '../../model/columns.js';
import type { Listed, MetadataReader, Page } from '../metadata-store.js';
import type { FileRecord } from '../records.js';
import { countInProject } from './counters.js';
import { fromJson, isProject, toDate, toJson, toMs, type Database } from './database.js';
import { mustBeActiveProject } from './project-queries.js';
import type { FileRow } from './schema.js';

type FileContent = Awaited<ReturnType<MetadataReader['listFileContents']>>[number];

export async function getFile(db: Database, projectId: string, fileId: string): Promise<FileRecord | undefined> {
  const row = await db
    .selectFrom('files')
    .selectAll()
    .where('id', '=', fileId)
    .where(isProject(projectId))
    .executeTakeFirst();
  return row && toFile(row);
}

export async function listFiles(db: Database, projectId: string, page: Page): Promise<Listed<FileRecord>> {
  const rows = await db
    .selectFrom('files')
    .selectAll()
    .where(isProject(projectId))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return { items: rows.map(toFile), total: (await registeredFiles(db, projectId)).files };
}

export async function findFile(db: Database, projectId: string, nameOrPath: string): Promise<FileRecord | undefined> {
  const row = await db
    .selectFrom('files')
    .selectAll()
    .where(isProject(projectId))
    .where((eb) => eb.or([eb('name', '=', nameOrPath), eb('path', '=', nameOrPath)]))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && toFile(row);
}

export async function fileUsage(db: Database, projectId: string): Promise<{ files: number; bytes: number }> {
  const registered = await registeredFiles(db, projectId);
  const waiting = await db
    .selectFrom('uploads')
    .select((eb) => [
      eb.fn.countAll<number>().as('files'),
      eb.fn.coalesce(eb.fn.sum<number>('uploaded_size_bytes'), eb.lit(0)).as('bytes'),
    ])
    .where(isProject(projectId))
    .where('uploaded_path', 'is not', null)
    .executeTakeFirstOrThrow();
  return { files: registered.files + waiting.files, bytes: registered.bytes + waiting.bytes };
}

export async function listFileContents(
  db: Database,
  afterPath: string | undefined,
  limit: number,
): Promise<readonly FileContent[]> {
  return db
    .selectFrom('files')
    .select(['path', 'size_bytes as sizeBytes', 'checksum_sha256 as checksumSha256'])
    .where('path', '>', afterPath ?? '')
    .union((eb) =>
      eb
        .selectFrom('uploads')
        .select(['uploaded_path as path', 'uploaded_size_bytes as sizeBytes', 'uploaded_sha256 as checksumSha256'])
        .where('uploaded_path', '>', afterPath ?? '')
        // The three are null together, and a null path is not greater than anything.
        .$narrowType<{ path: string; sizeBytes: number; checksumSha256: string }>(),
    )
    .orderBy('path')
    .limit(limit)
    .execute();
}

export async function isFilePathUsed(db: Database, path: string): Promise<boolean> {
  const file = await db.selectFrom('files').select('id').where('path', '=', path).executeTakeFirst();
  if (file !== undefined) return true;
  const upload = await db.selectFrom('uploads').select('key').where('uploaded_path', '=', path).executeTakeFirst();
  return upload !== undefined;
}

export async function insertFile(db: Database, file: FileRecord): Promise<void> {
  const projectId = await mustBeActiveProject(db, file.projectId);
  await db
    .insertInto('files')
    .values({
      id: file.id,
      project_id: projectId,
      name: file.name,
      path: file.path,
      size_bytes: file.sizeBytes,
      content_type: file.contentType,
      checksum_sha256: file.checksumSha256,
      tags: toJson(file.tags),
      created_at: file.createdAt.getTime(),
      expires_at: toMs(file.expiresAt),
    })
    .execute();
  await countInProject(db, projectId, { files: 1, fileBytes: file.sizeBytes });
}

export async function deleteFile(db: Database, projectId: string, fileId: string): Promise<FileRecord | undefined> {
  const file = await getFile(db, projectId, fileId);
  if (file === undefined) return undefined;
  await db.deleteFrom('files').where('id', '=', fileId).execute();
  await countInProject(db, file.projectId, { files: -1, fileBytes: -file.sizeBytes });
  return file;
}

async function registeredFiles(db: Database, projectId: string): Promise<{ files: number; bytes: number }> {
  const project = await db
    .selectFrom('projects')
    .select(['file_count as files', 'file_bytes as bytes'])
    .where('id_key', '=', nameKey(projectId))
    .executeTakeFirst();
  return project ?? { files: 0, bytes: 0 };
}

function toFile(row: FileRow): FileRecord {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    path: row.path,
    sizeBytes: row.size_bytes,
    contentType: row.content_type,
    checksumSha256: row.checksum_sha256,
    tags: fromJson<Record<string, string>>(row.tags),
    createdAt: new Date(row.created_at),
    expiresAt: toDate(row.expires_at),
  };
}

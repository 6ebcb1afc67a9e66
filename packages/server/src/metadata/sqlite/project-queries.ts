import type { Selectable } from 'kysely';

import { DomainError } from '../../errors/domain-error.js';
import { nameKey } from '../../model/columns.js';
import type { Listed, MetadataTransaction, NewProject, Page } from '../metadata-store.js';
import type { JsonObject, ProjectRecord } from '../records.js';
import { fromJson, isProject, toJson, type Database } from './database.js';
import { listForeignLinks, removeLinks } from './link-queries.js';
import type { ProjectRow } from './schema.js';
import { dispenseVersionsOfTables } from './version-queries.js';
import { deleteWorkspacesOf } from './workspace-removal-queries.js';

export async function getProject(db: Database, projectId: string): Promise<ProjectRecord | undefined> {
  const row = await db.selectFrom('projects').selectAll().where('id_key', '=', nameKey(projectId)).executeTakeFirst();
  return row && toProject(row);
}

export async function listProjects(
  db: Database,
  filter: { status?: string | undefined },
  page: Page,
): Promise<Listed<ProjectRecord>> {
  const matching = db
    .selectFrom('projects')
    .$if(filter.status !== undefined, (query) => query.where('status', '=', filter.status as ProjectRow['status']));
  const rows = await matching
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  const { total } = await matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  return { items: rows.map(toProject), total };
}

/** The stored spelling of the id of a project that may get something new. */
export async function mustBeActiveProject(db: Database, projectId: string): Promise<string> {
  const row = await db
    .selectFrom('projects')
    .select(['id', 'status'])
    .where('id_key', '=', nameKey(projectId))
    .executeTakeFirst();
  if (row === undefined) throw projectNotFound(projectId);
  if (row.status === 'deleted') {
    const message = `Project '${projectId}' was deleted; nothing can be added to it. Create a project with another id.`;
    throw new DomainError('project_db_not_found', message, { project_id: projectId });
  }
  return row.id;
}

export async function insertProject(db: Database, project: NewProject): Promise<void> {
  const inserted = await db
    .insertInto('projects')
    .values({
      id: project.id,
      id_key: nameKey(project.id),
      name: project.name,
      description: project.description ?? null,
      status: 'active',
      settings: toJson(project.settings),
      created_at: project.createdAt.getTime(),
      updated_at: project.createdAt.getTime(),
      bucket_count: 0,
      table_count: 0,
      size_bytes: 0,
      file_count: 0,
      file_bytes: 0,
    })
    .onConflict((conflict) => conflict.column('id_key').doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows === 1n) return;
  const existing = await getProject(db, project.id);
  throw new DomainError('project_exists', `Project ${project.id} already exists`, {
    project_id: existing?.id ?? project.id,
    status: existing?.status,
  });
}

export async function updateProject(
  db: Database,
  projectId: string,
  change: { name?: string | null; description?: string | null; settings?: JsonObject | null; updatedAt: Date },
): Promise<void> {
  const updated = await db
    .updateTable('projects')
    .set({
      updated_at: change.updatedAt.getTime(),
      ...(change.name === undefined ? {} : { name: change.name }),
      ...(change.description === undefined ? {} : { description: change.description }),
      ...(change.settings === undefined ? {} : { settings: toJson(change.settings) }),
    })
    .where('id_key', '=', nameKey(projectId))
    .executeTakeFirst();
  if (updated.numUpdatedRows === 0n) throw projectNotFound(projectId);
}

export async function deleteProject(
  db: Database,
  projectId: string,
  now: Date,
): ReturnType<MetadataTransaction['deleteProject']> {
  const ofProject = isProject(projectId);
  const files = await db.selectFrom('files').select('path').where(ofProject).execute();
  const uploads = await db
    .selectFrom('uploads')
    .select('uploaded_path')
    .where(ofProject)
    .where('uploaded_path', 'is not', null)
    .execute();
  const stored = await db
    .selectFrom('projects')
    .select('id')
    .where('id_key', '=', nameKey(projectId))
    .executeTakeFirst();
  if (stored === undefined) throw projectNotFound(projectId);
  const workspaces = await deleteWorkspacesOf(db, stored.id);
  await db.deleteFrom('queries').where(ofProject).execute();
  await removeLinks(db, await listForeignLinks(db, stored.id));
  await db
    .deleteFrom('bucket_shares')
    .where((eb) =>
      eb.or([
        eb('target_project_id', '=', stored.id),
        eb('bucket_id', 'in', eb.selectFrom('buckets').select('buckets.id').where('project_id', '=', stored.id)),
      ]),
    )
    .execute();
  await dispenseVersionsOfTables(db, db.selectFrom('tables').select('id').where(ofProject), now);
  await db.deleteFrom('snapshots').where(ofProject).execute();
  await db.deleteFrom('branch_deletions').where(ofProject).execute();
  await db.deleteFrom('branches').where(ofProject).execute();
  await db.deleteFrom('snapshot_settings').where(ofProject).execute();
  await db.deleteFrom('tables').where(ofProject).execute();
  await db.deleteFrom('buckets').where(ofProject).execute();
  await db.deleteFrom('files').where(ofProject).execute();
  await db.deleteFrom('uploads').where(ofProject).execute();
  await db.deleteFrom('api_keys').where(ofProject).execute();
  await db
    .updateTable('projects')
    .set({
      status: 'deleted',
      updated_at: now.getTime(),
      // All counted rows are gone, see counters.ts.
      bucket_count: 0,
      table_count: 0,
      size_bytes: 0,
      file_count: 0,
      file_bytes: 0,
    })
    .where('id', '=', stored.id)
    .execute();
  const released = new Set(files.map((file) => file.path));
  for (const upload of uploads) if (upload.uploaded_path !== null) released.add(upload.uploaded_path);
  return { releasedFilePaths: [...released], workspaces };
}

function projectNotFound(projectId: string): DomainError {
  const message = `Project '${projectId}' does not exist. List the projects with the admin key.`;
  return new DomainError('project_not_found', message, { project_id: projectId });
}

function toProject(row: Selectable<ProjectRow>): ProjectRecord {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    status: row.status,
    settings: fromJson<JsonObject>(row.settings),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    bucketCount: row.bucket_count,
    tableCount: row.table_count,
    sizeBytes: row.size_bytes,
  };
}

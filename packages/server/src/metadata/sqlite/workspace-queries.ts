import { nameKey } from '../../model/columns.js';
import type { Listed, Page } from '../metadata-store.js';
import type { WorkspaceRecord } from '../workspace-records.js';
import type { WorkspaceWriter } from '../workspace-store.js';
import { isProject, toMs, type Database } from './database.js';
import { mustBeActiveProject } from './project-queries.js';
import { toWorkspace } from './workspace-removal-queries.js';

export async function getWorkspace(
  db: Database,
  projectId: string,
  workspaceId: string,
): Promise<WorkspaceRecord | undefined> {
  const found = await getWorkspaceById(db, workspaceId);
  return found !== undefined && nameKey(found.projectId) === nameKey(projectId) ? found : undefined;
}

export async function getWorkspaceById(db: Database, workspaceId: string): Promise<WorkspaceRecord | undefined> {
  const row = await db.selectFrom('workspaces').selectAll().where('id', '=', workspaceId).executeTakeFirst();
  return row && toWorkspace(row);
}

export async function findWorkspaceOfUser(db: Database, username: string): Promise<WorkspaceRecord | undefined> {
  const row = await db.selectFrom('workspaces').selectAll().where('username', '=', username).executeTakeFirst();
  return row && toWorkspace(row);
}

export async function listWorkspaces(
  db: Database,
  projectId: string,
  { branchId }: { readonly branchId?: string | undefined },
  page: Page,
): Promise<Listed<WorkspaceRecord>> {
  const matching = db
    .selectFrom('workspaces')
    .where(isProject(projectId))
    .$if(branchId !== undefined, (query) => query.where('branch_id', '=', branchId ?? ''));
  const rows = await matching
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  const { total } = await matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  return { items: rows.map(toWorkspace), total };
}

export async function listWorkspacesExpiredBy(
  db: Database,
  moment: Date,
  limit: number,
): Promise<readonly WorkspaceRecord[]> {
  const rows = await db
    .selectFrom('workspaces')
    .selectAll()
    .where('expires_at', '<=', moment.getTime())
    .orderBy('expires_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(toWorkspace);
}

export async function listAllWorkspaces(
  db: Database,
  afterId: string | undefined,
  limit: number,
): Promise<readonly WorkspaceRecord[]> {
  const rows = await db
    .selectFrom('workspaces')
    .selectAll()
    .where('id', '>', afterId ?? '')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(toWorkspace);
}

export async function insertWorkspace(db: Database, workspace: WorkspaceRecord): Promise<void> {
  const projectId = await mustBeActiveProject(db, workspace.projectId);
  await db
    .insertInto('workspaces')
    .values({
      id: workspace.id,
      project_id: projectId,
      branch_id: workspace.branchId,
      name: workspace.name,
      created_at: workspace.createdAt.getTime(),
      created_by: workspace.createdBy,
      expires_at: toMs(workspace.expiresAt),
      size_limit_bytes: workspace.sizeLimitBytes,
      size_bytes: workspace.sizeBytes,
      status: workspace.status,
      username: workspace.username,
      password_verifier: workspace.passwordVerifier,
    })
    .execute();
}

export async function updateWorkspace(
  db: Database,
  workspaceId: string,
  change: Parameters<WorkspaceWriter['updateWorkspace']>[1],
): Promise<void> {
  const given = {
    ...(change.sizeBytes === undefined ? {} : { size_bytes: change.sizeBytes }),
    ...(change.status === undefined ? {} : { status: change.status }),
    ...(change.passwordVerifier === undefined ? {} : { password_verifier: change.passwordVerifier }),
  };
  if (Object.keys(given).length === 0) return;
  await db.updateTable('workspaces').set(given).where('id', '=', workspaceId).execute();
}

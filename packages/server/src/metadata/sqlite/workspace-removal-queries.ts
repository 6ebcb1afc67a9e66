import type { WorkspaceRecord } from '../workspace-records.js';
import { isProject, toDate, type Database } from './database.js';
import type { WorkspaceRow } from './schema.js';

export async function deleteWorkspace(db: Database, workspaceId: string): Promise<boolean> {
  await db.deleteFrom('wire_sessions').where('workspace_id', '=', workspaceId).execute();
  const deleted = await db.deleteFrom('workspaces').where('id', '=', workspaceId).executeTakeFirst();
  return deleted.numDeletedRows > 0n;
}

/** Those of a project, or of one of its branches, which is going. Returns what they were. */
export async function deleteWorkspacesOf(
  db: Database,
  projectId: string,
  branchId?: string,
): Promise<readonly WorkspaceRecord[]> {
  const rows = await db
    .selectFrom('workspaces')
    .selectAll()
    .where(isProject(projectId))
    .$if(branchId !== undefined, (query) => query.where('branch_id', '=', branchId ?? ''))
    .execute();
  for (const { id } of rows) await deleteWorkspace(db, id);
  return rows.map(toWorkspace);
}

export function toWorkspace(row: WorkspaceRow): WorkspaceRecord {
  return {
    id: row.id,
    projectId: row.project_id,
    branchId: row.branch_id,
    name: row.name,
    createdAt: new Date(row.created_at),
    createdBy: row.created_by,
    expiresAt: toDate(row.expires_at),
    sizeLimitBytes: row.size_limit_bytes,
    sizeBytes: row.size_bytes,
    status: row.status,
    username: row.username,
    passwordVerifier: row.password_verifier,
  };
}

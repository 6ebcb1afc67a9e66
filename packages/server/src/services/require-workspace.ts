import { DomainError } from '../errors/domain-error.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import type { WorkspaceRecord } from '../metadata/workspace-records.js';
import type { WorkspaceRef } from '../model/refs.js';
import { requireDevelopmentBranch } from './require-bucket.js';
import { requireActiveProject } from './require-project.js';
import { isExpired } from './workspace-state.js';

/** Expired ones, too. A branch in the address must exist, and have this workspace. */
export async function requireWorkspace(reader: MetadataReader, ref: WorkspaceRef): Promise<WorkspaceRecord> {
  const { projectId, branchId, workspaceId } = ref;
  if (branchId === undefined) await requireActiveProject(reader, projectId);
  else await requireDevelopmentBranch(reader, { projectId, branchId });
  const workspace = await reader.getWorkspace(projectId, workspaceId);
  if (workspace !== undefined && (branchId === undefined || workspace.branchId === branchId)) return workspace;
  const place = branchId === undefined ? `project ${projectId}` : `branch ${branchId}`;
  throw new DomainError('workspace_not_found', `Workspace ${workspaceId} not found in ${place}`, {
    project_id: projectId,
    ...(branchId === undefined ? {} : { branch_id: branchId }),
    workspace_id: workspaceId,
  });
}

/** One that can be used. */
export async function requireLiveWorkspace(
  reader: MetadataReader,
  ref: WorkspaceRef,
  now: Date,
): Promise<WorkspaceRecord> {
  const workspace = await requireWorkspace(reader, ref);
  mustNotBeExpired(workspace, now);
  return workspace;
}

export function mustNotBeExpired(workspace: WorkspaceRecord, now: Date): void {
  if (!isExpired(workspace, now)) return;
  throw new DomainError('workspace_expired', `Workspace ${workspace.id} has expired`, {
    workspace_id: workspace.id,
    expired_at: workspace.expiresAt?.toISOString(),
  });
}

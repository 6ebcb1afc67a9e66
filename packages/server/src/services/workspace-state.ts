import type { WorkspaceRecord, WorkspaceStatus } from '../metadata/workspace-records.js';

/** What others see as the status. */
export type WorkspaceState = WorkspaceStatus | 'expired';

export function stateOf(workspace: WorkspaceRecord, now: Date): WorkspaceState {
  return isExpired(workspace, now) ? 'expired' : workspace.status;
}

export function isExpired({ expiresAt }: Pick<WorkspaceRecord, 'expiresAt'>, now: Date): boolean {
  return expiresAt !== null && expiresAt <= now;
}

/** What clients connect to. */
export function databaseNameOf({ id }: Pick<WorkspaceRecord, 'id'>): string {
  return `workspace_${id}`;
}

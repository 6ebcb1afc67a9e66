import type { Route } from '../../define-route.js';
import { clearBranchWorkspace, clearWorkspace } from './clear-workspace.js';
import { createBranchWorkspace, createWorkspace } from './create-workspace.js';
import { deleteBranchWorkspace, deleteWorkspace } from './delete-workspace.js';
import { dropBranchObject, dropObject } from './drop-object.js';
import { endBranchWorkspaceSession, endWorkspaceSession } from './end-session.js';
import { getBranchWorkspace, getWorkspace } from './get-workspace.js';
import { listBranchWorkspaceSessions, listWorkspaceSessions } from './list-sessions.js';
import { listBranchWorkspaces, listWorkspaces } from './list-workspaces.js';
import { loadBranchWorkspaceTables, loadWorkspaceTables } from './load-tables.js';
import { queryBranchWorkspace, queryWorkspace } from './query-workspace.js';
import { resetBranchCredentials, resetCredentials } from './reset-credentials.js';
import { unloadBranchWorkspaceTable, unloadWorkspaceTable } from './unload-table.js';

export const workspaceRoutes: readonly Route[] = [
  createWorkspace,
  listWorkspaces,
  getWorkspace,
  deleteWorkspace,
  clearWorkspace,
  dropObject,
  loadWorkspaceTables,
  resetCredentials,
  queryWorkspace,
  unloadWorkspaceTable,
  listWorkspaceSessions,
  endWorkspaceSession,
  createBranchWorkspace,
  listBranchWorkspaces,
  getBranchWorkspace,
  deleteBranchWorkspace,
  clearBranchWorkspace,
  dropBranchObject,
  loadBranchWorkspaceTables,
  resetBranchCredentials,
  queryBranchWorkspace,
  unloadBranchWorkspaceTable,
  listBranchWorkspaceSessions,
  endBranchWorkspaceSession,
];

import type { OperationName } from '../../../../model/operations.js';
import { defineChange } from '../../define-route.js';
import { BRANCH_FORM, PROJECT_FORM, workspaceRef, type WorkspaceForm } from '../../schemas/workspace-paths.js';

const dropIn = (form: WorkspaceForm, operation: OperationName) =>
  defineChange({
    operation,
    method: 'DELETE',
    path: `${form.itemPath}/objects/:name`,
    summary: `Drop a table or view in a workspace of ${form.owner}`,
    params: form.objectParams,
    success: { status: 204, description: 'Dropped' },
    errors: [
      ...form.placeErrors,
      'workspace_not_found',
      'workspace_expired',
      'object_not_found',
      'server_busy',
      'deadline_exceeded',
    ],
    run: (context, change) =>
      context.services.workspaces.dropObject(change, workspaceRef(context.params, context), context.params.name),
  });

export const dropObject = dropIn(PROJECT_FORM, 'workspace.drop_object');
export const dropBranchObject = dropIn(BRANCH_FORM, 'branch_workspace.drop_object');

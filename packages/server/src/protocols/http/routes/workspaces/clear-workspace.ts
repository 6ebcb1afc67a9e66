import type { OperationName } from '../../../../model/operations.js';
import { defineChange } from '../../define-route.js';
import { BRANCH_FORM, PROJECT_FORM, workspaceRef, type WorkspaceForm } from '../../schemas/workspace-paths.js';

const clearIn = (form: WorkspaceForm, operation: OperationName) =>
  defineChange({
    operation,
    method: 'POST',
    path: `${form.itemPath}/clear`,
    summary: `Drop everything in a workspace of ${form.owner}`,
    params: form.itemParams,
    success: { status: 204, description: 'It is empty' },
    errors: [...form.placeErrors, 'workspace_not_found', 'workspace_expired', 'server_busy', 'deadline_exceeded'],
    run: (context, change) => context.services.workspaces.clear(change, workspaceRef(context.params, context)),
  });

export const clearWorkspace = clearIn(PROJECT_FORM, 'workspace.clear');
export const clearBranchWorkspace = clearIn(BRANCH_FORM, 'branch_workspace.clear');

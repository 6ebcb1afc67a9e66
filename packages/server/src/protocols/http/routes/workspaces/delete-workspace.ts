import type { OperationName } from '../../../../model/operations.js';
import { defineChange } from '../../define-route.js';
import { BRANCH_FORM, PROJECT_FORM, workspaceRef, type WorkspaceForm } from '../../schemas/workspace-paths.js';

const deleteIn = (form: WorkspaceForm, operation: OperationName) =>
  defineChange({
    operation,
    method: 'DELETE',
    path: form.itemPath,
    summary: `Delete a workspace of ${form.owner}`,
    description: 'With everything in it; open sessions end.',
    params: form.itemParams,
    success: { status: 204, description: 'Deleted' },
    errors: [...form.placeErrors, 'workspace_not_found'],
    run: (context, change) => context.services.workspaces.delete(change, workspaceRef(context.params, context)),
  });

export const deleteWorkspace = deleteIn(PROJECT_FORM, 'workspace.delete');
export const deleteBranchWorkspace = deleteIn(BRANCH_FORM, 'branch_workspace.delete');

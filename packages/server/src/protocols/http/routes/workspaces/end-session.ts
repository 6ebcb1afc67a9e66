import type { OperationName } from '../../../../model/operations.js';
import { defineChange } from '../../define-route.js';
import { BRANCH_FORM, PROJECT_FORM, workspaceRef, type WorkspaceForm } from '../../schemas/workspace-paths.js';

const endIn = (form: WorkspaceForm, operation: OperationName) =>
  defineChange({
    operation,
    method: 'DELETE',
    path: `${form.itemPath}/sessions/:session_id`,
    summary: `End a session of a workspace of ${form.owner}`,
    description: 'Its statement is interrupted, and its client is told (SQLSTATE 57P01).',
    params: form.sessionParams,
    success: { status: 204, description: 'Ended' },
    errors: [...form.placeErrors, 'workspace_not_found', 'session_not_found'],
    run: (context, change) =>
      context.services.workspaceSessions.end(change, workspaceRef(context.params, context), context.params.session_id),
  });

export const endWorkspaceSession = endIn(PROJECT_FORM, 'workspace.end_session');
export const endBranchWorkspaceSession = endIn(BRANCH_FORM, 'branch_workspace.end_session');

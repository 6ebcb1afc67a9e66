import type { OperationName } from '../../../../model/operations.js';
import type { Change } from '../../../../services/change.js';
import { defineChange } from '../../define-route.js';
import type { IssuedWorkspace } from '../../services.js';
import { BRANCH_FORM, PROJECT_FORM, workspaceRef, type WorkspaceForm } from '../../schemas/workspace-paths.js';
import { ConnectionSchema, renderConnection } from '../../schemas/workspaces.js';

const resetIn = (form: WorkspaceForm, operation: OperationName) =>
  defineChange({
    operation,
    method: 'POST',
    path: `${form.itemPath}/credentials/reset`,
    summary: `A new password for a workspace of ${form.owner}`,
    description: 'The user name stays. The old password stops working, and sessions that are open end.',
    params: form.itemParams,
    success: { status: 200, description: 'The connection, with the new password', schema: ConnectionSchema },
    errors: [...form.placeErrors, 'workspace_not_found', 'workspace_expired', 'credentials_not_found'],
    run: (context, change: Change<IssuedWorkspace>) =>
      context.services.workspaces.resetCredentials(change, workspaceRef(context.params, context)),
    render: ({ workspace, password }: IssuedWorkspace, { settings }) =>
      renderConnection(workspace, settings.workspaces.connection(), password),
  });

export const resetCredentials = resetIn(PROJECT_FORM, 'workspace.reset_credentials');
export const resetBranchCredentials = resetIn(BRANCH_FORM, 'branch_workspace.reset_credentials');

import type { OperationName } from '../../../../model/operations.js';
import { defineRead } from '../../define-route.js';
import { BRANCH_FORM, PROJECT_FORM, workspaceRef, type WorkspaceForm } from '../../schemas/workspace-paths.js';
import { renderWorkspaceDetail, WorkspaceDetailSchema } from '../../schemas/workspaces.js';

const getIn = (form: WorkspaceForm, operation: OperationName) =>
  defineRead({
    operation,
    method: 'GET',
    path: form.itemPath,
    summary: `One workspace of ${form.owner}, with what it sees and what is in it`,
    params: form.itemParams,
    success: { status: 200, description: 'The workspace', schema: WorkspaceDetailSchema },
    errors: [...form.placeErrors, 'workspace_not_found', 'workspace_expired', 'server_busy', 'deadline_exceeded'],
    handle: async (context) => {
      const detail = await context.services.workspaces.get(workspaceRef(context.params, context), context.signal);
      return renderWorkspaceDetail(detail, context.settings.workspaces.connection());
    },
  });

export const getWorkspace = getIn(PROJECT_FORM, 'workspace.get');
export const getBranchWorkspace = getIn(BRANCH_FORM, 'branch_workspace.get');

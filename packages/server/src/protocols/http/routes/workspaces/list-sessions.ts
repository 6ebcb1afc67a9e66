import type { OperationName } from '../../../../model/operations.js';
import { defineRead } from '../../define-route.js';
import { pageFrom } from '../../schemas/paging.js';
import { renderSessions, SessionsQuery, WireSessionListSchema } from '../../schemas/wire-sessions.js';
import { BRANCH_FORM, PROJECT_FORM, workspaceRef, type WorkspaceForm } from '../../schemas/workspace-paths.js';

const listIn = (form: WorkspaceForm, operation: OperationName) =>
  defineRead({
    operation,
    method: 'GET',
    path: `${form.itemPath}/sessions`,
    summary: `The sessions of a workspace of ${form.owner}, newest first`,
    description: 'Those that are over are among them for 30 days; `status=active` leaves them out.',
    params: form.itemParams,
    query: SessionsQuery,
    success: { status: 200, description: 'A page of sessions', schema: WireSessionListSchema },
    errors: [...form.placeErrors, 'workspace_not_found'],
    handle: async (context) => {
      const { services, params, query } = context;
      const filter = { status: query.status };
      return renderSessions(
        await services.workspaceSessions.list(workspaceRef(params, context), filter, pageFrom(query)),
      );
    },
  });

export const listWorkspaceSessions = listIn(PROJECT_FORM, 'workspace.list_sessions');
export const listBranchWorkspaceSessions = listIn(BRANCH_FORM, 'branch_workspace.list_sessions');

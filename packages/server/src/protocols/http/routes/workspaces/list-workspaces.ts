import { Type } from 'typebox';
import type { OperationName } from '../../../../model/operations.js';
import { defineRead } from '../../define-route.js';
import { pageFrom, pagingQuery } from '../../schemas/paging.js';
import { branchOf, BRANCH_FORM, PROJECT_FORM, type WorkspaceForm } from '../../schemas/workspace-paths.js';
import { renderWorkspace, WorkspaceListSchema } from '../../schemas/workspaces.js';

const listIn = (form: WorkspaceForm, operation: OperationName) =>
  defineRead({
    operation,
    method: 'GET',
    path: form.collectionPath,
    summary: `List the workspaces of ${form.owner}, newest first`,
    description: 'Those of branches are among those of their project. Expired ones are listed for a week.',
    params: form.placeParams,
    query: Type.Object(pagingQuery),
    success: { status: 200, description: 'A page of workspaces', schema: WorkspaceListSchema },
    errors: form.placeErrors,
    handle: async (context) => {
      const { services, settings, params, query } = context;
      const page = pageFrom(query);
      const { items, total } = await services.workspaces.list(params.project_id, branchOf(params, context), page);
      const connection = settings.workspaces.connection();
      return { workspaces: items.map((each) => renderWorkspace(each, connection)), count: items.length, total };
    },
  });

export const listWorkspaces = listIn(PROJECT_FORM, 'workspace.list');
export const listBranchWorkspaces = listIn(BRANCH_FORM, 'branch_workspace.list');

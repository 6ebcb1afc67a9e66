import type { OperationName } from '../../../../model/operations.js';
import type { Change } from '../../../../services/change.js';
import { defineChange } from '../../define-route.js';
import type { IssuedWorkspace } from '../../services.js';
import { branchOf, BRANCH_FORM, PROJECT_FORM, type WorkspaceForm } from '../../schemas/workspace-paths.js';
import {
  CreatedWorkspaceSchema,
  CreateWorkspaceBody,
  renderIssuedWorkspace,
  sizeLimitGbOf,
} from '../../schemas/workspaces.js';

const createIn = (form: WorkspaceForm, operation: OperationName) =>
  defineChange({
    operation,
    method: 'POST',
    path: form.collectionPath,
    summary: `Create a workspace of ${form.owner}`,
    description:
      'A place for SQL: a file of its own to write to, and everything of the project or branch to read, in every PostgreSQL client. The ' +
      'password is in this answer only.',
    params: form.placeParams,
    body: CreateWorkspaceBody,
    success: { status: 201, description: 'The workspace, with its password', schema: CreatedWorkspaceSchema },
    errors: [...form.placeErrors, 'invalid_name', 'server_busy', 'storage_full'],
    run: (context, change: Change<IssuedWorkspace>) => {
      const { services, params, body } = context;
      return services.workspaces.create(change, {
        projectId: params.project_id,
        branchId: branchOf(params, context),
        name: body.name,
        ttlHours: body.ttl_hours ?? null,
        sizeLimitGb: sizeLimitGbOf(body),
        preloadTables: body.preload_tables ?? [],
      });
    },
    render: (issued: IssuedWorkspace, { settings }) => renderIssuedWorkspace(issued, settings.workspaces.connection()),
  });

export const createWorkspace = createIn(PROJECT_FORM, 'workspace.create');
export const createBranchWorkspace = createIn(BRANCH_FORM, 'branch_workspace.create');

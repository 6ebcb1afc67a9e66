import type { OperationName } from '../../../../model/operations.js';
import { defineChange } from '../../define-route.js';
import type { LoadReport } from '../../services.js';
import { BRANCH_FORM, PROJECT_FORM, workspaceRef, type WorkspaceForm } from '../../schemas/workspace-paths.js';
import { loadInputs, LoadResultSchema, LoadTablesBody, renderLoaded } from '../../schemas/workspaces.js';

const loadIn = (form: WorkspaceForm, operation: OperationName) =>
  defineChange({
    operation,
    method: 'POST',
    path: `${form.itemPath}/load`,
    summary: `Copy tables into a workspace of ${form.owner}`,
    description:
      'SQL reads the tables of the project without that; a copy is for what is to be changed, or must not change. A table that cannot be ' +
      'loaded has `rows` 0 and says why; the others are loaded.',
    params: form.itemParams,
    body: LoadTablesBody,
    success: { status: 200, description: 'What was loaded', schema: LoadResultSchema },
    errors: [
      ...form.placeErrors,
      'workspace_not_found',
      'workspace_expired',
      'server_busy',
      'deadline_exceeded',
      'storage_full',
    ],
    run: (context, change) =>
      context.services.workspaces.load(change, workspaceRef(context.params, context), loadInputs(context.body)),
    render: ({ loaded, sizeBytes }: LoadReport) => ({
      loaded: renderLoaded(loaded, sizeBytes),
      workspace_size_bytes: sizeBytes,
    }),
  });

export const loadWorkspaceTables = loadIn(PROJECT_FORM, 'workspace.load');
export const loadBranchWorkspaceTables = loadIn(BRANCH_FORM, 'branch_workspace.load');

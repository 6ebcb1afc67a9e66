import type { OperationName } from '../../../../model/operations.js';
import { defineChange } from '../../define-route.js';
import { BRANCH_FORM, PROJECT_FORM, workspaceRef, type WorkspaceForm } from '../../schemas/workspace-paths.js';
import { renderUnload, UnloadBody, unloadInput, UnloadResultSchema } from '../../schemas/workspace-queries.js';

const unloadIn = (form: WorkspaceForm, operation: OperationName) =>
  defineChange({
    operation,
    method: 'POST',
    path: `${form.itemPath}/unload`,
    summary: `Publish a table or view in a workspace of ${form.owner} as a project table`,
    description:
      'Like an import: all or nothing, keys hold, and readers of the table see the old rows until the new ones are there.',
    params: form.itemParams,
    body: UnloadBody,
    success: { status: 200, description: 'What was published', schema: UnloadResultSchema },
    errors: [
      ...form.placeErrors,
      'workspace_not_found',
      'workspace_expired',
      'object_not_found',
      'bucket_not_found',
      'table_not_found',
      'bucket_is_linked',
      'invalid_request',
      'invalid_primary_key',
      'import_failed',
      'column_mismatch',
      'duplicate_key',
      'version_conflict',
      'table_busy',
      'server_busy',
      'deadline_exceeded',
      'out_of_memory',
      'storage_full',
    ],
    run: (context, change) =>
      context.services.workspaceUnload.unload(change, workspaceRef(context.params, context), unloadInput(context.body)),
    render: renderUnload,
  });

export const unloadWorkspaceTable = unloadIn(PROJECT_FORM, 'workspace.unload');
export const unloadBranchWorkspaceTable = unloadIn(BRANCH_FORM, 'branch_workspace.unload');

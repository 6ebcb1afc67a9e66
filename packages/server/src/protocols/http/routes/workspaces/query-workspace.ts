import type { OperationName } from '../../../../model/operations.js';
import { defineResponder } from '../../define-route.js';
import { mustHavePrincipal } from '../../request-state.js';
import { sendQueryAnswer } from '../../query-answer.js';
import { BRANCH_FORM, PROJECT_FORM, workspaceRef, type WorkspaceForm } from '../../schemas/workspace-paths.js';
import { DEFAULT_JSON_ROWS, MAX_JSON_ROWS, QueryBody, QueryResultSchema } from '../../schemas/workspace-queries.js';

const queryIn = (form: WorkspaceForm, operation: OperationName) =>
  defineResponder({
    operation,
    method: 'POST',
    path: `${form.itemPath}/query`,
    summary: `Run one SQL statement in a workspace of ${form.owner}`,
    description:
      'For tools without a PostgreSQL driver. The answer begins when the result is complete, so that a statement that fails half way is an ' +
      'error and never a short success. `ndjson`, `csv` and `parquet` are sent as such; a statement without rows answers JSON in any case. ' +
      'A client that leaves cancels its statement.',
    params: form.itemParams,
    body: QueryBody,
    success: { status: 200, description: 'The rows, in the format that was asked for', schema: QueryResultSchema },
    errors: [
      ...form.placeErrors,
      'workspace_not_found',
      'workspace_expired',
      'query_failed',
      'workspace_full',
      'server_busy',
      'deadline_exceeded',
      'out_of_memory',
      'storage_full',
    ],
    respond: async (context) => {
      const { services, params, body, request, reply, signal } = context;
      const format = body.format ?? 'json';
      const isJson = format === 'json';
      const limit = body.limit ?? (isJson ? DEFAULT_JSON_ROWS : null);
      const answer = await services.workspaceQueries.run(
        mustHavePrincipal(request),
        workspaceRef(params, context),
        {
          statement: body.sql,
          format: isJson ? 'ndjson' : format,
          maxRows: isJson && limit !== null ? Math.min(limit, MAX_JSON_ROWS) : limit,
          timeoutMs: body.timeout_seconds == null ? null : body.timeout_seconds * 1000,
        },
        signal,
      );
      return sendQueryAnswer(answer, format, request, reply);
    },
  });

export const queryWorkspace = queryIn(PROJECT_FORM, 'workspace.query');
export const queryBranchWorkspace = queryIn(BRANCH_FORM, 'branch_workspace.query');

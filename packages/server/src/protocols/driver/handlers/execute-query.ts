import { text } from 'node:stream/consumers';
import { create } from '@bufbuild/protobuf';
import { isDomainError } from '../../../errors/domain-error.js';
import type { WorkspaceRef } from '../../../model/refs.js';
import type { QueryAnswer } from '../../../services/workspace-queries.js';
import { csvRecords } from '../csv-records.js';
import { defineCommand } from '../define-command.js';
import type { DriverCall } from '../driver-call.js';
import { invalid } from '../driver-failure.js';
import {
  ExecuteQueryCommandSchema,
  ExecuteQueryResponse_Data_RowSchema,
  ExecuteQueryResponse_DataSchema,
  ExecuteQueryResponse_Status as Status,
  ExecuteQueryResponseSchema,
  type ExecuteQueryCommand,
} from '../gen/proto/executeQuery_pb.js';
import { isWorkspaceName } from '../object-names.js';

/** An answer is one message; whoever wants more reads the workspace with a PostgreSQL client. */
const MAX_ROWS = 10_000;

/** A statement that fails is no failed command: the answer says so. */
export const executeQuery = defineCommand({
  level: 'project',
  operation: 'workspace.query',
  summary: 'Runs one statement in a workspace, which reads the buckets of the project as well.',
  request: ExecuteQueryCommandSchema,
  response: ExecuteQueryResponseSchema,
  run: async (call, command) => {
    if (command.query.trim() === '') throw invalid('The query is empty.');
    await call.mustMayRead('workspace.query', call.projectId());
    const ref = await placeOf(call, command);
    let answer: QueryAnswer;
    try {
      answer = await runQuery(call, ref, command);
    } catch (error) {
      if (!isDomainError(error, 'query_failed') && !isDomainError(error, 'deadline_exceeded')) throw error;
      return create(ExecuteQueryResponseSchema, { status: Status.Error, message: error.message });
    }
    if (!/^(?:SELECT|SHOW|EXPLAIN)\b/.test(answer.commandTag)) await call.outdate(ref.workspaceId);
    const message = `Query executed: ${answer.commandTag}`;
    if (answer.file === null) return create(ExecuteQueryResponseSchema, { status: Status.Success, message });
    await using file = answer.file;
    const columns = answer.columns.map(({ name }) => name);
    const rows = csvRecords(await text(file.read()))
      .slice(1)
      .map((values) =>
        create(ExecuteQueryResponse_Data_RowSchema, {
          fields: Object.fromEntries(columns.map((name, index) => [name, values[index] ?? ''])),
        }),
      );
    if (answer.truncated) call.log.warning(`Only the first ${MAX_ROWS} rows of the result are returned.`);
    const data = create(ExecuteQueryResponse_DataSchema, { columns, rows });
    return create(ExecuteQueryResponseSchema, { status: Status.Success, data, message });
  },
});

/** The login of a workspace, or its schema at the end of the path. */
async function placeOf(call: DriverCall, { restriction, pathRestriction }: ExecuteQueryCommand): Promise<WorkspaceRef> {
  const projectId = call.projectId();
  if (restriction.case === 'bigQueryServiceAccount') {
    const { id } = await call.services.workspaces.ofUser(projectId, restriction.value.serviceAccountEmail);
    return { projectId, branchId: undefined, workspaceId: id };
  }
  const role = restriction.case === 'snowflakeRole' ? restriction.value.roleName : '';
  const name = role.startsWith('role_') ? role.slice('role_'.length) : (pathRestriction.at(-1) ?? '');
  if (!isWorkspaceName(name)) {
    throw invalid('A query runs in a workspace: name its schema as pathRestriction, or its login as restriction.', {
      pathRestriction,
    });
  }
  return call.workspace(name);
}

async function runQuery(
  call: DriverCall,
  ref: WorkspaceRef,
  { query, timeout }: ExecuteQueryCommand,
): Promise<QueryAnswer> {
  const timeoutMs = timeout === 0 ? null : timeout * 1000;
  const input = { statement: query, format: 'csv', maxRows: MAX_ROWS, timeoutMs } as const;
  return await call.services.workspaceQueries.run(call.principal, ref, input, call.signal);
}

import type { FastifyRequest } from 'fastify';
import { describeOperation, type OperationName } from '../../model/operations.js';

/** Path parameters by name; all of them are texts. */
export function pathParams(request: FastifyRequest): Readonly<Record<string, string>> {
  return (request.params ?? {}) as Readonly<Record<string, string>>;
}

/** What the audit calls the subject of a request, as far as the path says it: not what is yet to be made. */
export function resourceIdFromPath(request: FastifyRequest, operation: OperationName): string | null {
  const params = pathParams(request);
  const parts = [params['bucket_name'], params['table_name'], params['column_name']].filter(
    (part) => part !== undefined,
  );
  if (parts.length > 0) return parts.join('.');
  const { workspace_id: workspace, session_id: session, name: object } = params;
  const inWorkspace = session ?? object;
  if (workspace !== undefined) return inWorkspace === undefined ? workspace : `${workspace}/${inWorkspace}`;
  if (session !== undefined) return session;
  const { snapshot_id: snapshot, key_id: key, file_id: file, upload_key: upload } = params;
  const project = describeOperation(operation).resource === 'project' ? params['project_id'] : undefined;
  return snapshot ?? key ?? file ?? upload ?? project ?? null;
}

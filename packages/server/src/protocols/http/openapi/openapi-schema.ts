import type { FastifySchema } from 'fastify';
import type { TSchema } from 'typebox';
import { describeError, type ErrorCode } from '../../../errors/catalogue.js';
import { describeOperation, type OperationName } from '../../../model/operations.js';
import type { RouteDescription } from '../define-route.js';

/** The Fastify schema of a route: what Ajv checks, and what @fastify/swagger documents. */
export function openApiSchema(route: RouteDescription): FastifySchema {
  const { access, change, resource } = describeOperation(route.operation);
  return {
    operationId: operationIdOf(route.operation),
    tags: [resource],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(access === 'anyone' ? {} : { security: [{ bearer: [] }] }),
    ...(route.params === undefined ? {} : { params: route.params }),
    ...(route.query === undefined ? {} : { querystring: route.query }),
    ...(route.body === undefined ? {} : { body: byReference(route.body) }),
    ...(route.multipartFile === undefined ? {} : { consumes: ['multipart/form-data'] }),
    response: {
      [route.success.status]: successResponse(route),
      ...errorResponses(route, access !== 'anyone', change),
    },
  };
}

/** `table.create` to `tableCreate`, `api_key.list` to `apiKeyList`. */
export function operationIdOf(operation: OperationName): string {
  return operation.replace(/[._](.)/g, (_, letter: string) => letter.toUpperCase());
}

/** A schema with an `$id` is named once in the document; everything else stands where it is used. */
function byReference(schema: TSchema): object {
  const id = (schema as { $id?: unknown }).$id;
  return typeof id === 'string' ? { $ref: `${id}#` } : schema;
}

function successResponse({ success }: RouteDescription): object {
  const { description, schema, mediaType } = success;
  if (schema !== undefined) return { description, content: { 'application/json': { schema: byReference(schema) } } };
  if (mediaType === undefined) return { description, type: 'null' };
  const text = { type: 'string', ...(mediaType.startsWith('text/') ? {} : { format: 'binary' }) };
  return { description, content: { [mediaType]: { schema: text } } };
}

function errorResponses(route: RouteDescription, needsKey: boolean, isChange: boolean): Record<string, object> {
  const codes = new Map<number, Set<string>>();
  const add = (status: number, code: string): void => {
    codes.set(status, (codes.get(status) ?? new Set()).add(code));
  };
  const known: readonly ErrorCode[] = [
    ...route.errors,
    ...(needsKey ? (['forbidden'] as const) : []),
    ...(isChange ? (['idempotency_conflict', 'shutting_down'] as const) : []),
  ];
  for (const code of known) add(describeError(code).http, code);
  if (route.operation === 'file.prepare') add(400, 'file_too_large');
  if (route.operation === 'table.add_primary_key') add(400, 'column_not_found');
  const responses: Record<string, object> = {};
  for (const [status, names] of [...codes].sort(([a], [b]) => a - b)) {
    const description = [...names].sort().map((name) => `\`${name}\``).join(', ');
    responses[status] = json(description, names.has('idempotency_conflict') ? ['Error', 'TopLevelError'] : ['Error']);
  }
  if (needsKey) responses['401'] = json('No credentials, or not the ones this operation needs', ['PlainError', 'Error']);
  // Of a change the header with the idempotency key is checked as well.
  if (isChange || (route.body ?? route.query ?? route.multipartFile)) {
    responses['422'] = json('The request does not have the expected shape', ['ValidationError']);
  }
  responses['500'] ??= json('A defect of this service; report it with the request id', ['Error', 'TopLevelError']);
  return responses;
}

function json(description: string, ids: readonly string[]): object {
  const references = ids.map((id) => ({ $ref: `${id}#` }));
  return { description, content: { 'application/json': { schema: references.length === 1 ? references[0] : { anyOf: references } } } };
}

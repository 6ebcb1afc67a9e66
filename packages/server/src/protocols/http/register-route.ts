import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { authorize } from '../../auth/authorize.js';
import { mustBeInternal } from '../../auth/internal-access.js';
import { describeOperation } from '../../model/operations.js';
import type { Route, RouteDescription, UntypedContext } from './define-route.js';
import { renderErrorAnswer } from './errors.js';
import { JsonText } from './json-text.js';
import { mustBeMultipart } from './multipart-upload.js';
import { openApiSchema } from './openapi/openapi-schema.js';
import { abortSignalOf, mustHavePrincipal } from './request-state.js';
import { pathParams, resourceIdFromPath } from './route-subject.js';
import type { DoorContext } from './server-options.js';
import type { IdempotentRequest } from '../../services/idempotency-keys.js';
import type { JsonSchema, SchemaLookup } from './validation/json-schema.js';
import { prepareForValidation } from './validation/request-validator.js';
import { ValidationError } from './validation/validation-error.js';

const JSON_TYPE = 'application/json; charset=utf-8';
const MAX_IDEMPOTENCY_KEY_LENGTH = 512;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Absent on routes that are no operations: documents, refusals. */
    apiRoute?: RouteDescription & { readonly kind: Route['kind'] };
  }
}

/**
 * Puts an operation on the wire. The order of checks is the contract's: JSON syntax (while the body is parsed), then
 * whether the caller may do this, then the fields, then the service. The rate limit comes before all of them.
 */
export function registerRoute(app: FastifyInstance, route: Route, door: DoorContext): void {
  const lookup: SchemaLookup = (id) => app.getSchema(id) as JsonSchema | undefined;
  const options: Omit<RouteOptions, 'method' | 'schema'> = {
    url: urlOf(door.settings.prefix, route),
    config: { apiRoute: route },
    onRequest: (request) => recognise(request, route, door),
    preValidation: async (request) => {
      await mustBeAllowed(request, route, door);
      if (route.multipartFile !== undefined) mustBeMultipart(request);
      if (route.query !== undefined) {
        request.query = prepareForValidation(route.query, 'querystring', request.query, lookup);
      }
      if (route.body !== undefined) {
        request.body = prepareForValidation(route.body, 'body', request.body, lookup);
      }
    },
    handler: (request, reply) => answer(request, reply, route, door),
  };
  const schema = openApiSchema(route);
  app.route({ ...options, method: route.method, schema });
  if (route.method === 'GET') app.route({ ...options, method: 'HEAD', schema: { ...schema, hide: true } });
}

/** The root of the API is the prefix itself, without a slash at its end. */
export function urlOf(prefix: string, route: Pick<RouteDescription, 'path'>): string {
  return prefix !== '' && route.path === '/' ? prefix : `${prefix}${route.path}`;
}

/** Who is calling, and not too often: before the body is read. Whether they may do it is answered after its syntax. */
async function recognise(request: FastifyRequest, route: Route, { services }: DoorContext): Promise<void> {
  if (describeOperation(route.operation).access === 'anyone') return;
  const authentication = await services.authenticator.authenticate(request.headers.authorization);
  request.door.authentication = authentication;
  if (authentication.kind !== 'known') return;
  request.door.principal = authentication.principal;
  services.rateLimiter.mustBeWithinRate(authentication.principal);
}

async function mustBeAllowed(
  request: FastifyRequest,
  { operation }: Route,
  { services, settings }: DoorContext,
): Promise<void> {
  const { access } = describeOperation(operation);
  if (access === 'anyone') return;
  if (access === 'internal') {
    mustBeInternal(request.door.authentication, request.headers.authorization, settings.internalAccess);
    return;
  }
  const { project_id: projectId, branch_id: branchId, bucket_name: bucketName } = pathParams(request);
  const principal = authorize(request.door.authentication, operation, { projectId, branchId });
  if (projectId === undefined || branchId === undefined || bucketName === undefined) return;
  await services.sharing.mustMayRead(principal, operation, { projectId, branchId, bucketName });
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  route: Route,
  door: DoorContext,
): Promise<FastifyReply> {
  const { params, query, body } = request;
  let signal: AbortSignal | undefined;
  const context: UntypedContext = {
    ...door,
    params,
    query,
    body,
    request,
    reply,
    get signal() {
      return (signal ??= abortSignalOf(request, reply));
    },
  };
  if (route.kind === 'respond') return await route.respond(context);
  if (route.kind === 'change') return await runChange(context, route, door);
  const result = await route.handle(context);
  const text = result instanceof JsonText ? result.text : JSON.stringify(result);
  return reply.code(route.success.status).type(JSON_TYPE).send(text);
}

async function runChange(
  context: UntypedContext,
  route: Extract<Route, { kind: 'change' }>,
  door: DoorContext,
): Promise<FastifyReply> {
  const { request, reply } = context;
  const idempotency = idempotencyOf(request);
  const subject = route.change.subject(context);
  const { status } = route.success;
  request.door.changeStarted = true;
  const outcome = await door.services.changes.run<unknown>(
    {
      operation: route.operation,
      principal: mustHavePrincipal(request),
      requestId: request.id,
      projectId: subject.projectId ?? pathParams(request)['project_id'] ?? null,
      branchId: pathParams(request)['branch_id'] ?? null,
      resourceId: subject.resourceId ?? resourceIdFromPath(request, route.operation),
      idempotency,
      render: (result) => ({
        status,
        body: status === 204 ? '' : JSON.stringify(route.change.render(result, context)),
      }),
      renderError: renderErrorAnswer,
    },
    (change) => route.change.run(context, change),
  );
  if (outcome.replayed && idempotency !== undefined) {
    reply.headers({ 'x-idempotency-key': idempotency.key, 'x-idempotency-replay': 'true' });
  }
  reply.code(outcome.status);
  return outcome.body === '' ? reply.send() : reply.type(JSON_TYPE).send(outcome.body);
}

function idempotencyOf(request: FastifyRequest): Omit<IdempotentRequest, 'scope'> | undefined {
  const header = request.headers['x-idempotency-key'];
  const key = typeof header === 'string' ? header.trim() : '';
  if (key === '') return undefined;
  if (key.length > MAX_IDEMPOTENCY_KEY_LENGTH) {
    const msg = `String should have at most ${MAX_IDEMPOTENCY_KEY_LENGTH} characters`;
    throw new ValidationError([{ type: 'string_too_long', loc: ['header', 'x-idempotency-key'], msg, input: null }]);
  }
  const { rawBody } = request.door;
  return {
    key,
    method: request.method,
    path: request.url.split('?', 1)[0] ?? request.url,
    bodyHash: rawBody === null ? null : createHash('sha256').update(rawBody).digest('hex'),
  };
}

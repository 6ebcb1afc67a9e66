import { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorCodeOf, isUnexpected, refusalOf, RouteNotFoundError, translateError } from '../errors.js';
import { pathParams, resourceIdFromPath } from '../route-subject.js';
import type { Refusal } from '../../../services/change-runner.js';
import type { HttpServices } from '../services.js';

/** Headers that describe a body which is not sent after all. */
const BODY_HEADERS = ['content-length', 'content-disposition', 'etag', 'last-modified', 'cache-control'] as const;

const LINGER_MS = 5_000;

const REFUSED_ACCESS: readonly number[] = [401, 403];

/** Every error of a request ends here: answered, logged if it asks for a person, and audited if it refused a change. */
export function installErrorHandling(app: FastifyInstance, services: HttpServices): void {
  app.setErrorHandler((error, request, reply) => {
    request.door.error = error;
    auditRefusal(error, request, services);
    return sendError(error, request, reply);
  });
  app.setNotFoundHandler((request, reply) => sendError(new RouteNotFoundError('Not Found'), request, reply));
}

export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const answer = translateError(error);
  if (answer.level === 'error') {
    request.log.error(
      { err: error, code: errorCodeOf(error) },
      isUnexpected(error) ? 'unexpected error' : 'request failed',
    );
  } else if (answer.level === 'warn') {
    request.log.warn({ code: errorCodeOf(error) }, 'request could not be served');
  }
  for (const name of BODY_HEADERS) reply.removeHeader(name);
  if (hasUnreadBody(request)) passOverBody(request, reply);
  return reply
    .code(answer.status)
    .headers(answer.headers)
    .header('x-request-id', request.id)
    .type('application/json; charset=utf-8')
    .send(answer.body);
}

function hasUnreadBody({ raw }: FastifyRequest): boolean {
  if (raw.complete) return false;
  return raw.headers['transfer-encoding'] !== undefined || Number(raw.headers['content-length'] ?? 0) > 0;
}

/**
 * A refused upload is answered while the client is still sending. Closed at once, the connection would be reset and the answer
 * lost with it; left unread, the next request on the connection would wait for ever. So the rest is passed over, for a while.
 */
function passOverBody(request: FastifyRequest, reply: FastifyReply): void {
  const { raw } = request;
  const { socket } = raw;
  // Injected requests have no connection.
  if (!(socket instanceof Socket)) return;
  reply.removeHeader('connection');
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  raw.once('end', () => clearTimeout(timer));
  raw.once('close', () => clearTimeout(timer));
  raw.unpipe();
  raw.resume();
}

/**
 * The change runner audits what it runs. What was refused before that is reported here: a change for any reason (no key, a
 * wrong key, a malformed request), a read when its caller may not do it.
 */
function auditRefusal(error: unknown, request: FastifyRequest, { changes }: HttpServices): void {
  const { door } = request;
  const route = request.routeOptions.config.apiRoute;
  if (route === undefined || door.changeStarted) return;
  const isChange = route.kind === 'change';
  if (!isChange && !REFUSED_ACCESS.includes(translateError(error).status)) return;
  const { authentication } = door;
  const formerKey = authentication.kind === 'unknown' ? authentication.formerKey : undefined;
  const refusal: Refusal = {
    operation: route.operation,
    requestId: request.id,
    projectId: pathParams(request)['project_id'] ?? null,
    branchId: pathParams(request)['branch_id'] ?? null,
    resourceId: resourceIdFromPath(request, route.operation),
    principal: door.principal ?? null,
    error: refusalOf(error),
    durationMs: performance.now() - door.startedAt,
    details: formerKey === undefined ? null : { key_id: formerKey.keyId, key_state: formerKey.state },
  };
  if (isChange) changes.refused(refusal);
  else changes.refusedRead(refusal);
}

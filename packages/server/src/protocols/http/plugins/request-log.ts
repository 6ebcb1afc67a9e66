import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Metrics } from '../../../observability/metrics.js';
import { errorCodeOf, isUnexpected } from '../errors.js';
import { newRequestState } from '../request-state.js';

/** Client closed request: what the log and the figures say when nobody was left to read the answer. */
const CLIENT_LEFT = 499;

/** Request state and id, and at the end of every request one log line and its figures, also when the client left. */
export function installRequestLog(app: FastifyInstance, metrics: Metrics, prefix: string): void {
  app.addHook('onRequest', (request, reply, done) => {
    request.door = newRequestState();
    reply.header('x-request-id', request.id);
    const endpoint = endpointOf(request, prefix);
    const isCounted = endpoint !== undefined;
    if (isCounted) metrics.http.started(request.method);
    let finished = false;
    reply.raw.once('finish', () => {
      finished = true;
    });
    reply.raw.once('close', () => {
      const status = finished || request.door.answerComplete ? reply.statusCode : CLIENT_LEFT;
      const durationMs = performance.now() - request.door.startedAt;
      if (isCounted) {
        metrics.http.finished({ method: request.method, endpoint, status, durationMs });
        const { error } = request.door;
        if (error !== undefined) {
          if (isUnexpected(error)) metrics.http.failed(typeOf(error), endpoint);
          else metrics.http.refused(errorCodeOf(error));
        }
      }
      countRead(request, status, durationMs, metrics);
      logLine(request, reply, status, durationMs, endpoint);
    });
    done();
  });
}

/** Changes are counted by the change runner, for every door. */
function countRead(request: FastifyRequest, status: number, durationMs: number, metrics: Metrics): void {
  const { apiRoute } = request.routeOptions.config;
  if (apiRoute === undefined || apiRoute.kind === 'change' || apiRoute.operation === 'service.metrics') return;
  const outcome = status >= 500 ? 'failed' : status >= 400 ? 'refused' : 'success';
  metrics.operations.finished(apiRoute.operation, outcome, durationMs);
}

function logLine(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  durationMs: number,
  endpoint: string | undefined,
): void {
  const { door, method } = request;
  request.log.info(
    {
      method,
      route: endpoint ?? request.routeOptions.url ?? null,
      status,
      ms: Math.round(durationMs * 10) / 10,
      operation: request.routeOptions.config.apiRoute?.operation ?? null,
      actor: door.principal?.actor ?? door.driverCommand?.actor ?? null,
      command: door.driverCommand?.command,
      project: door.driverCommand?.project,
      error: door.error === undefined ? null : errorCodeOf(door.error),
      replayed: reply.hasHeader('x-idempotency-replay') ? true : undefined,
    },
    'request',
  );
}

/**
 * The route template, never an id that a caller chose, so that the number of time series stays bounded. Undefined for the
 * paths that are not counted.
 */
export function endpointOf(request: FastifyRequest, prefix: string): string | undefined {
  const template = request.routeOptions.url;
  if (template === undefined || template === '*' || template === '/*') return 'unmatched';
  const path = template.slice(prefix.length) || '/';
  if (/^\/(?:metrics|redoc|openapi\.json|docs(?:\/.*)?)$/.test(path)) return undefined;
  return path.replace(/:(\w+)/g, '{$1}');
}

function typeOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

import multipart from '@fastify/multipart';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { requestIdFrom } from '../../observability/request-context.js';
import { MULTIPART_LIMITS } from './multipart-upload.js';
import { installDocs, installOpenApi } from './openapi/openapi-plugin.js';
import { answerClientError, limitSilenceOfBodies, refuseWhileClosing } from './plugins/connections.js';
import { driverUrls, installDriverRoutes } from './driver-routes.js';
import { installCors } from './plugins/cors.js';
import { DoorLogController } from './plugins/door-log-controller.js';
import { installErrorHandling, sendError } from './plugins/error-handling.js';
import { installBodyParsers, installDefaultContentType, MAX_JSON_BYTES } from './plugins/json-body.js';
import { redirectTrailingSlash, refuseOtherMethods } from './plugins/paths.js';
import { installRequestLog } from './plugins/request-log.js';
import { registerRoute, urlOf } from './register-route.js';
import { newRequestState } from './request-state.js';
import { routes } from './routes/index.js';
import type { HttpServerOptions } from './server-options.js';
import { AJV_OPTIONS, reportSchemaViolations } from './validation/request-validator.js';

export type { HttpServerOptions } from './server-options.js';

/** Longer than any name we accept, so that a long name gets the answer of its service and not "unknown path". */
const MAX_PATH_PARAMETER_LENGTH = 4096;

/**
 * The native REST door. It knows paths, JSON, headers and statuses; every rule about names, rights, locks and data is in
 * the services behind it. The caller listens and closes; closing lets running requests finish.
 */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { settings } = options;
  const logger: FastifyBaseLogger = options.logger;
  const app: FastifyInstance = Fastify({
    loggerInstance: logger,
    logController: new DoorLogController(),
    requestIdHeader: false,
    genReqId: (raw) => requestIdFrom(raw.headers['x-request-id']),
    routerOptions: { maxParamLength: MAX_PATH_PARAMETER_LENGTH },
    bodyLimit: MAX_JSON_BYTES,
    // Uploads and imports take as long as they take; see plugins/connections.ts for what is limited instead.
    requestTimeout: 0,
    connectionTimeout: 0,
    // The headers' time limit is only as exact as the interval at which it is checked; the default is 30 s.
    http: { connectionsCheckingInterval: 1000 },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    ajv: { customOptions: AJV_OPTIONS },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => {
      request.door = newRequestState();
      sendError(error, request, reply);
    },
  });
  app.server.headersTimeout = settings.headersTimeoutMs;
  app.decorateRequest('door');
  // Not encapsulated: hooks, parsers and handlers hold for every path, unknown ones included.
  const everywhere = { [Symbol.for('skip-override')]: true };
  app.register(Object.assign((instance: FastifyInstance) => assemble(instance, options), everywhere));
  return app;
}

async function assemble(
  app: FastifyInstance,
  { services, settings, metrics, driver }: HttpServerOptions,
): Promise<void> {
  app.setSerializerCompiler(() => JSON.stringify);
  installRequestLog(app, metrics, settings.prefix);
  refuseWhileClosing(app);
  await installCors(app, settings);
  installErrorHandling(app, services);
  limitSilenceOfBodies(app);
  installDefaultContentType(app);
  installBodyParsers(app);
  reportSchemaViolations(app);
  await app.register(multipart, { limits: MULTIPART_LIMITS, throwFileSizeLimit: false });
  await installOpenApi(app, settings);
  const urls = [
    ...routes.map((route) => ({ method: route.method, url: urlOf(settings.prefix, route) })),
    { method: 'GET', url: `${settings.prefix}/openapi.json` },
    { method: 'GET', url: `${settings.prefix}/redoc` },
    ...(driver === undefined ? [] : driverUrls(settings.prefix)),
  ];
  redirectTrailingSlash(
    app,
    urls.map(({ url }) => url),
    [`${settings.prefix}/docs/`],
  );
  for (const route of routes) registerRoute(app, route, { services, settings, metrics });
  if (driver !== undefined) installDriverRoutes(app, settings.prefix, driver);
  await installDocs(app, settings);
  refuseOtherMethods(app, urls);
}

import Fastify from 'fastify';
import { urlOf } from '../register-route.js';
import { routes } from '../routes/index.js';
import type { DoorSettings } from '../server-options.js';
import { openApiSchema } from './openapi-schema.js';
import { installOpenApi } from './openapi-plugin.js';

/** The OpenAPI document without a running service: for the committed copy and the generated client. */
export async function createOpenApiDocument(settings: DoorSettings): Promise<object> {
  const app = Fastify({ logger: false });
  await installOpenApi(app, settings);
  for (const route of routes) {
    app.route({
      method: route.method,
      url: urlOf(settings.prefix, route),
      config: { apiRoute: route },
      schema: openApiSchema(route),
      handler: () => undefined,
    });
  }
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}

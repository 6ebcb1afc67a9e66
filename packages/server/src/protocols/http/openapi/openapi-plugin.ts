import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import type { DoorSettings } from '../server-options.js';
import { sharedSchemas } from '../schemas/index.js';
import type { OPERATIONS, OperationName } from '../../../model/operations.js';
import { driverPaths, DRIVER_TAG } from './driver-paths.js';
import { documentedSchema } from './documented-schema.js';
import { addRequestExamples } from './request-examples.js';

const DESCRIPTION = `Projects, buckets, tables and files on one machine.

Send the key as \`Authorization: Bearer …\`: the admin key, or a key of the project.
Every change accepts \`X-Idempotency-Key\`: a retry with the same key gets the first answer and changes nothing.
The main branch of a project is \`default\`.`;

type Resource = (typeof OPERATIONS)[OperationName]['resource'];

/** In the order of the page. */
const TAGS: Readonly<Record<Resource, string>> = {
  service: 'What this is, and whether it is well; no key needed',
  backend: 'The folders of the service; admin key',
  backup: 'Copies of everything as of one moment; admin key',
  project: 'The unit of ownership; creating and listing need the admin key, the rest a key of the project',
  api_key: 'Keys of a project: what a caller may do, and until when',
  audit: 'Who changed what, and who was refused',
  branch: 'Copies of a project that cost nothing: try, compare, and merge into main',
  bucket: 'Named groups of tables',
  table: 'Columns, rows, import and export',
  snapshot: 'States of tables that are kept, by request and before data is lost',
  column: 'Adding, altering and dropping columns',
  file: 'Bytes on their way in and out: prepare, upload, register; download',
  workspace: 'Places for SQL, in every PostgreSQL client and over HTTP',
  query: 'What ran in workspaces',
  session: 'Who is connected to any workspace; admin key',
  pgwire: 'For a PostgreSQL server of its own; admin key or the internal secret',
};

/** Collects the schemas of the routes that are registered after it. */
export async function installOpenApi(app: FastifyInstance, settings: DoorSettings): Promise<void> {
  for (const schema of sharedSchemas) app.addSchema(schema);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: settings.title, version: settings.version, description: DESCRIPTION },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      tags: [...Object.entries(TAGS).map(([name, description]) => ({ name, description })), DRIVER_TAG],
    },
    refResolver: {
      buildLocalReference: (json, _baseUri, _fragment, index) =>
        typeof json.$id === 'string' ? json.$id : `Schema${index}`,
    },
    transform: ({ schema, url, route }) => ({
      schema: documentedSchema(schema, route.config?.apiRoute),
      url,
    }),
    transformObject: (document) => {
      if ('swaggerObject' in document) throw new Error('The document is OpenAPI 3');
      const paths = (document.openapiObject.paths ??= {});
      addRequestExamples(paths);
      Object.assign(paths, driverPaths(settings.prefix));
      return document.openapiObject;
    },
  });
}

/** The page needs nothing but this server: scripts, styles and fonts come from it, and the policy says so. */
const DOCS_CONTENT_POLICY = {
  'default-src': ["'self'"],
  'base-uri': ["'self'"],
  'frame-ancestors': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'object-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
};

export async function installDocs(app: FastifyInstance, { prefix }: DoorSettings): Promise<void> {
  app.get(`${prefix}/openapi.json`, { schema: { hide: true } }, () => app.swagger());
  app.get(`${prefix}/redoc`, { schema: { hide: true } }, (_request, reply) => reply.redirect(`${prefix}/docs`, 307));
  await app.register(swaggerUi, {
    routePrefix: `${prefix}/docs`,
    staticCSP: DOCS_CONTENT_POLICY,
    // Without the bar on top, which only asks for the address of another document.
    uiConfig: {
      layout: 'BaseLayout',
      deepLinking: true,
      docExpansion: 'list',
      defaultModelsExpandDepth: 0,
      displayRequestDuration: true,
    },
    theme: { title: 'API reference' },
  });
}

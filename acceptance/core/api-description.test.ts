import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed, type Answer } from '../helpers/api.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

const COMMITTED = new URL('../../openapi/openapi.json', import.meta.url);

interface Operation {
  readonly operationId: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, object>>;
  readonly parameters?: readonly { name: string; in: string }[];
}

interface OpenApi {
  readonly openapi: string;
  readonly info: { title: string; version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { schemas: Readonly<Record<string, object>>; securitySchemes: object };
}

let answer: Answer<OpenApi>;
let document: OpenApi;

beforeAll(async () => {
  answer = await server.anonymous.get<OpenApi>('/openapi.json');
  document = mustSucceed(answer);
});

const operations = (): (readonly [string, Operation])[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, operation] as const),
  );

/** Every `$ref` of the document, with the place it stands at. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) =>
    name === '$ref' && typeof member === 'string' ? [member] : references(member),
  );
}

describe('GET /openapi.json', () => {
  it('describes the operations of the committed document', async () => {
    expect(document.openapi).toMatch(/^3\.[01]\./);
    const committed = JSON.parse(await readFile(COMMITTED, 'utf8')) as OpenApi;
    const described = ({ paths }: OpenApi) =>
      Object.entries(paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, { operationId }]) => `${operationId}: ${method} ${path}`),
      );
    expect(described(document).sort()).toEqual(described(committed).sort());
  });

  it('resolves every reference', () => {
    const found = references(document);
    expect(found.length).toBeGreaterThan(10);
    for (const reference of found) {
      const target = reference
        .replace(/^#\//, '')
        .split('/')
        .reduce<unknown>(
          (at, part) => (at as Record<string, unknown> | undefined)?.[part.replaceAll('~1', '/')],
          document,
        );
      expect(target, reference).toBeDefined();
    }
  });

  it('gives every operation an id of its own, a summary, a success and its path parameters', () => {
    const ids = operations().map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [place, operation] of operations()) {
      expect(operation.operationId, place).toMatch(/^[a-z][A-Za-z]+$/);
      expect(operation.summary, place).toBeTruthy();
      expect(
        Object.keys(operation.responses).some((status) => status.startsWith('2')),
        place,
      ).toBe(true);
      const inPath = [...place.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
      const described = (operation.parameters ?? []).filter((each) => each.in === 'path').map(({ name }) => name);
      expect(described.sort(), place).toEqual(inPath.sort());
    }
  });

  it('asks for a bearer key exactly where one is needed', () => {
    const open = operations()
      .filter(([, { security }]) => security === undefined || security.length === 0)
      .map(([place]) => place);
    // The list of commands needs none, as in the reference.
    expect(open.sort()).toEqual(['get /', 'get /driver/commands', 'get /health', 'get /metrics']);
  });

  it('describes answers that really come', async () => {
    const health = mustSucceed(await server.anonymous.get<Record<string, unknown>>('/health'));
    const schema = document.components.schemas['Health'] as { properties: Record<string, object>; required: string[] };
    expect(Object.keys(health).sort()).toEqual(Object.keys(schema.properties).sort());
  });
});

describe('the documentation page', () => {
  it('loads everything from this server', async () => {
    const page = await server.anonymous.get('/docs', { redirect: 'follow' });
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    const resources = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, target]) => target ?? '');
    expect(resources.length).toBeGreaterThan(0);
    for (const resource of resources) {
      const url = new URL(resource, `${server.process.baseUrl}/docs/`);
      expect(url.origin, resource).toBe(server.process.baseUrl);
      const loaded = await server.anonymous.get(url.pathname);
      expect(loaded.status, resource).toBe(200);
    }
    expect(page.text).not.toMatch(/https?:\/\/(?!127\.0\.0\.1|localhost|www\.w3\.org)/);
  });

  it('is where /redoc leads as well', async () => {
    const page = await server.anonymous.get('/redoc', { redirect: 'follow' });
    expect(page.status).toBe(200);
  });
});

import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { downloadOf, openTestDoor, type TestDoor } from '../../../test/helpers/test-door.js';
import { DomainError } from '../../errors/domain-error.js';
import { OPERATIONS } from '../../model/operations.js';
import { routes } from './routes/index.js';

const ADMIN = { authorization: 'Bearer admin' };
const JSON_TYPE = { 'content-type': 'application/json' };
const TABLES = '/projects/p1/branches/default/buckets/sales/tables';

let door: TestDoor;

afterEach(async () => {
  await door.app.close();
});

describe('paths and methods', () => {
  it('has a route for every operation', async () => {
    door = await openTestDoor();
    expect(routes.map(({ operation }) => operation).sort()).toEqual(Object.keys(OPERATIONS).sort());
  });

  it('answers unknown paths, other methods and trailing slashes as the reference does', async () => {
    door = await openTestDoor();
    const { app } = door;
    const unknown = await app.inject({ url: '/nope' });
    expect([unknown.statusCode, unknown.body]).toEqual([404, '{"detail":"Not Found"}']);
    const patch = await app.inject({ method: 'PATCH', url: '/projects', headers: JSON_TYPE, payload: '{broken' });
    expect([patch.statusCode, patch.headers['allow'], patch.body]).toEqual([
      405,
      'GET, HEAD, POST',
      '{"detail":"Method Not Allowed"}',
    ]);
    expect((await app.inject({ method: 'PUT', url: '/openapi.json' })).statusCode).toBe(405);
    const slash = await app.inject({ url: '/projects/?limit=1', headers: ADMIN });
    expect([slash.statusCode, slash.headers['location']]).toEqual([307, '/projects?limit=1']);
    expect((await app.inject({ url: '/nope/' })).statusCode).toBe(404);
    expect((await app.inject({ url: '//evil.example/' })).headers['location']).toBeUndefined();
    expect((await app.inject({ url: '/projects/%zz' })).statusCode).toBe(400);
    expect((await app.inject({ method: 'HEAD', url: '/projects', headers: ADMIN })).statusCode).toBe(200);
  });

  it('serves everything below a prefix', async () => {
    door = await openTestDoor({}, { prefix: '/api/v1' });
    expect((await door.app.inject({ url: '/api/v1' })).json()).toMatchObject({ health: '/api/v1/health' });
    expect((await door.app.inject({ url: '/api/v1/' })).headers['location']).toBe('/api/v1');
    const prepared = await door.app.inject({
      method: 'POST',
      url: '/api/v1/projects/p1/files/prepare',
      headers: ADMIN,
      payload: { filename: 'd.csv' },
    });
    expect(prepared.json()).toMatchObject({ upload_url: '/api/v1/projects/p1/files/upload/k1' });
    expect((await door.app.inject({ url: '/projects', headers: ADMIN })).statusCode).toBe(404);
    expect(await door.metrics.render(() => undefined)).toContain('endpoint="/projects/{project_id}/files/prepare"');
  });

  it('lets pages of other origins read answers', async () => {
    door = await openTestDoor();
    const preflight = await door.app.inject({
      method: 'OPTIONS',
      url: '/projects',
      headers: {
        origin: 'https://page.example',
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'authorization',
      },
    });
    expect(preflight.statusCode).toBe(204);
    expect(preflight.headers['access-control-allow-origin']).toBe('https://page.example');
    expect(preflight.headers['access-control-allow-headers']).toBe('authorization');
    const refused = await door.app.inject({ url: '/projects', headers: { origin: 'https://page.example' } });
    expect(refused.headers['access-control-allow-origin']).toBe('https://page.example');
  });
});

describe('order of checks', () => {
  it('looks at JSON first, then at the key, then at the fields', async () => {
    door = await openTestDoor();
    const post = (payload: string, headers: Record<string, string> = {}) =>
      door.app.inject({ method: 'POST', url: '/projects', payload, headers: { ...JSON_TYPE, ...headers } });
    const malformed = await post('{"id":');
    expect([malformed.statusCode, malformed.json()]).toEqual([
      422,
      {
        detail: [
          {
            type: 'json_invalid',
            loc: ['body', 6],
            msg: 'JSON decode error',
            input: {},
            ctx: { error: 'Unexpected end of JSON input' },
          },
        ],
      },
    ]);
    const noKey = await post('{}');
    expect([noKey.statusCode, noKey.headers['www-authenticate'], noKey.body]).toEqual([
      401,
      'Bearer',
      '{"detail":"Not authenticated"}',
    ]);
    expect((await post('{}', { authorization: 'Bearer p1' })).json()).toMatchObject({
      detail: { error: 'unauthorized' },
    });
    const missing = await post('{}', ADMIN);
    expect([missing.statusCode, missing.json()]).toEqual([
      422,
      { detail: [{ type: 'missing', loc: ['body', 'id'], msg: 'Field required', input: {} }] },
    ]);
  });

  it('reports a change that was refused before it ran, with whom it recognised', async () => {
    door = await openTestDoor();
    const create = (authorization: string, url: string) =>
      door.app.inject({ method: 'POST', url, headers: { authorization }, payload: {} });
    await create('Bearer p1', '/projects/p2/branches/default/buckets');
    await create('Bearer nobody', TABLES);
    await create('Bearer p1', TABLES);
    expect(door.refused).toMatchObject([
      { operation: 'bucket.create', projectId: 'p2' },
      { operation: 'table.create', projectId: 'p1', resourceId: 'sales' },
      { operation: 'table.create', projectId: 'p1', resourceId: 'sales' },
    ]);
    expect((await create('Bearer p1', '/projects/p2/branches/default/buckets')).statusCode).toBe(403);
  });
});

describe('fields', () => {
  const invalid: [method: 'GET' | 'POST' | 'DELETE', url: string, payload: unknown, issues: unknown[]][] = [
    ['GET', '/projects?limit=0', undefined, [{ type: 'greater_than_equal', loc: ['query', 'limit'], ctx: { ge: 1 } }]],
    ['GET', '/projects?limit=1001', undefined, [{ type: 'less_than_equal', loc: ['query', 'limit'] }]],
    ['GET', '/projects?offset=1.5', undefined, [{ type: 'int_parsing', loc: ['query', 'offset'], input: '1.5' }]],
    ['GET', `${TABLES}/t/preview?limit=10001`, undefined, [{ type: 'less_than_equal', ctx: { le: 10000 } }]],
    [
      'DELETE',
      `${TABLES.slice(0, -7)}?cascade=maybe`,
      undefined,
      [{ type: 'bool_parsing', loc: ['query', 'cascade'] }],
    ],
    ['POST', TABLES, { name: 't', columns: [] }, [{ type: 'too_short', loc: ['body', 'columns'] }]],
    ['POST', TABLES, { name: 5, columns: 'x' }, [{ type: 'string_type' }, { type: 'list_type' }]],
    [
      'POST',
      TABLES,
      { name: 't', columns: [{ name: 'a' }] },
      [{ type: 'missing', loc: ['body', 'columns', 0, 'type'] }],
    ],
    ['POST', TABLES, [1], [{ type: 'model_attributes_type', loc: ['body'] }]],
    ['POST', '/projects', { id: 'a', settings: 'x' }, [{ type: 'dict_type', loc: ['body', 'settings'] }]],
    ['POST', `${TABLES}/t/export`, { limit: 1.5 }, [{ type: 'int_from_float', loc: ['body', 'limit'], input: 1.5 }]],
    ['POST', `${TABLES}/t/export`, { limit: -1 }, [{ type: 'greater_than_equal', ctx: { ge: 0 } }]],
    [
      'POST',
      `${TABLES}/t/import/file`,
      { file_id: 'f', import_options: { dedup_mode: 'x' } },
      [{ type: 'literal_error', loc: ['body', 'import_options', 'dedup_mode'] }],
    ],
    [
      'POST',
      '/projects/p1/files/prepare',
      { filename: 'f', tags: { a: 1 } },
      [{ type: 'string_type', loc: ['body', 'tags', 'a'] }],
    ],
    ['POST', '/projects/p1/files/upload/k', {}, [{ type: 'missing', loc: ['body', 'file'] }]],
  ];

  it.each(invalid)('%s %s %j', async (method, url, payload, issues) => {
    door = await openTestDoor();
    const answer = await door.app.inject({
      method,
      url,
      headers: ADMIN,
      ...(payload === undefined ? {} : { payload: payload as object }),
    });
    expect(answer.statusCode).toBe(422);
    expect(answer.json<{ detail: unknown[] }>().detail).toHaveLength(issues.length);
    expect(answer.json()).toMatchObject({ detail: issues });
  });

  it('coerces texts to integers and booleans, ignores unknown members, takes the last of repeated parameters', async () => {
    door = await openTestDoor();
    const { app, calls } = door;
    await app.inject({
      method: 'POST',
      url: `${TABLES}/orders/import/file`,
      headers: ADMIN,
      payload: {
        file_id: 'f',
        extra: 1,
        import_options: { incremental: 'on', max_bad_rows: '3' },
        csv_options: { header: 'no' },
      },
    });
    expect(calls.get('transfers.importFile')?.slice(1)).toEqual([
      { projectId: 'p1', branchId: 'default', bucketName: 'sales', tableName: 'orders' },
      {
        fileId: 'f',
        format: 'csv',
        csv: { header: false },
        incremental: true,
        dedupMode: 'update_duplicates',
        columns: null,
        onError: 'fail',
        maxBadRows: 3,
      },
    ]);
    await app.inject({ url: '/projects?limit=5&limit=%207&offset=2&status=', headers: ADMIN });
    expect(calls.get('projects.list')).toEqual([{ status: '', limit: 7, offset: 2 }]);
    await app.inject({ url: TABLES, headers: ADMIN });
    expect(calls.get('tables.list')?.[1]).toEqual({});
    await app.inject({ url: `${TABLES}?limit=2`, headers: ADMIN });
    expect(calls.get('tables.list')?.[1]).toEqual({ limit: 2, offset: 0 });
  });

  it('reads a body without a content type as JSON, and tells others what to send', async () => {
    door = await openTestDoor();
    const bare = await door.app.inject({
      method: 'POST',
      url: '/projects',
      headers: { ...ADMIN, 'content-type': '' },
      payload: '{"id":"a"}',
    });
    expect(bare.statusCode).toBe(201);
    const form = await door.app.inject({
      method: 'POST',
      url: '/projects',
      headers: { ...ADMIN, 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'id=a',
    });
    expect(form.json()).toMatchObject({ detail: [{ type: 'model_attributes_type', loc: ['body'] }] });
    const empty = await door.app.inject({ method: 'POST', url: '/projects', headers: ADMIN });
    expect(empty.json()).toMatchObject({ detail: [{ type: 'missing', loc: ['body'] }] });
  });

  it('refuses JSON beyond 5 MB', async () => {
    door = await openTestDoor();
    const answer = await door.app.inject({
      method: 'POST',
      url: '/projects',
      headers: ADMIN,
      payload: { id: 'x'.repeat(5 * 1024 * 1024) },
    });
    expect([answer.statusCode, answer.json<{ detail: { error: string } }>().detail.error]).toEqual([
      413,
      'request_too_large',
    ]);
  });
});

describe('answers', () => {
  it('echoes a request id and makes one otherwise', async () => {
    door = await openTestDoor();
    const echoed = await door.app.inject({ url: '/nope', headers: { 'x-request-id': 'mine-1' } });
    expect(echoed.headers['x-request-id']).toBe('mine-1');
    expect((await door.app.inject({ url: '/' })).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(door.log.lines.filter(({ msg }) => msg === 'request')[0]).toMatchObject({
      request_id: 'mine-1',
      method: 'GET',
      route: 'unmatched',
      status: 404,
      error: null,
    });
  });

  it('splices preview rows in as the engine wrote them', async () => {
    door = await openTestDoor();
    const answer = await door.app.inject({ url: `${TABLES}/orders/preview?columns="Name, full",ID`, headers: ADMIN });
    expect(answer.body).toContain('"rows":[{"id":9223372036854775807}],"total_row_count":5,"preview_row_count":1}');
    expect(answer.json<{ columns: { name: string }[] }>().columns.map(({ name }) => name)).toEqual([
      'Name, full',
      'id',
    ]);
    expect(door.calls.get('tables.preview')?.[1]).toEqual({
      columns: ['Name, full', 'ID'],
      filter: null,
      orderBy: null,
      limit: 1000,
    });
  });

  it('replays a change, and says so', async () => {
    door = await openTestDoor();
    const create = () =>
      door.app.inject({
        method: 'POST',
        url: '/projects?x=1',
        headers: { ...ADMIN, 'x-idempotency-key': 'k-1' },
        payload: { id: 'a' },
      });
    const first = await create();
    expect(first.statusCode).toBe(201);
    expect(first.headers['x-idempotency-key']).toBeUndefined();
    expect(door.calls.get('changes.run')?.[0]).toMatchObject({
      idempotency: {
        key: 'k-1',
        method: 'POST',
        path: '/projects',
        bodyHash: createHash('sha256').update('{"id":"a"}').digest('hex'),
      },
      projectId: 'a',
      resourceId: 'a',
    });
    const second = await create();
    expect([second.statusCode, second.body]).toEqual([201, first.body]);
    expect(second.headers).toMatchObject({ 'x-idempotency-key': 'k-1', 'x-idempotency-replay': 'true' });
  });

  it('logs an unexpected error with its cause and keeps it to itself', async () => {
    door = await openTestDoor({ projects: { get: () => Promise.reject(new TypeError('secret /path')) } });
    const answer = await door.app.inject({ url: '/projects/p1', headers: ADMIN });
    expect([answer.statusCode, answer.body]).toEqual([
      500,
      '{"error":"internal_server_error","message":"An internal error occurred"}',
    ]);
    expect(answer.headers['x-request-id']).toBeDefined();
    const [line, ...others] = door.log.unexpected();
    expect(others).toEqual([]);
    expect(line).toMatchObject({ level: 50, err: { type: 'TypeError', message: 'secret /path' } });
    expect(await door.metrics.render(() => undefined)).toContain(
      'duckdb_api_errors_total{type="TypeError",endpoint="/projects/{project_id}"} 1',
    );
  });

  it('passes Retry-After on', async () => {
    const busy = new DomainError('table_busy', 'x', {}, { retryAfterSeconds: 3 });
    door = await openTestDoor({ tables: { delete: () => Promise.reject(busy) } });
    const answer = await door.app.inject({ method: 'DELETE', url: `${TABLES}/t`, headers: ADMIN });
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([429, '3']);
  });

  it('answers 204 without a body or a type', async () => {
    door = await openTestDoor();
    const answer = await door.app.inject({ method: 'DELETE', url: `${TABLES}/t`, headers: ADMIN });
    expect([answer.statusCode, answer.body, answer.headers['content-type']]).toEqual([204, '', undefined]);
  });
});

describe('download', () => {
  const url = '/projects/p1/files/f1/download';
  const get = (headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
    door.app.inject({ method, url, headers: { ...ADMIN, ...headers } });

  it('sends the whole file with validators', async () => {
    door = await openTestDoor();
    const answer = await get();
    expect([answer.statusCode, answer.body]).toEqual([200, '0123456789']);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-length': '10',
      'accept-ranges': 'bytes',
      'content-disposition': 'attachment; filename="d.csv"',
      'last-modified': 'Mon, 23 Nov 2026 16:08:26 GMT',
    });
    expect(answer.headers['etag']).toMatch(/^"[0-9a-f]{64}"$/);
  });

  it('sends parts, and nothing that the client has', async () => {
    door = await openTestDoor();
    const part = await get({ range: 'bytes=2-4' });
    expect([part.statusCode, part.body, part.headers['content-range'], part.headers['content-length']]).toEqual([
      206,
      '234',
      'bytes 2-4/10',
      '3',
    ]);
    const etag = String(part.headers['etag']);
    expect((await get({ 'if-none-match': etag })).statusCode).toBe(304);
    expect((await get({ range: 'bytes=2-4', 'if-range': etag })).statusCode).toBe(206);
    expect((await get({ range: 'bytes=2-4', 'if-range': '"old"' })).statusCode).toBe(200);
    const beyond = await get({ range: 'bytes=10-' });
    expect([beyond.statusCode, beyond.headers['content-range'], beyond.headers['content-disposition']]).toEqual([
      416,
      'bytes */10',
      undefined,
    ]);
  });

  it('reads nothing for HEAD and for empty files', async () => {
    const read = () => {
      throw new Error('nobody should read');
    };
    door = await openTestDoor({
      files: { openDownload: () => Promise.resolve({ ...downloadOf(Buffer.alloc(0), { sizeBytes: 7 }), read }) },
    });
    const head = await get({}, 'HEAD');
    expect([head.statusCode, head.headers['content-length']]).toEqual([200, '7']);
  });
});

describe('documents', () => {
  it('describes every operation, from the schemas that check it', async () => {
    door = await openTestDoor();
    const document = (await door.app.inject({ url: '/openapi.json' })).json<{
      openapi: string;
      paths: Record<string, Record<string, { operationId: string; responses: object }>>;
    }>();
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    const ofTheDriver = ['driverExecute', 'driverCommands'];
    expect(operations).toHaveLength(Object.keys(OPERATIONS).length + ofTheDriver.length);
    expect(operations.map(({ operationId }) => operationId)).toEqual(expect.arrayContaining(ofTheDriver));
    expect(operations.map(({ operationId }) => operationId)).toContain('tableCreate');
    expect(JSON.stringify(document)).not.toMatch(/"\$ref":"(?!#\/components\/schemas\/[A-Z]\w+")/);
  });

  it('shows a page that needs nothing from elsewhere', async () => {
    door = await openTestDoor();
    expect((await door.app.inject({ url: '/redoc' })).headers['location']).toBe('/docs');
    const page = await door.app.inject({ url: '/docs' });
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
    const links = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) {
      expect(link).toMatch(/^\/docs\//);
      expect((await door.app.inject({ url: link })).statusCode).toBe(200);
    }
  });

  it('does not count documents and scrapes', async () => {
    door = await openTestDoor();
    for (const url of ['/docs', '/redoc', '/openapi.json', '/metrics', '/nope/123']) await door.app.inject({ url });
    const text = (await door.app.inject({ url: '/metrics' })).body;
    const counted = text.split('\n').filter((line) => line.startsWith('duckdb_api_requests_total{'));
    expect(counted).toEqual(['duckdb_api_requests_total{method="GET",endpoint="unmatched",status_code="404"} 1']);
  });
});

import { beforeAll, describe, expect, it } from 'vitest';
import { sendBytes, sendRaw } from '../helpers/raw-http.js';
import { createProject, type Project } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
let project: Project;

beforeAll(async () => {
  project = await createProject(server.admin);
});

describe('unknown routes', () => {
  it.each(['/nowhere', '/projects/a/b/c', '/projectsx', '/api/v1/projects', '//', '/health/x'])(
    '%s: 404',
    async (path) => {
      const answer = await server.anonymous.get(path);
      expect([answer.status, answer.body]).toEqual([404, { detail: 'Not Found' }]);
      expect(answer.headers.get('x-request-id')).toBeTruthy();
    },
  );
});

describe('wrong methods', () => {
  it.each([
    ['DELETE', '/projects', ['GET', 'POST']],
    ['PUT', '/health', ['GET']],
    ['PATCH', '/projects/p', ['GET', 'PUT', 'DELETE']],
    ['POST', '/', ['GET']],
    ['GET', '/projects/p/files/prepare', ['POST']],
    ['GET', '/projects/p/branches/default/buckets/b/tables/t/export', ['POST']],
  ])('%s %s: 405 with Allow', async (method, path, allowed) => {
    const answer = await server.anonymous.request(method, path);
    if (path.endsWith('/prepare')) {
      // `prepare` also reads as a file id, for which GET exists.
      expect([401, 405]).toContain(answer.status);
      return;
    }
    expect([answer.status, answer.body]).toEqual([405, { detail: 'Method Not Allowed' }]);
    const listed = (answer.headers.get('allow') ?? '')
      .split(/, */)
      .filter((name) => name !== 'HEAD' && name !== 'OPTIONS');
    expect(listed.sort()).toEqual([...allowed].sort());
  });
});

describe('a trailing slash', () => {
  it.each([
    ['GET', '/projects/', '/projects'],
    ['GET', '/health/', '/health'],
    ['POST', '/projects/', '/projects'],
    ['GET', '/projects/?limit=2', '/projects?limit=2'],
  ])('%s %s is redirected with 307', async (method, path, target) => {
    const answer = await server.anonymous.request(method, path, method === 'POST' ? { json: {} } : {});
    expect(answer.status).toBe(307);
    const location = new URL(answer.headers.get('location') ?? '', server.process.baseUrl);
    expect(location.origin).toBe(new URL(server.process.baseUrl).origin);
    expect(location.pathname + location.search).toBe(target);
  });

  it('never redirects to another host', async () => {
    for (const path of ['//evil.example/', '/\\evil.example/', '//evil.example/%2e%2e/']) {
      const answer = await sendRaw(server.process.baseUrl, { path });
      if (answer.status !== 307) continue;
      const location = String(answer.headers['location']);
      expect(new URL(location, server.process.baseUrl).host).toBe(new URL(server.process.baseUrl).host);
    }
  });
});

describe('validation', () => {
  const post = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    server.admin.request<{ detail: { type: string; loc: unknown[] }[] }>('POST', '/projects', { body, headers });

  it.each([
    ['{"id": ', 'json_invalid'],
    ['{id: 1}', 'json_invalid'],
    ["{'id': 'x'}", 'json_invalid'],
    ['{"id":"x"} trailing', 'json_invalid'],
    ['{"id":"x",}', 'json_invalid'],
    ['NaN', 'json_invalid'],
  ])('%s is %s with the offset', async (body, type) => {
    const answer = await post(body);
    expect(answer.status).toBe(422);
    expect(answer.body.detail[0]).toMatchObject({ type, loc: ['body', expect.any(Number)] });
  });

  it.each(['[]', '"text"', '5', 'null', 'true'])('%s instead of an object is a 422', async (body) => {
    const answer = await post(body);
    expect(answer.status).toBe(422);
    expect(answer.body.detail[0]?.loc).toEqual(['body']);
  });

  it('no body is `missing`', async () => {
    const answer = await server.admin.request('POST', '/projects', {});
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ detail: [{ type: 'missing', loc: ['body'] }] });
  });

  it.each([
    [{}, 'missing', ['body', 'id']],
    [{ id: 1 }, 'string_type', ['body', 'id']],
    [{ id: null }, 'string_type', ['body', 'id']],
    [{ id: 'x', name: 5 }, 'string_type', ['body', 'name']],
    [{ id: 'x', settings: 'text' }, 'dict_type', ['body', 'settings']],
    [{ id: 'x', settings: [1] }, 'dict_type', ['body', 'settings']],
  ])('%j is %s', async (body, type, loc) => {
    const answer = await server.admin.post('/projects', body);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ detail: [{ type, loc, msg: expect.any(String) }] });
    expect((answer.body as { detail: object[] }).detail[0]).toHaveProperty('input');
  });

  it('reports every finding', async () => {
    const answer = await server.admin.post(`${project.bucketsPath}/b/tables`, { columns: [{ type: 1 }] });
    const found = (answer.body as { detail: { loc: unknown[] }[] }).detail.map(({ loc }) => loc.join('.'));
    expect(found.sort()).toEqual(['body.columns.0.name', 'body.columns.0.type', 'body.name']);
  });

  it('ignores members it does not know', async () => {
    const answer = await project.api.post(project.bucketsPath, { name: 'odd', unknown: { a: 1 }, __proto__x: 1 });
    expect(answer.status).toBe(201);
  });

  it('does not echo a huge input', async () => {
    const answer = await server.admin.post('/projects', { id: 'x', name: Array.from({ length: 100_000 }, () => 'yy') });
    expect(answer.status).toBe(422);
    expect(answer.text.length).toBeLessThan(5000);
  });

  it('never rounds an integer', async () => {
    const text = '{"id":"big-integer","settings":{"n":9223372036854775807}}';
    const answer = await post(text);
    if (answer.status === 201) {
      expect((await server.admin.get('/projects/big-integer')).text).toContain('9223372036854775807');
    } else {
      expect(answer.status).toBe(422);
    }
  });

  it.each([
    ['text/plain', 422],
    ['application/x-www-form-urlencoded', 422],
    ['application/json; charset=utf-8', 201],
    ['Application/JSON', 201],
  ])('content type %s: %i', async (contentType, status) => {
    const id = `ct-${contentType.replace(/[^a-z]/gi, '')}`;
    expect((await post(JSON.stringify({ id }), { 'content-type': contentType })).status).toBe(status);
  });
});

describe('what is not HTTP', () => {
  it.each([
    ['garbage', '\x16\x03\x01\x02\x00 hello\r\n\r\n'],
    ['a bad version', 'GET / HTTP/9.9\r\n\r\n'],
    ['two content lengths', 'POST /projects HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'length and chunked',
      'POST /projects HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['64 KB of headers', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'y'.repeat(65_536)}\r\n\r\n`],
  ])('%s is answered with 4xx and the connection ends', async (_, bytes) => {
    expect(await sendBytes(server.process.baseUrl, bytes)).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect((await server.anonymous.get('/health')).status).toBe(200);
  });
});

import { beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../helpers/api.js';
import { createProject, type Project } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
let mine: Project;
let other: Project;

beforeAll(async () => {
  mine = await createProject(server.admin, 'team_alpha_prod');
  other = await createProject(server.admin, 'team_alpha_dev');
});

const NOT_AUTHENTICATED = { detail: 'Not authenticated' };
const forbidden = (projectId: string) => ({
  detail: { error: 'forbidden', message: `Access denied to project ${projectId}`, details: {} },
});

describe('without a usable bearer token', () => {
  it.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['another scheme', 'Basic dXNlcjpwYXNz'],
    ['the key alone', 'acceptance-admin-key'],
    ['an empty token', 'Bearer '],
    ['only the scheme', 'Bearer'],
  ])('%s is a 401', async (_, authorization) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    for (const path of ['/projects', mine.path, mine.bucketsPath, `${mine.filesPath}/x/download`]) {
      const answer = await server.anonymous.get(path, { headers });
      expect(answer.status, path).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(answer.body).toEqual(NOT_AUTHENTICATED);
    }
  });
});

describe('the scheme', () => {
  it.each(['bearer', 'BEARER', 'Bearer'])('%s is accepted', async (scheme) => {
    const answer = await server.anonymous.get('/projects', {
      headers: { authorization: `${scheme} ${server.process.adminKey}` },
    });
    expect(answer.status).toBe(200);
  });
});

describe('admin endpoints', () => {
  it.each([
    ['GET', '/projects'],
    ['POST', '/projects'],
    ['POST', '/backend/init'],
    ['POST', '/backend/remove'],
  ])('%s %s refuse every other key', async (method, path) => {
    const body = method === 'POST' ? { json: { id: 'never-made' } } : {};
    for (const key of [mine.apiKey, 'nonsense', `${server.process.adminKey}x`, server.process.adminKey.slice(0, -1)]) {
      const answer = await server.admin.as(key).request(method, path, body);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(answer.body).toMatchObject({ detail: { error: 'unauthorized', message: 'Invalid admin API key' } });
    }
  });
});

describe('project endpoints', () => {
  const paths = (project: Project) => [
    ['GET', project.path],
    ['PUT', project.path],
    ['GET', `${project.path}/stats`],
    ['GET', project.bucketsPath],
    ['POST', project.bucketsPath],
    ['DELETE', `${project.bucketsPath}/b`],
    ['GET', `${project.bucketsPath}/b/tables`],
    ['GET', `${project.bucketsPath}/b/tables/t/preview`],
    ['POST', `${project.bucketsPath}/b/tables/t/import/file`],
    ['POST', `${project.bucketsPath}/b/tables/t/export`],
    ['GET', project.filesPath],
    ['POST', `${project.filesPath}/prepare`],
    ['GET', `${project.filesPath}/x/download`],
    ['DELETE', `${project.filesPath}/x`],
    ['DELETE', project.path],
  ];

  it('refuse the key of another project, wrong keys and altered keys', async () => {
    const last = mine.apiKey.at(-1) === '0' ? '1' : '0';
    const keys = [
      other.apiKey,
      'nonsense',
      mine.apiKey.slice(0, -1),
      mine.apiKey.slice(0, -1) + last,
      mine.apiKey.toUpperCase(),
    ];
    for (const [method = '', path = ''] of paths(mine)) {
      for (const key of keys) {
        const answer = await server.admin.as(key).request(method, path, method === 'GET' ? {} : { json: {} });
        expect([answer.status, answer.body], `${method} ${path}`).toEqual([403, forbidden(mine.id)]);
      }
    }
  });

  it('do not tell a project key whether a project exists', async () => {
    const answer = await mine.api.get('/projects/no-such-project');
    expect([answer.status, answer.body]).toEqual([403, forbidden('no-such-project')]);
  });

  it('accept the project key and the admin key', async () => {
    for (const key of [mine.apiKey, server.process.adminKey]) {
      expect((await server.admin.as(key).get(mine.path)).status).toBe(200);
      expect((await server.admin.as(key).get(mine.bucketsPath)).status).toBe(200);
    }
  });

  it('accept the keys of two projects whose ids begin alike', async () => {
    expect((await mine.api.get(mine.path)).status).toBe(200);
    expect((await other.api.get(other.path)).status).toBe(200);
  });

  it('refuse the key of a deleted project', async () => {
    const gone = await createProject(server.admin);
    mustSucceed(await gone.api.delete(gone.path));
    expect((await gone.api.get(gone.path)).status).toBe(403);
    expect((await gone.api.get(gone.bucketsPath)).status).toBe(403);
  });
});

describe('open endpoints', () => {
  it.each(['/', '/health', '/metrics', '/openapi.json', '/docs'])('%s needs no key', async (path) => {
    expect((await server.anonymous.get(path, { redirect: 'follow' })).status).toBe(200);
  });

  it.each(['/', '/health', '/metrics'])('%s does not mind a wrong key', async (path) => {
    expect((await server.anonymous.as('nonsense').get(path)).status).toBe(200);
  });
});

describe('the order of checks', () => {
  it('is JSON, then authentication, then fields, then existence', async () => {
    const bad = { body: '{"id": ', headers: { 'content-type': 'application/json' } };
    expect((await server.anonymous.request('POST', '/projects', bad)).status).toBe(422);
    expect((await server.anonymous.post('/projects', {})).status).toBe(401);
    expect((await server.admin.post('/projects', {})).status).toBe(422);
    const body = { json: {} };
    expect((await server.admin.request('POST', '/projects/nobody/branches/default/buckets', body)).status).toBe(422);
    const named = { json: { name: 'b' } };
    expect((await server.admin.request('POST', '/projects/nobody/branches/default/buckets', named)).status).toBe(404);
  });
});

describe('secrets', () => {
  it('are in no log line', async () => {
    await mine.api.get(mine.path);
    await server.admin.get('/projects');
    await server.admin.as('a-wrong-secret-key').get('/projects');
    const log = JSON.stringify(server.process.log()) + server.process.stderr();
    for (const secret of [mine.apiKey, server.process.adminKey, 'a-wrong-secret-key'])
      expect(log).not.toContain(secret);
  });
});

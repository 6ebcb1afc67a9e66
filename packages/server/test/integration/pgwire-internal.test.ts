import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTempDir } from '../helpers/temp-dir.js';
import { startTestApp, type Answer, type TestApp } from '../helpers/test-app.js';

/** The endpoints for a PostgreSQL server of its own, as the reference has them. */
const BASE = '/internal/pgwire';
const SECRET = 'a-secret-of-two-machines';
let now = new Date('2026-11-25T12:00:00Z');
let app: TestApp;
let workspace: Answer['body'];

async function start(env: Record<string, string> = {}): Promise<void> {
  now = new Date('2026-11-25T12:00:00Z');
  app = await startTestApp({ env, overrides: { clock: { now: () => now } } });
  await app.call('POST', '/projects', { id: 'p1' });
  await app.call('POST', '/projects/p1/branches/default/buckets', { name: 'b' });
  const columns = [{ name: 'id', type: 'INTEGER' }];
  await app.call('POST', '/projects/p1/branches/default/buckets/b/tables', { name: 't', columns });
  workspace = (await app.call('POST', '/projects/p1/workspaces', { name: 'w', ttl_hours: 1 })).body;
}

const login = (more: object = {}) => ({
  username: workspace.connection.username,
  password: workspace.connection.password,
  ...more,
});
const open = (sessionId: string) =>
  app.call('POST', `${BASE}/sessions`, { session_id: sessionId, workspace_id: workspace.id, client_ip: '10.1.1.1' });

describe('the internal endpoints', () => {
  beforeEach(() => start({ INTERNAL_SECRET: SECRET }));
  afterEach(() => app.stop());

  it('tell what a user may open, without a path of the server', async () => {
    const { status, body } = await app.call('POST', `${BASE}/auth`, login());
    expect([status, body]).toEqual([
      200,
      {
        workspace_id: workspace.id,
        project_id: 'p1',
        branch_id: null,
        db_path: `project_p1/_workspaces/${workspace.id}/${workspace.id}.duckdb`,
        tables: [{ bucket: 'b', name: 't', path: 'project_p1/b/t.duckdb', rows: 0 }],
        memory_limit: '4GB',
        query_timeout_seconds: 300,
      },
    ]);
    const wrong = { error: 'invalid_credentials', message: 'Invalid username or password', details: {} };
    for (const bad of [login({ password: 'x' }), login({ username: 'nobody' })]) {
      const refused = await app.call('POST', `${BASE}/auth`, bad);
      expect([refused.status, refused.body.detail]).toEqual([401, wrong]);
    }
    now = new Date(now.getTime() + 3_600_000);
    const expired = await app.call('POST', `${BASE}/auth`, login());
    expect([expired.status, expired.body.detail.error]).toEqual([410, 'workspace_expired']);
  });

  it('keep sessions: opened, used, closed, and too many refused', async () => {
    const made = await open('s1');
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      session_id: 's1',
      workspace_id: workspace.id,
      client_ip: '10.1.1.1',
      query_count: 0,
      status: 'active',
    });
    expect((await open('s1')).body.detail.error).toBe('session_exists');
    expect((await app.call('POST', `${BASE}/sessions`, { session_id: 'x', workspace_id: 'ws_none' })).status).toBe(404);
    now = new Date(now.getTime() + 1000);
    const used = await app.call('PATCH', `${BASE}/sessions/s1/activity`, {});
    expect([used.status, used.body.query_count]).toEqual([200, 1]);
    const seen = await app.call('PATCH', `${BASE}/sessions/s1/activity`, { increment_queries: false });
    expect(seen.body).toMatchObject({ query_count: 1, last_activity_at: '2026-11-25T12:00:01+00:00' });
    for (const id of ['s2', 's3', 's4', 's5']) await open(id);
    const full = await app.call('POST', `${BASE}/auth`, login());
    expect([full.status, full.body.detail]).toEqual([
      429,
      {
        error: 'connection_limit_reached',
        message: 'Maximum connections (5) reached for workspace',
        details: { workspace_id: workspace.id, active_sessions: 5, limit: 5 },
      },
    ]);
    expect((await app.call('DELETE', `${BASE}/sessions/s1?reason=bored`)).status).toBe(204);
    expect((await app.call('GET', `${BASE}/sessions/s1`)).body.status).toBe('bored');
    const active = await app.call('GET', `${BASE}/sessions?workspace_id=${workspace.id}&status=active`);
    expect(active.body.map((session: Answer['body']) => session.session_id).sort()).toEqual(['s2', 's3', 's4', 's5']);
    expect((await app.call('GET', `${BASE}/sessions/none`)).body.detail).toEqual({
      error: 'session_not_found',
      message: 'Session none not found',
      details: {},
    });
    expect((await app.call('POST', `${BASE}/auth`, login())).status).toBe(200);
  });

  it('end sessions that say nothing', async () => {
    await open('s1');
    now = new Date(now.getTime() + 3_599_000);
    const early = await app.call('POST', `${BASE}/sessions/cleanup`);
    expect([early.status, early.body]).toEqual([200, { cleaned_up: 0, idle_timeout_seconds: 3600 }]);
    const asked = await app.call('POST', `${BASE}/sessions/cleanup?idle_timeout_seconds=60`);
    expect(asked.body).toEqual({ cleaned_up: 1, idle_timeout_seconds: 60 });
    expect((await app.call('GET', `${BASE}/sessions/s1`)).body.status).toBe('timeout');
  });

  it('show sessions to their project and to the admin', async () => {
    await open('s1');
    const listed = await app.call('GET', `/projects/p1/workspaces/${workspace.id}/sessions?status=active`);
    expect(listed.body).toMatchObject({ count: 1, total: 1, sessions: [{ session_id: 's1' }] });
    expect((await app.call('GET', '/sessions?project_id=p1')).body.total).toBe(1);
    expect((await app.call('DELETE', `/projects/p1/workspaces/${workspace.id}/sessions/s1`)).status).toBe(204);
    expect((await app.call('GET', `${BASE}/sessions/s1`)).body.status).toBe('terminated');
    expect((await app.call('DELETE', '/sessions/s1')).body.detail.error).toBe('session_not_found');
  });

  it('are for the admin key and the internal secret', async () => {
    const status = async (key: string | null) => (await app.call('GET', `${BASE}/sessions`, undefined, { key })).status;
    expect(await status(SECRET)).toBe(200);
    expect(await status(null)).toBe(401);
    expect(await status(`${SECRET}x`)).toBe(401);
    expect((await app.call('GET', '/projects', undefined, { key: SECRET })).status).toBe(401);
  });
});

it('answer everybody, with paths, in the compatibility mode', async () => {
  await start({ INTERNAL_OPEN: 'true' });
  const { status, body } = await app.call('POST', `${BASE}/auth`, login(), { key: null });
  expect([status, body.db_path.startsWith(app.dataDir)]).toEqual([200, true]);
  await app.stop();
});

it('know after a restart that nobody is connected', async () => {
  const directory = await makeTempDir();
  now = new Date('2026-11-25T12:00:00Z');
  const overrides = { clock: { now: () => now } };
  app = await startTestApp({ dataDir: directory.path, overrides });
  await app.call('POST', '/projects', { id: 'p1' });
  workspace = (await app.call('POST', '/projects/p1/workspaces', { name: 'w' })).body;
  await open('s1');
  await app.stop();
  app = await startTestApp({ dataDir: directory.path, overrides });
  expect((await app.call('GET', `${BASE}/sessions/s1`)).body).toMatchObject({ status: 'failed' });
  await app.stop();
  await directory.remove();
});

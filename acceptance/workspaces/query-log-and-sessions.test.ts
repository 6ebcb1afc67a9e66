import { beforeAll, describe, expect, it } from 'vitest';

import { errorCode, errorMessage, mustSucceed } from '../helpers/api.js';
import { createBranch } from '../helpers/branches.js';
import { createProjectWithBucket, createTable, type Project } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';
import { createWorkspace, type WorkspaceHandle } from '../helpers/workspaces.js';

/* The query log, sessions, and the endpoints for a PostgreSQL server of its own (contract 2.15). */
const SECRET = 'an-internal-secret';
const INTERNAL = '/internal/pgwire';
const server = useServer({ env: { INTERNAL_SECRET: SECRET } });
let project: Project;
let workspace: WorkspaceHandle;
let internal: ReturnType<typeof server.admin.as>;

interface Session {
  readonly session_id: string;
  readonly status: string;
  readonly query_count: number;
}

beforeAll(async () => {
  let bucket: string;
  ({ project, bucket } = await createProjectWithBucket(server.admin));
  await createTable(project, bucket, { id: 'INTEGER' }, { name: 'orders' });
  workspace = await createWorkspace(project.api, project.path);
  internal = server.admin.as(SECRET);
});

it('the query log tells who ran what, and how it went', async () => {
  mustSucceed(await workspace.query('SELECT 41 + 1 AS answer'));
  expect((await workspace.query('SELECT * FROM nowhere')).status).toBe(400);
  const { queries, total } = mustSucceed(
    await project.api.get<{ queries: Record<string, unknown>[]; total: number }>(
      `${project.path}/queries?workspace_id=${workspace.id}`,
    ),
  );
  expect(total).toBe(2);
  expect(queries).toMatchObject([
    { statement: 'SELECT * FROM nowhere', outcome: 'failed', sql_state: '42P01', session_id: null },
    { statement: 'SELECT 41 + 1 AS answer', outcome: 'success', row_count: 1, error_message: null },
  ]);
  expect(queries[0]?.['actor']).not.toBe('admin');
  const failed = await project.api.get<{ total: number }>(`${project.path}/queries?outcome=failed`);
  expect(mustSucceed(failed).total).toBe(1);
  expect((await project.api.get(`${project.path}/queries?since=yesterday`)).status).toBe(422);
});

describe('the internal endpoints', () => {
  const auth = (more: object = {}) => {
    const { username, password } = workspace.created.connection;
    return internal.post<Record<string, unknown>>(`${INTERNAL}/auth`, { username, password, ...more });
  };
  const open = (sessionId: string) =>
    internal.post<Session>(`${INTERNAL}/sessions`, { session_id: sessionId, workspace_id: workspace.id });

  it('are closed to everybody without the admin key or the secret', async () => {
    for (const api of [server.anonymous, project.api]) {
      expect((await api.get(`${INTERNAL}/sessions`)).status).toBe(401);
    }
    expect((await server.admin.get(`${INTERNAL}/sessions`)).status).toBe(200);
  });

  it('say what a user may open', async () => {
    const answer = await auth();
    expect([answer.status, answer.body]).toMatchObject([
      200,
      {
        workspace_id: workspace.id,
        project_id: project.id,
        branch_id: null,
        memory_limit: '4GB',
        query_timeout_seconds: 300,
      },
    ]);
    expect(JSON.stringify(answer.body)).not.toContain(server.process.dataDir);
    const wrong = await auth({ password: 'wrong' });
    expect([wrong.status, errorCode(wrong), errorMessage(wrong)]).toEqual([
      401,
      'invalid_credentials',
      'Invalid username or password',
    ]);
  });

  it('keep sessions', async () => {
    expect((await open('a')).status).toBe(201);
    expect(
      mustSucceed(await internal.request<Session>('PATCH', `${INTERNAL}/sessions/a/activity`, { json: {} })),
    ).toMatchObject({ session_id: 'a', query_count: 1, status: 'active' });
    expect(mustSucceed(await internal.get<Session>(`${INTERNAL}/sessions/a`)).query_count).toBe(1);
    const listed = mustSucceed(await internal.get<Session[]>(`${INTERNAL}/sessions?status=active`));
    expect(listed.map((each) => each.session_id)).toEqual(['a']);
    expect(mustSucceed(await server.admin.get('/sessions'))).toMatchObject({
      total: 1,
      sessions: [{ session_id: 'a' }],
    });
    expect(mustSucceed(await internal.post(`${INTERNAL}/sessions/cleanup`))).toEqual({
      cleaned_up: 0,
      idle_timeout_seconds: 3600,
    });
    expect((await internal.delete(`${INTERNAL}/sessions/a?reason=done`)).status).toBe(204);
    expect(mustSucceed(await internal.get<Session>(`${INTERNAL}/sessions/a`)).status).toBe('done');
    const unknown = await internal.get(`${INTERNAL}/sessions/absent`);
    expect([unknown.status, errorCode(unknown), errorMessage(unknown)]).toEqual([
      404,
      'session_not_found',
      'Session absent not found',
    ]);
  });

  it('let sessions be ended by their project and by the admin', async () => {
    for (const id of ['b', 'c']) await open(id);
    expect((await project.api.delete(`${workspace.path}/sessions/b`)).status).toBe(204);
    expect((await server.admin.delete('/sessions/c')).status).toBe(204);
    const sessions = mustSucceed(
      await project.api.get<{ sessions: Session[] }>(`${workspace.path}/sessions?status=terminated`),
    );
    expect(sessions.sessions.map((each) => each.session_id).sort()).toEqual(['b', 'c']);
    const branch = await createBranch(project);
    const ofBranch = await createWorkspace(project.api, `${project.path}/branches/${branch.id}`);
    mustSucceed(await internal.post(`${INTERNAL}/sessions`, { session_id: 'd', workspace_id: ofBranch.id }));
    expect((await project.api.delete(`${workspace.path}/sessions/d`)).status).toBe(404);
    expect((await project.api.delete(`${ofBranch.path}/sessions/d`)).status).toBe(204);
  });

  it('refuse more sessions than a workspace may have', async () => {
    for (const id of ['1', '2', '3', '4', '5']) await open(id);
    const full = await auth();
    expect([full.status, errorCode(full)]).toEqual([429, 'connection_limit_reached']);
  });
});

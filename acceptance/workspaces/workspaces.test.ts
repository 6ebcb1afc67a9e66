import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { errorCode, errorDetails, errorMessage, mustSucceed } from '../helpers/api.js';
import { createBranch, type Branch } from '../helpers/branches.js';
import {
  createProject,
  createProjectWithBucket,
  createTable,
  importContent,
  type Project,
  type Table,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';
import { createWorkspace, type LoadedTable, type WorkspaceObject } from '../helpers/workspaces.js';

/* The rows of the contract about workspaces (2.14), in both forms of the address. */
const server = useServer();
let project: Project;
let bucket: string;
let orders: Table;
let branch: Branch;

beforeAll(async () => {
  ({ project, bucket } = await createProjectWithBucket(server.admin));
  orders = await createTable(
    project,
    bucket,
    { id: 'INTEGER', note: 'VARCHAR' },
    { name: 'orders', primaryKey: ['id'] },
  );
  await importContent(orders, 'id,note\n1,a\n2,b\n');
  branch = await createBranch(project);
});

const PLACES = ['the project', 'a branch'] as const;
const placeOf = (place: (typeof PLACES)[number]): string =>
  place === 'the project' ? project.path : `${project.path}/branches/${branch.id}`;

describe.each(PLACES)('a workspace of %s', (place) => {
  const create = (more: object = {}) => createWorkspace(project.api, placeOf(place), more);

  it('is created with a password, and listed and shown without', async () => {
    const workspace = await create({ name: 'Analysis', size_limit_gb: 3 });
    const { id, connection } = workspace.created;
    expect(workspace.created).toMatchObject({
      id: expect.stringMatching(/^ws_[0-9a-f]{8}$/) as string,
      name: 'Analysis',
      project_id: project.id,
      branch_id: place === 'the project' ? null : branch.id,
      expires_at: null,
      size_limit_gb: 3,
      status: 'active',
    });
    expect(connection.username).toMatch(/^ws_ws_/);
    expect(connection.password).toHaveLength(32);
    expect(connection.database).toBe(`workspace_${id}`);
    expect(connection.connection_string).toBe(
      `postgresql://${connection.username}:${connection.password}@${connection.host}:${connection.port}/workspace_${id}?sslmode=prefer`,
    );
    const listed = mustSucceed(
      await project.api.get<{ workspaces: WorkspaceObject[]; count: number }>(`${placeOf(place)}/workspaces`),
    );
    expect(listed.count).toBe(listed.workspaces.length);
    const item = listed.workspaces.find((each) => each.id === id);
    expect(item?.connection).toMatchObject({ username: connection.username, password: null });
    const detail = await workspace.detail();
    expect(detail.active_sessions).toBe(0);
    expect(detail.attached_tables).toContainEqual({ schema: bucket, table: 'orders', rows: 2 });
    expect(detail.connection.password).toBeNull();
    const all = mustSucceed(await project.api.get<{ workspaces: WorkspaceObject[] }>(`${project.path}/workspaces`));
    expect(all.workspaces.map((each) => each.id)).toContain(id);
  });

  it('loads tables, shows what is in it, and lets it go', async () => {
    const workspace = await create();
    const { loaded } = mustSucceed(
      await project.api.post<{ loaded: LoadedTable[] }>(`${workspace.path}/load`, {
        tables: [
          { source: `${bucket}.orders` },
          { source: `${bucket}.orders`, destination: 'first', columns: ['id'], where: 'id = 1' },
          { source: `${bucket}.absent` },
        ],
      }),
    );
    expect(loaded.map(({ destination, rows, error }) => [destination, rows, error?.code])).toEqual([
      ['orders', 2, undefined],
      ['first', 1, undefined],
      ['absent', 0, 'table_not_found'],
    ]);
    const names = async () => (await workspace.detail()).workspace_objects.map(({ name, rows }) => [name, rows]);
    expect(await names()).toEqual([
      ['first', 1],
      ['orders', 2],
    ]);
    expect((await project.api.delete(`${workspace.path}/objects/first`)).status).toBe(204);
    const unknown = await project.api.delete(`${workspace.path}/objects/first`);
    expect([unknown.status, errorCode(unknown), errorMessage(unknown)]).toEqual([
      404,
      'object_not_found',
      `Object 'first' not found in workspace ${workspace.id}`,
    ]);
    expect((await project.api.post(`${workspace.path}/clear`)).status).toBe(204);
    expect(await names()).toEqual([]);
  });

  it('gets another password under the same name', async () => {
    const workspace = await create();
    const { username, password } = workspace.created.connection;
    const reset = mustSucceed(
      await project.api.post<WorkspaceObject['connection']>(`${workspace.path}/credentials/reset`),
    );
    expect(reset.username).toBe(username);
    expect(reset.password).toHaveLength(32);
    expect(reset.password).not.toBe(password);
  });

  it('is deleted with its file', async () => {
    const workspace = await create();
    const file = join(server.process.dataDir, 'duckdb', `project_${project.id}`, '_workspaces', workspace.id);
    expect(existsSync(file)).toBe(true);
    expect((await project.api.delete(workspace.path)).status).toBe(204);
    expect(existsSync(file)).toBe(false);
    const gone = await project.api.get(workspace.path);
    const where = place === 'the project' ? `project ${project.id}` : `branch ${branch.id}`;
    expect([gone.status, errorCode(gone), errorMessage(gone)]).toEqual([
      404,
      'workspace_not_found',
      `Workspace ${workspace.id} not found in ${where}`,
    ]);
  });

  it('runs SQL over HTTP and publishes what comes of it', async () => {
    const workspace = await create();
    expect(await workspace.rows(`SELECT sum(id)::INTEGER AS n FROM ${bucket}.orders`)).toEqual([{ n: 3 }]);
    mustSucceed(await workspace.query(`CREATE TABLE doubled AS SELECT id * 2 AS id, note FROM ${bucket}.orders`));
    const table = place === 'the project' ? 'doubled' : 'doubled_in_branch';
    const unloaded = mustSucceed(
      await project.api.post<{ created: boolean; table_rows_after: number; branch_id: string }>(
        `${workspace.path}/unload`,
        { source: 'doubled', bucket, table, create: true, primary_key: ['id'] },
      ),
    );
    expect(unloaded).toMatchObject({
      created: true,
      table_rows_after: 2,
      branch_id: place === 'the project' ? 'default' : branch.id,
    });
    const read = await project.api.get(
      `${project.path}/branches/${unloaded.branch_id}/buckets/${bucket}/tables/${table}`,
    );
    expect(mustSucceed(read)).toMatchObject({ primary_key: ['id'], row_count: 2 });
  });

  it('lists its sessions, of which there are none', async () => {
    const workspace = await create();
    expect(mustSucceed(await project.api.get(`${workspace.path}/sessions`))).toEqual({
      sessions: [],
      count: 0,
      total: 0,
    });
    const unknown = await project.api.delete(`${workspace.path}/sessions/pgw_0000000000000000`);
    expect([unknown.status, errorCode(unknown)]).toEqual([404, 'session_not_found']);
  });
});

describe('a workspace', () => {
  it('needs a project and, below a branch, a branch that somebody made', async () => {
    const unknown = await server.admin.post('/projects/absent/workspaces', { name: 'w' });
    expect([unknown.status, errorCode(unknown)]).toEqual([404, 'project_not_found']);
    for (const id of ['default', 'absent']) {
      const refused = await project.api.post(`${project.path}/branches/${id}/workspaces`, { name: 'w' });
      expect([refused.status, errorCode(refused)]).toEqual([404, 'branch_not_found']);
    }
    const other = await createProject(server.admin);
    const workspace = await createWorkspace(project.api, project.path);
    expect((await other.api.get(`${other.path}/workspaces/${workspace.id}`)).status).toBe(404);
  });

  it.each([
    [{}, ['body', 'name']],
    [{ name: '' }, ['body', 'name']],
    [{ name: 'w', ttl_hours: 0 }, ['body', 'ttl_hours']],
    [{ name: 'w', ttl_hours: 169 }, ['body', 'ttl_hours']],
    [{ name: 'w', size_limit_gb: 0 }, ['body', 'size_limit_gb']],
    [{ name: 'w', size_limit_gb: 101 }, ['body', 'size_limit_gb']],
  ])('is refused with %j', async (body, loc) => {
    const refused = await project.api.post(`${project.path}/workspaces`, body);
    expect([refused.status, refused.body]).toMatchObject([422, { detail: [{ loc }] }]);
  });

  it('has its tables loaded before it is handed over', async () => {
    const workspace = await createWorkspace(project.api, project.path, { preload_tables: [`${bucket}.orders`] });
    expect(await workspace.rows('SELECT count(*)::INTEGER AS n FROM orders')).toEqual([{ n: 2 }]);
  });

  it('is the same one for a repeated idempotency key', async () => {
    const headers = { 'x-idempotency-key': 'one-workspace' };
    const [first, second] = [
      await project.api.post<WorkspaceObject>(`${project.path}/workspaces`, { name: 'once' }, { headers }),
      await project.api.post<WorkspaceObject>(`${project.path}/workspaces`, { name: 'once' }, { headers }),
    ];
    expect([first.status, second.body.id, second.headers.get('x-idempotency-replay')]).toEqual([
      201,
      first.body.id,
      'true',
    ]);
  });

  it('expires, and says so', async () => {
    const workspace = await createWorkspace(project.api, project.path, { ttl_hours: 1 });
    const expiresMs = Date.parse(workspace.created.expires_at ?? '');
    expect(Math.abs(expiresMs - Date.now() - 3_600_000)).toBeLessThan(60_000);
  });

  it('of a branch is all that a key of that branch sees and changes', async () => {
    const issue = await project.api.post<{ api_key: string }>(`${project.path}/api-keys`, {
      description: 'branch',
      scope: 'branch_admin',
      branch_id: branch.id,
    });
    const key = project.api.as(mustSucceed(issue).api_key);
    const ofBranch = await createWorkspace(key, `${project.path}/branches/${branch.id}`);
    const ofMain = await createWorkspace(project.api, project.path);
    const listed = mustSucceed(await key.get<{ workspaces: WorkspaceObject[] }>(`${project.path}/workspaces`));
    expect(new Set(listed.workspaces.map((each) => each.branch_id))).toEqual(new Set([branch.id]));
    expect((await key.get(`${project.path}/workspaces/${ofBranch.id}`)).status).toBe(200);
    expect((await key.get(`${project.path}/workspaces/${ofMain.id}`)).status).toBe(404);
    expect((await key.post(`${project.path}/workspaces`, { name: 'w' })).status).toBe(403);
    mustSucceed(await ofBranch.query('CREATE TABLE t AS SELECT 1 AS id'));
    const intoMain = await key.post(`${ofBranch.path}/unload`, {
      source: 't',
      bucket,
      table: 'x',
      create: true,
      branch_id: 'default',
    });
    expect([intoMain.status, errorDetails(intoMain)]).toEqual([
      403,
      { scope: 'branch_admin', operation: 'branch_workspace.unload' },
    ]);
  });

  it('goes with its branch', async () => {
    const short = await createBranch(project);
    const workspace = await createWorkspace(project.api, `${project.path}/branches/${short.id}`);
    mustSucceed(await workspace.query('CREATE TABLE t AS SELECT 1 AS id'));
    expect((await project.api.delete(`${project.path}/branches/${short.id}`)).status).toBe(204);
    expect((await project.api.get(`${project.path}/workspaces/${workspace.id}`)).status).toBe(404);
    const file = join(server.process.dataDir, 'duckdb', `project_${project.id}`, '_workspaces', workspace.id);
    expect(existsSync(file)).toBe(false);
  });
});

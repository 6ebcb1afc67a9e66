import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mustSucceed, uniqueName } from '../helpers/api.js';
import { expectRefusal, ISO_TIME, newBucket, newProject, newTable } from '../helpers/contract.js';
import { useServer } from '../helpers/use-server.js';

/** Chapters 2.1 to 2.3: health, init, remove, the root; metrics; projects. */
const server = useServer();

describe('2.1 backend', () => {
  it('GET /health', async () => {
    const answer = await server.anonymous.get('/health');
    expect([answer.status, answer.body]).toEqual([
      200,
      expect.objectContaining({
        status: 'healthy',
        version: expect.any(String),
        storage_available: true,
        details: { data_dir: true, duckdb_dir: true, files_dir: true, snapshots_dir: true },
      }),
    ]);
  });

  it('POST /backend/init makes what is missing, and can be repeated', async () => {
    const repeated = mustSucceed(await server.admin.post<{ message: string }>('/backend/init'));
    expect(repeated).toEqual({
      success: true,
      message: 'Backend initialized successfully',
      storage_paths: {
        data_dir: expect.any(String),
        duckdb_dir: expect.any(String),
        files_dir: expect.any(String),
        snapshots_dir: expect.any(String),
      },
    });
    const snapshots = join(server.process.dataDir, 'snapshots');
    await rename(snapshots, `${snapshots}-away`);
    expectRefusal(await server.anonymous.get('/health'), {
      status: 503,
      error: 'storage_unavailable',
      message: 'One or more storage paths are not accessible',
      details: { data_dir: true, duckdb_dir: true, files_dir: true, snapshots_dir: false },
    });
    expect((await server.admin.post('/backend/init')).body).toMatchObject({
      success: true,
      message: 'Backend initialized successfully (created: snapshots_dir)',
    });
    expect((await server.anonymous.get('/health')).status).toBe(200);
  });

  it('POST /backend/remove does nothing', async () => {
    const answer = await server.admin.post('/backend/remove');
    expect([answer.status, answer.body]).toEqual([
      200,
      { success: true, message: 'Backend removal acknowledged (no-op)', storage_paths: null },
    ]);
    expect((await server.anonymous.get('/health')).status).toBe(200);
  });

  it('GET /', async () => {
    expect((await server.anonymous.get('/')).body).toEqual({
      service: 'DuckDB Storage API',
      version: expect.any(String),
      health: '/health',
      docs: '/docs',
    });
  });
});

describe('2.2 metrics', () => {
  it('GET /metrics is Prometheus text for everybody', async () => {
    const answer = await server.anonymous.get('/metrics');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
  });
});

describe('2.3 projects', () => {
  it('POST /projects', async () => {
    const settings = { a: 1, nested: { list: [1, [2, { b: null }]] } };
    const answer = await server.admin.post('/projects', { id: 'test_proj_123', name: 'Test', settings });
    expect([answer.status, answer.body]).toEqual([
      201,
      {
        id: 'test_proj_123',
        name: 'Test',
        description: null,
        db_path: 'project_test_proj_123',
        created_at: expect.stringMatching(ISO_TIME),
        updated_at: expect.stringMatching(ISO_TIME),
        size_bytes: 0,
        table_count: 0,
        bucket_count: 0,
        status: 'active',
        settings,
        api_key: expect.stringMatching(/^proj_test_proj_123_admin_[0-9a-f]{32}$/),
      },
    ]);
    expect(existsSync(join(server.process.dataDir, 'duckdb', 'project_test_proj_123'))).toBe(true);
    const { api_key: shown, ...object } = answer.body as Record<string, unknown>;
    expect((await server.admin.as(String(shown)).get('/projects/test_proj_123')).body).toEqual(object);
  });

  it('needs nothing but an id', async () => {
    const answer = await server.admin.post('/projects', { id: 'bare' });
    expect(answer.body).toMatchObject({ id: 'bare', name: null, settings: null });
  });

  it('an id is used once and for ever', async () => {
    const project = await newProject(server.admin, 'only-once');
    const taken = (status: string) => ({
      status: 409,
      error: 'project_exists',
      message: 'Project only-once already exists',
      details: { project_id: 'only-once', status },
    });
    expectRefusal(await server.admin.post('/projects', { id: 'only-once' }), taken('active'));
    expect((await server.admin.delete(project.path)).status).toBe(204);
    expectRefusal(await server.admin.post('/projects', { id: 'only-once' }), taken('deleted'));
  });

  it('GET /projects pages, filters and counts all that match', async () => {
    for (let n = 0; n < 5; n += 1) await newProject(server.admin, uniqueName('page'));
    const gone = await newProject(server.admin, uniqueName('gone'));
    await server.admin.delete(gone.path);
    interface Listed {
      readonly projects: { id: string; status: string }[];
      readonly total: number;
    }
    const get = async (query: string) => mustSucceed(await server.admin.get<Listed>(`/projects?${query}`));
    const all = await get('limit=1000');
    expect(all.projects).toHaveLength(all.total);
    expect(all.projects.some(({ id }) => id === gone.id)).toBe(true);
    const page = await get('limit=2');
    expect([page.projects.length, page.total]).toEqual([2, all.total]);
    const [active, deleted] = [await get('status=active&limit=1000'), await get('status=deleted&limit=1000')];
    expect(new Set(active.projects.map(({ status }) => status))).toEqual(new Set(['active']));
    expect(new Set(deleted.projects.map(({ status }) => status))).toEqual(new Set(['deleted']));
    expect(active.total + deleted.total).toBe(all.total);
    expect(await get('status=unheard-of')).toEqual({ projects: [], total: 0 });
    expect(Object.keys(all.projects[0] ?? {})).not.toContain('api_key');
  });

  it('PUT changes the name, and an empty object changes nothing', async () => {
    const project = await newProject(server.admin, 'to-rename');
    const changed = await project.api.put<{ name: string }>(project.path, { name: 'New name' });
    expect([changed.status, changed.body.name]).toEqual([200, 'New name']);
    const same = await project.api.put(project.path, {});
    expect([same.status, same.body]).toMatchObject([200, { name: 'New name' }]);
    expect((await project.api.put(project.path, { name: null })).body).toMatchObject({ name: 'New name' });
  });

  it('stats follow buckets and tables', async () => {
    const project = await newProject(server.admin, 'counted');
    const stats = async () => mustSucceed(await project.api.get<Record<string, unknown>>(`${project.path}/stats`));
    expect(await stats()).toEqual({ id: 'counted', size_bytes: 0, table_count: 0, bucket_count: 0 });
    await newBucket(project, 'in_c_sales');
    await newBucket(project, 'out_c_reports');
    const table = await newTable(project, 'in_c_sales', 'orders');
    const { size_bytes: size, ...counts } = await stats();
    expect([counts, Number(size) > 0]).toEqual([{ id: 'counted', table_count: 1, bucket_count: 2 }, true]);
    expect(await project.api.get(project.path)).toMatchObject({ body: { table_count: 1, bucket_count: 2 } });
    await project.api.delete(table);
    await project.api.delete(`${project.buckets}/in_c_sales`);
    expect(await stats()).toEqual({ id: 'counted', size_bytes: 0, table_count: 0, bucket_count: 1 });
  });

  it('DELETE removes keys and directory; the row stays and says so', async () => {
    const project = await newProject(server.admin, 'to-delete');
    await newBucket(project, 'b');
    await newTable(project, 'b', 't');
    const directory = join(server.process.dataDir, 'duckdb', 'project_to-delete');
    expect(existsSync(directory)).toBe(true);
    const deleted = await project.api.delete(project.path);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    await expect.poll(() => existsSync(directory)).toBe(false);
    const left = await server.admin.get(project.path);
    expect([left.status, left.body]).toMatchObject([200, { id: 'to-delete', status: 'deleted' }]);
    expect((await server.admin.delete(project.path)).status).toBe(204);
    expectRefusal(await project.api.get(project.path), {
      status: 403,
      error: 'forbidden',
      message: 'Access denied to project to-delete',
    });
    expectRefusal(await server.admin.get(`${project.path}/stats`), { status: 404, error: 'db_not_found' });
    expectRefusal(await server.admin.get(project.buckets), {
      status: 404,
      error: 'project_db_not_found',
      message: 'Database file for project to-delete not found',
      details: { project_id: 'to-delete' },
    });
  });

  it.each([
    ['GET', '/projects/nonexistent'],
    ['PUT', '/projects/nonexistent'],
    ['DELETE', '/projects/nonexistent'],
    ['GET', '/projects/nonexistent/stats'],
  ])('%s %s is not_found for the admin key', async (method, path) => {
    expectRefusal(await server.admin.request(method, path, method === 'PUT' ? { json: { name: 'x' } } : {}), {
      status: 404,
      error: 'not_found',
      message: 'Project nonexistent not found',
      details: { project_id: 'nonexistent' },
    });
  });
});

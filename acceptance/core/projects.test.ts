import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCode, errorDetails, mustSucceed, uniqueName } from '../helpers/api.js';
import { createBucket, createProject, createTable, importContent, uploadFile } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?[+-]\d\d:\d\d$/;

interface ProjectObject {
  readonly id: string;
  readonly db_path: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly api_key: string;
}

describe('POST /projects', () => {
  it('answers the whole project and its key, once', async () => {
    const id = uniqueName('proj');
    const settings = { a: 1, nested: { list: [1, [2, { three: null }], 'x'], flag: false } };
    const created = await server.admin.post<ProjectObject>('/projects', { id, name: 'Sales', settings });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      id,
      name: 'Sales',
      settings,
      db_path: `project_${id}`,
      size_bytes: 0,
      table_count: 0,
      bucket_count: 0,
      status: 'active',
      created_at: expect.stringMatching(TIME),
      updated_at: expect.stringMatching(TIME),
    });
    expect(created.body.api_key).toMatch(new RegExp(`^proj_${id}_admin_[0-9a-f]{32}$`));

    const read = await server.admin.as(created.body.api_key).get<ProjectObject>(`/projects/${id}`);
    expect(read.status).toBe(200);
    const { api_key: apiKey, ...withoutKey } = created.body;
    expect(read.body).toEqual(withoutKey);
    expect(read.text).not.toContain(apiKey);
  });

  it('makes the directory of the project', async () => {
    const { id } = await createProject(server.admin);
    expect((await stat(join(server.process.dataDir, 'duckdb', `project_${id}`))).isDirectory()).toBe(true);
  });

  it('refuses an id that is in use, also by a deleted project', async () => {
    const project = await createProject(server.admin);
    const again = await server.admin.post('/projects', { id: project.id });
    expect(again.status).toBe(409);
    expect(again.body).toEqual({
      detail: {
        error: 'project_exists',
        message: `Project ${project.id} already exists`,
        details: { project_id: project.id, status: 'active' },
      },
    });

    mustSucceed(await server.admin.delete(project.path));
    const afterDelete = await server.admin.post('/projects', { id: project.id });
    expect(afterDelete.status).toBe(409);
    expect(errorDetails(afterDelete)).toMatchObject({ project_id: project.id, status: 'deleted' });
  });
});

describe('PUT /projects/{p}', () => {
  it('changes name and settings, each only when given', async () => {
    const project = await createProject(server.admin);
    const named = await project.api.put(project.path, { name: 'New name' });
    expect(named.status).toBe(200);
    expect(named.body).toMatchObject({ name: 'New name', settings: null });

    const settings = { limits: [1, 2, [3]] };
    expect((await project.api.put(project.path, { settings })).body).toMatchObject({ name: 'New name', settings });
    const empty = await project.api.put(project.path, {});
    expect(empty.status).toBe(200);
    expect(empty.body).toMatchObject({ name: 'New name', settings });
    expect((await project.api.get(project.path)).body).toMatchObject({ name: 'New name', settings });
  });
});

describe('DELETE /projects/{p}', () => {
  it('removes keys, data and directory, keeps the row, and may be repeated', async () => {
    const project = await createProject(server.admin);
    const bucket = await createBucket(project);
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    mustSucceed(await importContent(table, 'id\n1\n'));
    await uploadFile(project, 'x');

    const deleted = await project.api.delete(project.path);
    expect(deleted.status).toBe(204);
    expect(deleted.text).toBe('');
    await expect(stat(join(server.process.dataDir, 'duckdb', `project_${project.id}`))).rejects.toThrow('ENOENT');

    expect((await project.api.get(project.path)).status).toBe(403);
    const read = await server.admin.get(project.path);
    expect(read.status).toBe(200);
    expect(read.body).toMatchObject({ status: 'deleted' });
    expect((await server.admin.delete(project.path)).status).toBe(204);
  });

  it('leaves no way to its buckets, tables and files', async () => {
    const project = await createProject(server.admin);
    const bucket = await createBucket(project);
    const file = await uploadFile(project, 'x');
    mustSucceed(await server.admin.delete(project.path));

    const create = await server.admin.post(project.bucketsPath, { name: 'b' });
    expect([create.status, errorCode(create)]).toEqual([404, 'project_db_not_found']);
    const list = await server.admin.get(project.bucketsPath);
    expect([list.status, errorCode(list)]).toEqual([404, 'project_db_not_found']);
    expect((await server.admin.get(`${project.bucketsPath}/${bucket}/tables`)).status).toBe(404);
    expect((await server.admin.get(`${project.filesPath}/${file.id}`)).status).toBe(404);
    expect((await server.admin.get(`${project.filesPath}/${file.id}/download`)).status).toBe(404);
    const stats = await server.admin.get(`${project.path}/stats`);
    expect([stats.status, errorCode(stats)]).toEqual([404, 'db_not_found']);
  });
});

describe('an unknown project', () => {
  const id = 'nobody-knows-it';
  it.each([
    ['GET', ''],
    ['PUT', ''],
    ['DELETE', ''],
    ['GET', '/stats'],
  ])('%s /projects/{p}%s is a 404 for the admin', async (method, rest) => {
    const answer = await server.admin.request(method, `/projects/${id}${rest}`, method === 'PUT' ? { json: {} } : {});
    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({
      detail: { error: 'not_found', message: `Project ${id} not found`, details: { project_id: id } },
    });
  });

  it('is project_not_found below the project', async () => {
    for (const rest of ['/branches/default/buckets', '/files']) {
      const answer = await server.admin.get(`/projects/${id}${rest}`);
      expect([answer.status, errorCode(answer)], rest).toEqual([404, 'project_not_found']);
    }
  });
});

describe('GET /projects/{p}/stats', () => {
  it('counts buckets, tables and bytes, imports included', async () => {
    const project = await createProject(server.admin);
    const empty = await project.api.get(`${project.path}/stats`);
    expect(empty.body).toEqual({ id: project.id, size_bytes: 0, table_count: 0, bucket_count: 0 });

    const bucket = await createBucket(project);
    await createBucket(project);
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    mustSucceed(await importContent(table, 'id\n1\n2\n'));

    const stats = mustSucceed(await project.api.get<{ size_bytes: number }>(`${project.path}/stats`));
    expect(stats).toMatchObject({ id: project.id, table_count: 1, bucket_count: 2 });
    expect(stats.size_bytes).toBeGreaterThan(0);
    expect((await project.api.get(project.path)).body).toMatchObject({
      table_count: 1,
      bucket_count: 2,
      size_bytes: stats.size_bytes,
    });

    mustSucceed(await project.api.delete(`${project.bucketsPath}/${bucket}`));
    expect((await project.api.get(`${project.path}/stats`)).body).toMatchObject({ table_count: 0, bucket_count: 1 });
  });
});

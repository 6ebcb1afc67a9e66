import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCode, mustSucceed } from '../helpers/api.js';
import { createBucket, createProject, createProjectWithBucket, createTable } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

describe('POST …/buckets', () => {
  it('creates and keeps the description', async () => {
    const project = await createProject(server.admin);
    const created = await project.api.post(project.bucketsPath, { name: 'sales', description: 'All of it' });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      name: 'sales',
      table_count: 0,
      description: 'All of it',
      size_bytes: 0,
      created_at: expect.stringMatching(/\+00:00$/),
      updated_at: expect.stringMatching(/\+00:00$/),
      source: 'main',
      is_linked: false,
      source_project_id: null,
      source_bucket_name: null,
      readonly_granted: false,
    });
    expect((await project.api.get(`${project.bucketsPath}/sales`)).body).toEqual(created.body);
    expect((await project.api.get(project.bucketsPath)).body).toEqual({ buckets: [created.body], total: 1 });
    const directory = join(server.process.dataDir, 'duckdb', `project_${project.id}`, 'sales');
    expect((await stat(directory)).isDirectory()).toBe(true);
  });

  it('has no description unless given', async () => {
    const project = await createProject(server.admin);
    const created = await project.api.post(project.bucketsPath, { name: 'plain' });
    expect(created.body).toMatchObject({ name: 'plain', table_count: 0, description: null });
  });

  it.each([
    ['the same name', 'sales'],
    ['the name in other letters', 'SALES'],
  ])('refuses %s', async (_, name) => {
    const project = await createProject(server.admin);
    await createBucket(project, 'sales');
    const again = await project.api.post(project.bucketsPath, { name });
    expect(again.status).toBe(409);
    expect(errorCode(again)).toBe('bucket_exists');
    if (name === 'sales') {
      expect(again.body).toEqual({
        detail: {
          error: 'bucket_exists',
          message: `Bucket sales already exists in project ${project.id}`,
          details: { project_id: project.id, bucket_name: 'sales' },
        },
      });
    }
  });

  it('lets two projects have a bucket of one name', async () => {
    for (const project of [await createProject(server.admin), await createProject(server.admin)]) {
      expect((await project.api.post(project.bucketsPath, { name: 'in_c_sales' })).status).toBe(201);
    }
  });
});

describe('an unknown bucket', () => {
  it.each(['GET', 'DELETE'])('%s is a 404', async (method) => {
    const project = await createProject(server.admin);
    const answer = await project.api.request(method, `${project.bucketsPath}/missing`);
    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({
      detail: {
        error: 'bucket_not_found',
        message: `Bucket missing not found in project ${project.id}`,
        details: { project_id: project.id, bucket_name: 'missing' },
      },
    });
  });

  it('is a 404 for its tables too', async () => {
    const project = await createProject(server.admin);
    const answer = await project.api.get(`${project.bucketsPath}/missing/tables`);
    expect([answer.status, errorCode(answer)]).toEqual([404, 'bucket_not_found']);
  });
});

describe('an unknown branch', () => {
  it('is a 404 wherever a path names it', async () => {
    const project = await createProject(server.admin);
    const path = `${project.path}/branches/8135c4c5/buckets`;
    for (const answer of [await project.api.get(path), await project.api.post(path, { name: 'b' })]) {
      expect([answer.status, errorCode(answer)]).toEqual([404, 'branch_not_found']);
    }
  });
});

describe('DELETE …/buckets/{bucket}', () => {
  it('takes its tables along by default', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    expect((await project.api.get(`${project.bucketsPath}/${bucket}`)).body).toMatchObject({ table_count: 1 });

    const deleted = await project.api.delete(`${project.bucketsPath}/${bucket}`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await project.api.get(table.path)).status).toBe(404);
    expect((await project.api.get(project.bucketsPath)).body).toEqual({ buckets: [], total: 0 });

    await createBucket(project, bucket);
    expect((await project.api.get(`${project.bucketsPath}/${bucket}`)).body).toMatchObject({ table_count: 0 });
  });

  it('refuses with cascade=false while there are tables, and changes nothing', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const path = `${project.bucketsPath}/${bucket}?cascade=false`;

    const refused = await project.api.delete(path);
    expect(refused.status).toBe(409);
    expect(errorCode(refused)).toBe('bucket_not_empty');
    expect((await project.api.get(table.path)).status).toBe(200);

    mustSucceed(await project.api.delete(table.path));
    expect((await project.api.delete(path)).status).toBe(204);
  });

  it.each(['no', 'off', '0', 'false'])('reads cascade=%s as false', async (text) => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    await createTable(project, bucket, { id: 'INTEGER' });
    expect((await project.api.delete(`${project.bucketsPath}/${bucket}?cascade=${text}`)).status).toBe(409);
  });

  it('calls a cascade that is neither true nor false a 422', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const answer = await project.api.delete(`${project.bucketsPath}/${bucket}?cascade=maybe`);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ detail: [{ type: 'bool_parsing', loc: ['query', 'cascade'] }] });
  });
});

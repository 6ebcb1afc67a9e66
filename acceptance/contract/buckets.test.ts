import { beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../helpers/api.js';
import {
  expectInvalid,
  expectRefusal,
  newBucket,
  newProject,
  newTable,
  type ContractProject,
} from '../helpers/contract.js';
import { useServer } from '../helpers/use-server.js';

/** Chapter 2.6. */
const server = useServer();

describe('2.6 buckets', () => {
  let project: ContractProject;

  beforeAll(async () => {
    project = await newProject(server.admin, 'test_proj_123');
  });

  it('POST', async () => {
    const answer = await project.api.post(project.buckets, { name: 'in_c_sales', description: 'd' });
    expect([answer.status, answer.body]).toMatchObject([201, { name: 'in_c_sales', table_count: 0, description: 'd' }]);
    expectRefusal(await project.api.post(project.buckets, { name: 'in_c_sales' }), {
      status: 409,
      error: 'bucket_exists',
      message: 'Bucket in_c_sales already exists in project test_proj_123',
      details: { project_id: 'test_proj_123', bucket_name: 'in_c_sales' },
    });
    expectInvalid(await project.api.post(project.buckets, {}), ['body', 'name'], 'missing');
  });

  it('GET, one and all', async () => {
    await newBucket(project, 'out_c_reports');
    await newTable(project, 'out_c_reports', 'orders');
    const one = await project.api.get(`${project.buckets}/out_c_reports`);
    expect([one.status, one.body]).toMatchObject([200, { name: 'out_c_reports', table_count: 1, description: null }]);
    const all = mustSucceed(await project.api.get<{ buckets: { name: string }[]; total: number }>(project.buckets));
    expect([all.buckets.map(({ name }) => name), all.total]).toEqual([['in_c_sales', 'out_c_reports'], 2]);
  });

  it('DELETE takes the tables along, unless told otherwise', async () => {
    const bucket = await newBucket(project, 'to_delete');
    const table = await newTable(project, 'to_delete', 'orders');
    expectRefusal(await project.api.delete(`${bucket}?cascade=false`), { status: 409, error: 'bucket_not_empty' });
    expect((await project.api.get(table)).status).toBe(200);
    const deleted = await project.api.delete(bucket);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await project.api.get(bucket)).status).toBe(404);
    expectRefusal(await project.api.get(table), { status: 404, error: 'bucket_not_found' });
    await newBucket(project, 'empty');
    expect((await project.api.delete(`${project.buckets}/empty?cascade=false`)).status).toBe(204);
  });

  it.each(['GET', 'DELETE'])('%s of an unknown bucket', async (method) => {
    expectRefusal(await project.api.request(method, `${project.buckets}/nonexistent`), {
      status: 404,
      error: 'bucket_not_found',
      message: 'Bucket nonexistent not found in project test_proj_123',
      details: { project_id: 'test_proj_123', bucket_name: 'nonexistent' },
    });
  });

  it.each([
    ['GET', '/buckets'],
    ['POST', '/buckets'],
    ['GET', '/buckets/b'],
    ['DELETE', '/buckets/b'],
  ])('%s %s of an unknown project, and of an unknown branch', async (method, path) => {
    const json = method === 'POST' ? { json: { name: 'b' } } : {};
    expectRefusal(await server.admin.request(method, `/projects/nonexistent/branches/default${path}`, json), {
      status: 404,
      error: 'project_not_found',
      message: 'Project nonexistent not found',
      details: { project_id: 'nonexistent' },
    });
    expectRefusal(await project.api.request(method, `${project.path}/branches/deadbeef${path}`, json), {
      status: 404,
      error: 'branch_not_found',
      message: 'Branch deadbeef not found in project test_proj_123',
      details: { project_id: 'test_proj_123', branch_id: 'deadbeef' },
    });
  });
});

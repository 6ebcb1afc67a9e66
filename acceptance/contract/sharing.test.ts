import { beforeEach, describe, expect, it } from 'vitest';
import { mustSucceed, uniqueName } from '../helpers/api.js';
import {
  expectInvalid,
  expectRefusal,
  importRows,
  newBucket,
  newProject,
  newTable,
  previewRows,
  type ContractProject,
} from '../helpers/contract.js';
import { useServer } from '../helpers/use-server.js';

/** Chapter 2.7. */
const server = useServer();

describe('2.7 sharing, linking, read-only grants', () => {
  let source: ContractProject;
  let target: ContractProject;
  let bucket: string;

  beforeEach(async () => {
    source = await newProject(server.admin, uniqueName('source'));
    target = await newProject(server.admin, uniqueName('target'));
    bucket = await newBucket(source, 'sales');
    const orders = await newTable(source, 'sales', 'orders');
    await newTable(source, 'sales', 'items');
    mustSucceed(await importRows(source, orders, 'id,name\n1,a\n2,b\n'));
  });

  const share = (to = target.id) => source.api.post(`${bucket}/share`, { target_project_id: to });
  const link = (name: string, from = source.id, bucketName = 'sales', api = server.admin) =>
    api.post(`${target.buckets}/${name}/link`, { source_project_id: from, source_bucket_name: bucketName });

  it('share names the target, once', async () => {
    const answer = await share();
    expect([answer.status, answer.body]).toEqual([
      200,
      { shared_with: [target.id], is_linked: false, source_project_id: null, source_bucket_name: null },
    ]);
    expectRefusal(await share(), {
      status: 409,
      error: 'already_shared',
      details: { project_id: source.id, bucket_name: 'sales', target_project_id: target.id },
    });
    const other = await newProject(server.admin, uniqueName('other'));
    const { shared_with: targets } = mustSucceed(await share(other.id)) as { shared_with: string[] };
    expect([...targets].sort()).toEqual([other.id, target.id].sort());
  });

  it('share refuses unknown targets and buckets', async () => {
    expectRefusal(await share('nonexistent'), {
      status: 404,
      error: 'project_not_found',
      message: 'Target project nonexistent not found',
      details: { project_id: 'nonexistent' },
    });
    const unknown = await source.api.post(`${source.buckets}/nonexistent/share`, { target_project_id: target.id });
    expectRefusal(unknown, { status: 404, error: 'bucket_not_found' });
    expectInvalid(await source.api.post(`${bucket}/share`, {}), ['body', 'target_project_id'], 'missing');
  });

  it('unshare ends a share, and is fine without one', async () => {
    mustSucceed(await share());
    const unshare = (query: string) => source.api.delete(`${bucket}/share${query}`);
    expect((await unshare(`?target_project_id=${target.id}`)).status).toBe(204);
    expect((await unshare(`?target_project_id=${target.id}`)).status).toBe(204);
    expect((await unshare('?target_project_id=nonexistent')).status).toBe(204);
    expectInvalid(await unshare(''), ['query', 'target_project_id'], 'missing');
    expect((await share()).status).toBe(200);
  });

  it('link makes a bucket that shows its source', async () => {
    mustSucceed(await share());
    const answer = await link('linked_sales', source.id, 'sales', target.api);
    expect([answer.status, answer.body]).toMatchObject([
      201,
      { name: 'linked_sales', table_count: 2, description: `Linked from ${source.id}.sales` },
    ]);
    const linked = `${target.buckets}/linked_sales`;
    expect((await target.api.get(linked)).body).toMatchObject({ name: 'linked_sales', table_count: 2 });
    const { tables } = mustSucceed(await target.api.get<{ tables: { name: string }[] }>(`${linked}/tables`));
    expect(tables.map(({ name }) => name)).toEqual(['items', 'orders']);
    expect(await previewRows(target, `${linked}/tables/orders`)).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
    ]);
  });

  it('the admin key links anything, twice and for several projects', async () => {
    expect((await link('one')).status).toBe(201);
    expect((await link('two')).status).toBe(201);
    const other = await newProject(server.admin, uniqueName('other'));
    const third = await server.admin.post(`${other.buckets}/three/link`, {
      source_project_id: source.id,
      source_bucket_name: 'sales',
    });
    expect(third.status).toBe(201);
    expect((await source.api.delete(`${source.path}?force=true`)).status).toBe(204);
  });

  it('link refuses, in this order, unknown projects, unknown buckets and taken names', async () => {
    await newBucket(target, 'taken');
    expectRefusal(await link('taken', 'nonexistent'), {
      status: 404,
      error: 'project_not_found',
      message: 'Source project nonexistent not found',
    });
    expectRefusal(await link('taken', source.id, 'nonexistent'), {
      status: 404,
      error: 'bucket_not_found',
      message: `Source bucket nonexistent not found in project ${source.id}`,
    });
    expectRefusal(await link('taken'), { status: 409, error: 'bucket_exists' });
    mustSucceed(await link('linked_sales'));
    const again = await link('linked_sales');
    expect(again.status).toBe(409);
  });

  it('unlink takes the link away and leaves the source', async () => {
    mustSucceed(await link('linked_sales'));
    const linked = `${target.buckets}/linked_sales`;
    expect((await target.api.delete(`${linked}/link`)).status).toBe(204);
    expect((await target.api.get(linked)).status).toBe(404);
    expect((await source.api.get(bucket)).body).toMatchObject({ table_count: 2 });
    expectRefusal(await target.api.delete(`${linked}/link`), {
      status: 404,
      error: 'link_not_found',
      message: `No link found for bucket linked_sales in project ${target.id}`,
    });
  });

  it('grant-readonly says how it is enforced', async () => {
    const answer = await source.api.post(`${bucket}/grant-readonly`);
    expect([answer.status, answer.body]).toMatchObject([
      200,
      { status: 'success', message: expect.stringContaining('ATTACH READ_ONLY'), bucket_name: 'sales' },
    ]);
    expect((await source.api.delete(`${bucket}/grant-readonly`)).status).toBe(204);
    expectRefusal(await source.api.post(`${source.buckets}/nonexistent/grant-readonly`), {
      status: 404,
      error: 'bucket_not_found',
    });
    expect((await source.api.delete(`${source.buckets}/nonexistent/grant-readonly`)).status).toBe(204);
  });

  it.each([
    ['POST', 'share', { target_project_id: 'x' }],
    ['DELETE', 'share?target_project_id=x', undefined],
    ['POST', 'link', { source_project_id: 'x', source_bucket_name: 'y' }],
    ['DELETE', 'link', undefined],
    ['POST', 'grant-readonly', undefined],
    ['DELETE', 'grant-readonly', undefined],
  ])('%s %s of an unknown project', async (method, path, json) => {
    const url = `/projects/nonexistent/branches/default/buckets/b/${path}`;
    expectRefusal(await server.admin.request(method, url, json === undefined ? {} : { json }), {
      status: 404,
      error: 'project_not_found',
      message: 'Project nonexistent not found',
    });
  });
});

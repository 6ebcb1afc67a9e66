import { describe, expect, it } from 'vitest';
import { errorCode, errorDetails, errorMessage, mustSucceed } from '../helpers/api.js';
import { bucketNames, createLink, createOwner, linkAs, shareWith } from '../helpers/sharing.js';
import { createProject } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

describe('the lists of both sides', () => {
  it('the owner sees shares and links, the target what is shared and how it is linked', async () => {
    const { owner, target } = await createLink(server.admin);
    const idle = await createProject(server.admin);
    const outsider = await createProject(server.admin);
    mustSucceed(await shareWith(owner, idle));
    const source = { source_project_id: owner.project.id, source_bucket_name: 'sales' };
    mustSucceed(await server.admin.post(`${outsider.bucketsPath}/by_admin/link`, source));

    const { shares, links } = mustSucceed(
      await owner.project.api.get<{ shares: { target_project_id: string }[]; links: { project_id: string }[] }>(
        `${owner.sales}/shares`,
      ),
    );
    expect(shares.map((share) => share.target_project_id)).toEqual([target.id, idle.id].sort());
    const part = await owner.project.api.get(`${owner.sales}/shares?limit=1&offset=1`);
    expect(mustSucceed(part)).toEqual({
      shares: shares.slice(1, 2),
      links: links.slice(1, 2),
      total: 2,
      total_links: 2,
    });
    expect((await owner.project.api.get(`${owner.sales}/shares?limit=0`)).status).toBe(422);
    expect(shares).toContainEqual({
      target_project_id: target.id,
      is_linked: true,
      created_at: expect.stringMatching(/\+00:00$/),
      created_by: expect.any(String),
    });
    expect(shares).toContainEqual(expect.objectContaining({ target_project_id: idle.id, is_linked: false }));
    expect(links).toHaveLength(2);
    expect(links).toContainEqual(
      expect.objectContaining({ project_id: target.id, bucket_name: 'linked', through_share: true }),
    );
    expect(links).toContainEqual(
      expect.objectContaining({
        project_id: outsider.id,
        bucket_name: 'by_admin',
        through_share: false,
        created_by: 'admin',
      }),
    );

    const incoming = await target.api.get(`${target.path}/shared-buckets`);
    expect(incoming.body).toEqual({
      shared_buckets: [
        {
          source_project_id: owner.project.id,
          source_bucket_name: 'sales',
          description: null,
          table_count: 1,
          size_bytes: expect.any(Number),
          readonly_granted: false,
          shared_at: expect.stringMatching(/\+00:00$/),
          is_linked: true,
          linked_as: ['linked'],
        },
      ],
      total: 1,
    });
    expect((await idle.api.get(`${idle.path}/shared-buckets`)).body).toMatchObject({
      shared_buckets: [{ is_linked: false, linked_as: [] }],
    });
    expect((await outsider.api.get(`${outsider.path}/shared-buckets`)).body).toEqual({ shared_buckets: [], total: 0 });
    const page = await target.api.get(`${target.path}/shared-buckets?limit=1&offset=1`);
    expect(page.body).toEqual({ shared_buckets: [], total: 1 });
  });

  it('nobody sees those of others', async () => {
    const { owner, target } = await createLink(server.admin);
    expect((await target.api.get(`${owner.sales}/shares`)).status).toBe(403);
    expect((await owner.project.api.get(`${target.path}/shared-buckets`)).status).toBe(403);
    const unknown = await owner.project.api.get(`${owner.project.bucketsPath}/missing/shares`);
    expect([unknown.status, errorCode(unknown)]).toEqual([404, 'bucket_not_found']);
  });
});

describe('deleting what others have linked', () => {
  it('a bucket is refused with the names of the links, and closes them when forced', async () => {
    const { owner, target } = await createLink(server.admin);
    const refused = await owner.project.api.delete(owner.sales);
    expect(refused.status).toBe(409);
    expect(refused.body).toEqual({
      detail: {
        error: 'bucket_linked',
        message: `Bucket sales is linked by ${target.id}.linked; delete it with force=true to close the links`,
        details: {
          project_id: owner.project.id,
          bucket_name: 'sales',
          link_count: 1,
          links: [{ project_id: target.id, branch_id: 'default', bucket_name: 'linked', source_bucket_name: 'sales' }],
        },
      },
    });
    expect((await target.api.get(`${target.bucketsPath}/linked/tables/orders/preview`)).status).toBe(200);
    expect((await owner.project.api.delete(`${owner.sales}?force=true`)).status).toBe(204);
    expect(await bucketNames(target)).toEqual([]);
    expect((await target.api.get(`${target.path}/shared-buckets`)).body).toMatchObject({ total: 0 });
    expect((await target.api.get(`${target.path}/stats`)).body).toMatchObject({ bucket_count: 0 });
  });

  it('a bucket that is only shared goes without being forced', async () => {
    const owner = await createOwner(server.admin);
    const target = await createProject(server.admin);
    mustSucceed(await shareWith(owner, target));
    expect((await owner.project.api.delete(owner.sales)).status).toBe(204);
    expect((await target.api.get(`${target.path}/shared-buckets`)).body).toEqual({ shared_buckets: [], total: 0 });
  });

  it('a project is refused to its own key, and closes the links when forced', async () => {
    const { owner, target } = await createLink(server.admin);
    mustSucceed(await linkAs('mirror', owner.project, owner.project));
    const refused = await owner.project.api.delete(owner.project.path);
    expect([refused.status, errorCode(refused)]).toEqual([409, 'bucket_linked']);
    expect(errorDetails(refused)).toEqual({
      project_id: owner.project.id,
      link_count: 1,
      links: [{ project_id: target.id, branch_id: 'default', bucket_name: 'linked', source_bucket_name: 'sales' }],
    });
    expect((await owner.project.api.get(owner.project.path)).body).toMatchObject({ status: 'active' });
    expect((await owner.project.api.delete(`${owner.project.path}?force=true`)).status).toBe(204);
    expect(await bucketNames(target)).toEqual([]);
  });

  it('a project is deleted by the admin key without more ado', async () => {
    const { owner, target } = await createLink(server.admin);
    expect((await server.admin.delete(owner.project.path)).status).toBe(204);
    expect(await bucketNames(target)).toEqual([]);
    expect(mustSucceed(await server.admin.get(owner.project.path))).toMatchObject({ status: 'deleted' });
  });

  it('a project that only links others is deleted, and its links with it', async () => {
    const { owner, target } = await createLink(server.admin);
    expect((await target.api.delete(target.path)).status).toBe(204);
    const shares = await owner.project.api.get(`${owner.sales}/shares`);
    expect(shares.body).toEqual({ shares: [], links: [], total: 0, total_links: 0 });
    expect((await owner.project.api.get(`${owner.sales}/tables/orders/preview`)).status).toBe(200);
  });

  it('names no more than a hundred links', async () => {
    const owner = await createOwner(server.admin);
    for (let index = 0; index < 101; index += 1) {
      mustSucceed(await linkAs(`mirror_${index}`, owner.project, owner.project));
    }
    const refused = await owner.project.api.delete(owner.sales);
    expect(errorMessage(refused)).toContain('and 100 more');
    expect(errorDetails(refused)).toMatchObject({ link_count: 101 });
    expect(errorDetails(refused)['links']).toHaveLength(100);
  });
});

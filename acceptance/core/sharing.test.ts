import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCode, errorDetails, mustSucceed } from '../helpers/api.js';
import { bucketNames, createLink, createOwner, linkAs, shareWith } from '../helpers/sharing.js';
import { createBucket, createProject, createTable } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

const notFound = (error: string, message: string, details: object) => ({ detail: { error, message, details } });

describe('POST …/share', () => {
  it('lets a project link the bucket, and answers with whom it is shared', async () => {
    const owner = await createOwner(server.admin);
    const [first, second] = [await createProject(server.admin), await createProject(server.admin)];
    const answer = await shareWith(owner, first);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      shared_with: [first.id],
      is_linked: false,
      source_project_id: null,
      source_bucket_name: null,
    });
    expect((await shareWith(owner, second)).body).toMatchObject({ shared_with: [first.id, second.id].sort() });
  });

  it('once for each project', async () => {
    const owner = await createOwner(server.admin);
    const target = await createProject(server.admin);
    mustSucceed(await shareWith(owner, target));
    const again = await shareWith(owner, target);
    expect([again.status, errorCode(again)]).toEqual([409, 'already_shared']);
    expect(errorDetails(again)).toEqual({
      project_id: owner.project.id,
      bucket_name: 'sales',
      target_project_id: target.id,
    });
  });

  it('with the project itself, too', async () => {
    const owner = await createOwner(server.admin);
    expect((await shareWith(owner, owner.project)).body).toMatchObject({ shared_with: [owner.project.id] });
  });

  it('checks the target first, then the bucket', async () => {
    const { project } = await createOwner(server.admin);
    const missing = `${project.bucketsPath}/missing/share`;
    const noTarget = await project.api.post(missing, { target_project_id: 'nowhere' });
    expect(noTarget.status).toBe(404);
    expect(noTarget.body).toEqual(
      notFound('project_not_found', 'Target project nowhere not found', { project_id: 'nowhere' }),
    );
    const noBucket = await project.api.post(missing, { target_project_id: project.id });
    expect(noBucket.status).toBe(404);
    expect(noBucket.body).toEqual(
      notFound('bucket_not_found', `Bucket missing not found in project ${project.id}`, {
        project_id: project.id,
        bucket_name: 'missing',
      }),
    );
    const noField = await project.api.post(missing, {});
    expect(noField.status).toBe(422);
    expect(noField.body).toMatchObject({ detail: [{ type: 'missing', loc: ['body', 'target_project_id'] }] });
  });

  it('not with a deleted project', async () => {
    const owner = await createOwner(server.admin);
    const gone = await createProject(server.admin);
    mustSucceed(await server.admin.delete(gone.path));
    const answer = await shareWith(owner, gone);
    expect([answer.status, errorCode(answer)]).toEqual([404, 'project_not_found']);
  });
});

describe('DELETE …/share', () => {
  it('takes the share back', async () => {
    const owner = await createOwner(server.admin);
    const target = await createProject(server.admin);
    mustSucceed(await shareWith(owner, target));
    const revoked = await owner.project.api.delete(`${owner.sales}/share?target_project_id=${target.id}`);
    expect([revoked.status, revoked.text]).toEqual([204, '']);
    expect(errorCode(await linkAs('linked', target, owner.project))).toBe('not_shared');
    expect((await shareWith(owner, target)).status).toBe(200);
  });

  it.each([
    ['never shared', 'sales', undefined],
    ['an unknown target', 'sales', 'nowhere'],
    ['an unknown bucket', 'missing', undefined],
  ])('%s: 204', async (_, bucket, targetId) => {
    const { project } = await createOwner(server.admin);
    const path = `${project.bucketsPath}/${bucket}/share?target_project_id=${targetId ?? project.id}`;
    expect((await project.api.delete(path)).status).toBe(204);
  });

  it('without the query is a 422', async () => {
    const owner = await createOwner(server.admin);
    const answer = await owner.project.api.delete(`${owner.sales}/share`);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ detail: [{ type: 'missing', loc: ['query', 'target_project_id'] }] });
  });

  it('closes the links of that project at once, and no others', async () => {
    const { owner, target, linked } = await createLink(server.admin);
    const other = await createProject(server.admin);
    mustSucceed(await shareWith(owner, other));
    mustSucceed(await linkAs('linked', other, owner.project));
    mustSucceed(await linkAs('again', target, owner.project));
    mustSucceed(await owner.project.api.delete(`${owner.sales}/share?target_project_id=${target.id}`));
    for (const path of [linked, `${linked}/tables`, `${linked}/tables/orders/preview`]) {
      const answer = await target.api.get(path);
      expect([answer.status, errorCode(answer)]).toEqual([404, 'bucket_not_found']);
    }
    expect(await bucketNames(target)).toEqual([]);
    expect((await other.api.get(`${other.bucketsPath}/linked/tables/orders/preview`)).status).toBe(200);
  });

  it('leaves the link that the admin made without a share', async () => {
    const owner = await createOwner(server.admin);
    const target = await createProject(server.admin);
    const path = `${target.bucketsPath}/by_admin`;
    const source = { source_project_id: owner.project.id, source_bucket_name: 'sales' };
    mustSucceed(await server.admin.post(`${path}/link`, source));
    mustSucceed(await shareWith(owner, target));
    mustSucceed(await linkAs('through_share', target, owner.project));
    mustSucceed(await owner.project.api.delete(`${owner.sales}/share?target_project_id=${target.id}`));
    expect(await bucketNames(target)).toEqual(['by_admin']);
    expect((await target.api.get(`${path}/tables/orders/preview`)).status).toBe(200);
  });
});

describe('POST …/link', () => {
  it('makes a bucket that says what it is', async () => {
    const owner = await createOwner(server.admin);
    const target = await createProject(server.admin);
    mustSucceed(await shareWith(owner, target));
    const linked = await linkAs('linked_sales', target, owner.project);
    expect(linked.status).toBe(201);
    expect(linked.body).toMatchObject({
      name: 'linked_sales',
      table_count: 1,
      description: `Linked from ${owner.project.id}.sales`,
      is_linked: true,
      source_project_id: owner.project.id,
      source_bucket_name: 'sales',
      readonly_granted: false,
    });
    expect((await target.api.get(`${target.bucketsPath}/linked_sales`)).body).toEqual(linked.body);
    expect((await target.api.get(target.bucketsPath)).body).toEqual({ buckets: [linked.body], total: 1 });
    const directory = join(server.process.dataDir, 'duckdb', `project_${target.id}`, 'linked_sales');
    await expect(access(directory)).rejects.toThrow('ENOENT');
  });

  it('works for an empty bucket, under two names, and in two projects', async () => {
    const owner = await createProject(server.admin);
    await createBucket(owner, 'empty');
    const targets = [await createProject(server.admin), await createProject(server.admin)];
    for (const target of targets) {
      mustSucceed(await owner.api.post(`${owner.bucketsPath}/empty/share`, { target_project_id: target.id }));
      for (const name of ['one', 'two']) {
        expect((await linkAs(name, target, owner, 'empty')).body).toMatchObject({ name, table_count: 0 });
      }
      expect(await bucketNames(target)).toEqual(['one', 'two']);
    }
    await createTable(owner, 'empty', { id: 'INTEGER' }, { name: 'late' });
    for (const target of targets) {
      const list = await target.api.get(`${target.bucketsPath}/two/tables`);
      expect(list.body).toMatchObject({ total: 1, tables: [{ name: 'late', bucket: 'two', source: 'linked' }] });
    }
  });

  it('needs a share, unless the admin does it or the bucket is of the same project', async () => {
    const owner = await createOwner(server.admin);
    const target = await createProject(server.admin);
    const refused = await linkAs('linked', target, owner.project);
    expect(refused.status).toBe(403);
    expect(refused.body).toEqual({
      detail: {
        error: 'not_shared',
        message:
          `Bucket sales of project ${owner.project.id} is not shared with project ${target.id}. ` +
          `A project admin key of project ${owner.project.id} must share the bucket with project ${target.id} first.`,
        details: { source_project_id: owner.project.id, source_bucket_name: 'sales', project_id: target.id },
      },
    });
    expect(await bucketNames(target)).toEqual([]);
    expect((await linkAs('mirror', owner.project, owner.project)).status).toBe(201);
    const source = { source_project_id: owner.project.id, source_bucket_name: 'sales' };
    expect((await server.admin.post(`${target.bucketsPath}/linked/link`, source)).status).toBe(201);
  });

  it('checks source project, source bucket and local name in this order', async () => {
    const owner = await createOwner(server.admin);
    const target = await createProject(server.admin);
    await createBucket(target, 'taken');
    const link = (projectId: string, bucket: string) =>
      target.api.post(`${target.bucketsPath}/taken/link`, { source_project_id: projectId, source_bucket_name: bucket });
    const noProject = await link('nowhere', 'sales');
    expect(noProject.status).toBe(404);
    expect(noProject.body).toEqual(
      notFound('project_not_found', 'Source project nowhere not found', { project_id: 'nowhere' }),
    );
    const noBucket = await link(owner.project.id, 'missing');
    expect(noBucket.status).toBe(404);
    expect(noBucket.body).toEqual(
      notFound('bucket_not_found', `Source bucket missing not found in project ${owner.project.id}`, {
        project_id: owner.project.id,
        bucket_name: 'missing',
      }),
    );
    const taken = await link(owner.project.id, 'sales');
    expect(taken.status).toBe(409);
    expect(taken.body).toEqual(
      notFound('bucket_exists', `Bucket taken already exists in project ${target.id}`, {
        project_id: target.id,
        bucket_name: 'taken',
      }),
    );
  });

  it('of a name that is a link already says which', async () => {
    const { owner, target } = await createLink(server.admin);
    const again = await linkAs('LINKED', target, owner.project);
    expect([again.status, errorCode(again)]).toEqual([409, 'bucket_already_linked']);
    expect(errorDetails(again)).toEqual({
      project_id: target.id,
      bucket_name: 'linked',
      existing_link: { source_project_id: owner.project.id, source_bucket_name: 'sales' },
    });
    const create = await target.api.post(target.bucketsPath, { name: 'linked' });
    expect([create.status, errorCode(create)]).toEqual([409, 'bucket_exists']);
  });

  it('of a linked bucket, or a share of one, is refused with the name of the source', async () => {
    const { owner, target, linked } = await createLink(server.admin);
    const third = await createProject(server.admin);
    const source = { source_project_id: target.id, source_bucket_name: 'linked' };
    for (const answer of [
      await server.admin.post(`${third.bucketsPath}/chain/link`, source),
      await target.api.post(`${linked}/share`, { target_project_id: third.id }),
      await target.api.post(`${linked}/grant-readonly`),
    ]) {
      expect([answer.status, errorCode(answer)]).toEqual([403, 'bucket_is_linked']);
      expect(errorDetails(answer)).toEqual({
        project_id: target.id,
        bucket_name: 'linked',
        source_project_id: owner.project.id,
        source_bucket_name: 'sales',
      });
    }
  });

  it('checks the fields and the name', async () => {
    const { target, owner } = await createLink(server.admin);
    const answer = await target.api.post(`${target.bucketsPath}/x/link`, { source_project_id: 5 });
    expect(answer.status).toBe(422);
    expect((await linkAs('_hidden', target, owner.project)).status).toBe(422);
  });
});

describe('DELETE …/link', () => {
  it('removes the linked bucket and leaves its source', async () => {
    const { owner, target, linked } = await createLink(server.admin);
    const removed = await target.api.delete(`${linked}/link`);
    expect([removed.status, removed.text]).toEqual([204, '']);
    expect((await target.api.get(linked)).status).toBe(404);
    expect((await owner.project.api.get(`${owner.sales}/tables/orders`)).body).toMatchObject({ row_count: 2 });
    expect((await linkAs('linked', target, owner.project)).status).toBe(201);
  });

  it.each(['missing', 'plain'])('%s is a 404: there is no link', async (name) => {
    const project = await createProject(server.admin);
    await createBucket(project, 'plain');
    const answer = await project.api.delete(`${project.bucketsPath}/${name}/link`);
    expect(answer.status).toBe(404);
    expect(answer.body).toEqual(
      notFound('link_not_found', `No link found for bucket ${name} in project ${project.id}`, {
        project_id: project.id,
        bucket_name: name,
      }),
    );
  });

  it('DELETE of the bucket does the same, whatever its options', async () => {
    const { owner, target, linked } = await createLink(server.admin);
    expect((await target.api.delete(`${linked}?cascade=false`)).status).toBe(204);
    expect(await bucketNames(target)).toEqual([]);
    expect((await owner.project.api.get(`${owner.sales}/tables/orders/preview`)).status).toBe(200);
  });
});

describe('an unknown project or branch', () => {
  it.each([
    ['POST', 'share', { target_project_id: 'p' }],
    ['DELETE', 'share?target_project_id=p', undefined],
    ['GET', 'shares', undefined],
    ['POST', 'link', { source_project_id: 'p', source_bucket_name: 'b' }],
    ['DELETE', 'link', undefined],
    ['POST', 'grant-readonly', undefined],
    ['DELETE', 'grant-readonly', undefined],
  ])('is a 404 for %s …/%s', async (method, action, json) => {
    const body = json === undefined ? {} : { json };
    const ask = (path: string) => server.admin.request(method, `${path}/buckets/b/${action}`, body);
    const unknown = await ask('/projects/nowhere/branches/default');
    expect(unknown.status).toBe(404);
    expect(unknown.body).toEqual(notFound('project_not_found', 'Project nowhere not found', { project_id: 'nowhere' }));
    const project = await createProject(server.admin);
    const branch = await ask(`${project.path}/branches/8135c4c5`);
    expect([branch.status, errorCode(branch)]).toEqual([404, 'branch_not_found']);
  });
});

describe('figures', () => {
  it('count shares, links and what was done about them', async () => {
    const figure = async (name: string): Promise<number> => {
      const { text } = await server.anonymous.get('/metrics');
      const line = text.split('\n').find((each) => each.startsWith(`${name} `));
      return Number(line?.slice(name.length + 1) ?? 0);
    };
    const operation = (name: string, status: string) =>
      figure(`duckdb_bucket_sharing_operations_total{operation="${name}",status="${status}"}`);
    const seen = async () => ({
      shares: await figure('duckdb_bucket_shares_total'),
      links: await figure('duckdb_bucket_links_total'),
      shared: await operation('share', 'success'),
      refused: await operation('share', 'refused'),
      granted: await operation('grant_readonly', 'success'),
      unlinked: await operation('unlink', 'success'),
    });
    const before = await seen();
    const { owner, target, linked } = await createLink(server.admin);
    await shareWith(owner, target);
    mustSucceed(await owner.project.api.post(`${owner.sales}/grant-readonly`));
    expect(await seen()).toEqual({
      shares: before.shares + 1,
      links: before.links + 1,
      shared: before.shared + 1,
      refused: before.refused + 1,
      granted: before.granted + 1,
      unlinked: before.unlinked,
    });
    mustSucceed(await target.api.delete(`${linked}/link`));
    mustSucceed(await owner.project.api.delete(`${owner.sales}/share?target_project_id=${target.id}`));
    expect(await seen()).toMatchObject({ shares: before.shares, links: before.links, unlinked: before.unlinked + 1 });
  });
});

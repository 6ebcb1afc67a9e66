import { describe, expect, it } from 'vitest';
import { errorCode, mustSucceed } from '../helpers/api.js';
import { createBranch, diffOf, merge, type Branch } from '../helpers/branches.js';
import { bucketNames, createLink, createOwner, linkAs, shareWith } from '../helpers/sharing.js';
import {
  createBucket,
  createProject,
  createTable,
  exportAndDownload,
  importContent,
  rowsOf,
  tableOf,
  type Project,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

const ROWS = [
  [1, 'a'],
  [2, 'b'],
];

/** The table of the owner, which nothing that happens in another project may touch. */
async function rowsOfOwner(owner: Project): Promise<unknown[][]> {
  return await rowsOf(tableOf(owner, 'sales', 'orders'));
}

function bucketPath(branch: Branch, name: string): string {
  return `${branch.inside.bucketsPath}/${name}`;
}

describe('what others look at is decided in main', () => {
  it.each([
    ['POST', 'share', { target_project_id: 'p' }, 'share bucket'],
    ['DELETE', 'share?target_project_id=p', undefined, 'unshare bucket'],
    ['POST', 'grant-readonly', undefined, 'grant readonly access'],
    ['DELETE', 'grant-readonly', undefined, 'revoke readonly access'],
  ])('%s …/%s is refused in a branch', async (method, action, json, operation) => {
    const { project } = await createOwner(server.admin);
    const branch = await createBranch(project);
    const answer = await project.api.request(
      method,
      `${bucketPath(branch, 'sales')}/${action}`,
      json === undefined ? {} : { json },
    );
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      detail: {
        error: 'operation_not_allowed',
        message: `Cannot ${operation} from dev branches. Use default branch.`,
        details: { branch_id: branch.id },
      },
    });
  });

  it('a branch sees the shares and links of main’s bucket', async () => {
    const { owner, target } = await createLink(server.admin);
    const branch = await createBranch(owner.project);
    const shares = await owner.project.api.get(`${bucketPath(branch, 'sales')}/shares`);
    expect(shares.body).toMatchObject({
      shares: [{ target_project_id: target.id, is_linked: true }],
      links: [{ project_id: target.id, branch_id: 'default', bucket_name: 'linked' }],
    });
    await createBucket(branch.inside, 'fresh');
    expect((await owner.project.api.get(`${bucketPath(branch, 'fresh')}/shares`)).body).toEqual({
      shares: [],
      links: [],
      total: 0,
      total_links: 0,
    });
  });
});

describe('a link made in a branch', () => {
  it('is the branch’s own, reads and refuses like any other, and can be removed', async () => {
    const owner = await createOwner(server.admin);
    const target = await createProject(server.admin);
    mustSucceed(await shareWith(owner, target));
    const branch = await createBranch(target);
    const linked = await linkAs('linked', branch.inside, owner.project);
    expect(linked.status).toBe(201);
    expect(linked.body).toMatchObject({ name: 'linked', table_count: 1, is_linked: true });
    expect(await bucketNames(branch.inside)).toEqual(['linked']);
    expect(await bucketNames(target)).toEqual([]);
    expect((await target.api.get(`${target.path}/stats`)).body).toMatchObject({ bucket_count: 0, table_count: 0 });

    const orders = tableOf(branch.inside, 'linked', 'orders');
    expect(await rowsOf(orders)).toEqual(ROWS);
    const { bytes } = await exportAndDownload(orders, { format: 'csv' });
    expect(bytes.toString()).toContain('2,b');
    expect((await target.api.get(orders.path)).body).toMatchObject({ bucket: 'linked', source: 'linked' });
    const refused = await target.api.delete(orders.path);
    expect([refused.status, errorCode(refused)]).toEqual([403, 'bucket_is_linked']);

    expect((await target.api.delete(`${bucketPath(branch, 'linked')}/link`)).status).toBe(204);
    expect(await bucketNames(branch.inside)).toEqual([]);
    expect(await rowsOfOwner(owner.project)).toEqual(ROWS);
  });

  it('ends with its share, stays out of merges, and hides what main has under its name', async () => {
    const owner = await createOwner(server.admin);
    const target = await createProject(server.admin);
    mustSucceed(await shareWith(owner, target));
    const branch = await createBranch(target);
    mustSucceed(await linkAs('linked', branch.inside, owner.project));
    await createBucket(target, 'linked');
    await createTable(target, 'linked', { other: 'INTEGER' }, { name: 'late' });

    const tables = await target.api.get(`${bucketPath(branch, 'linked')}/tables`);
    expect(tables.body).toMatchObject({ total: 1, tables: [{ name: 'orders', source: 'linked' }] });
    expect((await target.api.get(`${bucketPath(branch, 'linked')}/tables/late`)).status).toBe(404);
    const { buckets } = mustSucceed(await target.api.get<{ buckets: unknown[] }>(branch.inside.bucketsPath));
    expect(buckets).toEqual([expect.objectContaining({ name: 'linked', table_count: 1, is_linked: true })]);

    expect(mustSucceed(await merge(branch))).toMatchObject({ tables: [], buckets_created: [] });
    expect((await target.api.get(`${target.bucketsPath}/linked`)).body).toMatchObject({ is_linked: false });
    expect(await rowsOf(tableOf(branch.inside, 'linked', 'orders'))).toEqual(ROWS);

    const path = `${owner.sales}/share?target_project_id=${target.id}`;
    mustSucceed(await owner.project.api.delete(path));
    expect((await target.api.get(`${bucketPath(branch, 'linked')}/tables`)).body).toMatchObject({
      tables: [{ name: 'late' }],
    });
  });
});

describe('a linked bucket of main in a branch', () => {
  it('is seen, cannot be written to, and can be described for the branch alone', async () => {
    const { owner, target, linked } = await createLink(server.admin);
    const branch = await createBranch(target);
    const inside = bucketPath(branch, 'linked');
    expect(await rowsOf(tableOf(branch.inside, 'linked', 'orders'))).toEqual(ROWS);
    for (const answer of [
      await target.api.delete(`${inside}/tables/orders`),
      await target.api.post(`${inside}/tables`, { name: 'new', columns: [{ name: 'id', type: 'INTEGER' }] }),
    ]) {
      expect([answer.status, errorCode(answer)]).toEqual([403, 'bucket_is_linked']);
    }
    const described = await target.api.put(inside, { description: 'In here' });
    expect(described.body).toMatchObject({ description: 'In here', is_linked: true, table_count: 1 });
    expect((await target.api.get(linked)).body).toMatchObject({ description: `Linked from ${owner.project.id}.sales` });
    expect(await rowsOf(tableOf(branch.inside, 'linked', 'orders'))).toEqual(ROWS);
    const still = await target.api.delete(`${inside}/tables/orders`);
    expect([still.status, errorCode(still)]).toEqual([403, 'bucket_is_linked']);
  });

  it('that the branch removes is hidden there; a merge removes the link in main, and never a table of its source', async () => {
    const { owner, target, linked } = await createLink(server.admin);
    const branch = await createBranch(target);
    mustSucceed(await target.api.delete(`${bucketPath(branch, 'linked')}?cascade=false`));
    expect(await bucketNames(branch.inside)).toEqual([]);
    expect((await target.api.get(`${linked}/tables/orders/preview`)).status).toBe(200);
    expect(mustSucceed(await diffOf(branch)).tables).toEqual([]);

    expect(mustSucceed(await merge(branch))).toMatchObject({ tables: [], buckets_deleted: ['linked'] });
    expect(await bucketNames(target)).toEqual([]);
    expect(await rowsOfOwner(owner.project)).toEqual(ROWS);
  });

  it('that the branch removed comes back with a pull of one of its tables', async () => {
    const { owner, target } = await createLink(server.admin);
    const branch = await createBranch(target);
    mustSucceed(await target.api.delete(`${bucketPath(branch, 'linked')}/link`));
    const pulled = await target.api.post(`${branch.path}/tables/linked/orders/pull`);
    expect(pulled.body).toMatchObject({ was_local: true });
    expect(await rowsOf(tableOf(branch.inside, 'linked', 'orders'))).toEqual(ROWS);
    expect(await rowsOfOwner(owner.project)).toEqual(ROWS);
  });
});

describe('a merge', () => {
  it('never writes through a link that main got under the name of a bucket of the branch', async () => {
    const owner = await createOwner(server.admin);
    const target = await createProject(server.admin);
    mustSucceed(await shareWith(owner, target));
    const branch = await createBranch(target);
    await createBucket(branch.inside, 'linked');
    const own = await createTable(branch.inside, 'linked', { id: 'INTEGER', note: 'VARCHAR' }, { name: 'orders' });
    mustSucceed(await importContent(own, 'id,note\n9,branch\n'));
    mustSucceed(await linkAs('linked', target, owner.project));

    for (const strategy of [undefined, 'ours', 'theirs', 'rows']) {
      const refused = await merge(branch, strategy === undefined ? {} : { strategy });
      expect([refused.status, errorCode(refused)]).toEqual([403, 'bucket_is_linked']);
    }
    expect(await rowsOfOwner(owner.project)).toEqual(ROWS);
    expect(await rowsOf(own)).toEqual([[9, 'branch']]);
  });

  it('does not delete a bucket of main that others have linked', async () => {
    const { owner, target, linked } = await createLink(server.admin);
    const branch = await createBranch(owner.project);
    mustSucceed(await owner.project.api.delete(bucketPath(branch, 'sales')));
    expect((await target.api.get(`${linked}/tables/orders/preview`)).status).toBe(200);
    const refused = await merge(branch);
    expect([refused.status, errorCode(refused)]).toEqual([409, 'bucket_linked']);
    expect(await rowsOfOwner(owner.project)).toEqual(ROWS);
  });
});

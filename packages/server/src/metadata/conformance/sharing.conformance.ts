import { expect, it } from 'vitest';

import type { MetadataStore, NewLink } from '../metadata-store.js';
import { at, bucket, project, publishing, START, table, version } from './records.conformance.js';

const SOURCE = { bucketId: 'bucket-p1-sales', projectId: 'p1', bucketName: 'sales' };

function linkTo(more: Partial<NewLink> = {}): NewLink {
  return { sourceBucketId: SOURCE.bucketId, throughShare: true, createdBy: 'key-2', ...more };
}

/** `p1.sales` with the table `orders`, shared with `p2`, and linked there as `linked`. */
async function startWithLink(store: MetadataStore): Promise<void> {
  await store.transaction(async (tx) => {
    for (const id of ['p1', 'p2', 'p3']) await tx.insertProject(project(id));
    await tx.insertBucket(bucket('p1', 'sales'));
    await tx.insertTable(table(SOURCE.bucketId, 'orders'));
    await tx.insertBucketShare(SOURCE.bucketId, { targetProjectId: 'P2', createdAt: at(1), createdBy: 'key-1' });
    await tx.insertBucket(bucket('p2', 'linked', { createdAt: at(2), description: 'L', link: linkTo() }));
  });
}

export function describeSharing(store: () => MetadataStore): void {
  it('keeps whom a bucket is shared with, once each', async () => {
    await startWithLink(store());
    const { bucketId } = SOURCE;
    const share = (targetProjectId: string) =>
      store().transaction((tx) =>
        tx.insertBucketShare(bucketId, { targetProjectId, createdAt: at(5), createdBy: 'admin' }),
      );
    expect([await share('p2'), await share('p1')]).toEqual([false, true]);
    expect(await store().listBucketShares(bucketId)).toEqual([
      { targetProjectId: 'p1', createdAt: at(5), createdBy: 'admin' },
      { targetProjectId: 'p2', createdAt: at(1), createdBy: 'key-1' },
    ]);
    expect(await store().isBucketSharedWith(bucketId, 'P2')).toBe(true);
    expect(await store().isBucketSharedWith(bucketId, 'p3')).toBe(false);
    await expect(share('absent')).rejects.toMatchObject({ code: 'project_not_found' });
  });

  it('shows a linked bucket with the tables of its source, under the name of the link', async () => {
    await startWithLink(store());
    expect(await store().getBucket('p2', 'LINKED')).toEqual({
      id: 'bucket-p2-linked',
      projectId: 'p2',
      branchId: 'default',
      source: 'main',
      ownId: 'bucket-p2-linked',
      mainId: null,
      name: 'linked',
      description: 'L',
      createdAt: at(2),
      updatedAt: at(2),
      tableCount: 1,
      sizeBytes: 1000,
      linkedFrom: SOURCE,
      readonlyGranted: false,
    });
    const seen = await store().getTable('P2', 'Linked', 'Orders');
    expect(seen).toMatchObject({
      id: 'table-orders',
      projectId: 'p2',
      bucketId: 'bucket-p2-linked',
      bucketName: 'linked',
      linkedFrom: SOURCE,
      name: 'orders',
      createdAt: START,
      current: version('orders-1', 'table-orders'),
    });
    expect(await store().listTables('bucket-p2-linked')).toEqual({ items: [seen], total: 1 });
    expect(await store().listTables('bucket-p2-linked', { search: 'RDE' })).toEqual({ items: [seen], total: 1 });
    expect(await store().getTable('p2', 'linked', 'other')).toBeUndefined();
    expect(await store().getTableById('table-orders')).toMatchObject({
      projectId: 'p1',
      bucketName: 'sales',
      linkedFrom: null,
    });
  });

  it('is live: what the source gets and loses, the link gets and loses', async () => {
    await startWithLink(store());
    await store().transaction(async (tx) => {
      await tx.publishVersion(version('orders-2', 'table-orders', { sizeBytes: 7 }), 'orders-1', publishing(3));
      await tx.insertTable(table(SOURCE.bucketId, 'items'));
    });
    expect(await store().getBucket('p2', 'linked')).toMatchObject({ tableCount: 2, sizeBytes: 1007 });
    expect((await store().getTable('p2', 'linked', 'orders'))?.current.id).toBe('orders-2');
    await store().transaction((tx) => tx.deleteTable('table-orders', 'orders-2', at(4)));
    expect(await store().getTable('p2', 'linked', 'orders')).toBeUndefined();
    expect(await store().getProject('p2')).toMatchObject({ bucketCount: 1, tableCount: 0, sizeBytes: 0 });
  });

  it('names links to their source, and shares to their target', async () => {
    await startWithLink(store());
    await store().transaction((tx) =>
      tx.insertBucket(bucket('p1', 'mirror', { createdAt: at(3), link: linkTo({ throughShare: false }) })),
    );
    const foreign = {
      bucketId: 'bucket-p2-linked',
      projectId: 'p2',
      branchId: 'default',
      bucketName: 'linked',
      source: SOURCE,
      throughShare: true,
      createdAt: at(2),
      createdBy: 'key-2',
    };
    const links = await store().listBucketLinks(SOURCE.bucketId);
    expect(links).toEqual([expect.objectContaining({ projectId: 'p1', throughShare: false }), foreign]);
    expect(await store().listForeignLinks('p1')).toEqual([foreign]);
    expect(await store().listForeignLinks('p2')).toEqual([]);
    expect(await store().listSharedBuckets('P2')).toEqual({
      items: [{ bucket: await store().getBucket('p1', 'sales'), sharedAt: at(1), linkedAs: ['linked'] }],
      total: 1,
    });
    expect(await store().listSharedBuckets('p2', { limit: 5, offset: 1 })).toEqual({ items: [], total: 1 });
    expect(await store().listSharedBuckets('p3')).toEqual({ items: [], total: 0 });
    expect(await store().totals()).toMatchObject({ buckets: 3, tables: 1, bucketShares: 1, bucketLinks: 2 });
  });

  it('refuses a link to a linked bucket and to one that is gone', async () => {
    await startWithLink(store());
    const link = (sourceBucketId: string) =>
      store().transaction((tx) => tx.insertBucket(bucket('p3', 'again', { link: linkTo({ sourceBucketId }) })));
    await expect(link('bucket-p2-linked')).rejects.toMatchObject({ code: 'bucket_is_linked' });
    await expect(link('absent')).rejects.toMatchObject({ code: 'bucket_not_found' });
    expect(await store().getBucket('p3', 'again')).toBeUndefined();
  });

  it('closes the links of a share with it, and no others', async () => {
    await startWithLink(store());
    await store().transaction(async (tx) => {
      await tx.insertBucket(bucket('p2', 'by_admin', { link: linkTo({ throughShare: false }) }));
      await tx.insertBucketShare(SOURCE.bucketId, { targetProjectId: 'p3', createdAt: at(3), createdBy: 'key-1' });
      await tx.insertBucket(bucket('p3', 'linked', { link: linkTo() }));
      await tx.putSnapshotSettings(
        { kind: 'bucket', id: 'bucket-p2-linked', projectId: 'p2' },
        { 'retention.auto_days': 3 },
        at(3),
      );
    });
    const closed = await store().transaction((tx) => tx.deleteBucketShare(SOURCE.bucketId, 'P2'));
    expect(closed?.map(({ projectId, bucketName }) => `${projectId}.${bucketName}`)).toEqual(['p2.linked']);
    expect(await store().getBucket('p2', 'linked')).toBeUndefined();
    expect(await store().getTable('p2', 'linked', 'orders')).toBeUndefined();
    expect(await store().getSnapshotSettings({ kind: 'bucket', id: 'bucket-p2-linked' })).toBeUndefined();
    expect(await store().getTable('p2', 'by_admin', 'orders')).toBeDefined();
    expect(await store().getTable('p3', 'linked', 'orders')).toBeDefined();
    expect(await store().getProject('p2')).toMatchObject({ bucketCount: 1 });
    expect(await store().transaction((tx) => tx.deleteBucketShare(SOURCE.bucketId, 'p2'))).toBeUndefined();
    expect(await store().transaction((tx) => tx.deleteBucketShare(SOURCE.bucketId, 'absent'))).toBeUndefined();
  });

  it('a link that a branch made is its own: it counts nowhere, and ends with its share', async () => {
    await startWithLink(store());
    await store().transaction(async (tx) => {
      await tx.insertBranch({
        id: 'b1',
        projectId: 'p2',
        name: 'dev',
        description: null,
        createdAt: at(3),
        createdBy: 'admin',
      });
      await tx.insertBucket(bucket('p2', 'branched', { branchId: 'b1', link: linkTo() }));
    });
    expect(await store().getBucket('p2', 'branched')).toBeUndefined();
    const ref = { projectId: 'p2', branchId: 'b1', bucketName: 'branched' };
    expect(await store().getBranchBucket(ref)).toMatchObject({ linkedFrom: SOURCE, tableCount: 1 });
    expect(await store().getProject('p2')).toMatchObject({ bucketCount: 1 });
    expect((await store().listSharedBuckets('p2')).items[0]?.linkedAs).toEqual(['linked']);
    const closed = await store().transaction((tx) => tx.deleteBucketShare(SOURCE.bucketId, 'p2'));
    expect(closed?.map(({ branchId, bucketName }) => [branchId, bucketName])).toEqual([
      ['b1', 'branched'],
      ['default', 'linked'],
    ]);
    expect(await store().getBranchBucket(ref)).toBeUndefined();
    expect(await store().getProject('p2')).toMatchObject({ bucketCount: 0 });
  });

  it('takes no table into a linked bucket', async () => {
    await startWithLink(store());
    const insert = store().transaction((tx) => tx.insertTable(table('bucket-p2-linked', 'own', { projectId: 'p2' })));
    await expect(insert).rejects.toMatchObject({ code: 'bucket_is_linked' });
    expect(await store().getProject('p2')).toMatchObject({ tableCount: 0 });
  });

  it('removes of a linked bucket the link alone', async () => {
    await startWithLink(store());
    await store().transaction((tx) => tx.deleteBucket('bucket-p2-linked', at(5)));
    expect(await store().getTable('p2', 'linked', 'orders')).toBeUndefined();
    expect(await store().getTable('p1', 'sales', 'orders')).toMatchObject({ current: { id: 'orders-1' } });
    expect(await store().listBucketShares(SOURCE.bucketId)).toHaveLength(1);
    expect(await store().getProject('p1')).toMatchObject({ bucketCount: 1, tableCount: 1, sizeBytes: 1000 });
    expect(await store().getProject('p2')).toMatchObject({ bucketCount: 0, tableCount: 0, sizeBytes: 0 });
  });

  it.each([
    ['its bucket', (s: MetadataStore) => s.transaction((tx) => tx.deleteBucket(SOURCE.bucketId, at(5)))],
    ['its project', (s: MetadataStore) => s.transaction(async (tx) => void (await tx.deleteProject('P1', at(5))))],
  ])('a source takes shares and links with it when %s is deleted', async (_, remove) => {
    await startWithLink(store());
    await remove(store());
    expect(await store().getBucket('p2', 'linked')).toBeUndefined();
    expect(await store().listSharedBuckets('p2')).toEqual({ items: [], total: 0 });
    expect(await store().getProject('p2')).toMatchObject({ bucketCount: 0 });
    expect(await store().totals()).toMatchObject({ bucketShares: 0, bucketLinks: 0, tables: 0 });
  });

  it('a project that is deleted leaves its links, and nothing is shared with it any longer', async () => {
    await startWithLink(store());
    await store().transaction((tx) => tx.deleteProject('p2', at(5)));
    expect(await store().listBucketShares(SOURCE.bucketId)).toEqual([]);
    expect(await store().listBucketLinks(SOURCE.bucketId)).toEqual([]);
    expect(await store().getTable('p1', 'sales', 'orders')).toBeDefined();
  });

  it('a link shows whether read-only access was granted by its source', async () => {
    await startWithLink(store());
    const granted = async () =>
      [await store().getBucket('p1', 'sales'), await store().getBucket('p2', 'linked')].map(
        (found) => found?.readonlyGranted,
      );
    await store().transaction((tx) => tx.setReadonlyGrant(SOURCE.bucketId, true));
    expect(await granted()).toEqual([true, true]);
    await store().transaction((tx) => tx.setReadonlyGrant(SOURCE.bucketId, false));
    expect(await granted()).toEqual([false, false]);
    const absent = store().transaction((tx) => tx.setReadonlyGrant('absent', true));
    await expect(absent).rejects.toMatchObject({ code: 'bucket_not_found' });
  });

  it('changes what is said about a bucket, a table and its columns, and nothing else', async () => {
    await startWithLink(store());
    const before = await store().getTableById('table-orders');
    await store().transaction(async (tx) => {
      await tx.updateBucket(SOURCE.bucketId, { description: 'All of it', updatedAt: at(8) });
      await tx.updateTable('table-orders', { columnDescriptions: { id: 'The key' }, updatedAt: at(9) });
    });
    expect(await store().getBucket('p1', 'sales')).toMatchObject({ description: 'All of it', updatedAt: at(8) });
    const described = { ...before, columnDescriptions: { id: 'The key' }, updatedAt: at(9) };
    expect(await store().getTableById('table-orders')).toEqual(described);
    await store().transaction((tx) => tx.updateTable('table-orders', { description: 'Orders', updatedAt: at(9) }));
    expect(await store().getTableById('table-orders')).toEqual({ ...described, description: 'Orders' });
    const noTable = store().transaction((tx) => tx.updateTable('absent', { description: 'x', updatedAt: at(9) }));
    await expect(noTable).rejects.toMatchObject({ code: 'table_not_found' });
    const noBucket = store().transaction((tx) => tx.updateBucket('absent', { description: 'x', updatedAt: at(9) }));
    await expect(noBucket).rejects.toMatchObject({ code: 'bucket_not_found' });
  });
}

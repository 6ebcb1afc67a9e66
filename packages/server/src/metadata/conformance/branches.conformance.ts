import { expect, it } from 'vitest';

import type { MetadataStore, NewBranch } from '../metadata-store.js';
import {
  apiKey,
  at,
  bucket,
  publishing,
  retiredIds,
  START,
  startWithBucket,
  table,
  version,
} from './records.conformance.js';

const BRANCH = { projectId: 'p1', branchId: 'b1' };
const SALES = { ...BRANCH, bucketName: 'sales' };

function branch(id: string, more: Partial<NewBranch> = {}): NewBranch {
  return {
    id,
    projectId: 'p1',
    name: `branch ${id}`,
    description: null,
    createdAt: START,
    createdBy: 'admin',
    ...more,
  };
}

export function describeBranches(store: () => MetadataStore): void {
  /** Main has sales with orders and items; the branch has its own layer over it, with its own orders and extra. */
  async function startWithBranch(): Promise<{ mainId: string }> {
    const { bucketId: mainId } = await startWithBucket(store());
    await store().transaction(async (tx) => {
      await tx.insertTable(table(mainId, 'orders'));
      await tx.insertTable(table(mainId, 'items'));
      await tx.insertBranch(branch('b1'));
      await tx.insertBucket(bucket('p1', 'sales', { id: 'own', branchId: 'b1' }));
      const base = version('fork', 'own-orders', { fileId: 'orders-1', parentId: 'orders-1', createdAt: at(1) });
      await tx.insertTable({ ...table('own', 'orders'), id: 'own-orders', version: base, isBase: true });
      await tx.insertTable({ ...table('own', 'extra'), id: 'own-extra', version: version('extra-v', 'own-extra') });
    });
    return { mainId };
  }

  it('keeps branches as given, with names of their own in the project', async () => {
    await startWithBucket(store());
    await store().transaction(async (tx) => {
      await tx.insertBranch(branch('b1', { name: 'feature/x', description: 'd' }));
      await tx.insertBranch(branch('b2', { createdAt: at(1) }));
    });
    const expected = { ...branch('b1', { name: 'feature/x', description: 'd' }), tableCount: 0, sizeBytes: 0 };
    expect(await store().getBranch('P1', 'b1')).toEqual(expected);
    expect(await store().getBranch('p2', 'b1')).toBeUndefined();
    const { items, total } = await store().listBranches('p1', { limit: 1, offset: 1 });
    expect([items, total]).toEqual([[expected], 2]);
    const taken = { code: 'branch_name_exists', details: { project_id: 'p1', name: 'feature/x' } };
    const again = store().transaction((tx) => tx.insertBranch(branch('b3', { name: 'feature/x' })));
    await expect(again).rejects.toMatchObject(taken);
    const renamed = store().transaction((tx) => tx.updateBranch('p1', 'b2', { name: 'feature/x' }));
    await expect(renamed).rejects.toMatchObject(taken);
    await store().transaction((tx) => tx.updateBranch('p1', 'b1', { name: 'feature/x', description: null }));
    await store().transaction((tx) => tx.updateBranch('p1', 'b1', {}));
    expect(await store().getBranch('p1', 'b1')).toEqual({ ...expected, description: null });
  });

  it('keeps what is the branch’s apart from main, in lists and in counts', async () => {
    const { mainId } = await startWithBranch();
    expect(await store().getBranch('p1', 'b1')).toMatchObject({ tableCount: 2, sizeBytes: 2000 });
    expect(await store().getProject('p1')).toMatchObject({ bucketCount: 1, tableCount: 2, sizeBytes: 2000 });
    expect((await store().getBucket('p1', 'sales'))?.id).toBe(mainId);
    expect((await store().getTable('p1', 'sales', 'orders'))?.id).toBe('table-orders');
    expect(await store().getTable('p1', 'sales', 'extra')).toBeUndefined();
    expect((await store().listBuckets('p1')).items.map(({ id }) => id)).toEqual([mainId]);
    expect(await store().getBranchBucket(SALES)).toMatchObject({ id: 'own', branchId: 'b1', tableCount: 2 });
    expect(await store().getTableOfBucket('own', 'ORDERS')).toMatchObject({
      id: 'own-orders',
      branchId: 'b1',
      source: 'branch',
      baseVersionId: 'fork',
    });
    expect((await store().listBranchTables('p1', 'b1')).map(({ id }) => id)).toEqual(['own-extra', 'own-orders']);
    expect((await store().listBranchBuckets('p1', 'b1')).map(({ id }) => id)).toEqual(['own']);
  });

  it('lists both layers of a bucket as one, without what the branch deleted', async () => {
    const { mainId } = await startWithBranch();
    const layers = { branchId: 'b1', ownId: 'own', mainId };
    const list = async (query = {}) => {
      const { items, total } = await store().listTablesOfLayers(layers, query);
      return [items.map(({ name, source, id }) => `${name} ${source} ${id}`), total];
    };
    const everything = ['extra branch_only own-extra', 'items main table-items', 'orders branch own-orders'];
    expect(await list()).toEqual([everything, 3]);
    expect(await list({ limit: 1, offset: 1 })).toEqual([everything.slice(1, 2), 3]);
    expect(await list({ search: 'RDE' })).toEqual([everything.slice(2), 1]);
    expect(await store().sumVisibleTables(layers)).toEqual({ tableCount: 3, sizeBytes: 3000 });
    const deletion = { bucketName: 'Sales', createdAt: at(2), createdBy: 'admin' };
    await store().transaction(async (tx) => {
      await tx.insertBranchDeletion(BRANCH, { ...deletion, tableName: 'Items', mainVersionId: 'items-1' });
      await tx.insertBranchDeletion(BRANCH, { ...deletion, tableName: 'orders', mainVersionId: 'orders-1' });
    });
    expect(await list()).toEqual([['extra branch_only own-extra', 'orders branch_only own-orders'], 2]);
    expect(await store().isDeletedInBranch(SALES, 'ITEMS')).toBe(true);
    expect(await store().isDeletedInBranch(SALES, null)).toBe(false);
    expect(await store().listBranchDeletions('p1', 'b1')).toEqual([
      { bucketName: 'sales', tableName: 'items', mainVersionId: 'items-1' },
      { bucketName: 'sales', tableName: 'orders', mainVersionId: 'orders-1' },
    ]);
    await store().transaction((tx) => tx.deleteBranchDeletion(SALES, 'items'));
    expect((await list())[1]).toBe(3);
  });

  it('lists the buckets of a branch: its own, and those of main that it has not deleted', async () => {
    await startWithBranch();
    await store().transaction(async (tx) => {
      await tx.insertBucket(bucket('p1', 'plain'));
      await tx.insertBucket(bucket('p1', 'hidden'));
      await tx.insertBucket(bucket('p1', 'fresh', { branchId: 'b1', id: 'fresh' }));
      const deletion = { bucketName: 'hidden', tableName: null, mainVersionId: null };
      await tx.insertBranchDeletion(BRANCH, { ...deletion, createdAt: at(1), createdBy: 'admin' });
    });
    const { items, total } = await store().listBucketsOfBranch(BRANCH);
    expect(items.map(({ name, source, tableCount }) => [name, source, tableCount])).toEqual([
      ['fresh', 'branch_only', 0],
      ['plain', 'main', 0],
      ['sales', 'branch', 3],
    ]);
    expect(total).toBe(3);
    const page = await store().listBucketsOfBranch(BRANCH, { limit: 1, offset: 2, search: 's' });
    expect([page.items.map(({ name }) => name), page.total]).toEqual([[], 2]);
  });

  it('keeps the version a table of the branch began with, as long as the table', async () => {
    await startWithBranch();
    const next = version('own-2', 'own-orders');
    await store().transaction((tx) => tx.publishVersion(next, 'fork', { ...publishing(5), keepVersions: 0 }));
    expect(await retiredIds(store())).toEqual([]);
    expect(await store().transaction((tx) => tx.forgetVersions(['fork']))).toEqual([]);
    await store().transaction((tx) => tx.deleteTable('own-orders', 'own-2', at(6)));
    expect(await retiredIds(store())).toEqual(['fork', 'own-2']);
    expect(await store().transaction((tx) => tx.forgetVersions(['fork', 'own-2']))).toEqual([
      { projectId: 'p1', fileId: 'own-2' },
    ]);
  });

  it('removes a branch with all that is its own, and leaves main alone', async () => {
    await startWithBranch();
    await store().transaction(async (tx) => {
      await tx.insertApiKey(apiKey('k1', { scope: 'branch_admin', branchId: 'b1' }));
      await tx.insertApiKey(apiKey('k2'));
      const deletion = { bucketName: 'sales', tableName: 'items', mainVersionId: 'items-1' };
      await tx.insertBranchDeletion(BRANCH, { ...deletion, createdAt: at(1), createdBy: 'admin' });
      await tx.deleteBranch('p1', 'b1', at(2));
    });
    expect(await store().getBranch('p1', 'b1')).toBeUndefined();
    expect(await store().getTableById('own-orders')).toBeUndefined();
    expect(await store().listBranchDeletions('p1', 'b1')).toEqual([]);
    expect((await store().listApiKeys('p1')).map(({ id }) => id)).toEqual(['k2']);
    expect((await store().listTables((await store().getBucket('p1', 'sales'))?.id ?? '')).total).toBe(2);
    expect(await store().getProject('p1')).toMatchObject({ bucketCount: 1, tableCount: 2, sizeBytes: 2000 });
    expect(await retiredIds(store())).toEqual(['extra-v', 'fork']);
    await store().transaction((tx) => tx.deleteProject('p1', at(3)));
  });
}

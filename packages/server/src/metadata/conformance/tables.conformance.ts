import { expect, it } from 'vitest';

import type { MetadataStore } from '../metadata-store.js';
import {
  at,
  bucket,
  project,
  publishing,
  retiredIds,
  START,
  startWithBucket,
  table,
  version,
} from './records.conformance.js';

export function describeTables(store: () => MetadataStore): void {
  it('keeps a table with its version as given, and finds it without regard to case', async () => {
    const { bucketId } = await startWithBucket(store());
    await store().transaction((tx) => tx.insertTable(table(bucketId, 'Orders')));
    const expected = {
      id: 'table-Orders',
      projectId: 'p1',
      branchId: 'default',
      source: 'main',
      baseVersionId: null,
      bucketId,
      bucketName: 'sales',
      linkedFrom: null,
      name: 'Orders',
      description: null,
      columnDescriptions: {},
      createdAt: START,
      updatedAt: START,
      lastImportedAt: null,
      current: version('Orders-1', 'table-Orders'),
    };
    expect(await store().getTable('P1', 'SALES', 'ORDERS')).toEqual(expected);
    expect(await store().getTableById('table-Orders')).toEqual(expected);
    expect(await store().getTable('p1', 'sales', 'other')).toBeUndefined();
    expect(await store().getTable('p2', 'sales', 'orders')).toBeUndefined();
  });

  it('refuses a table name that differs only in case, and changes nothing', async () => {
    const { bucketId } = await startWithBucket(store());
    await store().transaction((tx) => tx.insertTable(table(bucketId, 'orders')));
    const again = store().transaction((tx) => tx.insertTable(table(bucketId, 'ORDERS')));
    await expect(again).rejects.toMatchObject({
      code: 'table_exists',
      details: { project_id: 'p1', bucket_name: 'sales', table_name: 'ORDERS' },
    });
    expect(await store().getVersion('ORDERS-1')).toBeUndefined();
    expect(await store().getProject('p1')).toMatchObject({ tableCount: 1, sizeBytes: 1000 });
  });

  it('refuses a table in a bucket that is gone', async () => {
    const { bucketId } = await startWithBucket(store());
    await store().transaction((tx) => tx.deleteBucket(bucketId, at(1)));
    await expect(store().transaction((tx) => tx.insertTable(table(bucketId, 'orders')))).rejects.toMatchObject({
      code: 'bucket_not_found',
    });
  });

  it('allows one name in two buckets', async () => {
    const { bucketId } = await startWithBucket(store());
    await store().transaction(async (tx) => {
      await tx.insertBucket(bucket('p1', 'other', { id: 'other' }));
      await tx.insertTable(table(bucketId, 'orders'));
      await tx.insertTable({ ...table('other', 'orders'), id: 'second', version: version('second-1', 'second') });
    });
    expect((await store().getTable('p1', 'other', 'orders'))?.id).toBe('second');
    expect((await store().getTable('p1', 'sales', 'orders'))?.id).toBe('table-orders');
  });

  it('lists tables by name in byte order, all or a page', async () => {
    const { bucketId } = await startWithBucket(store());
    await store().transaction(async (tx) => {
      for (const name of ['b', 'Z', 'a_2', 'a-1']) await tx.insertTable(table(bucketId, name));
    });
    const all = await store().listTables(bucketId);
    expect([all.items.map((item) => item.name), all.total]).toEqual([['Z', 'a-1', 'a_2', 'b'], 4]);
    const page = await store().listTables(bucketId, { limit: 2, offset: 1 });
    expect([page.items.map((item) => item.name), page.total]).toEqual([['a-1', 'a_2'], 4]);
    expect(await store().listTables(bucketId, { limit: 0, offset: 0 })).toEqual({ items: [], total: 4 });
    expect(await store().listTables('absent')).toEqual({ items: [], total: 0 });
  });

  it('lists more tables than it reads at a time, each once', async () => {
    const { bucketId } = await startWithBucket(store());
    const names = Array.from({ length: 450 }, (_, index) => `t${String(index).padStart(4, '0')}`);
    await store().transaction(async (tx) => {
      for (const name of names) await tx.insertTable(table(bucketId, name));
    });
    expect((await store().listTables(bucketId)).items.map((item) => item.name)).toEqual(names);
    const page = await store().listTables(bucketId, { limit: 400, offset: 25 });
    expect(page.items.map((item) => item.name)).toEqual(names.slice(25, 425));
  });

  it('lists what the live tree needs, in id order after an id', async () => {
    const { bucketId } = await startWithBucket(store());
    await store().transaction(async (tx) => {
      for (const name of ['c', 'a', 'b']) await tx.insertTable(table(bucketId, name));
    });
    const rest = await store().listLiveTables('table-a', 10);
    expect(rest).toEqual([
      { tableId: 'table-b', projectId: 'p1', branchId: 'default', bucketName: 'sales', tableName: 'b', fileId: 'b-1' },
      { tableId: 'table-c', projectId: 'p1', branchId: 'default', bucketName: 'sales', tableName: 'c', fileId: 'c-1' },
    ]);
    expect((await store().listLiveTables(undefined, 1)).map((live) => live.tableId)).toEqual(['table-a']);
  });

  it('deletes a table that is still at the expected version', async () => {
    const { bucketId } = await startWithBucket(store());
    await store().transaction((tx) => tx.insertTable(table(bucketId, 'orders')));
    await store().transaction((tx) => tx.deleteTable('table-orders', 'orders-1', at(7)));
    expect(await store().getTableById('table-orders')).toBeUndefined();
    expect(await store().getBucket('p1', 'sales')).toMatchObject({ tableCount: 0, sizeBytes: 0, updatedAt: at(7) });
    expect(await retiredIds(store())).toEqual(['orders-1']);
    await store().transaction((tx) =>
      tx.insertTable({ ...table(bucketId, 'orders'), id: 'again', version: version('again-1', 'again') }),
    );
    expect((await store().getTable('p1', 'sales', 'orders'))?.id).toBe('again');
  });

  it('does not delete a table that has moved on or is gone', async () => {
    const { bucketId } = await startWithBucket(store());
    await store().transaction(async (tx) => {
      await tx.insertTable(table(bucketId, 'orders'));
      await tx.publishVersion(version('orders-2', 'table-orders'), 'orders-1', publishing(1));
    });
    const stale = store().transaction((tx) => tx.deleteTable('table-orders', 'orders-1', at(2)));
    await expect(stale).rejects.toMatchObject({
      code: 'version_conflict',
      details: { project_id: 'p1', bucket_name: 'sales', table_name: 'orders' },
    });
    expect((await store().getTableById('table-orders'))?.current.id).toBe('orders-2');
    const absent = store().transaction((tx) => tx.deleteTable('absent', 'orders-1', at(2)));
    await expect(absent).rejects.toMatchObject({ code: 'version_conflict' });
  });

  it('tells projects apart whose ids look alike', async () => {
    await store().transaction(async (tx) => {
      await tx.insertProject(project('p1'));
      await tx.insertProject(project('p10'));
      await tx.insertBucket(bucket('p10', 'sales', { id: 'b10' }));
    });
    expect(await store().getBucket('p1', 'sales')).toBeUndefined();
    expect((await store().getBucket('P10', 'sales'))?.id).toBe('b10');
  });
}

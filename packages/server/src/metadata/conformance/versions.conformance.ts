import { expect, it } from 'vitest';

import type { MetadataStore } from '../metadata-store.js';
import type { VersionRecord } from '../records.js';
import { at, publishing, retiredIds, START, startWithBucket, table, version } from './records.conformance.js';

export function describeVersions(store: () => MetadataStore): void {
  async function startWithTable(): Promise<void> {
    const { bucketId } = await startWithBucket(store());
    await store().transaction((tx) => tx.insertTable(table(bucketId, 'orders')));
  }

  function publish(next: VersionRecord, expected: string, imported = false): Promise<void> {
    return store().transaction((tx) => tx.publishVersion(next, expected, publishing(5, imported)));
  }

  it('publishes a version and retires the one it replaces', async () => {
    await startWithTable();
    const next = version('orders-2', 'table-orders', { parentId: 'orders-1', sizeBytes: 6_000_000_000, rowCount: 7 });
    await publish(next, 'orders-1', true);
    const published = await store().getTableById('table-orders');
    expect(published).toMatchObject({ current: next, updatedAt: at(5), lastImportedAt: at(5) });
    expect(await store().getBucket('p1', 'sales')).toMatchObject({ tableCount: 1, sizeBytes: 6_000_000_000 });
    expect(await retiredIds(store())).toEqual(['orders-1']);
    expect(await store().getVersion('orders-1')).toEqual(version('orders-1', 'table-orders'));
  });

  it('leaves the time of the last import alone for other changes', async () => {
    await startWithTable();
    await publish(version('orders-2', 'table-orders'), 'orders-1', true);
    await store().transaction((tx) =>
      tx.publishVersion(version('orders-3', 'table-orders'), 'orders-2', publishing(9)),
    );
    expect(await store().getTableById('table-orders')).toMatchObject({ updatedAt: at(9), lastImportedAt: at(5) });
  });

  it('refuses a version built from one that is no longer current, and keeps nothing of it', async () => {
    await startWithTable();
    await publish(version('orders-2', 'table-orders'), 'orders-1');
    await expect(publish(version('orders-2b', 'table-orders'), 'orders-1')).rejects.toMatchObject({
      code: 'version_conflict',
      details: { project_id: 'p1', bucket_name: 'sales', table_name: 'orders' },
    });
    expect(await store().getVersion('orders-2b')).toBeUndefined();
    expect((await store().getTableById('table-orders'))?.current.id).toBe('orders-2');
  });

  it('changes nothing when the transaction goes on after a conflict', async () => {
    await startWithTable();
    await store().transaction(async (tx) => {
      const stale = tx.publishVersion(version('orders-2', 'table-orders'), 'wrong', publishing(5));
      await expect(stale).rejects.toMatchObject({ code: 'version_conflict' });
    });
    expect(await store().getVersion('orders-2')).toBeUndefined();
    expect(await retiredIds(store())).toEqual([]);
  });

  it('lets exactly one of several writers win', async () => {
    await startWithTable();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, writer) => publish(version(`orders-2-${writer}`, 'table-orders'), 'orders-1')),
    );
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'version_conflict' });
    }
    expect(await store().listVersions(undefined, 100)).toHaveLength(2);
  });

  it('refuses a version of a table that was deleted', async () => {
    await startWithTable();
    await store().transaction((tx) => tx.deleteTable('table-orders', 'orders-1', at(1)));
    await expect(publish(version('orders-2', 'table-orders'), 'orders-1')).rejects.toMatchObject({
      code: 'version_conflict',
    });
  });

  it('lists versions in id order, and retired ones oldest first', async () => {
    const { bucketId } = await startWithBucket(store());
    await store().transaction(async (tx) => {
      for (const name of ['b', 'a', 'c']) await tx.insertTable(table(bucketId, name));
      await tx.publishVersion(version('b-2', 'table-b'), 'b-1', publishing(2));
      await tx.publishVersion(version('a-2', 'table-a'), 'a-1', publishing(3));
      await tx.deleteTable('table-c', 'c-1', at(1));
    });
    expect((await store().listVersions('a-1', 3)).map((item) => item.id)).toEqual(['a-2', 'b-1', 'b-2']);
    expect(await retiredIds(store())).toEqual(['c-1', 'b-1', 'a-1']);
    expect(await retiredIds(store(), 1)).toEqual(['c-1']);
  });

  it('forgets retired versions, and leaves current and unknown ids alone', async () => {
    await startWithTable();
    await publish(version('orders-2', 'table-orders'), 'orders-1');
    const many = Array.from({ length: 1200 }, (_, index) => `unknown-${index}`);
    await store().transaction((tx) => tx.forgetVersions(['orders-2', ...many, 'orders-1']));
    expect(await store().getVersion('orders-1')).toBeUndefined();
    expect((await store().getTableById('table-orders'))?.current.id).toBe('orders-2');
    await store().transaction((tx) => tx.forgetVersions([]));
  });

  it('keeps as many replaced versions of a table as its history may have, newest first', async () => {
    await startWithTable();
    const publishKeeping = (next: number, keepVersions: number) =>
      store().transaction((tx) =>
        tx.publishVersion(version(`orders-${next}`, 'table-orders', { createdAt: at(next) }), `orders-${next - 1}`, {
          ...publishing(next),
          keepVersions,
        }),
      );
    for (const next of [2, 3, 4, 5]) await publishKeeping(next, 2);
    const all = { limit: 10, offset: 0 };
    const { items, total } = await store().listTableVersions('table-orders', START, all);
    expect(items.map(({ id, retiredAt }) => [id, retiredAt])).toEqual([
      ['orders-5', null],
      ['orders-4', at(5)],
      ['orders-3', at(4)],
    ]);
    expect(total).toBe(3);
    const dispensable = await store().listCollectableVersions(START, 10);
    expect(dispensable.map(({ id }) => id)).toEqual(['orders-1', 'orders-2']);
    const older = await store().listCollectableVersions(at(5), 10);
    expect(older.map(({ id }) => id)).toEqual(['orders-1', 'orders-2', 'orders-3']);
    await publishKeeping(6, 0);
    expect((await store().listTableVersions('table-orders', START, all)).total).toBe(1);
  });

  it('knows the version of a moment, as far as history reaches', async () => {
    await startWithTable();
    for (const next of [2, 3]) {
      const created = version(`orders-${next}`, 'table-orders', { createdAt: at(next * 10) });
      await store().transaction((tx) => tx.publishVersion(created, `orders-${next - 1}`, publishing(next * 10)));
    }
    const idAt = async (seconds: number, replacedSince = 0) =>
      (await store().getTableVersionAt('table-orders', at(seconds), at(replacedSince)))?.id;
    expect([await idAt(-1), await idAt(0), await idAt(19), await idAt(20), await idAt(99)]).toEqual([
      undefined,
      'orders-1',
      'orders-1',
      'orders-2',
      'orders-3',
    ]);
    expect([await idAt(19, 20), await idAt(19, 21), await idAt(99, 1000)]).toEqual(['orders-1', undefined, 'orders-3']);
  });

  it('finds a version in the history of its own table only, as far back as history goes', async () => {
    await startWithTable();
    await publish(version('orders-2', 'table-orders'), 'orders-1');
    const find = async (tableId: string, id: string, replacedSince: number) =>
      (await store().getTableVersion(tableId, id, at(replacedSince)))?.retiredAt;
    expect(await find('table-orders', 'orders-1', 5)).toEqual(at(5));
    expect(await find('table-orders', 'orders-1', 6)).toBeUndefined();
    expect(await find('table-orders', 'orders-2', 1000)).toBeNull();
    expect(await find('table-items', 'orders-2', 0)).toBeUndefined();
    expect(await find('table-orders', 'orders-9', 0)).toBeUndefined();
    expect((await store().listTableVersions('table-orders', at(6), { limit: 10, offset: 0 })).total).toBe(1);
  });

  it('releases a file when the last version over it is forgotten', async () => {
    await startWithTable();
    await publish(version('orders-2', 'table-orders'), 'orders-1');
    await publish(version('orders-3', 'table-orders', { fileId: 'orders-1' }), 'orders-2');
    expect(await store().useOfVersionFile('orders-1')).toBe('current');
    expect(await store().useOfVersionFile('orders-2')).toBe('kept');
    const first = await store().transaction((tx) => tx.forgetVersions(['orders-1', 'orders-2']));
    expect(first).toEqual([{ projectId: 'p1', fileId: 'orders-2' }]);
    expect(await store().useOfVersionFile('orders-2')).toBeUndefined();
    await store().transaction((tx) => tx.deleteTable('table-orders', 'orders-3', at(9)));
    const last = await store().transaction((tx) => tx.forgetVersions(['orders-3']));
    expect(last).toEqual([{ projectId: 'p1', fileId: 'orders-1' }]);
  });
}

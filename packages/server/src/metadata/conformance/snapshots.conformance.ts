import { expect, it } from 'vitest';

import type { MetadataStore } from '../metadata-store.js';
import type { SnapshotRecord } from '../records.js';
import { at, project, publishing, retiredIds, startWithBucket, START, table, version } from './records.conformance.js';

function snapshot(id: string, more: Partial<SnapshotRecord> = {}): Omit<SnapshotRecord, 'version'> {
  return {
    id,
    projectId: 'p1',
    bucketName: 'sales',
    tableName: 'orders',
    type: 'manual',
    description: null,
    createdAt: START,
    createdBy: 'admin',
    expiresAt: at(100),
    ...more,
  };
}

export function describeSnapshots(store: () => MetadataStore): void {
  async function startWithSnapshot(): Promise<string> {
    const { bucketId } = await startWithBucket(store());
    await store().transaction(async (tx) => {
      await tx.insertTable(table(bucketId, 'orders'));
      await tx.insertSnapshot(snapshot('s1', { description: 'first' }), 'orders-1');
    });
    return bucketId;
  }

  it('keeps a snapshot with its version, and finds it in its project only', async () => {
    await startWithSnapshot();
    const expected = { ...snapshot('s1', { description: 'first' }), version: version('orders-1', 'table-orders') };
    expect(await store().getSnapshot('P1', 's1')).toEqual(expected);
    expect(await store().getSnapshot('p2', 's1')).toBeUndefined();
    expect(await store().getSnapshot('p1', 'other')).toBeUndefined();
    expect(await store().listExpiredSnapshots(at(99), 10)).toEqual([]);
    expect(await store().listExpiredSnapshots(at(100), 10)).toEqual([expected]);
  });

  it('refuses a second snapshot of the same id, and one of a version that is not there', async () => {
    await startWithSnapshot();
    const again = store().transaction((tx) => tx.insertSnapshot(snapshot('s1'), 'orders-1'));
    await expect(again).rejects.toMatchObject({ code: 'snapshot_exists' });
    await expect(store().transaction((tx) => tx.insertSnapshot(snapshot('s2'), 'absent'))).rejects.toThrow();
    expect(await store().getSnapshot('p1', 's2')).toBeUndefined();
  });

  it('lists newest first, by bucket, table and type, a page at a time', async () => {
    await startWithSnapshot();
    await store().transaction(async (tx) => {
      await tx.insertSnapshot(snapshot('s2', { createdAt: at(1), type: 'auto_predrop' }), 'orders-1');
      await tx.insertSnapshot(snapshot('s3', { createdAt: at(1), bucketName: 'other' }), 'orders-1');
      await tx.insertSnapshot(snapshot('s4', { createdAt: at(2), tableName: 'Items' }), 'orders-1');
    });
    const ids = async (filter: Parameters<MetadataStore['listSnapshots']>[1], limit = 10, offset = 0) => {
      const { items, total } = await store().listSnapshots('p1', filter, { limit, offset });
      return [items.map(({ id }) => id).join(' '), total];
    };
    expect(await ids({})).toEqual(['s4 s3 s2 s1', 4]);
    expect(await ids({}, 2, 1)).toEqual(['s3 s2', 4]);
    expect(await ids({}, 2, 9)).toEqual(['', 4]);
    expect(await ids({ bucketName: 'SALES' })).toEqual(['s4 s2 s1', 3]);
    expect(await ids({ tableName: 'items' })).toEqual(['s4', 1]);
    expect(await ids({ type: 'auto_predrop' })).toEqual(['s2', 1]);
    expect(await ids({ type: 'no such type' })).toEqual(['', 0]);
  });

  it('holds its version, whatever happens to the table, until it is deleted', async () => {
    const bucketId = await startWithSnapshot();
    await store().transaction(async (tx) => {
      await tx.publishVersion(version('orders-2', 'table-orders'), 'orders-1', publishing(5));
      await tx.deleteBucket(bucketId, at(6));
    });
    expect(await retiredIds(store())).toEqual(['orders-2']);
    const released = await store().transaction((tx) => tx.forgetVersions(['orders-1', 'orders-2']));
    expect(released).toEqual([{ projectId: 'p1', fileId: 'orders-2' }]);
    expect((await store().getSnapshot('p1', 's1'))?.version.id).toBe('orders-1');
    expect(await store().transaction((tx) => tx.deleteSnapshot('p1', 's1'))).toBe(true);
    expect(await store().transaction((tx) => tx.deleteSnapshot('p1', 's1'))).toBe(false);
    expect(await retiredIds(store())).toEqual(['orders-1']);
  });

  it('shares files: each is listed once, with everything that stands on it', async () => {
    await startWithSnapshot();
    const restored = version('orders-3', 'table-orders', { fileId: 'orders-1', parentId: 'orders-2' });
    await store().transaction(async (tx) => {
      await tx.publishVersion(version('orders-2', 'table-orders'), 'orders-1', publishing(5));
      await tx.publishVersion(restored, 'orders-2', publishing(6));
    });
    const files = async (after?: string) => (await store().listVersionFiles(after, 10)).map(({ fileId }) => fileId);
    expect(await files()).toEqual(['orders-1', 'orders-2']);
    expect(await files('orders-1')).toEqual(['orders-2']);
    const place = { bucketName: 'sales', name: 'orders' };
    expect(await store().listVersionsOnFile('orders-1')).toEqual([
      { version: version('orders-1', 'table-orders'), state: 'kept', table: place, snapshotIds: ['s1'] },
      { version: restored, state: 'current', table: place, snapshotIds: [] },
    ]);
    await store().transaction((tx) => tx.deleteTable('table-orders', 'orders-3', at(7)));
    expect(await store().listVersionsOnFile('orders-1')).toMatchObject([
      { state: 'retired', table: null, snapshotIds: ['s1'] },
      { state: 'retired', table: null, snapshotIds: [] },
    ]);
    expect(await store().listVersionsOnFile('absent')).toEqual([]);
  });

  it('goes with its project', async () => {
    await startWithSnapshot();
    await store().transaction((tx) => tx.deleteProject('p1', at(1)));
    expect(await store().getSnapshot('p1', 's1')).toBeUndefined();
    expect(await retiredIds(store())).toEqual(['orders-1']);
  });

  it('keeps settings per owner, replaces them whole, and removes them with the owner', async () => {
    const { bucketId } = await startWithBucket(store());
    await store().transaction(async (tx) => {
      await tx.insertTable(table(bucketId, 'orders'));
      await tx.insertTable(table(bucketId, 'items'));
      await tx.insertProject(project('p2'));
      for (const owner of [
        { kind: 'project', id: 'p1' },
        { kind: 'bucket', id: bucketId },
        { kind: 'table', id: 'table-orders' },
        { kind: 'table', id: 'table-items' },
      ] as const) {
        await tx.putSnapshotSettings({ ...owner, projectId: 'p1' }, { enabled: false }, at(1));
      }
    });
    const of = (kind: 'project' | 'bucket' | 'table', id: string) => store().getSnapshotSettings({ kind, id });
    expect(await of('project', 'p1')).toEqual({ enabled: false });
    expect(await of('table', 'p1')).toBeUndefined();
    const put = { kind: 'project', id: 'p1', projectId: 'p1' } as const;
    await store().transaction((tx) => tx.putSnapshotSettings(put, { 'retention.auto_days': 3 }, at(2)));
    expect(await of('project', 'p1')).toEqual({ 'retention.auto_days': 3 });
    await store().transaction((tx) => tx.putSnapshotSettings(put, null, at(3)));
    expect(await of('project', 'p1')).toBeUndefined();
    await store().transaction((tx) => tx.deleteTable('table-orders', 'orders-1', at(4)));
    expect(await of('table', 'table-orders')).toBeUndefined();
    expect(await of('table', 'table-items')).toEqual({ enabled: false });
    await store().transaction((tx) => tx.deleteBucket(bucketId, at(5)));
    expect([await of('bucket', bucketId), await of('table', 'table-items')]).toEqual([undefined, undefined]);
  });
}

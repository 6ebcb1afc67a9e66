import { expect, it } from 'vitest';

import type { MetadataStore, NewSnapshot } from '../metadata-store.js';
import { at, project, publishing, retiredIds, startWithBucket, START, table, version } from './records.conformance.js';

function snapshot(id: string, more: Partial<NewSnapshot> = {}): NewSnapshot {
  return {
    id,
    projectId: 'p1',
    branchId: 'default',
    bucketName: 'sales',
    tableName: 'orders',
    tableDescription: null,
    columnDescriptions: {},
    type: 'manual',
    description: null,
    createdAt: START,
    createdBy: 'admin',
    expiresAt: at(100),
    version: { id: 'orders-1', sizeBytes: 1000 },
    ...more,
  };
}

const FIRST = {
  description: 'first',
  tableDescription: 'All orders',
  columnDescriptions: { id: 'Number of the order' },
} as const;

export function describeSnapshots(store: () => MetadataStore): void {
  async function startWithSnapshot(): Promise<string> {
    const { bucketId } = await startWithBucket(store());
    await store().transaction(async (tx) => {
      await tx.insertTable(table(bucketId, 'orders'));
      await tx.insertSnapshots([snapshot('s1', FIRST)]);
    });
    return bucketId;
  }

  it('keeps a snapshot with its version, and finds it in its project only', async () => {
    await startWithSnapshot();
    const expected = { ...snapshot('s1', FIRST), version: version('orders-1', 'table-orders') };
    expect(await store().getSnapshot('P1', 's1')).toEqual(expected);
    expect(await store().getSnapshot('p2', 's1')).toBeUndefined();
    expect(await store().getSnapshot('p1', 'other')).toBeUndefined();
    expect(await store().listExpiredSnapshots(at(99), 10)).toEqual([]);
    expect(await store().listExpiredSnapshots(at(100), 10)).toEqual([expected]);
  });

  it('refuses a second snapshot of the same id, and one of a version that is not there', async () => {
    await startWithSnapshot();
    const again = store().transaction((tx) => tx.insertSnapshots([snapshot('s3'), snapshot('s1')]));
    const details = { project_id: 'p1', snapshot_id: 's1' };
    await expect(again).rejects.toMatchObject({ code: 'snapshot_exists', details });
    const ofNothing = snapshot('s2', { version: { id: 'absent', sizeBytes: 1 } });
    await expect(store().transaction((tx) => tx.insertSnapshots([ofNothing]))).rejects.toThrow();
    expect(await store().findSnapshotIds('P1', ['s1', 's2', 's3'])).toEqual(new Set(['s1']));
    expect(await store().findSnapshotIds('p2', ['s1'])).toEqual(new Set());
  });

  it('lists newest first, by bucket, table and type, a page at a time', async () => {
    await startWithSnapshot();
    await store().transaction(async (tx) => {
      await tx.insertSnapshots([
        snapshot('s2', { createdAt: at(1), type: 'auto_predrop' }),
        snapshot('s3', { createdAt: at(1), bucketName: 'other' }),
        snapshot('s4', { createdAt: at(2), tableName: 'Items' }),
        snapshot('s5', { branchId: 'b1' }),
      ]);
    });
    const ids = async (
      filter: Parameters<MetadataStore['listSnapshots']>[1],
      limit = 10,
      offset = 0,
      branchId = 'default',
    ) => {
      const { items, total } = await store().listSnapshots({ projectId: 'p1', branchId }, filter, { limit, offset });
      return [items.map(({ id }) => id).join(' '), total];
    };
    expect(await ids({})).toEqual(['s4 s3 s2 s1', 4]);
    expect(await ids({}, 10, 0, 'b1')).toEqual(['s5', 1]);
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
    const place = { branchId: 'default', bucketName: 'sales', name: 'orders' };
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

  it('takes many at once, and sums them up by type', async () => {
    await startWithSnapshot();
    expect((await store().totals()).snapshots).toEqual([{ type: 'manual', count: 1, bytes: 1000 }]);
    const many = Array.from({ length: 1203 }, (_, index) => snapshot(`many-${index}`, { type: 'auto_predrop' }));
    await store().transaction((tx) => tx.insertSnapshots(many));
    await store().transaction((tx) => tx.insertSnapshots([]));
    const taken = await store().findSnapshotIds('p1', ['s1', 's2', ...many.map(({ id }) => id)]);
    expect(taken.size).toBe(1204);
    const { snapshots } = await store().totals();
    expect([...snapshots].sort((left, right) => left.count - right.count)).toEqual([
      { type: 'manual', count: 1, bytes: 1000 },
      { type: 'auto_predrop', count: 1203, bytes: 1_203_000 },
    ]);
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
    const some = await store().findSnapshotSettings('table', ['table-orders', 'p1', 'absent']);
    expect([...some]).toEqual([['table-orders', { enabled: false }]]);
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

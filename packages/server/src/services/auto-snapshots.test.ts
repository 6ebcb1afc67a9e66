import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adminPrincipal } from '../auth/principal.js';
import { at, project, bucket, START, table } from '../metadata/conformance/records.conformance.js';
import type { MetadataTransaction } from '../metadata/metadata-store.js';
import type { SnapshotRecord } from '../metadata/records.js';
import { SqliteMetadataStore } from '../metadata/sqlite/sqlite-metadata-store.js';
import type { LocalSnapshotSettings } from '../model/snapshot-settings.js';
import { makeTempDir } from '../../test/helpers/temp-dir.js';
import { AutoSnapshots } from './auto-snapshots.js';
import { DEFAULT_BRANCH_ID } from '../model/refs.js';
import { Buckets } from './buckets.js';
import { Change } from './change.js';
import type { LossTrigger } from './snapshot-observer.js';

const SALES = bucket('p1', 'sales');
const TRIGGERS = ['drop_table', 'truncate_table', 'delete_all_rows', 'drop_column'] as const;

let store: SqliteMetadataStore;
let cleanup: () => Promise<void>;
let created: string[];
let autoSnapshots: AutoSnapshots;

beforeEach(async () => {
  const directory = await makeTempDir();
  store = await SqliteMetadataStore.open(join(directory.path, 'metadata.sqlite'));
  cleanup = async () => {
    await store.close();
    await directory.remove();
  };
  created = [];
  autoSnapshots = new AutoSnapshots({ created: (type, trigger) => void created.push(`${type} ${trigger}`) });
  await store.transaction(async (tx) => {
    await tx.insertProject(project('p1'));
    await tx.insertBucket(SALES);
    await tx.insertTable(table(SALES.id, 'orders'));
  });
});
afterEach(() => cleanup());

function newChange<R = never>(): Change<R> {
  const clock = { now: () => at(60) };
  return new Change<R>({ operation: 'table.delete', principal: adminPrincipal, requestId: 'r', clock });
}

async function settle(
  owner: 'project' | 'bucket' | 'table',
  id: string,
  settings: LocalSnapshotSettings,
): Promise<void> {
  await store.transaction((tx) => tx.putSnapshotSettings({ kind: owner, id, projectId: 'p1' }, settings, START));
}

async function lose(trigger: LossTrigger): Promise<readonly SnapshotRecord[]> {
  const change = newChange();
  await store.transaction(async (tx) => {
    const found = await tx.getTable('p1', 'sales', 'orders');
    if (found === undefined) throw new Error('the table is gone');
    await autoSnapshots.before(tx, change, found, { trigger, subject: 'sales.orders' });
  });
  expect(created).toEqual([]);
  change.done();
  return (await store.listSnapshots({ projectId: 'p1', branchId: 'default' }, {}, { limit: 10, offset: 0 })).items;
}

describe('a snapshot before data is lost', () => {
  it.each([
    ['drop_table', 'auto_predrop', 'Auto-backup before DROP TABLE sales.orders'],
    ['truncate_table', 'auto_pretruncate', 'Auto-backup before TRUNCATE TABLE sales.orders'],
    ['delete_all_rows', 'auto_pretruncate', 'Auto-backup before DELETE FROM sales.orders'],
    ['drop_column', 'auto_predrop_column', 'Auto-backup before DROP COLUMN sales.orders'],
  ] as const)('%s: taken when it is on, not when it is off', async (trigger, type, description) => {
    for (const other of TRIGGERS) await settle('project', 'p1', { [`auto_snapshot_triggers.${other}`]: true });
    await settle('project', 'p1', { [`auto_snapshot_triggers.${trigger}`]: false });
    expect(await lose(trigger)).toEqual([]);
    await settle('table', 'table-orders', { [`auto_snapshot_triggers.${trigger}`]: true, 'retention.auto_days': 2 });
    expect(await lose(trigger)).toMatchObject([
      {
        id: 'snap_orders_20260301_100100_123',
        type,
        description,
        createdBy: 'admin',
        expiresAt: at(60 + 2 * 86_400),
        version: { id: 'orders-1' },
      },
    ]);
    expect(created).toEqual([`${type} ${trigger}`]);
  });

  it('is taken before every row is deleted when truncating is protected, too', async () => {
    await settle('bucket', SALES.id, { 'auto_snapshot_triggers.truncate_table': true });
    expect(await lose('delete_all_rows')).toHaveLength(1);
  });

  it('is always taken before a restore, and never when disabled', async () => {
    await settle('bucket', SALES.id, { enabled: false, 'auto_snapshot_triggers.drop_column': true });
    for (const trigger of [...TRIGGERS, 'restore'] as const) expect(await lose(trigger)).toEqual([]);
    await settle('bucket', SALES.id, {});
    expect(await lose('restore')).toMatchObject([
      { type: 'auto_prerestore', description: 'Auto-backup before RESTORE sales.orders' },
    ]);
  });

  it('is not counted when the change fails', async () => {
    const change = newChange();
    const failing = store.transaction(async (tx) => {
      const found = await tx.getTable('p1', 'sales', 'orders');
      if (found !== undefined) await autoSnapshots.before(tx, change, found, { trigger: 'restore', subject: 'x' });
      throw new Error('the disk is full');
    });
    await expect(failing).rejects.toThrow('the disk is full');
    expect(created).toEqual([]);
    expect((await store.totals()).snapshots).toEqual([]);
  });
});

describe('before a bucket is dropped', () => {
  it('refuses the drop when a snapshot cannot be taken', async () => {
    const failing = new Proxy(store, {
      get: (target, name) => {
        if (name !== 'transaction') return bound(target, name);
        return (work: (tx: MetadataTransaction) => Promise<unknown>) => target.transaction((tx) => work(brokenIn(tx)));
      },
    });
    const brokenIn = (tx: MetadataTransaction): MetadataTransaction =>
      new Proxy(tx, {
        get: (target, name) =>
          name === 'insertSnapshots' ? () => Promise.reject(new Error('the disk is full')) : bound(target, name),
      });
    const unused = undefined as never;
    const buckets = new Buckets(failing, autoSnapshots, unused, unused, unused);
    const ref = { projectId: 'p1', branchId: DEFAULT_BRANCH_ID, bucketName: 'sales' };
    await expect(buckets.delete(newChange<void>(), ref, { cascade: true, force: false })).rejects.toThrow(
      'the disk is full',
    );
    expect(await store.getBucket('p1', 'sales')).toMatchObject({ tableCount: 1 });
    expect(await store.getTableById('table-orders')).toBeDefined();
    expect((await store.totals()).snapshots).toEqual([]);
  });

  it('protects thousands of tables in a few statements, each by its own settings', async () => {
    const count = 1_203;
    await store.transaction(async (tx) => {
      for (let index = 0; index < count; index += 1) await tx.insertTable(table(SALES.id, `t${index}`));
    });
    await settle('bucket', SALES.id, { 'retention.auto_days': 5 });
    await settle('table', 'table-t7', { enabled: false });
    await settle('table', 'table-t8', { 'retention.auto_days': 1 });
    let calls = 0;
    const change = newChange();
    const taken = await store.transaction(async (tx) => {
      const counted = new Proxy(tx, {
        get: (target, name) => {
          calls += 1;
          return bound(target, name);
        },
      }) satisfies MetadataTransaction;
      const found = await tx.getBucket('p1', 'sales');
      return found === undefined ? 0 : await autoSnapshots.beforeDropOf(counted, change, found);
    });
    expect(taken).toBe(count);
    expect(calls).toBeLessThan(20);
    change.done();
    expect(created).toHaveLength(count);
    const { items, total } = await store.listSnapshots(
      { projectId: 'p1', branchId: 'default' },
      {},
      { limit: 2_000, offset: 0 },
    );
    expect(total).toBe(count);
    const days = new Map(
      items.map((each) => [each.tableName, (each.expiresAt.getTime() - at(60).getTime()) / 86_400_000]),
    );
    expect([days.get('t7'), days.get('t8'), days.get('t9')]).toEqual([undefined, 1, 5]);
  });
});

function bound(target: object, name: string | symbol): unknown {
  const member: unknown = Reflect.get(target, name, target);
  return typeof member === 'function' ? (member.bind(target) as unknown) : member;
}

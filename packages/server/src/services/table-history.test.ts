import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { at, bucket, project, publishing, START, table, version } from '../metadata/conformance/records.conformance.js';
import { SqliteMetadataStore } from '../metadata/sqlite/sqlite-metadata-store.js';
import { DEFAULT_BRANCH_ID, type TableVersionRef, type VersionChoice } from '../model/refs.js';
import { makeTempDir } from '../../test/helpers/temp-dir.js';
import { TableHistory } from './table-history.js';

const PAGE = { limit: 10, offset: 0 };

let store: SqliteMetadataStore;
let cleanup: () => Promise<void>;
let now: Date;
let history: TableHistory;

/** Versions of `orders`: 1 at the start, 2 after 100 seconds, 3 after 200; history keeps 300 seconds. */
beforeEach(async () => {
  const directory = await makeTempDir();
  store = await SqliteMetadataStore.open(join(directory.path, 'metadata.sqlite'));
  cleanup = async () => {
    await store.close();
    await directory.remove();
  };
  now = at(250);
  history = new TableHistory(store, { now: () => now }, { maxAgeMs: 300_000 });
  const sales = bucket('p1', 'sales');
  await store.transaction(async (tx) => {
    await tx.insertProject(project('p1'));
    await tx.insertProject(project('p2'));
    await tx.insertBucket(sales);
    await tx.insertTable(table(sales.id, 'orders'));
    for (const next of [2, 3]) {
      const seconds = (next - 1) * 100;
      const published = version(`orders-${next}`, 'table-orders', { createdAt: at(seconds) });
      await tx.publishVersion(published, `orders-${next - 1}`, publishing(seconds));
    }
    await tx.insertBucketShare(sales.id, { targetProjectId: 'p2', createdAt: START, createdBy: 'admin' });
    const link = { sourceBucketId: sales.id, throughShare: true, createdBy: 'admin' };
    await tx.insertBucket(bucket('p2', 'linked', { link }));
  });
});
afterEach(() => cleanup());

const ORDERS = { projectId: 'p1', branchId: DEFAULT_BRANCH_ID, bucketName: 'sales', tableName: 'orders' };
const LINKED = { ...ORDERS, projectId: 'p2', bucketName: 'linked' };

async function versionAt(ref: TableVersionRef, choice?: VersionChoice): Promise<string> {
  return (await history.requireTable(choice === undefined ? ref : { ...ref, at: choice })).current.id;
}

async function listed(ref: TableVersionRef): Promise<[string, Date | null][]> {
  const { items } = await history.list(await history.requireTable(ref), PAGE);
  return items.map(({ id, expiresAt }) => [id, expiresAt]);
}

it('gives the table as it is, or as it was', async () => {
  expect(await versionAt(ORDERS)).toBe('orders-3');
  expect(await versionAt(ORDERS, { versionId: 'orders-1' })).toBe('orders-1');
  expect(await versionAt(ORDERS, { asOf: at(199) })).toBe('orders-2');
  expect(await versionAt(ORDERS, { asOf: at(9999) })).toBe('orders-3');
});

it('lets go of versions when their time is over, and says so before', async () => {
  expect(await listed(ORDERS)).toEqual([
    ['orders-3', null],
    ['orders-2', at(500)],
    ['orders-1', at(400)],
  ]);
  now = at(401);
  expect(await listed(ORDERS)).toEqual([
    ['orders-3', null],
    ['orders-2', at(500)],
  ]);
  await expect(versionAt(ORDERS, { versionId: 'orders-1' })).rejects.toMatchObject({
    code: 'version_not_found',
    message: `Version orders-1 is not in the history of table sales.orders: it has 2 versions, the oldest of ${at(100).toISOString()}`,
    details: { version_id: 'orders-1', oldest_version_id: 'orders-2', reaches_back_to: at(100).toISOString() },
  });
  await expect(versionAt(ORDERS, { asOf: at(50) })).rejects.toMatchObject({
    code: 'version_not_found',
    details: { as_of: at(50).toISOString(), oldest_version_id: 'orders-2' },
  });
  expect(await versionAt(ORDERS, { asOf: at(100) })).toBe('orders-2');
});

it('shows the present only through a link', async () => {
  expect(await versionAt(LINKED)).toBe('orders-3');
  const refused = { code: 'bucket_is_linked', details: { source_project_id: 'p1', source_bucket_name: 'sales' } };
  await expect(listed(LINKED)).rejects.toMatchObject(refused);
  for (const choice of [{ versionId: 'orders-3' }, { versionId: 'orders-2' }, { asOf: at(150) }]) {
    await expect(versionAt(LINKED, choice)).rejects.toMatchObject(refused);
  }
});

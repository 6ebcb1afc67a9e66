import { link, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { VersionPins } from '../../src/engine/version-pins.js';
import { NodeFileSystem } from '../../src/lib/node-file-system.js';
import type { WorkspaceCatalogBucket } from '../../src/model/workspace-view.js';
import { catalogueBuckets } from '../../src/services/workspace-catalog.js';
import { WorkspaceTables } from '../../src/services/workspace-tables.js';
import { listBuckets, listTables } from '../../src/services/branch-view.js';
import { layoutOf } from '../../src/storage-places.js';
import { startTestApp, uploadFile, type Answer, type TestApp } from '../helpers/test-app.js';
import { makeTempDir, type TempDir } from '../helpers/temp-dir.js';

/** What a workspace sees of main and of a branch with changes of its own, asked of a real server's metadata and disk. */
const MAIN = { projectId: 'p1', branchId: 'default' };
let app: TestApp;
let branchId: string;
let attach: TempDir;
let pins: VersionPins;
let tables: WorkspaceTables;
const branch = () => ({ projectId: 'p1', branchId });

const COLUMNS = [
  { name: 'id', type: 'INTEGER' },
  { name: 'note', type: 'VARCHAR', default: "'none'" },
];

/** The body of an answer that must be a good one. */
async function ok(method: string, path: string, body?: unknown): Promise<Answer['body']> {
  const answer = await app.call(method, path, body);
  expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
  return answer.body;
}

const makeTable = (place: string, bucket: string, name: string) =>
  ok('POST', `/projects/${place}/buckets/${bucket}/tables`, { name, columns: COLUMNS, primary_key: ['id'] });

beforeAll(async () => {
  app = await startTestApp();
  for (const id of ['p1', 'p2']) await ok('POST', '/projects', { id });
  await ok('POST', '/projects/p2/branches/default/buckets', { name: 'theirs' });
  await makeTable('p2/branches/default', 'theirs', 'far');
  for (const name of ['in.c-sales', 'in_c_hr', 'gone'])
    await ok('POST', '/projects/p1/branches/default/buckets', { name });
  for (const name of ['orders', 'items', 'dropped']) await makeTable('p1/branches/default', 'in.c-sales', name);
  await makeTable('p1/branches/default', 'in_c_hr', 'people');
  await makeTable('p1/branches/default', 'gone', 'old');
  await ok('POST', '/projects/p1/branches/default/buckets/shared/link', {
    source_project_id: 'p2',
    source_bucket_name: 'theirs',
  });
  branchId = (await ok('POST', '/projects/p1/branches', { name: 'b' })).id;
  await makeTable(`p1/branches/${branchId}`, 'in.c-sales', 'extra');
  await ok('DELETE', `/projects/p1/branches/${branchId}/buckets/in.c-sales/tables/dropped`);
  await ok('DELETE', `/projects/p1/branches/${branchId}/buckets/gone?cascade=true`);
  await ok('POST', `/projects/p1/branches/${branchId}/buckets`, { name: 'only.here' });
  const fileId = await uploadFile(app, 'p1', 'd.csv', 'id,note\n1,a\n2,b\n');
  await ok('POST', `/projects/p1/branches/${branchId}/buckets/in.c-sales/tables/orders/import/file`, {
    file_id: fileId,
  });
  await ok('PUT', '/projects/p1/branches/default/buckets/in_c_hr/tables/people', {
    description: 'Staff',
    column_descriptions: { note: 'Anything' },
  });
}, 60_000);
afterAll(async () => {
  await attach.remove();
  await app.stop();
});
beforeEach(async () => {
  attach ??= await makeTempDir();
  pins = new VersionPins();
  const layout = layoutOf({
    storage: {
      dataDirectory: app.dataDir,
      duckdbDirectory: join(app.dataDir, 'duckdb'),
      filesDirectory: join(app.dataDir, 'files'),
      snapshotsDirectory: join(app.dataDir, 'snapshots'),
      metadataPath: join(app.dataDir, 'metadata.sqlite'),
    },
  });
  tables = new WorkspaceTables(app.metadata, pins, layout, new NodeFileSystem());
});

const catalogueOf = async (place: { projectId: string; branchId: string }) =>
  catalogueBuckets(await app.metadata.readCatalogue(place), place);

const names = (buckets: readonly WorkspaceCatalogBucket[]) =>
  Object.fromEntries(buckets.map((bucket) => [bucket.name, bucket.tables.map(({ name }) => name)]));

describe('the catalogue', () => {
  it('of main has its buckets and linked ones', async () => {
    const buckets = await catalogueOf(MAIN);
    expect(names(buckets)).toEqual({
      gone: ['old'],
      'in.c-sales': ['dropped', 'items', 'orders'],
      in_c_hr: ['people'],
      shared: ['far'],
    });
    const orders = buckets.find(({ name }) => name === 'in.c-sales')?.tables.find(({ name }) => name === 'orders');
    expect(orders).toMatchObject({
      primaryKey: ['id'],
      rowCount: 0,
      columns: [
        { name: 'id', type: 'INTEGER', nullable: false, default: null, description: null },
        { name: 'note', type: 'VARCHAR', nullable: true, default: "'none'" },
      ],
    });
  });

  it('has what people say about tables and columns', async () => {
    const people = (await catalogueOf(MAIN)).find(({ name }) => name === 'in_c_hr')?.tables[0];
    expect([people?.description, people?.columns.map(({ description }) => description)]).toEqual([
      'Staff',
      [null, 'Anything'],
    ]);
  });

  it('of a branch has what the branch made, and not what it deleted', async () => {
    const buckets = await catalogueOf(branch());
    expect(names(buckets)).toEqual({
      'in.c-sales': ['extra', 'items', 'orders'],
      in_c_hr: ['people'],
      'only.here': [],
      shared: ['far'],
    });
    const sales = buckets.find(({ name }) => name === 'in.c-sales');
    expect(sales?.schemaSpellings).toEqual(['in.c-sales', 'in_c_sales']);
    expect(sales?.tables.map(({ rowCount }) => rowCount)).toEqual([0, 0, 2]);
  });

  it('says the same as the lists of the REST door', async () => {
    for (const place of [MAIN, branch()]) {
      const listed: Record<string, string[]> = {};
      for (const bucket of (await listBuckets(app.metadata, place)).items) {
        listed[bucket.name] = (await listTables(app.metadata, bucket)).items.map(({ name }) => name).sort();
      }
      expect(names(await catalogueOf(place))).toEqual(listed);
    }
  });
});

describe('tables by name', () => {
  const resolve = (place: { projectId: string; branchId: string }, ...wanted: string[]) =>
    tables.link(
      place,
      wanted.map((name) => {
        const [schema = '', table = ''] = name.split('/');
        return { schema, table };
      }),
      attach.path,
    );

  it('are linked under the id of their version, whatever the spelling', async () => {
    const [exact, plain, shouted] = await resolve(MAIN, 'in.c-sales/orders', 'in_c_sales/ORDERS', 'IN_C_SALES/Orders');
    expect(plain).toEqual(exact);
    expect(shouted).toEqual(exact);
    expect(exact).toMatchObject({ tableName: 'orders', schemaSpellings: ['in.c-sales', 'in_c_sales'] });
    const stats = await stat(join(attach.path, exact?.linkName ?? ''));
    expect(stats.nlink).toBeGreaterThan(1);
    expect(stats.mode & 0o222).toBe(0);
    expect(pins.pinnedCount).toBe(0);
  });

  it('are those of the branch where it has them', async () => {
    const [ofMain, ofBranch] = await Promise.all([
      resolve(MAIN, 'in_c_sales/orders'),
      resolve(branch(), 'in_c_sales/orders'),
    ]);
    expect(ofBranch[0]?.versionId).not.toBe(ofMain[0]?.versionId);
    expect((await resolve(branch(), 'in_c_hr/people'))[0]).toEqual((await resolve(MAIN, 'in_c_hr/people'))[0]);
  });

  it('are not there for what is not visible, and nothing is linked then', async () => {
    const before = await readdir(attach.path);
    expect(await resolve(MAIN, 'in_c_sales/extra', 'theirs/far', 'absent/x', 'in_c_sales/absent', 'p2/far')).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect(await resolve(branch(), 'in_c_sales/dropped', 'gone/old')).toEqual([null, null]);
    expect(await readdir(attach.path)).toEqual(before);
  });

  it('are read through links to buckets of other projects', async () => {
    expect((await resolve(MAIN, 'shared/far'))[0]?.tableName).toBe('far');
    expect((await resolve(branch(), 'shared/far'))[0]?.tableName).toBe('far');
  });

  it('stay linked when their table is gone', async () => {
    await makeTable('p1/branches/default', 'in_c_hr', 'short');
    const [table] = await resolve(MAIN, 'in_c_hr/short');
    await ok('DELETE', '/projects/p1/branches/default/buckets/in_c_hr/tables/short');
    await app.runMaintenance();
    expect((await stat(join(attach.path, table?.linkName ?? ''))).size).toBeGreaterThan(0);
    expect(await resolve(MAIN, 'in_c_hr/short')).toEqual([null]);
  });

  it('wait for the next version when theirs is being collected', async () => {
    await makeTable('p1/branches/default', 'in_c_hr', 'busy');
    const [first] = await resolve(MAIN, 'in_c_hr/busy');
    expect(pins.claim(first?.versionId ?? '')).toBe(true);
    const next = resolve(MAIN, 'in_c_hr/busy');
    pins.settle(first?.versionId ?? '');
    expect(await next).toEqual([first]);
  });

  it('are refused as a failure of the disk when their file is gone', async () => {
    const elsewhere = join(attach.path, 'missing', 'directory');
    await expect(tables.link(MAIN, [{ schema: 'in_c_hr', table: 'people' }], elsewhere)).rejects.toMatchObject({
      code: 'storage_error',
    });
    await mkdir(join(attach.path, 'other'));
    const [table] = await resolve(MAIN, 'in_c_hr/people');
    await link(join(attach.path, table?.linkName ?? ''), join(attach.path, 'other', table?.linkName ?? ''));
    expect(await tables.link(MAIN, [{ schema: 'in_c_hr', table: 'people' }], join(attach.path, 'other'))).toEqual([
      table,
    ]);
  });
});

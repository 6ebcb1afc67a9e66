import { beforeEach, describe, expect, it } from 'vitest';
import { errorCode, errorDetails, errorMessage, mustSucceed } from '../helpers/api.js';
import {
  createBucket,
  createProject,
  createTable,
  exportAndDownload,
  getTable,
  importContent,
  preview,
  projectOf,
  rowsOf,
  tableOf,
  uploadFile,
  type Project,
  type Table,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

let owner: Project;
let target: Project;
/** `owner.sales.orders`, and how `target` sees it. */
let orders: Table;
let seen: Table;
let linked: string;

beforeEach(async () => {
  owner = await createProject(server.admin);
  target = await createProject(server.admin);
  await createBucket(owner, 'sales');
  orders = await createTable(
    owner,
    'sales',
    { id: 'INTEGER', note: 'VARCHAR' },
    { name: 'orders', primaryKey: ['id'] },
  );
  mustSucceed(await importContent(orders, 'id,note\n1,a\n2,b\n'));
  mustSucceed(await owner.api.post(`${owner.bucketsPath}/sales/share`, { target_project_id: target.id }));
  linked = `${target.bucketsPath}/linked`;
  const source = { source_project_id: owner.id, source_bucket_name: 'sales' };
  mustSucceed(await target.api.post(`${linked}/link`, source));
  seen = tableOf(target, 'linked', 'orders');
});

describe('a linked bucket', () => {
  it('lists and shows the tables of its source under its own name', async () => {
    const table = await getTable(seen);
    expect(table).toEqual({ ...(await getTable(orders)), bucket: 'linked', source: 'linked' });
    const list = await target.api.get(`${linked}/tables?search=ord&sort=row_count`);
    expect(list.body).toEqual({ tables: [table], total: 1 });
    expect(await preview(seen)).toEqual(await preview(orders));
    const profile = await target.api.post<{ row_count: number }>(`${seen.path}/profile`);
    expect([profile.status, profile.body.row_count]).toEqual([200, 2]);
    const missing = await target.api.get(`${linked}/tables/missing`);
    expect(missing.status).toBe(404);
    expect(errorDetails(missing)).toEqual({ project_id: target.id, bucket_name: 'linked', table_name: 'missing' });
  });

  it('is live: rows, new tables and dropped ones are seen at once', async () => {
    mustSucceed(await importContent(orders, 'id,note\n3,c\n', { import_options: { incremental: true } }));
    expect(await rowsOf(seen)).toHaveLength(3);
    await createTable(owner, 'sales', { id: 'INTEGER' }, { name: 'items' });
    expect((await target.api.get(linked)).body).toMatchObject({ table_count: 2 });
    expect((await target.api.get(`${linked}/tables/items`)).body).toMatchObject({ row_count: 0, source: 'linked' });
    mustSucceed(await owner.api.delete(orders.path));
    const gone = await target.api.get(`${seen.path}/preview`);
    expect([gone.status, errorCode(gone)]).toEqual([404, 'table_not_found']);
  });

  it('profiles its source under its own name', async () => {
    const profile = mustSucceed(await target.api.post<{ statistics: unknown[] }>(`${seen.path}/profile?mode=full`));
    expect(profile).toMatchObject({ bucket_name: 'linked', table_name: 'orders', row_count: 2 });
    const own = mustSucceed(await owner.api.post<{ statistics: unknown[] }>(`${orders.path}/profile?mode=full`));
    expect(profile.statistics).toEqual(own.statistics);
  });

  it('exports to files of the linking project', async () => {
    const { report, bytes } = await exportAndDownload(seen, { format: 'csv' });
    expect(bytes.toString()).toBe('id,note\n1,a\n2,b\n');
    expect(report.rows_exported).toBe(2);
    const file = await target.api.get(`${target.filesPath}/${report.file_id}`);
    expect(file.body).toMatchObject({ project_id: target.id, tags: { table: 'linked.orders' } });
    expect((await owner.api.get(`${owner.filesPath}/${report.file_id}`)).status).toBe(404);
    mustSucceed(await owner.api.delete(`${owner.bucketsPath}/sales?force=true`));
    expect((await target.api.get(`${target.filesPath}/${report.file_id}/download`)).text).toContain('2,b');
  });

  it('counts as a bucket of its project; the tables and bytes are the owner’s', async () => {
    const { size_bytes: sizeBytes } = await getTable(orders);
    expect((await target.api.get(`${target.path}/stats`)).body).toEqual({
      id: target.id,
      bucket_count: 1,
      table_count: 0,
      size_bytes: 0,
    });
    expect((await owner.api.get(`${owner.path}/stats`)).body).toMatchObject({ table_count: 1, size_bytes: sizeBytes });
    expect((await target.api.get(linked)).body).toMatchObject({ table_count: 1, size_bytes: sizeBytes });
  });

  it('has a description of its own', async () => {
    expect((await target.api.put(linked, { description: 'Theirs' })).body).toMatchObject({
      description: 'Theirs',
      is_linked: true,
    });
    expect((await owner.api.get(`${owner.bucketsPath}/sales`)).body).toMatchObject({ description: null });
  });

  it('refuses every write, by whatever key, and changes nothing', async () => {
    const before = await getTable(orders);
    const file = await uploadFile(target, 'id,note\n9,z\n');
    for (const api of [target.api, server.admin]) {
      const answers = [
        await api.post(`${linked}/tables`, { name: 'new', columns: [{ name: 'id', type: 'INTEGER' }] }),
        await api.post(`${seen.path}/import/file`, { file_id: file.id, format: 'csv' }),
        await api.put(seen.path, { description: 'x' }),
        await api.delete(seen.path),
        await api.delete(`${seen.path}/rows`, { json: { where_clause: 'id = 1' } }),
        await api.post(`${seen.path}/columns`, { name: 'more', type: 'INTEGER' }),
        await api.put(`${seen.path}/columns/note`, { new_name: 'text' }),
        await api.delete(`${seen.path}/columns/note`),
        await api.delete(`${seen.path}/primary-key`),
        await api.post(`${seen.path}/primary-key`, { columns: ['note'] }),
        await api.post(`${target.path}/branches/default/snapshots`, { bucket: 'linked', table: 'orders' }),
        await api.put(`${linked}/settings/snapshots`, { enabled: false }),
        await api.put(`${seen.path}/settings/snapshots`, { enabled: false }),
        await api.post(`${seen.path}/versions/anything/restore`),
        await api.get(`${seen.path}/versions`),
        await api.get(`${seen.path}/preview?as_of=2026-01-01T00:00:00Z`),
      ];
      for (const answer of answers) {
        expect([answer.status, errorCode(answer)]).toEqual([403, 'bucket_is_linked']);
        expect(errorMessage(answer)).toBe(
          `Bucket linked of project ${target.id} is linked from ${owner.id}.sales and can only be read, as it is now; ` +
            'changes and history are for the source bucket',
        );
        expect(errorDetails(answer)).toEqual({
          project_id: target.id,
          bucket_name: 'linked',
          source_project_id: owner.id,
          source_bucket_name: 'sales',
        });
      }
    }
    expect(await getTable(orders)).toEqual(before);
    expect((await owner.api.get(`${owner.bucketsPath}/sales/tables`)).body).toMatchObject({ total: 1 });
  });

  it('is still there after a restart', async () => {
    const rows = await rowsOf(seen);
    await server.process.restart('SIGKILL');
    const again = projectOf(server.anonymous, target.id, target.apiKey);
    expect(await rowsOf(tableOf(again, 'linked', 'orders'))).toEqual(rows);
  });
});

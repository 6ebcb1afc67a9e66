import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorCode, errorDetails, errorMessage, mustSucceed, uniqueName, type Answer } from '../helpers/api.js';
import {
  createBucket,
  createProject,
  createProjectWithBucket,
  createTable,
  getTable,
  importContent,
  importFile,
  prepareUpload,
  rowsOf,
  sendUpload,
  tableOf,
  type FileObject,
  type Project,
  type Table,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
let project: Project;
let bucket: string;

beforeAll(async () => {
  ({ project, bucket } = await createProjectWithBucket(server.admin));
});

interface Snapshot {
  readonly id: string;
  readonly project_id: string;
  readonly bucket_name: string;
  readonly table_name: string;
  readonly snapshot_type: string;
  readonly row_count: number;
  readonly size_bytes: number;
  readonly created_at: string;
  readonly created_by: string;
  readonly expires_at: string;
  readonly description: string | null;
}

interface SnapshotList {
  readonly snapshots: readonly Snapshot[];
  readonly total: number;
}

const DAY_MS = 86_400_000;

function path(of: Project = project): string {
  return `${of.path}/branches/default/snapshots`;
}

async function take(table: Table, description?: string): Promise<Snapshot> {
  const request = { bucket: table.bucket, table: table.name, ...(description === undefined ? {} : { description }) };
  return mustSucceed(await table.project.api.post<Snapshot>(path(table.project), request));
}

async function list(query: string, of: Project = project): Promise<SnapshotList> {
  return mustSucceed(await of.api.get<SnapshotList>(`${path(of)}${query}`));
}

function restore(snapshot: Snapshot, target: object = {}, of: Project = project): Promise<Answer> {
  return of.api.post(`${path(of)}/${snapshot.id}/restore`, target);
}

function refusal(answer: Answer): [number, string | undefined] {
  return [answer.status, errorCode(answer)];
}

/** Two rows, in an order that is not that of the key. */
async function tableWithRows(name?: string, inBucket = bucket): Promise<Table> {
  const columns = [
    { name: 'id', type: 'INTEGER' },
    { name: 'mark', type: 'VARCHAR', nullable: false, default: "'none'" },
    { name: 'note', type: 'VARCHAR' },
  ];
  const table = await createTable(project, inBucket, columns, {
    primaryKey: ['id'],
    ...(name === undefined ? {} : { name }),
  });
  mustSucceed(await importContent(table, 'id,mark,note\n2,b,\n1,a,x\n'));
  return table;
}

const ROWS = [
  [2, 'b', null],
  [1, 'a', 'x'],
];

describe('POST …/snapshots', () => {
  it('keeps the state of a table', async () => {
    const table = await tableWithRows();
    const answer = await project.api.post<Snapshot>(path(), {
      bucket,
      table: table.name,
      description: 'before the change',
    });
    expect(answer.status).toBe(201);
    const { size_bytes: sizeBytes } = await getTable(table);
    expect(answer.body).toEqual({
      id: expect.stringMatching(new RegExp(`^snap_${table.name}_\\d{8}_\\d{6}_\\d{3}$`)),
      project_id: project.id,
      bucket_name: bucket,
      table_name: table.name,
      snapshot_type: 'manual',
      row_count: 2,
      size_bytes: sizeBytes,
      created_at: expect.stringMatching(/\+00:00$/),
      created_by: expect.stringMatching(/^[0-9a-f-]{36}$/),
      expires_at: expect.stringMatching(/\+00:00$/),
      description: 'before the change',
    });
    const { created_at: created, expires_at: expires } = answer.body;
    expect(Date.parse(expires) - Date.parse(created)).toBe(90 * DAY_MS);
  });

  it('has no description unless given, and says who asked', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    expect((await take(table)).description).toBeNull();
    const byAdmin = await server.admin.post<Snapshot>(path(), { bucket, table: table.name, description: null });
    expect(byAdmin.body).toMatchObject({ created_by: 'admin', description: null, row_count: 0 });
  });

  it('gives every snapshot an id of its own, however fast they come', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const taken = await Promise.all(Array.from({ length: 20 }, () => take(table)));
    expect(new Set(taken.map(({ id }) => id)).size).toBe(20);
    expect((await list(`?table=${table.name}`)).total).toBe(20);
  });

  it('is one snapshot for one idempotency key', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const options = { headers: { 'x-idempotency-key': uniqueName('snapshot') } };
    const request = { bucket, table: table.name };
    const first = await project.api.post(path(), request, options);
    const second = await project.api.post(path(), request, options);
    expect([first.status, second.status, second.headers.get('x-idempotency-replay')]).toEqual([201, 201, 'true']);
    expect(second.body).toEqual(first.body);
    expect((await list(`?table=${table.name}`)).total).toBe(1);
  });

  it('answers 404 for what is not there', async () => {
    const refused = async (at: string, request: object) => refusal(await server.admin.post(at, request));
    const request = { bucket, table: 'missing' };
    expect(await refused('/projects/missing/branches/default/snapshots', request)).toEqual([404, 'project_not_found']);
    expect(await refused(`${project.path}/branches/8135c4c5/snapshots`, request)).toEqual([404, 'branch_not_found']);
    expect(await refused(path(), { bucket: 'missing', table: 't' })).toEqual([404, 'bucket_not_found']);
    const missing = await project.api.post(path(), request);
    expect(missing.body).toEqual({
      detail: {
        error: 'table_not_found',
        message: `Table missing not found in bucket ${bucket}`,
        details: { project_id: project.id, bucket_name: bucket, table_name: 'missing' },
      },
    });
  });

  it.each([
    ['no bucket', { table: 't' }, 'missing', ['body', 'bucket']],
    ['no table', { bucket: 'b' }, 'missing', ['body', 'table']],
    ['a number', { bucket: 'b', table: 5 }, 'string_type', ['body', 'table']],
    ['a list', { bucket: 'b', table: 't', description: [] }, 'string_type', ['body', 'description']],
  ])('%s is a 422', async (_, request, type, loc) => {
    const answer = await project.api.post(path(), request);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ detail: [{ type, loc }] });
  });

  it('is refused where snapshots are disabled', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    mustSucceed(await project.api.put(`${table.path}/settings/snapshots`, { enabled: false }));
    const answer = await project.api.post(path(), { bucket, table: table.name });
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      detail: {
        error: 'snapshots_disabled',
        message: `Snapshots are disabled for table ${bucket}.${table.name}`,
        details: { project_id: project.id, bucket_name: bucket, table_name: table.name },
      },
    });
  });
});

describe('GET …/snapshots', () => {
  it('lists newest first, filters, pages, and counts all that match', async () => {
    const { project: own, bucket: first } = await createProjectWithBucket(server.admin);
    const second = await createBucket(own);
    const orders = await createTable(own, first, { id: 'INTEGER' }, { name: 'orders' });
    const items = await createTable(own, first, { id: 'INTEGER' }, { name: 'items' });
    const elsewhere = await createTable(own, second, { id: 'INTEGER' }, { name: 'orders' });
    const taken: Snapshot[] = [];
    for (const table of [orders, items, elsewhere, orders]) taken.push(await take(table));
    mustSucceed(await own.api.delete(items.path));
    const newestFirst = [...taken].reverse();

    const all = await list('', own);
    expect(all.total).toBe(5);
    expect(all.snapshots[0]).toMatchObject({ table_name: 'items', snapshot_type: 'auto_predrop' });
    expect(all.snapshots.slice(1)).toEqual(newestFirst);

    const seen = async (query: string) => {
      const { snapshots, total } = await list(query, own);
      return [snapshots.map(({ bucket_name: b, table_name: t }) => `${b === first ? 1 : 2}.${t}`).join(' '), total];
    };
    expect(await seen(`?bucket=${first}`)).toEqual(['1.items 1.orders 1.items 1.orders', 4]);
    expect(await seen('?table=orders')).toEqual(['1.orders 2.orders 1.orders', 3]);
    expect(await seen(`?table=orders&bucket=${second}`)).toEqual(['2.orders', 1]);
    expect(await seen('?type=manual&limit=2')).toEqual(['1.orders 2.orders', 4]);
    expect(await seen('?type=manual&limit=2&offset=3')).toEqual(['1.orders', 4]);
    expect(await seen('?type=auto_predrop')).toEqual(['1.items', 1]);
    expect(await seen('?type=nonsense')).toEqual(['', 0]);
    expect(await seen('?offset=100')).toEqual(['', 5]);
    for (const query of ['?limit=0', '?limit=1001', '?offset=-1', '?limit=x']) {
      expect((await own.api.get(`${path(own)}${query}`)).status).toBe(422);
    }
  });

  it('answers 404 for an unknown project or branch', async () => {
    const refused = async (at: string) => refusal(await server.admin.get(at));
    expect(await refused('/projects/missing/branches/default/snapshots')).toEqual([404, 'project_not_found']);
    expect(await refused(`${project.path}/branches/8135c4c5/snapshots`)).toEqual([404, 'branch_not_found']);
  });
});

describe('GET …/snapshots/{id}', () => {
  it('shows columns and key as they were', async () => {
    const table = await tableWithRows();
    const snapshot = await take(table);
    mustSucceed(await project.api.delete(table.path));
    const answer = await project.api.get(`${path()}/${snapshot.id}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      ...snapshot,
      schema_columns: [
        { name: 'id', type: 'INTEGER', nullable: false },
        { name: 'mark', type: 'VARCHAR', nullable: false },
        { name: 'note', type: 'VARCHAR', nullable: true },
      ],
      primary_key: ['id'],
    });
  });
});

describe('an unknown snapshot', () => {
  it.each([
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/restore'],
    ['GET', '/download'],
  ])('%s %s is a 404', async (method, rest) => {
    const request = method === 'POST' ? { json: {} } : {};
    const answer = await project.api.request(method, `${path()}/snap_x_20261123_163701_265${rest}`, request);
    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({
      detail: {
        error: 'snapshot_not_found',
        message: 'Snapshot snap_x_20261123_163701_265 not found',
        details: { project_id: project.id, snapshot_id: 'snap_x_20261123_163701_265' },
      },
    });
  });

  it('is also one of another project', async () => {
    const snapshot = await take(await tableWithRows());
    const other = await createProject(server.admin);
    expect(refusal(await other.api.get(`${path(other)}/${snapshot.id}`))).toEqual([404, 'snapshot_not_found']);
    expect(refusal(await other.api.delete(`${path(other)}/${snapshot.id}`))).toEqual([404, 'snapshot_not_found']);
    expect(refusal(await restore(snapshot, {}, other))).toEqual([404, 'snapshot_not_found']);
    expect((await other.api.get(`${path()}/${snapshot.id}`)).status).toBe(403);
    expect((await project.api.get(`${path()}/${snapshot.id}`)).status).toBe(200);
  });
});

describe('DELETE …/snapshots/{id}', () => {
  it('removes it for good, and nothing else', async () => {
    const table = await tableWithRows();
    const [first, second] = [await take(table), await take(table)];
    const deleted = await project.api.delete(`${path()}/${first.id}`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect(refusal(await project.api.get(`${path()}/${first.id}`))).toEqual([404, 'snapshot_not_found']);
    expect(refusal(await project.api.delete(`${path()}/${first.id}`))).toEqual([404, 'snapshot_not_found']);
    expect(refusal(await restore(first))).toEqual([404, 'snapshot_not_found']);
    expect((await list(`?table=${table.name}`)).snapshots).toEqual([second]);
    expect(await rowsOf(table)).toEqual(ROWS);
  });

  it('works where snapshots are disabled', async () => {
    const table = await tableWithRows();
    const snapshot = await take(table);
    mustSucceed(await project.api.put(`${table.path}/settings/snapshots`, { enabled: false }));
    expect((await project.api.delete(`${path()}/${snapshot.id}`)).status).toBe(204);
  });
});

describe('POST …/snapshots/{id}/restore', () => {
  it('replaces the table, after a snapshot of the present', async () => {
    const table = await tableWithRows();
    const snapshot = await take(table);
    mustSucceed(await importContent(table, 'id,mark,note\n7,z,\n'));
    const answer = await restore(snapshot);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ restored_to: { bucket, table: table.name }, row_count: 2 });
    expect(await rowsOf(table)).toEqual(ROWS);
    expect(await getTable(table)).toMatchObject({ row_count: 2, primary_key: ['id'] });

    const before = (await list(`?table=${table.name}&type=auto_prerestore`)).snapshots[0];
    expect(before).toMatchObject({
      row_count: 1,
      description: `Auto-backup before RESTORE ${bucket}.${table.name}`,
    });
    expect(Date.parse(before?.expires_at ?? '') - Date.parse(before?.created_at ?? '')).toBe(7 * DAY_MS);
    if (before !== undefined) mustSucceed(await restore(before));
    expect(await rowsOf(table)).toEqual([[7, 'z', null]]);
    mustSucceed(await restore(snapshot));
    expect(await rowsOf(table)).toEqual(ROWS);
  });

  it('takes no snapshot of the present where snapshots are disabled', async () => {
    const table = await tableWithRows();
    const snapshot = await take(table);
    mustSucceed(await project.api.put(`${table.path}/settings/snapshots`, { enabled: false }));
    mustSucceed(await restore(snapshot));
    expect((await list(`?table=${table.name}`)).total).toBe(1);
  });

  it('makes a dropped table again, with its constraints and defaults', async () => {
    const table = await tableWithRows();
    const before = await getTable(table);
    const snapshot = await take(table);
    mustSucceed(await project.api.delete(table.path));
    expect((await project.api.get(table.path)).status).toBe(404);
    mustSucceed(await restore(snapshot));
    expect(await getTable(table)).toMatchObject({
      columns: before.columns,
      primary_key: ['id'],
      row_count: 2,
      size_bytes: before.size_bytes,
    });
    expect(await rowsOf(table)).toEqual(ROWS);
    const notNull = await importContent(table, 'id,mark,note\n5,,\n', { import_options: { incremental: true } });
    expect(refusal(notNull)).toEqual([400, 'import_failed']);
    mustSucceed(
      await importContent(table, 'id,note\n5,late\n1,y\n', {
        import_options: { incremental: true, columns: ['id', 'note'] },
      }),
    );
    expect(await rowsOf(table)).toEqual([
      [2, 'b', null],
      [1, 'a', 'y'],
      [5, 'none', 'late'],
    ]);
  });

  it('brings back what the drop of a table took', async () => {
    const table = await tableWithRows();
    mustSucceed(await project.api.delete(table.path));
    const [auto] = (await list(`?table=${table.name}&type=auto_predrop`)).snapshots;
    if (auto === undefined) throw new Error('no snapshot was taken');
    mustSucceed(await restore(auto));
    expect(await rowsOf(table)).toEqual(ROWS);
  });

  it('replaces a table of the same name that was made meanwhile', async () => {
    const table = await tableWithRows();
    const snapshot = await take(table);
    mustSucceed(await project.api.delete(table.path));
    await createTable(project, bucket, { other: 'DOUBLE' }, { name: table.name });
    mustSucceed(await restore(snapshot));
    expect(await rowsOf(table)).toEqual(ROWS);
    const [before] = (await list(`?table=${table.name}&type=auto_prerestore`)).snapshots;
    expect(before).toMatchObject({ row_count: 0 });
  });

  it('restores to another name and to another bucket, independent of the first', async () => {
    const table = await tableWithRows();
    const snapshot = await take(table);
    const other = await createBucket(project);
    const renamed = tableOf(project, bucket, uniqueName('users_restored'));
    expect((await restore(snapshot, { target_table: renamed.name })).body).toEqual({
      restored_to: { bucket, table: renamed.name },
      row_count: 2,
    });
    const moved = tableOf(project, other, table.name);
    mustSucceed(await restore(snapshot, { target_bucket: other }));
    const both = tableOf(project, other, 'both');
    mustSucceed(await restore(snapshot, { target_bucket: other, target_table: 'both' }));
    for (const copy of [renamed, moved, both]) {
      expect(await rowsOf(copy)).toEqual(ROWS);
      expect((await getTable(copy)).primary_key).toEqual(['id']);
    }
    mustSucceed(await importContent(moved, 'id,mark,note\n9,q,\n'));
    expect(await rowsOf(table)).toEqual(ROWS);
    expect(await rowsOf(both)).toEqual(ROWS);
    mustSucceed(await project.api.delete(table.path));
    expect(await rowsOf(renamed)).toEqual(ROWS);
  });

  it('restores one snapshot to many names at once, each with its live file', async () => {
    const table = await tableWithRows();
    const snapshot = await take(table);
    const names = Array.from({ length: 12 }, () => uniqueName('many'));
    const answers = await Promise.all(names.map((name) => restore(snapshot, { target_table: name })));
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
    const files = await readdir(join(server.process.dataDir, 'duckdb', `project_${project.id}`, bucket));
    for (const name of names) expect(files).toContain(`${name}.duckdb`);
    expect(files.filter((name) => name.endsWith('.linking'))).toEqual([]);
  });

  it('takes null for not given, and the original names in other letters for the original place', async () => {
    const table = await tableWithRows();
    const snapshot = await take(table);
    mustSucceed(await restore(snapshot, { target_bucket: null, target_table: null }));
    mustSucceed(
      await restore(snapshot, { target_bucket: bucket.toUpperCase(), target_table: table.name.toUpperCase() }),
    );
    expect((await getTable(table)).name).toBe(table.name);
  });

  it('refuses a place that is taken, and changes nothing', async () => {
    const table = await tableWithRows();
    const taken = await createTable(project, bucket, { id: 'INTEGER' });
    const answer = await restore(await take(table), { target_table: taken.name });
    expect(answer.status).toBe(409);
    expect(answer.body).toEqual({
      detail: {
        error: 'table_exists',
        message: `Table ${taken.name} already exists in bucket ${bucket}`,
        details: { project_id: project.id, bucket_name: bucket, table_name: taken.name },
      },
    });
    expect((await getTable(taken)).row_count).toBe(0);
  });

  it('needs its bucket', async () => {
    const gone = await createBucket(project);
    const table = await tableWithRows(undefined, gone);
    const snapshot = await take(table);
    const unknown = await restore(snapshot, { target_bucket: 'missing' });
    expect(refusal(unknown)).toEqual([404, 'bucket_not_found']);
    expect(errorMessage(unknown)).toBe('Target bucket missing not found');
    expect(errorDetails(unknown)).toEqual({ project_id: project.id, bucket_name: 'missing' });

    mustSucceed(await project.api.delete(`${project.bucketsPath}/${gone}`));
    expect(refusal(await restore(snapshot))).toEqual([404, 'bucket_not_found']);
    expect((await list(`?bucket=${gone}`)).total).toBe(2);
    mustSucceed(await restore(snapshot, { target_bucket: bucket }));
    await createBucket(project, gone);
    mustSucceed(await restore(snapshot));
    expect(await rowsOf(table)).toEqual(ROWS);
  });

  it('needs a body, and a valid name', async () => {
    const snapshot = await take(await tableWithRows());
    expect((await project.api.post(`${path()}/${snapshot.id}/restore`)).status).toBe(422);
    expect((await restore(snapshot, { target_table: 5 })).status).toBe(422);
    for (const name of ['', '../x', '_hidden', 'a b']) {
      expect((await restore(snapshot, { target_table: name })).status).toBe(422);
    }
  });

  it('waits for a writer of the table, and both are there in the end', async () => {
    const table = await tableWithRows();
    const snapshot = await take(table);
    const upload = await prepareUpload(project);
    mustSucceed(await sendUpload(project, upload, 'id,mark,note\n3,c,\n'));
    const file = mustSucceed(await project.api.post<FileObject>(project.filesPath, { upload_key: upload.upload_key }));
    const incremental = { import_options: { incremental: true } };
    const answers = await Promise.all([
      ...Array.from({ length: 3 }, () => restore(snapshot)),
      ...Array.from({ length: 3 }, () => importFile(table, file.id, incremental)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect([2, 3]).toContain((await getTable(table)).row_count);
    expect((await project.api.get(`${table.path}/preview`)).status).toBe(200);
  });
});

describe('GET …/snapshots/{id}/download', () => {
  it('sends the rows as Parquet, whatever became of the table', async () => {
    const table = await tableWithRows();
    const snapshot = await take(table);
    mustSucceed(await project.api.delete(table.path));
    const files = await project.api.get<{ total: number }>(project.filesPath);
    const answer = await project.api.get(`${path()}/${snapshot.id}/download`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/x-parquet');
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="${snapshot.id}.parquet"`);
    expect(Number(answer.headers.get('content-length'))).toBe(answer.bytes.length);
    expect(answer.bytes.subarray(0, 4).toString()).toBe('PAR1');
    expect(answer.bytes.subarray(-4).toString()).toBe('PAR1');
    expect((await project.api.get<{ total: number }>(project.filesPath)).body.total).toBe(files.body.total);

    const again = await createTable(project, bucket, { id: 'INTEGER', mark: 'VARCHAR', note: 'VARCHAR' });
    mustSucceed(await importContent(again, answer.bytes, { format: 'parquet' }));
    expect(await rowsOf(again)).toEqual(ROWS);
  });

  it('ends when the client leaves, and leaves nothing on the disk', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER', text: 'VARCHAR' });
    const text = 'x'.repeat(100);
    const lines = Array.from({ length: 200_000 }, (_, id) => `${id},${text}${(id * 7919) % 200_003}`);
    mustSucceed(await importContent(table, `id,text\n${lines.join('\n')}\n`));
    const snapshot = await take(table);
    const leave = new AbortController();
    const leaving = project.api.get(`${path()}/${snapshot.id}/download`, { signal: leave.signal });
    setImmediate(() => leave.abort());
    await expect(leaving).rejects.toThrow();
    // A second one waits its turn behind the first, so it begins when that one has ended.
    expect((await project.api.get(`${path()}/${snapshot.id}/download`)).status).toBe(200);
    const folder = join(server.process.dataDir, 'snapshots/_exports');
    await expect.poll(() => readdir(folder)).toEqual([]);
  });

  it('tells the head without building anything', async () => {
    const snapshot = await take(await tableWithRows());
    const answer = await project.api.request('HEAD', `${path()}/${snapshot.id}/download`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-parquet']);
  });
});

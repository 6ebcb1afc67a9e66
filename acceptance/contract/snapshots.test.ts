import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mustSucceed, uniqueName } from '../helpers/api.js';
import {
  expectInvalid,
  expectRefusal,
  importRows,
  ISO_TIME,
  newBucket,
  newProject,
  newTable,
  previewRows,
  type ContractProject,
} from '../helpers/contract.js';
import { useServer } from '../helpers/use-server.js';

/** Chapters 2.12, 2.13 and 5. */
const server = useServer();
let project: ContractProject;
let snapshots: string;
let name: string;
let table: string;

interface Snapshot {
  readonly id: string;
  readonly snapshot_type: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly description: string | null;
}

beforeAll(async () => {
  project = await newProject(server.admin, 'snap_e2e_proj');
  snapshots = `${project.path}/branches/default/snapshots`;
  await newBucket(project, 'in_c_sales');
});
beforeEach(async () => {
  name = uniqueName('orders');
  table = await newTable(project, 'in_c_sales', name, { primary_key: ['id'] });
  mustSucceed(await importRows(project, table, 'id,name\n1,a\n2,b\n'));
});

const take = async (more = {}): Promise<Snapshot> =>
  mustSucceed(await project.api.post<Snapshot>(snapshots, { bucket: 'in_c_sales', table: name, ...more }));
const listed = async (query: string) =>
  mustSucceed(await project.api.get<{ snapshots: Snapshot[]; total: number }>(`${snapshots}?${query}`));
const days = (snapshot: Snapshot): number =>
  Math.round((new Date(snapshot.expires_at).getTime() - new Date(snapshot.created_at).getTime()) / 86_400_000);

describe('2.12 snapshots', () => {
  it('POST, GET one', async () => {
    const body = { bucket: 'in_c_sales', table: name, description: 'before the change' };
    const answer = await project.api.post<Snapshot>(snapshots, body);
    expect([answer.status, answer.body]).toMatchObject([
      201,
      {
        id: expect.stringMatching(new RegExp(`^snap_${name}_\\d{8}_\\d{6}_\\d{3}$`)),
        project_id: 'snap_e2e_proj',
        bucket_name: 'in_c_sales',
        table_name: name,
        snapshot_type: 'manual',
        row_count: 2,
        size_bytes: expect.any(Number),
        created_at: expect.stringMatching(ISO_TIME),
        expires_at: expect.stringMatching(ISO_TIME),
        description: 'before the change',
      },
    ]);
    expect(days(answer.body)).toBe(90);
    const detail = await project.api.get(`${snapshots}/${answer.body.id}`);
    expect([detail.status, detail.body]).toMatchObject([
      200,
      {
        ...answer.body,
        schema_columns: [
          { name: 'id', type: 'INTEGER', nullable: false },
          { name: 'name', type: 'VARCHAR', nullable: true },
        ],
        primary_key: ['id'],
      },
    ]);
  });

  it('GET lists the newest first, filters, and counts all that match', async () => {
    const made = [await take(), await take(), await take()].map(({ id }) => id).reverse();
    const all = await listed(`bucket=in_c_sales&table=${name}`);
    expect([all.snapshots.map(({ id }) => id), all.total]).toEqual([made, 3]);
    const page = await listed(`table=${name}&limit=1&offset=1`);
    expect([page.snapshots.map(({ id }) => id), page.total]).toEqual([[made[1]], 3]);
    expect((await listed(`table=${name}&type=manual`)).total).toBe(3);
    expect(await listed(`table=${name}&type=auto_predrop`)).toEqual({ snapshots: [], total: 0 });
    expect((await listed(`bucket=other&table=${name}`)).total).toBe(0);
  });

  it('DELETE', async () => {
    const { id } = await take();
    const deleted = await project.api.delete(`${snapshots}/${id}`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await project.api.get(`${snapshots}/${id}`)).status).toBe(404);
    expect((await listed(`table=${name}`)).total).toBe(0);
  });

  it('restore puts the table back in its place, as often as wanted', async () => {
    const { id } = await take();
    for (let n = 0; n < 2; n += 1) {
      mustSucceed(await importRows(project, table, 'id,name\n9,z\n'));
      const answer = await project.api.post(`${snapshots}/${id}/restore`, {});
      expect([answer.status, answer.body]).toMatchObject([
        200,
        { restored_to: { bucket: 'in_c_sales', table: name }, row_count: 2 },
      ]);
      expect(await previewRows(project, table)).toEqual([
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
      ]);
    }
    expect((await project.api.get(table)).body).toMatchObject({ primary_key: ['id'], row_count: 2 });
  });

  it('restore brings a dropped table back', async () => {
    const { id } = await take();
    expect((await project.api.delete(table)).status).toBe(204);
    expect((await project.api.post(`${snapshots}/${id}/restore`, {})).status).toBe(200);
    expect(await previewRows(project, table)).toHaveLength(2);
  });

  it('restore goes elsewhere, to a name that is free', async () => {
    const { id } = await take();
    const target = uniqueName('users_restored');
    const answer = await project.api.post(`${snapshots}/${id}/restore`, { target_table: target });
    expect([answer.status, answer.body]).toMatchObject([
      200,
      { restored_to: { bucket: 'in_c_sales', table: target }, row_count: 2 },
    ]);
    expect(await previewRows(project, `${project.buckets}/in_c_sales/tables/${target}`)).toHaveLength(2);
    expectRefusal(await project.api.post(`${snapshots}/${id}/restore`, { target_table: target }), {
      status: 409,
      error: 'table_exists',
    });
    const bucket = uniqueName('bucket');
    await newBucket(project, bucket);
    const there = await project.api.post(`${snapshots}/${id}/restore`, { target_bucket: bucket });
    expect(there.body).toMatchObject({ restored_to: { bucket, table: name } });
    expectRefusal(await project.api.post(`${snapshots}/${id}/restore`, { target_bucket: 'nonexistent' }), {
      status: 404,
      error: 'bucket_not_found',
      message: 'Target bucket nonexistent not found',
    });
  });

  it('restore needs a body', async () => {
    const { id } = await take();
    expectInvalid(await project.api.post(`${snapshots}/${id}/restore`), ['body'], 'missing');
  });

  it('refuses unknown buckets and tables', async () => {
    expectRefusal(await project.api.post(snapshots, { bucket: 'nonexistent', table: name }), {
      status: 404,
      error: 'bucket_not_found',
    });
    expectRefusal(await project.api.post(snapshots, { bucket: 'in_c_sales', table: 'nonexistent' }), {
      status: 404,
      error: 'table_not_found',
    });
    expectInvalid(await project.api.post(snapshots, { bucket: 'in_c_sales' }), ['body', 'table'], 'missing');
  });

  it.each([
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/restore'],
  ])('%s of an unknown snapshot%s, and of another project', async (method, path) => {
    const { id } = await take();
    const other = await newProject(server.admin, uniqueName('other'));
    const ask = (owner: ContractProject, snapshotId: string) =>
      owner.api.request(
        method,
        `${owner.path}/branches/default/snapshots/${snapshotId}${path}`,
        method === 'POST' ? { json: {} } : {},
      );
    expectRefusal(await ask(project, 'snap_nope'), {
      status: 404,
      error: 'snapshot_not_found',
      message: 'Snapshot snap_nope not found',
      details: { project_id: 'snap_e2e_proj', snapshot_id: 'snap_nope' },
    });
    expectRefusal(await ask(other, id), {
      status: 404,
      error: 'snapshot_not_found',
      details: { project_id: other.id, snapshot_id: id },
    });
  });
});

const SYSTEM = {
  auto_snapshot_triggers: { drop_table: true, truncate_table: false, delete_all_rows: false, drop_column: false },
  retention: { manual_days: 90, auto_days: 7 },
  enabled: true,
};
const LEAVES = [
  'auto_snapshot_triggers.drop_table',
  'auto_snapshot_triggers.truncate_table',
  'auto_snapshot_triggers.delete_all_rows',
  'auto_snapshot_triggers.drop_column',
  'retention.manual_days',
  'retention.auto_days',
  'enabled',
];
const from = (sources: Readonly<Record<string, string>> = {}) =>
  Object.fromEntries(LEAVES.map((leaf) => [leaf, sources[leaf] ?? 'system']));

describe('2.13 and 5.1 snapshot settings', () => {
  let own: ContractProject;
  let levels: { project: string; bucket: string; table: string };

  beforeEach(async () => {
    own = await newProject(server.admin, uniqueName('settings'));
    const bucket = await newBucket(own, 'in_c_sales');
    const path = await newTable(own, 'in_c_sales', 'orders');
    levels = {
      project: `${own.path}/settings/snapshots`,
      bucket: `${bucket}/settings/snapshots`,
      table: `${path}/settings/snapshots`,
    };
  });

  it.each(['project', 'bucket', 'table'] as const)('%s: defaults, put, put the same, reset', async (level) => {
    const nothing = { effective_config: SYSTEM, inheritance: from(), local_config: null };
    const get = async () => (await own.api.get(levels[level])).body;
    expect(await get()).toEqual(nothing);
    const local = { retention: { auto_days: 3 }, auto_snapshot_triggers: { drop_column: true } };
    const expected = {
      effective_config: {
        ...SYSTEM,
        auto_snapshot_triggers: { ...SYSTEM.auto_snapshot_triggers, drop_column: true },
        retention: { manual_days: 90, auto_days: 3 },
      },
      inheritance: from({ 'retention.auto_days': level, 'auto_snapshot_triggers.drop_column': level }),
      local_config: local,
    };
    for (let n = 0; n < 2; n += 1) {
      const put = await own.api.put(levels[level], local);
      expect([put.status, put.body]).toEqual([200, expected]);
    }
    expect(await get()).toEqual(expected);
    const replaced = await own.api.put(levels[level], { enabled: false });
    expect(replaced.body).toEqual({
      effective_config: { ...SYSTEM, enabled: false },
      inheritance: from({ enabled: level }),
      local_config: { enabled: false },
    });
    expect((await own.api.put(levels[level], {})).body).toEqual(nothing);
    await own.api.put(levels[level], local);
    for (let n = 0; n < 2; n += 1) expect((await own.api.delete(levels[level])).status).toBe(204);
    expect(await get()).toEqual(nothing);
  });

  it('the most specific given value wins, per leaf, and inner levels never change outer ones', async () => {
    await own.api.put(levels.project, { retention: { manual_days: 10, auto_days: 11 }, enabled: false });
    await own.api.put(levels.bucket, { retention: { auto_days: 12 } });
    await own.api.put(levels.table, { enabled: true });
    const table = mustSucceed(await own.api.get(levels.table));
    expect(table).toEqual({
      effective_config: { ...SYSTEM, retention: { manual_days: 10, auto_days: 12 } },
      inheritance: from({ 'retention.manual_days': 'project', 'retention.auto_days': 'bucket', enabled: 'table' }),
      local_config: { enabled: true },
    });
    const outer = mustSucceed(await own.api.get<{ effective_config: object }>(levels.project));
    expect(outer.effective_config).toEqual({
      ...SYSTEM,
      retention: { manual_days: 10, auto_days: 11 },
      enabled: false,
    });
    expect(mustSucceed(await own.api.get(levels.bucket))).toMatchObject({
      effective_config: { enabled: false, retention: { manual_days: 10, auto_days: 12 } },
    });
    await own.api.delete(levels.bucket);
    expect(mustSucceed(await own.api.get(levels.table))).toMatchObject({
      inheritance: { 'retention.auto_days': 'project' },
    });
  });

  it.each(['project', 'bucket', 'table'] as const)('%s: refuses impossible values', async (level) => {
    const invalid = async (retention: object) => {
      const answer = await own.api.put(levels[level], { retention });
      expectRefusal(answer, { status: 400, error: 'invalid_config', message: 'Invalid snapshot configuration' });
      return (answer.body as { detail: { details: { errors: string[] } } }).detail.details.errors;
    };
    expect(await invalid({ manual_days: 0 })).toEqual(['Retention manual_days must be a positive integer']);
    expect(await invalid({ auto_days: -1 })).toEqual(['Retention auto_days must be a positive integer']);
    expect(await invalid({ auto_days: 3651 })).toEqual(['Retention auto_days cannot exceed 3650 days']);
    const unknown = await own.api.put(levels[level], { auto_snapshot_triggers: { drop_everything: true } });
    expect([unknown.status, JSON.stringify(unknown.body)]).toEqual([422, expect.stringContaining('drop_everything')]);
    expect(unknown.body).toMatchObject({ detail: [{ type: 'extra_forbidden' }] });
    expect((await own.api.get(levels[level])).body).toMatchObject({ local_config: null });
  });

  it.each(['GET', 'PUT', 'DELETE'])('%s of unknown projects, buckets, tables', async (method) => {
    const json = method === 'PUT' ? { json: {} } : {};
    const ask = (path: string) => server.admin.request(method, `${path}/settings/snapshots`, json);
    for (const below of ['', '/branches/default/buckets/b', '/branches/default/buckets/b/tables/t']) {
      expectRefusal(await ask(`/projects/nonexistent${below}`), { status: 404, error: 'project_not_found' });
    }
    expectRefusal(await ask(`${own.buckets}/nonexistent`), { status: 404, error: 'bucket_not_found' });
    expectRefusal(await ask(`${own.buckets}/nonexistent/tables/t`), { status: 404, error: 'bucket_not_found' });
    expectRefusal(await ask(`${own.buckets}/in_c_sales/tables/nonexistent`), { status: 404, error: 'table_not_found' });
  });
});

describe('5 what settings do', () => {
  it('disabled: no snapshot by hand nor by itself; deleting works', async () => {
    const { id } = await take();
    mustSucceed(await project.api.put(`${table}/settings/snapshots`, { enabled: false }));
    expectRefusal(await project.api.post(snapshots, { bucket: 'in_c_sales', table: name }), {
      status: 400,
      error: 'snapshots_disabled',
      message: `Snapshots are disabled for table in_c_sales.${name}`,
    });
    expect((await project.api.delete(`${snapshots}/${id}`)).status).toBe(204);
    expect((await project.api.delete(table)).status).toBe(204);
    expect((await listed(`table=${name}`)).total).toBe(0);
  });

  it('drop_table: on by default, and can be switched off', async () => {
    expect((await project.api.delete(table)).status).toBe(204);
    const { snapshots: found } = await listed(`table=${name}`);
    expect(found).toMatchObject([
      { snapshot_type: 'auto_predrop', description: `Auto-backup before DROP TABLE in_c_sales.${name}` },
    ]);
    expect(days(found[0] as Snapshot)).toBe(7);
    const other = uniqueName('orders');
    const path = await newTable(project, 'in_c_sales', other);
    mustSucceed(await project.api.put(`${path}/settings/snapshots`, { auto_snapshot_triggers: { drop_table: false } }));
    expect((await project.api.delete(path)).status).toBe(204);
    expect((await listed(`table=${other}`)).total).toBe(0);
  });

  it('drop_column: off by default, and can be switched on', async () => {
    mustSucceed(await project.api.post(`${table}/columns`, { name: 'extra', type: 'INTEGER' }));
    mustSucceed(await project.api.delete(`${table}/columns/extra`));
    expect((await listed(`table=${name}`)).total).toBe(0);
    mustSucceed(
      await project.api.put(`${table}/settings/snapshots`, { auto_snapshot_triggers: { drop_column: true } }),
    );
    mustSucceed(await project.api.delete(`${table}/columns/name`));
    expect((await listed(`table=${name}`)).snapshots).toMatchObject([
      { snapshot_type: 'auto_predrop_column', description: `Auto-backup before DROP COLUMN in_c_sales.${name}.name` },
    ]);
  });

  it('retention: snapshots expire as the settings of their moment say', async () => {
    mustSucceed(
      await project.api.put(`${table}/settings/snapshots`, { retention: { manual_days: 30, auto_days: 14 } }),
    );
    expect(days(await take())).toBe(30);
    expect((await project.api.delete(table)).status).toBe(204);
    const [automatic] = (await listed(`table=${name}&type=auto_predrop`)).snapshots;
    expect(days(automatic as Snapshot)).toBe(14);
  });

  it('snapshots outlive table and bucket', async () => {
    const bucket = uniqueName('bucket');
    await newBucket(project, bucket);
    await newTable(project, bucket, name);
    const { id } = mustSucceed(await project.api.post<Snapshot>(snapshots, { bucket, table: name }));
    expect((await project.api.delete(`${project.buckets}/${bucket}`)).status).toBe(204);
    expect((await project.api.get(`${snapshots}/${id}`)).status).toBe(200);
  });
});

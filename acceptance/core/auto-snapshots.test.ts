import { describe, expect, it } from 'vitest';
import { mustSucceed } from '../helpers/api.js';
import {
  createProjectWithBucket,
  createTable,
  importContent,
  rowsOf,
  type Project,
  type Table,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
const DAY_MS = 86_400_000;

interface Snapshot {
  readonly id: string;
  readonly table_name: string;
  readonly snapshot_type: string;
  readonly row_count: number;
  readonly created_at: string;
  readonly expires_at: string;
  readonly description: string;
}

interface Place {
  readonly project: Project;
  readonly bucket: string;
  readonly table: Table;
}

async function tableWithRows(): Promise<Place> {
  const { project, bucket } = await createProjectWithBucket(server.admin);
  const table = await createTable(project, bucket, { id: 'INTEGER', mark: 'VARCHAR' }, { primaryKey: ['id'] });
  mustSucceed(await importContent(table, 'id,mark\n1,a\n2,b\n'));
  return { project, bucket, table };
}

async function snapshotsOf(project: Project): Promise<readonly Snapshot[]> {
  const path = `${project.path}/branches/default/snapshots?limit=1000`;
  return mustSucceed(await project.api.get<{ snapshots: readonly Snapshot[] }>(path)).snapshots;
}

async function configure(
  { project, bucket, table }: Place,
  level: 'project' | 'bucket' | 'table',
  settings: unknown,
): Promise<void> {
  const owner = { project: project.path, bucket: `${project.bucketsPath}/${bucket}`, table: table.path }[level];
  mustSucceed(await project.api.put(`${owner}/settings/snapshots`, settings));
}

const trigger = (name: string, value: boolean): unknown => ({ auto_snapshot_triggers: { [name]: value } });

describe('drop_table', () => {
  it('is on: a snapshot is taken with the drop', async () => {
    const place = await tableWithRows();
    const { project, bucket, table } = place;
    mustSucceed(await project.api.delete(table.path));
    const [snapshot, ...others] = await snapshotsOf(project);
    expect(others).toEqual([]);
    expect(snapshot).toMatchObject({
      table_name: table.name,
      snapshot_type: 'auto_predrop',
      row_count: 2,
      description: `Auto-backup before DROP TABLE ${bucket}.${table.name}`,
    });
    const { created_at: created = '', expires_at: expires = '' } = snapshot ?? {};
    expect(Date.parse(expires) - Date.parse(created)).toBe(7 * DAY_MS);
  });

  it('keeps it as long as the settings of that moment say', async () => {
    const place = await tableWithRows();
    await configure(place, 'bucket', { retention: { auto_days: 30 } });
    mustSucceed(await place.project.api.delete(place.table.path));
    await configure(place, 'bucket', { retention: { auto_days: 1 } });
    const [snapshot] = await snapshotsOf(place.project);
    const { created_at: created = '', expires_at: expires = '' } = snapshot ?? {};
    expect(Date.parse(expires) - Date.parse(created)).toBe(30 * DAY_MS);
  });

  it.each([
    ['project', trigger('drop_table', false)],
    ['bucket', trigger('drop_table', false)],
    ['table', trigger('drop_table', false)],
    ['project', { enabled: false }],
    ['table', { enabled: false }],
  ] as const)('takes none when the %s says %j', async (level, settings) => {
    const place = await tableWithRows();
    await configure(place, level, settings);
    mustSucceed(await place.project.api.delete(place.table.path));
    expect(await snapshotsOf(place.project)).toEqual([]);
  });

  it('is on for one table of a project that has it off', async () => {
    const place = await tableWithRows();
    await configure(place, 'project', trigger('drop_table', false));
    await configure(place, 'table', trigger('drop_table', true));
    mustSucceed(await place.project.api.delete(place.table.path));
    expect(await snapshotsOf(place.project)).toHaveLength(1);
  });
});

describe('dropping a bucket', () => {
  it('is dropping each of its tables, by the settings of each', async () => {
    const place = await tableWithRows();
    const { project, bucket, table } = place;
    const empty = await createTable(project, bucket, { id: 'INTEGER' });
    const unprotected = await createTable(project, bucket, { id: 'INTEGER' });
    await configure({ ...place, table: unprotected }, 'table', trigger('drop_table', false));
    mustSucceed(await project.api.delete(`${project.bucketsPath}/${bucket}`));
    const taken = await snapshotsOf(project);
    expect(taken.map((each) => [each.table_name, each.row_count, each.snapshot_type]).sort()).toEqual(
      [
        [table.name, 2, 'auto_predrop'],
        [empty.name, 0, 'auto_predrop'],
      ].sort(),
    );
    expect(taken.find(({ table_name: name }) => name === table.name)?.description).toBe(
      `Auto-backup before DROP TABLE ${bucket}.${table.name}`,
    );
    mustSucceed(await project.api.post(project.bucketsPath, { name: bucket }));
    const snapshot = taken.find(({ table_name: name }) => name === table.name);
    mustSucceed(await project.api.post(`${project.path}/branches/default/snapshots/${snapshot?.id}/restore`, {}));
    expect(await rowsOf(table)).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });

  it('takes none when the bucket has it off', async () => {
    const place = await tableWithRows();
    await configure(place, 'bucket', trigger('drop_table', false));
    mustSucceed(await place.project.api.delete(`${place.project.bucketsPath}/${place.bucket}`));
    expect(await snapshotsOf(place.project)).toEqual([]);
  });
});

describe('truncate_table', () => {
  it('is off: a full import replaces the rows without a snapshot', async () => {
    const { project, table } = await tableWithRows();
    mustSucceed(await importContent(table, 'id,mark\n9,z\n'));
    expect(await snapshotsOf(project)).toEqual([]);
  });

  it('when on, keeps what a full import replaces', async () => {
    const place = await tableWithRows();
    await configure(place, 'table', trigger('truncate_table', true));
    mustSucceed(await importContent(place.table, 'id,mark\n9,z\n'));
    const [snapshot, ...others] = await snapshotsOf(place.project);
    expect(others).toEqual([]);
    expect(snapshot).toMatchObject({
      snapshot_type: 'auto_pretruncate',
      row_count: 2,
      description: `Auto-backup before TRUNCATE TABLE ${place.bucket}.${place.table.name}`,
    });
  });

  it('when on, has nothing to keep before an incremental import, nor before one that fails', async () => {
    const place = await tableWithRows();
    await configure(place, 'table', trigger('truncate_table', true));
    mustSucceed(await importContent(place.table, 'id,mark\n9,z\n', { import_options: { incremental: true } }));
    expect((await importContent(place.table, 'id,mark\nx,z\n')).status).toBe(400);
    expect(await snapshotsOf(place.project)).toEqual([]);
  });

  it('when on but disabled, takes none', async () => {
    const place = await tableWithRows();
    await configure(place, 'bucket', { ...(trigger('truncate_table', true) as object), enabled: false });
    mustSucceed(await importContent(place.table, 'id,mark\n9,z\n'));
    expect(await snapshotsOf(place.project)).toEqual([]);
  });
});

describe('delete_all_rows', () => {
  const deleteRows = (table: Table, condition: string) =>
    table.project.api.request<{ table_rows_after: number }>('DELETE', `${table.path}/rows`, {
      json: { where_clause: condition },
    });

  it('is off: rows go without a snapshot', async () => {
    const { project, table } = await tableWithRows();
    mustSucceed(await deleteRows(table, 'id > 0'));
    expect(await snapshotsOf(project)).toEqual([]);
  });

  it.each(['delete_all_rows', 'truncate_table'])('is protected by %s, when no row is left', async (name) => {
    const place = await tableWithRows();
    await configure(place, 'project', trigger(name, true));
    mustSucceed(await deleteRows(place.table, 'id = 1'));
    expect(await snapshotsOf(place.project)).toEqual([]);
    expect(mustSucceed(await deleteRows(place.table, 'id > 0')).table_rows_after).toBe(0);
    expect(await snapshotsOf(place.project)).toMatchObject([
      {
        snapshot_type: 'auto_pretruncate',
        row_count: 1,
        description: `Auto-backup before DELETE FROM ${place.bucket}.${place.table.name}`,
      },
    ]);
  });
});

describe('drop_column', () => {
  it('is off: a column goes without a snapshot', async () => {
    const { project, table } = await tableWithRows();
    mustSucceed(await project.api.delete(`${table.path}/columns/mark`));
    expect(await snapshotsOf(project)).toEqual([]);
  });

  it('when on, keeps the table with the column, and brings it back', async () => {
    const place = await tableWithRows();
    const { project, bucket, table } = place;
    await configure(place, 'table', trigger('drop_column', true));
    mustSucceed(await project.api.delete(`${table.path}/columns/mark`));
    const [snapshot, ...others] = await snapshotsOf(project);
    expect(others).toEqual([]);
    expect(snapshot).toMatchObject({
      snapshot_type: 'auto_predrop_column',
      row_count: 2,
      description: `Auto-backup before DROP COLUMN ${bucket}.${table.name}.mark`,
    });
    expect(await rowsOf(table)).toEqual([[1], [2]]);
    mustSucceed(await project.api.post(`${project.path}/branches/default/snapshots/${snapshot?.id}/restore`, {}));
    expect(await rowsOf(table)).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });

  it('takes none for a drop that is refused', async () => {
    const place = await tableWithRows();
    await configure(place, 'table', trigger('drop_column', true));
    expect((await place.project.api.delete(`${place.table.path}/columns/id`)).status).toBe(400);
    expect(await snapshotsOf(place.project)).toEqual([]);
  });
});

describe('automatic snapshots', () => {
  it('are counted by type and trigger', async () => {
    const place = await tableWithRows();
    await configure(place, 'table', trigger('truncate_table', true));
    const figure = async (text: string): Promise<number> => {
      const line = (await server.anonymous.get('/metrics')).text.split('\n').find((each) => each.startsWith(text));
      return Number(line?.split(' ').at(-1) ?? 0);
    };
    const truncated = 'duckdb_snapshots_created_total{type="auto_pretruncate",trigger="truncate_table"}';
    const dropped = 'duckdb_snapshots_created_total{type="auto_predrop",trigger="drop_table"}';
    const before = [await figure(truncated), await figure(dropped), await figure('duckdb_snapshots_size_bytes')];
    mustSucceed(await importContent(place.table, 'id,mark\n9,z\n'));
    mustSucceed(await place.project.api.delete(place.table.path));
    const after = [await figure(truncated), await figure(dropped), await figure('duckdb_snapshots_size_bytes')];
    expect([after[0], after[1]]).toEqual([(before[0] ?? 0) + 1, (before[1] ?? 0) + 1]);
    expect(after[2]).toBeGreaterThan(before[2] ?? 0);
    expect(await figure('duckdb_snapshots_total{type="auto_pretruncate"}')).toBeGreaterThan(0);
  });
});

describe('drop_column', () => {
  it('is off; switched on, a snapshot is taken with the drop', async () => {
    const place = await tableWithRows();
    const { project, bucket, table } = place;
    mustSucceed(await project.api.post(`${table.path}/columns`, { name: 'extra', type: 'INTEGER', default: '5' }));
    mustSucceed(await project.api.delete(`${table.path}/columns/mark`));
    expect(await snapshotsOf(project)).toEqual([]);
    await configure(place, 'table', trigger('drop_column', true));
    expect((await project.api.delete(`${table.path}/columns/id`)).status).toBe(400);
    expect(await snapshotsOf(project)).toEqual([]);
    mustSucceed(await project.api.delete(`${table.path}/columns/EXTRA`));
    expect(await snapshotsOf(project)).toMatchObject([
      {
        table_name: table.name,
        snapshot_type: 'auto_predrop_column',
        row_count: 2,
        description: `Auto-backup before DROP COLUMN ${bucket}.${table.name}.extra`,
      },
    ]);
  });
});

describe('delete_all_rows', () => {
  it('is decided by what is left, not by the condition', async () => {
    const place = await tableWithRows();
    const { project, bucket, table } = place;
    const deleteRows = async (where: string): Promise<unknown> =>
      mustSucceed(await project.api.delete(`${table.path}/rows`, { json: { where_clause: where } }));
    await configure(place, 'bucket', trigger('delete_all_rows', true));
    await deleteRows('false');
    await deleteRows('id = 1');
    expect(await snapshotsOf(project)).toEqual([]);
    await deleteRows("mark = 'b'");
    expect(await snapshotsOf(project)).toMatchObject([
      {
        snapshot_type: 'auto_pretruncate',
        row_count: 1,
        description: `Auto-backup before DELETE FROM ${bucket}.${table.name}`,
      },
    ]);
    await deleteRows('1 = 1');
    expect(await snapshotsOf(project)).toHaveLength(1);
    await configure(place, 'bucket', trigger('delete_all_rows', false));
    mustSucceed(await importContent(table, 'id,mark\n1,a\n2,b\n'));
    await deleteRows('1=1');
    expect(await snapshotsOf(project)).toHaveLength(1);
  });
});

import { beforeAll, describe, expect, it } from 'vitest';
import { errorCode, errorDetails, errorMessage, mustSucceed, type Answer } from '../helpers/api.js';
import { createBucket, createProject, createProjectWithBucket, createTable, type Project } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

interface Settings {
  readonly effective_config: {
    readonly auto_snapshot_triggers: Readonly<Record<string, boolean>>;
    readonly retention: { readonly manual_days: number; readonly auto_days: number };
    readonly enabled: boolean;
  };
  readonly inheritance: Readonly<Record<string, string>>;
  readonly local_config: unknown;
}

const NAMES = [
  'auto_snapshot_triggers.drop_table',
  'auto_snapshot_triggers.truncate_table',
  'auto_snapshot_triggers.delete_all_rows',
  'auto_snapshot_triggers.drop_column',
  'retention.manual_days',
  'retention.auto_days',
  'enabled',
];

const SYSTEM: Settings = {
  effective_config: {
    auto_snapshot_triggers: { drop_table: true, truncate_table: false, delete_all_rows: false, drop_column: false },
    retention: { manual_days: 90, auto_days: 7 },
    enabled: true,
  },
  inheritance: Object.fromEntries(NAMES.map((name) => [name, 'system'])),
  local_config: null,
};

interface Levels {
  readonly project: Project;
  readonly bucket: string;
  readonly levels: Readonly<Record<'project' | 'bucket' | 'table', string>>;
}

async function makeLevels(): Promise<Levels> {
  const { project, bucket } = await createProjectWithBucket(server.admin);
  const table = await createTable(project, bucket, { id: 'INTEGER' });
  const levels = {
    project: `${project.path}/settings/snapshots`,
    bucket: `${project.bucketsPath}/${bucket}/settings/snapshots`,
    table: `${table.path}/settings/snapshots`,
  };
  return { project, bucket, levels };
}

const LEVELS = ['project', 'bucket', 'table'] as const;
let shared: Levels;

beforeAll(async () => {
  shared = await makeLevels();
});

async function get({ project }: Levels, path: string): Promise<Settings> {
  return mustSucceed(await project.api.get<Settings>(path));
}

async function put({ project }: Levels, path: string, body: unknown): Promise<Settings> {
  return mustSucceed(await project.api.put<Settings>(path, body));
}

describe.each(LEVELS)('settings of a %s', (level) => {
  it('are the built-in ones at first', async () => {
    const own = await makeLevels();
    const answer = await own.project.api.get(own.levels[level]);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(SYSTEM);
  });

  it('are stored, shown with their source, and replaced as a whole', async () => {
    const own = await makeLevels();
    const path = own.levels[level];
    const first = await put(own, path, { retention: { auto_days: 3 }, auto_snapshot_triggers: { drop_column: true } });
    expect(first).toEqual({
      effective_config: {
        auto_snapshot_triggers: { drop_table: true, truncate_table: false, delete_all_rows: false, drop_column: true },
        retention: { manual_days: 90, auto_days: 3 },
        enabled: true,
      },
      inheritance: {
        ...SYSTEM.inheritance,
        'auto_snapshot_triggers.drop_column': level,
        'retention.auto_days': level,
      },
      local_config: { auto_snapshot_triggers: { drop_column: true }, retention: { auto_days: 3 } },
    });
    expect(await get(own, path)).toEqual(first);
    expect(
      await put(own, path, { retention: { auto_days: 3 }, auto_snapshot_triggers: { drop_column: true } }),
    ).toEqual(first);
    const second = await put(own, path, { enabled: false });
    expect(second.local_config).toEqual({ enabled: false });
    expect(second.effective_config.retention.auto_days).toBe(7);
    expect(second.inheritance).toEqual({ ...SYSTEM.inheritance, enabled: level });
  });

  it('can say all of it', async () => {
    const own = await makeLevels();
    const all = {
      auto_snapshot_triggers: { drop_table: false, truncate_table: true, delete_all_rows: true, drop_column: true },
      retention: { manual_days: 1, auto_days: 3650 },
      enabled: false,
    };
    expect(await put(own, own.levels[level], all)).toEqual({
      effective_config: all,
      inheritance: Object.fromEntries(NAMES.map((name) => [name, level])),
      local_config: all,
    });
  });

  it.each([
    ['nothing', {}],
    ['nulls', { auto_snapshot_triggers: null, retention: null, enabled: null }],
    ['nulls inside', { auto_snapshot_triggers: { drop_table: null }, retention: { auto_days: null } }],
    ['empty objects', { auto_snapshot_triggers: {}, retention: {} }],
  ])('PUT of %s stores nothing', async (_, body) => {
    const own = await makeLevels();
    await put(own, own.levels[level], { enabled: false });
    expect(await put(own, own.levels[level], body)).toEqual(SYSTEM);
  });

  it('inherit again after DELETE, which may be repeated', async () => {
    const own = await makeLevels();
    await put(own, own.levels[level], { retention: { manual_days: 5 } });
    for (const _ of [1, 2]) {
      const answer = await own.project.api.delete(own.levels[level]);
      expect([answer.status, answer.text]).toEqual([204, '']);
    }
    expect(await get(own, own.levels[level])).toEqual(SYSTEM);
  });

  it.each([
    ['manual_days', 0, 'Retention manual_days must be a positive integer'],
    ['auto_days', -1, 'Retention auto_days must be a positive integer'],
    ['auto_days', 3651, 'Retention auto_days cannot exceed 3650 days'],
    ['manual_days', 1e300, 'Retention manual_days cannot exceed 3650 days'],
  ])('refuses retention %s of %d', async (name, days, message) => {
    const path = shared.levels[level];
    const answer = await shared.project.api.put(path, { retention: { [name]: days }, enabled: false });
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      detail: { error: 'invalid_config', message: 'Invalid snapshot configuration', details: { errors: [message] } },
    });
    expect(await get(shared, path)).toEqual(SYSTEM);
  });

  it('names everything that is wrong', async () => {
    const body = { retention: { manual_days: 0, auto_days: 4000 } };
    const answer = await shared.project.api.put(shared.levels[level], body);
    expect(errorDetails(answer)['errors']).toHaveLength(2);
  });

  it.each([
    [{ auto_snapshot_triggers: { drop_tabel: true } }, ['body', 'auto_snapshot_triggers', 'drop_tabel']],
    [{ retention: { days: 3 } }, ['body', 'retention', 'days']],
    [{ triggers: { drop_table: true } }, ['body', 'triggers']],
    [{ Enabled: false }, ['body', 'Enabled']],
  ])('refuses unknown members: %j', async (body, loc) => {
    const answer = await shared.project.api.put(shared.levels[level], body);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ detail: [{ type: 'extra_forbidden', loc }] });
    expect(JSON.stringify((answer.body as { detail: unknown }).detail)).toContain(String(loc.at(-1)));
    expect(await get(shared, shared.levels[level])).toEqual(SYSTEM);
  });

  it.each([
    [{ enabled: 'maybe' }, 'bool_parsing'],
    [{ enabled: [] }, 'bool_type'],
    [{ retention: { auto_days: 1.5 } }, 'int_from_float'],
    [{ retention: { auto_days: 'many' } }, 'int_parsing'],
    [{ retention: 5 }, 'dict_type'],
    [{ auto_snapshot_triggers: [] }, 'dict_type'],
  ])('refuses values of another kind: %j', async (body, type) => {
    const answer = await shared.project.api.put(shared.levels[level], body);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ detail: [{ type }] });
  });

  it('need a body', async () => {
    expect((await shared.project.api.put(shared.levels[level])).status).toBe(422);
    expect((await shared.project.api.put(shared.levels[level], [])).status).toBe(422);
  });
});

describe('inheritance', () => {
  it('takes the most specific value that is given, leaf by leaf', async () => {
    const own = await makeLevels();
    const { levels } = own;
    await put(own, levels.project, { retention: { manual_days: 10, auto_days: 10 }, enabled: false });
    await put(own, levels.bucket, { retention: { auto_days: 20 } });
    await put(own, levels.table, { enabled: true });
    const table = await get(own, levels.table);
    expect(table.effective_config).toMatchObject({ retention: { manual_days: 10, auto_days: 20 }, enabled: true });
    expect(table.inheritance).toEqual({
      ...SYSTEM.inheritance,
      'retention.manual_days': 'project',
      'retention.auto_days': 'bucket',
      enabled: 'table',
    });
    expect(table.local_config).toEqual({ enabled: true });

    const bucket = await get(own, levels.bucket);
    expect(bucket.effective_config).toMatchObject({ retention: { manual_days: 10, auto_days: 20 }, enabled: false });
    const project = await get(own, levels.project);
    expect(project.effective_config).toMatchObject({ retention: { manual_days: 10, auto_days: 10 }, enabled: false });

    mustSucceed(await own.project.api.delete(levels.bucket));
    expect((await get(own, levels.table)).inheritance['retention.auto_days']).toBe('project');
  });

  it('keeps buckets, tables and projects apart', async () => {
    const own = await makeLevels();
    const other = await createBucket(own.project);
    const table = await createTable(own.project, other, { id: 'INTEGER' });
    await put(own, own.levels.bucket, { enabled: false });
    await put(own, own.levels.table, { retention: { auto_days: 1 } });
    expect(await get(own, `${table.path}/settings/snapshots`)).toEqual(SYSTEM);
    expect(await get(own, own.levels.project)).toEqual(SYSTEM);
    const stranger = await createProject(server.admin);
    expect((await stranger.api.get(own.levels.project)).status).toBe(403);
  });
});

describe('settings and their owner', () => {
  it('go together: one of the same name begins without any', async () => {
    const own = await makeLevels();
    const { project, bucket, levels } = own;
    const tablePath = levels.table.replace('/settings/snapshots', '');
    const name = decodeURIComponent(tablePath.split('/').at(-1) ?? '');
    await put(own, levels.table, { enabled: false });
    mustSucceed(await project.api.delete(tablePath));
    await createTable(project, bucket, { id: 'INTEGER' }, { name });
    expect(await get(own, levels.table)).toEqual(SYSTEM);

    await put(own, levels.bucket, { enabled: false });
    await put(own, levels.table, { retention: { auto_days: 2 } });
    mustSucceed(await project.api.delete(`${project.bucketsPath}/${bucket}`));
    await createBucket(project, bucket);
    expect(await get(own, levels.bucket)).toEqual(SYSTEM);
    await createTable(project, bucket, { id: 'INTEGER' }, { name });
    expect(await get(own, levels.table)).toEqual(SYSTEM);
  });

  it.each([
    ['/projects/missing/settings/snapshots', 'project_not_found'],
    ['/projects/missing/branches/default/buckets/b/settings/snapshots', 'project_not_found'],
    ['/projects/{p}/branches/8135c4c5/buckets/b/settings/snapshots', 'branch_not_found'],
    ['/projects/{p}/branches/default/buckets/missing/settings/snapshots', 'bucket_not_found'],
    ['/projects/{p}/branches/default/buckets/missing/tables/t/settings/snapshots', 'bucket_not_found'],
    ['/projects/{p}/branches/default/buckets/{b}/tables/missing/settings/snapshots', 'table_not_found'],
  ])('%s is a 404 %s', async (template, code) => {
    const path = template.replace('{p}', shared.project.id).replace('{b}', shared.bucket);
    const answers: Answer[] = [
      await server.admin.get(path),
      await server.admin.put(path, { enabled: true }),
      await server.admin.delete(path),
    ];
    for (const answer of answers) {
      expect([answer.status, errorCode(answer)]).toEqual([404, code]);
      expect(errorMessage(answer)).toContain('not found');
    }
  });
});

import { beforeAll, describe, expect, it } from 'vitest';
import { errorCode, errorDetails, errorMessage, mustSucceed, type Answer } from '../helpers/api.js';
import {
  createProjectWithBucket,
  createTable,
  download,
  exportTable,
  getTable,
  importContent,
  preview,
  rowsOf,
  type ExportAnswer,
  type Preview,
  type Project,
  type Table,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const KEPT = 4;
const server = useServer({ env: { VERSION_RETENTION_COUNT: String(KEPT) } });
let project: Project;
let bucket: string;

beforeAll(async () => {
  ({ project, bucket } = await createProjectWithBucket(server.admin));
});

interface Version {
  readonly id: string;
  readonly operation: string;
  readonly row_count: number;
  readonly size_bytes: number;
  readonly created_at: string;
  readonly created_by: string;
  readonly is_current: boolean;
  readonly replaced_at: string | null;
  readonly expires_at: string | null;
}

interface Versions {
  readonly versions: readonly Version[];
  readonly total: number;
}

async function versionsOf(table: Table, query = ''): Promise<Versions> {
  return mustSucceed(await project.api.get<Versions>(`${table.path}/versions${query}`));
}

/** Of a list, newest first, as it was read: which version was current n changes ago. */
function ago({ versions }: Versions, changes: number): Version {
  const version = versions[changes];
  if (version === undefined) throw new Error(`the table has no version of ${changes} changes ago`);
  return version;
}

/** A table that had 0, then 1, then 2 rows. */
async function tableWithHistory(): Promise<Table> {
  const table = await createTable(project, bucket, { id: 'INTEGER', mark: 'VARCHAR' }, { primaryKey: ['id'] });
  mustSucceed(await importContent(table, 'id,mark\n1,a\n'));
  mustSucceed(await importContent(table, 'id,mark\n2,b\n', { import_options: { incremental: true } }));
  return table;
}

function restore(table: Table, versionId: string): Promise<Answer<Record<string, unknown>>> {
  return project.api.post<Record<string, unknown>>(`${table.path}/versions/${versionId}/restore`);
}

function refusal(answer: Answer): [number, string | undefined] {
  return [answer.status, errorCode(answer)];
}

describe('GET …/versions', () => {
  it('lists what the table was, newest first, and who made it', async () => {
    const table = await tableWithHistory();
    const list = await versionsOf(table);
    expect(list.total).toBe(3);
    expect(list.versions.map((version) => [version.operation, version.row_count, version.is_current])).toEqual([
      ['table.import', 2, true],
      ['table.import', 1, false],
      ['table.create', 0, false],
    ]);
    const [current, before] = list.versions;
    expect(current).toMatchObject({ replaced_at: null, expires_at: null });
    expect(current?.size_bytes).toBe((await getTable(table)).size_bytes);
    const keys = mustSucceed(await project.api.get<Versions>(`${table.path}/versions?limit=1`));
    expect(keys.versions[0]?.created_by).toMatch(/^[0-9a-f-]{36}$/);
    const replacedAt = Date.parse(before?.replaced_at ?? '');
    expect(replacedAt).toBeGreaterThanOrEqual(Date.parse(current?.created_at ?? ''));
    expect(Date.parse(before?.expires_at ?? '') - replacedAt).toBe(7 * 86_400_000);
  });

  it('pages, and total counts all', async () => {
    const table = await tableWithHistory();
    const all = await versionsOf(table);
    expect(await versionsOf(table, '?limit=1&offset=1')).toEqual({ versions: [all.versions[1]], total: 3 });
    expect(await versionsOf(table, '?offset=9')).toEqual({ versions: [], total: 3 });
    for (const query of ['?limit=0', '?limit=1001', '?offset=-1']) {
      expect((await project.api.get(`${table.path}/versions${query}`)).status).toBe(422);
    }
  });

  it('keeps as many replaced ones as configured', async () => {
    const table = await tableWithHistory();
    const dropped = ago(await versionsOf(table), 2);
    for (const mark of ['c', 'd', 'e']) mustSucceed(await importContent(table, `id,mark\n1,${mark}\n`));
    const list = await versionsOf(table);
    expect(list.total).toBe(1 + KEPT);
    expect(list.versions.map(({ id }) => id)).not.toContain(dropped.id);
    const answer = await restore(table, dropped.id);
    expect(refusal(answer)).toEqual([404, 'version_not_found']);
    const oldest = list.versions.at(-1);
    expect(errorDetails(answer)).toMatchObject({
      project_id: project.id,
      bucket_name: bucket,
      table_name: table.name,
      version_id: dropped.id,
      oldest_version_id: oldest?.id,
    });
    expect(errorMessage(answer)).toContain(`it has ${1 + KEPT} versions, the oldest of`);
  });

  it('begins anew when a table is made again', async () => {
    const table = await tableWithHistory();
    const before = ago(await versionsOf(table), 1);
    mustSucceed(await project.api.delete(table.path));
    expect(refusal(await project.api.get(`${table.path}/versions`))).toEqual([404, 'table_not_found']);
    await createTable(project, bucket, { id: 'INTEGER' }, { name: table.name });
    expect((await versionsOf(table)).total).toBe(1);
    expect(refusal(await restore(table, before.id))).toEqual([404, 'version_not_found']);
  });
});

describe('POST …/versions/{version}/restore', () => {
  it('brings back rows and columns, and can be undone itself', async () => {
    const table = await tableWithHistory();
    const list = await versionsOf(table);
    const answer = await restore(table, ago(list, 1).id);
    expect(answer.status).toBe(200);
    const after = await versionsOf(table);
    expect(answer.body).toEqual({
      restored_version_id: ago(list, 1).id,
      version_id: ago(after, 0).id,
      row_count: 1,
      size_bytes: ago(list, 1).size_bytes,
    });
    expect(ago(after, 0)).toMatchObject({ operation: 'version.restore', row_count: 1, is_current: true });
    expect(after.total).toBe(4);
    expect(await rowsOf(table)).toEqual([[1, 'a']]);
    expect(await getTable(table)).toMatchObject({ row_count: 1, primary_key: ['id'] });

    mustSucceed(await restore(table, ago(after, 1).id));
    expect(await rowsOf(table)).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });

  it('brings back an empty state, which goes on as before', async () => {
    const table = await tableWithHistory();
    mustSucceed(await restore(table, ago(await versionsOf(table), 2).id));
    expect(await rowsOf(table)).toEqual([]);
    mustSucceed(await importContent(table, 'id,mark\n9,z\n9,y\n', { import_options: { incremental: true } }));
    expect(await rowsOf(table)).toEqual([[9, 'y']]);
  });

  it('changes nothing when the version is current', async () => {
    const table = await tableWithHistory();
    const before = await versionsOf(table);
    const answer = await restore(table, ago(before, 0).id);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ restored_version_id: ago(before, 0).id, version_id: ago(before, 0).id });
    expect(await versionsOf(table)).toEqual(before);
  });

  it('runs once for one idempotency key', async () => {
    const table = await tableWithHistory();
    const { id } = ago(await versionsOf(table), 1);
    const options = { headers: { 'x-idempotency-key': `restore-${table.name}` } };
    const path = `${table.path}/versions/${id}/restore`;
    const first = await project.api.post(path, undefined, options);
    const second = await project.api.post(path, undefined, options);
    expect([first.status, second.status, second.headers.get('x-idempotency-replay')]).toEqual([200, 200, 'true']);
    expect(second.body).toEqual(first.body);
    expect((await versionsOf(table)).total).toBe(4);
  });

  it('refuses a version of another table, and one that never was', async () => {
    const [table, other] = [await tableWithHistory(), await tableWithHistory()];
    for (const id of [ago(await versionsOf(other), 1).id, 'nonsense', '..']) {
      expect(refusal(await restore(table, encodeURIComponent(id)))[0]).toBe(404);
    }
    expect(await rowsOf(table)).toHaveLength(2);
  });

  it('answers 404 for unknown projects, branches, buckets and tables', async () => {
    const path = (p: string, branch: string, b: string, t: string): string =>
      `/projects/${p}/branches/${branch}/buckets/${b}/tables/${t}/versions/x/restore`;
    const code = async (target: string) => refusal(await server.admin.post(target));
    expect(await code(path('missing', 'default', bucket, 't'))).toEqual([404, 'project_not_found']);
    expect(await code(path(project.id, '8135c4c5', bucket, 't'))).toEqual([404, 'branch_not_found']);
    expect(await code(path(project.id, 'default', 'missing', 't'))).toEqual([404, 'bucket_not_found']);
    expect(await code(path(project.id, 'default', bucket, 'missing'))).toEqual([404, 'table_not_found']);
  });
});

describe('reading a table as it was', () => {
  it('shows a version in the preview, with its count and its columns', async () => {
    const table = await tableWithHistory();
    const list = await versionsOf(table);
    const shown = await preview(table, `?version=${ago(list, 1).id}`);
    expect(shown).toMatchObject({ rows: [{ id: 1, mark: 'a' }], total_row_count: 1, preview_row_count: 1 });
    expect(await preview(table, `?version=${ago(list, 0).id}`)).toEqual(await preview(table));
    const filtered = await preview(table, `?version=${ago(list, 2).id}&filter=${encodeURIComponent('id > 0')}`);
    expect(filtered).toMatchObject({ rows: [], total_row_count: 0 });
  });

  it('shows the version of a moment', async () => {
    const table = await tableWithHistory();
    const list = await versionsOf(table);
    for (const changes of [0, 1, 2]) {
      const { created_at: created, row_count: rows } = ago(list, changes);
      for (const text of [encodeURIComponent(created), created, created.replace(/\+00:00$/, 'Z')]) {
        expect((await preview(table, `?as_of=${text}`)).total_row_count).toBe(rows);
      }
    }
    expect((await preview(table, '?as_of=2999-01-01')).total_row_count).toBe(2);
  });

  it('exports a version', async () => {
    const table = await tableWithHistory();
    const list = await versionsOf(table);
    const csvOf = async (answer: Answer<ExportAnswer>): Promise<string> =>
      (await download(project, mustSucceed(answer).file_id)).toString();
    expect(await csvOf(await exportTable(table, { version: ago(list, 1).id }))).toBe('id,mark\n1,a\n');
    expect(await csvOf(await exportTable(table, { as_of: ago(list, 2).created_at }))).toBe('id,mark\n');
    expect(await csvOf(await exportTable(table, { version: null, as_of: null }))).toBe('id,mark\n1,a\n2,b\n');
  });

  it('says how far back history goes', async () => {
    const table = await tableWithHistory();
    const oldest = ago(await versionsOf(table), 2);
    const answer = await project.api.get<Preview>(`${table.path}/preview?as_of=2020-01-01T00:00:00Z`);
    expect(refusal(answer)).toEqual([404, 'version_not_found']);
    expect(errorMessage(answer)).toContain('does not reach back to 2020-01-01T00:00:00.000Z');
    expect(errorDetails(answer)).toMatchObject({ as_of: '2020-01-01T00:00:00.000Z', oldest_version_id: oldest.id });
    const unknown = await exportTable(table, { version: 'nonsense' });
    expect(refusal(unknown)).toEqual([404, 'version_not_found']);
    expect(errorDetails(unknown)).toMatchObject({ version_id: 'nonsense', oldest_version_id: oldest.id });
  });

  it('refuses version and as_of together, and what is no time', async () => {
    const table = await tableWithHistory();
    const { id } = ago(await versionsOf(table), 0);
    for (const query of [`version=${id}&as_of=2026-01-01`, 'as_of=yesterday', 'as_of=', 'as_of=2026-02-30']) {
      expect(refusal(await project.api.get(`${table.path}/preview?${query}`))).toEqual([400, 'invalid_request']);
    }
    expect(refusal(await exportTable(table, { version: id, as_of: '2026-01-01' }))).toEqual([400, 'invalid_request']);
    expect((await exportTable(table, { version: 5 })).status).toBe(422);
  });
});

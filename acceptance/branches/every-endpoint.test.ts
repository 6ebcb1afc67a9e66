import { beforeAll, describe, expect, it } from 'vitest';

import { mustSucceed, type Answer } from '../helpers/api.js';
import { createBranch } from '../helpers/branches.js';
import {
  createBucket,
  createProject,
  createTable,
  importContent,
  tableOf,
  uploadFile,
  type Project,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

/** Answers of earlier steps, by operation. */
type Earlier = (operation: string) => Record<string, unknown>;

interface Step {
  readonly operation: string;
  readonly method: string;
  /** Below `/projects/{p}/branches/{b}`. */
  readonly path: string | ((earlier: Earlier) => string);
  readonly json?: unknown;
  readonly status: number;
}

const BUCKET = '/buckets/shop';
const TABLE = `${BUCKET}/tables/orders`;
const COLUMNS = [
  { name: 'id', type: 'INTEGER' },
  { name: 'v', type: 'VARCHAR' },
];
const firstId = (answer: Record<string, unknown>, list: string): string =>
  (answer[list] as { id: string }[])[1]?.id ?? 'none';

/** Every operation on buckets and tables once, on what main has. The placeholder `{file}` is a file of two rows. */
const STEPS: readonly Step[] = [
  { operation: 'bucketList', method: 'GET', path: '/buckets', status: 200 },
  { operation: 'bucketGet', method: 'GET', path: BUCKET, status: 200 },
  { operation: 'bucketListShares', method: 'GET', path: `${BUCKET}/shares`, status: 200 },
  { operation: 'bucketUpdate', method: 'PUT', path: BUCKET, json: { description: 'd' }, status: 200 },
  { operation: 'bucketCreate', method: 'POST', path: '/buckets', json: { name: 'fresh' }, status: 201 },
  {
    operation: 'tableCreate',
    method: 'POST',
    path: `${BUCKET}/tables`,
    json: { name: 'made', columns: COLUMNS, primary_key: ['id'] },
    status: 201,
  },
  { operation: 'tableList', method: 'GET', path: `${BUCKET}/tables`, status: 200 },
  { operation: 'tableGet', method: 'GET', path: TABLE, status: 200 },
  { operation: 'tablePreview', method: 'GET', path: `${TABLE}/preview`, status: 200 },
  { operation: 'tableProfile', method: 'POST', path: `${TABLE}/profile`, status: 200 },
  { operation: 'tableExport', method: 'POST', path: `${TABLE}/export`, json: {}, status: 200 },
  {
    operation: 'snapshotCreate',
    method: 'POST',
    path: '/snapshots',
    json: { bucket: 'shop', table: 'orders' },
    status: 201,
  },
  { operation: 'snapshotList', method: 'GET', path: '/snapshots', status: 200 },
  {
    operation: 'snapshotGet',
    method: 'GET',
    path: (earlier) => `/snapshots/${String(earlier('snapshotCreate')['id'])}`,
    status: 200,
  },
  {
    operation: 'snapshotDownload',
    method: 'GET',
    path: (earlier) => `/snapshots/${String(earlier('snapshotCreate')['id'])}/download`,
    status: 200,
  },
  {
    operation: 'tableImport',
    method: 'POST',
    path: `${TABLE}/import/file`,
    json: { file_id: '{file}', import_options: { incremental: true } },
    status: 200,
  },
  { operation: 'tableUpdate', method: 'PUT', path: TABLE, json: { description: 'd' }, status: 200 },
  {
    operation: 'columnAdd',
    method: 'POST',
    path: `${TABLE}/columns`,
    json: { name: 'more', type: 'INTEGER', default: '7' },
    status: 201,
  },
  {
    operation: 'columnAlter',
    method: 'PUT',
    path: `${TABLE}/columns/more`,
    json: { new_name: 'extra', new_type: 'BIGINT' },
    status: 200,
  },
  { operation: 'columnDrop', method: 'DELETE', path: `${TABLE}/columns/extra`, status: 200 },
  { operation: 'tableDropPrimaryKey', method: 'DELETE', path: `${TABLE}/primary-key`, status: 200 },
  {
    operation: 'tableAddPrimaryKey',
    method: 'POST',
    path: `${TABLE}/primary-key`,
    json: { columns: ['id'] },
    status: 201,
  },
  {
    operation: 'tableDeleteRows',
    method: 'DELETE',
    path: `${TABLE}/rows`,
    json: { where_clause: 'id = 1' },
    status: 200,
  },
  { operation: 'versionList', method: 'GET', path: `${TABLE}/versions`, status: 200 },
  {
    operation: 'versionRestore',
    method: 'POST',
    path: (earlier) => `${TABLE}/versions/${firstId(earlier('versionList'), 'versions')}/restore`,
    status: 200,
  },
  {
    operation: 'snapshotRestore',
    method: 'POST',
    path: (earlier) => `/snapshots/${String(earlier('snapshotCreate')['id'])}/restore`,
    json: {},
    status: 200,
  },
  {
    operation: 'snapshotDelete',
    method: 'DELETE',
    path: (earlier) => `/snapshots/${String(earlier('snapshotCreate')['id'])}`,
    status: 204,
  },
  ...(['bucket', 'table'] as const).flatMap((level): Step[] => {
    const path = `${level === 'bucket' ? BUCKET : TABLE}/settings/snapshots`;
    return [
      { operation: `${level}SnapshotSettingsPut`, method: 'PUT', path, json: { enabled: true }, status: 200 },
      { operation: `${level}SnapshotSettingsGet`, method: 'GET', path, status: 200 },
      { operation: `${level}SnapshotSettingsReset`, method: 'DELETE', path, status: 204 },
    ];
  }),
  { operation: 'tableDelete', method: 'DELETE', path: TABLE, status: 204 },
  { operation: 'bucketDelete', method: 'DELETE', path: BUCKET, status: 204 },
];

/** Operations that are about branches, and those that make no sense in one (see docs/decisions/0011-branches-are-layers.md). */
const APART = /^branch|^bucket(Share|Unshare|GrantReadonly|RevokeReadonly|Link|Unlink)$/;

async function projectWithTable(): Promise<Project> {
  const project = await createProject(server.admin);
  await createBucket(project, 'shop');
  await createTable(project, 'shop', COLUMNS, { name: 'orders', primaryKey: ['id'] });
  mustSucceed(await importContent(tableOf(project, 'shop', 'orders'), 'id,v\n1,a\n2,b\n'));
  return project;
}

/** What must not depend on where it runs. Ids, times and addresses do; so does where things come from. */
function comparable(answer: Answer): unknown {
  if (answer.body === undefined) return answer.bytes.length;
  return JSON.parse(answer.text, (name, value: unknown) =>
    /(^|_)(id|at|by|path|prefix|ms|bytes|sha256|source|project)$|^expires|^checksum|^created/.test(name) ? null : value,
  );
}

async function run(project: Project, base: string): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>();
  const earlier: Earlier = (operation) => (answers.get(operation)?.body ?? {}) as Record<string, unknown>;
  const file = await uploadFile(project, 'id,v\n2,B\n3,c\n');
  for (const { operation, method, path, json } of STEPS) {
    const at = `${base}${typeof path === 'string' ? path : path(earlier)}`;
    const body =
      json === undefined ? {} : { json: JSON.parse(JSON.stringify(json).replace('{file}', file.id)) as unknown };
    answers.set(operation, await project.api.request(method, at, body));
  }
  return answers;
}

describe('every operation on buckets and tables', () => {
  let inMain: Map<string, Answer>;
  let inBranch: Map<string, Answer>;
  let branched: Project;

  beforeAll(async () => {
    const project = await projectWithTable();
    inMain = await run(project, `${project.path}/branches/default`);
    branched = await projectWithTable();
    inBranch = await run(branched, (await createBranch(branched)).path);
  });

  it('is among the steps', async () => {
    const document = mustSucceed(
      await server.anonymous.get<{ paths: Record<string, Record<string, { operationId: string }>> }>('/openapi.json'),
    );
    const operations = Object.entries(document.paths)
      .filter(([path]) => path.includes('{branch_id}'))
      .flatMap(([, methods]) => Object.values(methods).map(({ operationId }) => operationId))
      .filter((operation) => !APART.test(operation));
    expect(STEPS.map(({ operation }) => operation).sort()).toEqual(operations.sort());
  });

  it.each(STEPS)('$operation works in main and in a branch, with the same answer', ({ operation, status }) => {
    const [main, branch] = [inMain.get(operation), inBranch.get(operation)];
    if (main === undefined || branch === undefined) throw new Error('the step did not run');
    expect([main.status, branch.status], `${main.text} ${branch.text}`).toEqual([status, status]);
    // The history of a branch's table begins with what the branch took.
    if (operation !== 'versionList') expect(comparable(branch)).toEqual(comparable(main));
  });

  it('has changed nothing in main when it ran in the branch', async () => {
    const table = tableOf(branched, 'shop', 'orders');
    const preview = mustSucceed(await branched.api.get<{ rows: unknown[] }>(`${table.path}/preview`));
    expect(preview.rows).toEqual([
      { id: 1, v: 'a' },
      { id: 2, v: 'b' },
    ]);
    const buckets = mustSucceed(
      await branched.api.get<{ buckets: { name: string; description: unknown }[] }>(branched.bucketsPath),
    );
    expect(buckets.buckets).toMatchObject([{ name: 'shop', description: null, table_count: 1 }]);
  });
});

import { describe, expect, it } from 'vitest';
import { mustSucceed, uniqueName } from '../helpers/api.js';
import {
  createBucket,
  createProject,
  createProjectWithBucket,
  createTable,
  exportAndDownload,
  getTable,
  importContent,
  preview,
  rowsOf,
  tablesPath,
  uploadFile,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

/** Names that clients of the reference use, and the corners of the rule. */
const LEGAL = [
  '123',
  '456',
  'test-project',
  'snap_e2e_proj',
  'idem_test_1',
  'apikey_proj_3',
  'bucket',
  'in_c_sales',
  'in.c-sales',
  'my_special_bucket',
  'order_items',
  'all_types',
  'a',
  'A-b.C_d',
  '0',
  'x'.repeat(64),
  'select',
  'table',
  'main',
  'data',
  'information_schema',
  'temp',
  'system',
  'CON',
  'nul',
  'default',
  'a..b',
  'end.',
];

const ILLEGAL = [
  '',
  ' ',
  '.',
  '..',
  '.hidden',
  '_versions',
  '_x',
  '-x',
  'a b',
  'a/b',
  '../x',
  'a\\b',
  'a"b',
  "a'b",
  'a;b',
  'žluť',
  '日本',
  '🦆',
  'a\nb',
  'a\u0000b',
  'x'.repeat(65),
  'x'.repeat(300),
  'a%2fb',
  '%2e%2e',
  'a:b',
  'a*b',
  '$a',
  'a?b',
  '\u202Eabc',
];

const RULE = /letters.*digits/;

interface Refusal {
  readonly detail: readonly { type: string; loc: unknown[]; msg: string }[];
}

describe('legal names', () => {
  it('work for projects, buckets and tables, and come back as they were', async () => {
    const host = await createProject(server.admin, 'host-project');
    const ids = LEGAL.filter((name) => name !== 'host-project');
    for (const name of ids) {
      const project = await createProject(server.admin, name);
      expect((await project.api.get(project.path)).body).toMatchObject({ id: name, db_path: `project_${name}` });
      await createBucket(host, name);
      expect((await host.api.get(`${host.bucketsPath}/${encodeURIComponent(name)}`)).body).toMatchObject({ name });
    }
    const buckets = mustSucceed(await host.api.get<{ buckets: { name: string }[] }>(host.bucketsPath));
    expect(buckets.buckets.map(({ name }) => name).sort()).toEqual([...ids].sort());

    for (const name of ids) {
      const table = await createTable(host, 'main', { id: 'INTEGER' }, { name });
      mustSucceed(await importContent(table, 'id\n7\n'));
      expect(await rowsOf(table)).toEqual([[7]]);
      expect(await getTable(table)).toMatchObject({ name, bucket: 'main', row_count: 1 });
    }
    const { bytes } = await exportAndDownload(
      await createTable(host, 'data', { id: 'INTEGER' }, { name: 'x'.repeat(64) }),
    );
    expect(bytes.toString()).toBe('id\n');
  });
});

describe('illegal names', () => {
  it.each(ILLEGAL)('%j is a 422 that states the rule', async (name) => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const answers = [
      await server.admin.post<Refusal>('/projects', { id: name }),
      await project.api.post<Refusal>(project.bucketsPath, { name }),
      await project.api.post<Refusal>(tablesPath(project, bucket), {
        name,
        columns: [{ name: 'id', type: 'INTEGER' }],
      }),
    ];
    for (const answer of answers) {
      expect(answer.status, answer.text).toBe(422);
      expect(answer.body.detail[0]?.msg).toMatch(RULE);
      expect(answer.body.detail[0]?.loc[0]).toBe('body');
    }
    expect((await project.api.get(project.bucketsPath)).body).toMatchObject({ total: 1 });
    expect((await project.api.get(tablesPath(project, bucket))).body).toMatchObject({ total: 0 });
  });
});

describe('case', () => {
  it('does not make another name, and any case finds the thing', async () => {
    const { project } = await createProjectWithBucket(server.admin);
    await createBucket(project, 'Sales');
    const table = await createTable(project, 'Sales', { id: 'INTEGER' }, { name: 'Orders' });
    const lower = await project.api.get(`${project.bucketsPath}/sales/tables/orders`);
    if (lower.status === 200) expect(lower.body).toMatchObject({ name: 'Orders', bucket: 'Sales' });
    else expect(lower.status).toBe(404);
    expect((await project.api.get(table.path)).body).toMatchObject({ name: 'Orders', bucket: 'Sales' });
  });

  it('of project ids does not make another project', async () => {
    const id = uniqueName('CaseTest');
    await createProject(server.admin, id);
    expect((await server.admin.post('/projects', { id: id.toLowerCase() })).status).toBe(409);
  });
});

describe('column names', () => {
  const ODD = [
    'date',
    'timestamp',
    'value',
    'total',
    'select',
    'order',
    'group',
    'with space',
    'quote"inside',
    "it's",
    '1st',
    'a-b',
    'semi;colon',
    '--',
    '/*',
    'žluťoučký',
    '日本語',
    '🦆',
    'a,b',
    'x'.repeat(128),
    '../x',
    'null',
    'rowid',
    '__proto__',
    'constructor',
    '%',
    '{}',
    'a\\b',
    '.',
    'tab;DROP TABLE data',
  ];

  it('of any printable kind work from creation to export', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(
      project,
      bucket,
      ODD.map((name) => ({ name, type: 'VARCHAR' })),
      {
        primaryKey: ['quote"inside', 'order'],
      },
    );
    expect((await getTable(table)).columns.map(({ name }) => name)).toEqual(ODD);

    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const csv = `${ODD.map(quote).join(',')}\n${ODD.map((_, n) => `v${n}`).join(',')}\n`;
    mustSucceed(await importContent(table, csv));
    mustSucceed(await importContent(table, csv, { import_options: { incremental: true } }));
    const shown = await preview(table);
    expect(shown.total_row_count).toBe(1);
    const { text } = await project.api.get(`${table.path}/preview`);
    for (const [n, name] of ODD.entries()) expect(text).toContain(`${JSON.stringify(name)}:"v${n}"`);

    const { bytes } = await exportAndDownload(table, {
      columns: ['🦆', 'quote"inside'],
      where_filter: "\"it's\" = 'v9'",
      order_by: '"a,b"',
    });
    expect(bytes.toString()).toBe('🦆,"quote""inside"\nv17,v8\n');
  });

  it.each(['', ' ', 'a\nb', 'a\u0000b', 'x'.repeat(129), ' leading', 'trailing '])('%j is refused', async (name) => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const answer = await project.api.post<Refusal>(tablesPath(project, bucket), {
      name: 't',
      columns: [{ name, type: 'INTEGER' }],
    });
    expect(answer.status).toBe(422);
    expect(answer.body.detail[0]?.msg.length).toBeGreaterThan(10);
  });
});

describe('file names', () => {
  it.each(['test.csv', 'with space.csv', 'žluť.csv', '🦆', "it's", 'a"b', '..', '../x', 'a/b', 'x'.repeat(255)])(
    '%j comes back as it was, or is a 422',
    async (filename) => {
      const project = await createProject(server.admin);
      const prepared = await project.api.post(`${project.filesPath}/prepare`, { filename });
      if (prepared.status === 422) return;
      const file = await uploadFile(project, 'x', { filename });
      expect(file.name).toBe(filename);
      expect(file.path.split('/')).not.toContain('..');
      expect(file.path.split('/')).toHaveLength(5);
    },
  );
});

import { beforeAll, describe, expect, it } from 'vitest';
import { errorCode, errorDetails, errorMessage, mustSucceed, type Answer } from '../helpers/api.js';
import {
  createProjectWithBucket,
  createTable,
  getTable,
  importContent,
  rowsOf,
  type Project,
  type Table,
  type TableObject,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
let project: Project;
let bucket: string;

beforeAll(async () => {
  ({ project, bucket } = await createProjectWithBucket(server.admin));
});

const addKey = (table: Table, columns: unknown): Promise<Answer<TableObject>> =>
  project.api.post<TableObject>(`${table.path}/primary-key`, { columns });
const dropKey = (table: Table): Promise<Answer<TableObject>> =>
  project.api.delete<TableObject>(`${table.path}/primary-key`);

async function tableWith(rows: string, options: { primaryKey?: string[] } = {}): Promise<Table> {
  const columns = [
    { name: 'id', type: 'INTEGER' },
    { name: 'region', type: 'VARCHAR', default: "'north'" },
    { name: 'note', type: 'VARCHAR' },
  ];
  const table = await createTable(project, bucket, columns, options);
  if (rows !== '') mustSucceed(await importContent(table, `id,region,note\n${rows}`));
  return table;
}

async function expectRefusal(
  table: Table,
  request: () => Promise<Answer>,
  status: number,
  code: string,
): Promise<Answer> {
  const before = [await getTable(table), await rowsOf(table)];
  const refused = await request();
  expect([refused.status, errorCode(refused)], refused.text).toEqual([status, code]);
  expect([await getTable(table), await rowsOf(table)]).toEqual(before);
  return refused;
}

describe('POST …/primary-key', () => {
  it('makes the columns the key, in the order given, and NOT NULL', async () => {
    const table = await tableWith('2,north,a\n1,north,b\n1,south,c\n');
    const added = await addKey(table, ['REGION', 'id']);
    expect(added.status).toBe(201);
    expect(added.body).toMatchObject({
      primary_key: ['region', 'id'],
      row_count: 3,
      columns: [
        { name: 'id', nullable: false },
        { name: 'region', nullable: false },
        { name: 'note', nullable: true },
      ],
    });
    expect(await rowsOf(table)).toEqual([
      [2, 'north', 'a'],
      [1, 'north', 'b'],
      [1, 'south', 'c'],
    ]);
    mustSucceed(
      await importContent(table, 'id,region,note\n1,south,C\n9,west,d\n', { import_options: { incremental: true } }),
    );
    expect(await rowsOf(table)).toEqual([
      [2, 'north', 'a'],
      [1, 'north', 'b'],
      [1, 'south', 'C'],
      [9, 'west', 'd'],
    ]);
  });

  it('works on an empty table, and a second import obeys the key', async () => {
    const table = await tableWith('');
    mustSucceed(await addKey(table, ['id']));
    mustSucceed(await importContent(table, 'id,region,note\n1,a,x\n1,b,y\n'));
    expect(await rowsOf(table)).toEqual([[1, 'b', 'y']]);
  });

  it('names the column that is not there', async () => {
    const table = await tableWith('1,a,b\n');
    const refused = await expectRefusal(table, () => addKey(table, ['id', 'nope']), 400, 'column_not_found');
    expect(refused.body).toEqual({
      detail: {
        error: 'column_not_found',
        message: `Column nope not found in table ${table.name}`,
        details: { column: 'nope', existing_columns: ['id', 'region', 'note'] },
      },
    });
  });

  it('refuses a second key, and a column twice', async () => {
    const table = await tableWith('1,a,b\n', { primaryKey: ['id'] });
    const refused = await expectRefusal(table, () => addKey(table, ['region']), 409, 'primary_key_exists');
    expect(errorDetails(refused)).toEqual({ existing_primary_key: ['id'] });
    const other = await tableWith('1,a,b\n');
    await expectRefusal(other, () => addKey(other, ['id', 'ID']), 400, 'invalid_primary_key');
  });

  it('lists the first 20 keys that repeat, and how many there are', async () => {
    const lines = Array.from({ length: 6000 }, (_, index) => `${index % 5950},r,n\n`);
    const table = await tableWith(lines.join(''));
    const refused = await expectRefusal(table, () => addKey(table, ['id']), 409, 'duplicate_key');
    expect(errorDetails(refused)).toMatchObject({ primary_key: ['id'], duplicate_keys: 50, duplicate_rows: 100 });
    const duplicates = errorDetails(refused)['duplicates'] as unknown[];
    expect(duplicates).toHaveLength(20);
    expect(duplicates[1]).toEqual({ key: { id: '1' }, rows: 2, first_row: 2 });
    expect(errorMessage(refused)).toContain('50 keys are in 100 rows');
  });

  it('says which rows have no value for the key', async () => {
    const table = await tableWith('1,a,b\n,a,b\n3,a,b\n,a,b\n');
    const refused = await expectRefusal(table, () => addKey(table, ['region', 'id']), 400, 'not_null_violation');
    expect(errorDetails(refused)).toEqual({ column_name: 'id', null_count: 2, rows: [2, 4] });
  });

  it.each([
    ['no columns', {}, 'missing'],
    ['an empty list', { columns: [] }, 'too_short'],
    ['a text', { columns: 'id' }, 'list_type'],
  ])('%s is a 422', async (_, body, type) => {
    const table = await tableWith('');
    const refused = await project.api.post(`${table.path}/primary-key`, body);
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ detail: [{ type, loc: ['body', 'columns'] }] });
  });

  it.each(['VARCHAR', 'DOUBLE', 'DATE', 'DECIMAL(10,2)', 'UUID', 'TIMESTAMP', 'INTEGER[]', 'STRUCT(a INTEGER)'])(
    'proves a key of type %s',
    async (type) => {
      const table = await createTable(project, bucket, [
        { name: 'id', type: 'INTEGER' },
        { name: 'k', type, default: null },
      ]);
      const values: Record<string, [string, string]> = {
        VARCHAR: ['a', 'b'],
        DOUBLE: ['1.5', '2.5'],
        DATE: ['2024-01-01', '2024-01-02'],
        'DECIMAL(10,2)': ['1.10', '1.20'],
        UUID: ['00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002'],
        TIMESTAMP: ['2024-01-01 00:00:00', '2024-01-01 00:00:01'],
        'INTEGER[]': ['"[1,2]"', '"[1,3]"'],
        'STRUCT(a INTEGER)': ["{'a': 1}", "{'a': 2}"],
      };
      const [one = '', two = ''] = values[type] ?? [];
      mustSucceed(await importContent(table, `id,k\n1,${one}\n2,${two}\n3,${one}\n`));
      await expectRefusal(table, () => addKey(table, ['k']), 409, 'duplicate_key');
      await project.api.delete(`${table.path}/rows`, { json: { where_clause: 'id = 3' } });
      mustSucceed(await addKey(table, ['k']));
    },
  );
});

describe('DELETE …/primary-key', () => {
  it('drops the key, and keeps NOT NULL, defaults and rows', async () => {
    const table = await tableWith('1,a,b\n2,,d\n', { primaryKey: ['id'] });
    const dropped = await dropKey(table);
    expect(dropped.status).toBe(200);
    expect(dropped.body).toMatchObject({ primary_key: [], row_count: 2, columns: [{ nullable: false }, {}, {}] });
    const options = { import_options: { incremental: true, columns: ['id'] } };
    mustSucceed(await importContent(table, 'id\n1\n', options));
    expect(await rowsOf(table)).toEqual([
      [1, 'a', 'b'],
      [2, null, 'd'],
      [1, 'north', null],
    ]);
    expect(errorCode(await importContent(table, 'id\n""\n', options))).toBe('import_failed');
    await expectRefusal(table, () => addKey(table, ['id']), 409, 'duplicate_key');
  });

  it('makes a version that stands on the same file', async () => {
    const table = await tableWith('1,a,b\n', { primaryKey: ['id'] });
    const before = await getTable(table);
    const dropped = mustSucceed(await dropKey(table));
    expect(dropped.size_bytes).toBe(before.size_bytes);
    const { versions } = mustSucceed(
      await project.api.get<{ versions: { operation: string }[] }>(`${table.path}/versions`),
    );
    expect(versions.map(({ operation }) => operation)).toEqual([
      'table.drop_primary_key',
      'table.import',
      'table.create',
    ]);
    mustSucceed(await addKey(table, ['id']));
    expect(await rowsOf(table)).toEqual([[1, 'a', 'b']]);
  });

  it('refuses when there is none', async () => {
    const table = await tableWith('1,a,b\n');
    await expectRefusal(table, () => dropKey(table), 400, 'no_primary_key');
  });
});

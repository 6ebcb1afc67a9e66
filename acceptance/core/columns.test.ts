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

const add = (table: Table, column: unknown): Promise<Answer<TableObject>> =>
  project.api.post<TableObject>(`${table.path}/columns`, column);
const alter = (table: Table, column: string, changes: unknown): Promise<Answer<TableObject>> =>
  project.api.put<TableObject>(`${table.path}/columns/${encodeURIComponent(column)}`, changes);
const drop = (table: Table, column: string): Promise<Answer<TableObject>> =>
  project.api.delete<TableObject>(`${table.path}/columns/${encodeURIComponent(column)}`);

/** `id` is the key, `name` has a default, `amount` is NOT NULL. */
async function ordersTable(rows = 'id,name,amount\n1,Ann,1.5\n2,Bob,2.5\n3,,3.5\n'): Promise<Table> {
  const columns = [
    { name: 'id', type: 'INTEGER' },
    { name: 'name', type: 'VARCHAR', default: "'nobody'" },
    { name: 'amount', type: 'DOUBLE', nullable: false },
  ];
  const table = await createTable(project, bucket, columns, { primaryKey: ['id'] });
  if (rows !== '') mustSucceed(await importContent(table, rows));
  return table;
}

/** Everything a refused change could have touched. */
async function stateOf(table: Table): Promise<unknown> {
  const { versions } = mustSucceed(await project.api.get<{ versions: unknown }>(`${table.path}/versions`));
  return { table: await getTable(table), rows: await rowsOf(table), versions };
}

async function expectRefusal(
  table: Table,
  request: () => Promise<Answer>,
  status: number,
  code: string,
): Promise<Answer> {
  const before = await stateOf(table);
  const refused = await request();
  expect([refused.status, errorCode(refused)], refused.text).toEqual([status, code]);
  expect(await stateOf(table)).toEqual(before);
  return refused;
}

const columnNames = (table: TableObject): string[] => table.columns.map(({ name }) => name);

describe('POST …/columns', () => {
  it('adds a column at the end and answers the table', async () => {
    const table = await ordersTable();
    const added = await add(table, { name: 'note', type: 'text' });
    expect(added.status).toBe(201);
    expect(added.body).toMatchObject({
      name: table.name,
      bucket,
      row_count: 3,
      primary_key: ['id'],
      source: 'main',
      columns: [
        { name: 'id', type: 'INTEGER', nullable: false, ordinal_position: 1 },
        { name: 'name', type: 'VARCHAR', nullable: true, ordinal_position: 2 },
        { name: 'amount', type: 'DOUBLE', nullable: false, ordinal_position: 3 },
        { name: 'note', type: 'VARCHAR', nullable: true, ordinal_position: 4 },
      ],
    });
    expect(await getTable(table)).toEqual(added.body);
    expect(await rowsOf(table)).toEqual([
      [1, 'Ann', 1.5, null],
      [2, 'Bob', 2.5, null],
      [3, null, 3.5, null],
    ]);
  });

  it('gives rows that are there the default, and imports after it too', async () => {
    const table = await ordersTable();
    mustSucceed(await add(table, { name: 'state', type: 'VARCHAR', nullable: false, default: "'new'" }));
    mustSucceed(
      await importContent(table, 'id,amount\n4,4.5\n', {
        import_options: { incremental: true, columns: ['id', 'amount'] },
      }),
    );
    expect(await rowsOf(table)).toEqual([
      [1, 'Ann', 1.5, 'new'],
      [2, 'Bob', 2.5, 'new'],
      [3, null, 3.5, 'new'],
      [4, 'nobody', 4.5, 'new'],
    ]);
    expect((await getTable(table)).columns[3]).toMatchObject({ name: 'state', nullable: false });
  });

  it('evaluates a default at one moment, but for each row', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const lines = Array.from({ length: 5000 }, (_, index) => String(index));
    mustSucceed(await importContent(table, `id\n${lines.join('\n')}\n`));
    mustSucceed(await add(table, { name: 'added', type: 'TIMESTAMP', default: 'now()' }));
    mustSucceed(await add(table, { name: 'own', type: 'UUID', nullable: false, default: 'gen_random_uuid()' }));
    const rows = await rowsOf(table);
    expect(new Set(rows.map(([, added]) => added)).size).toBe(1);
    expect(new Set(rows.map(([, , own]) => own)).size).toBe(5000);
    expect(rows.map(([id]) => id)).toEqual(lines.map(Number));
  });

  it('adds a NOT NULL column without a default to an empty table, but not to one with rows', async () => {
    const empty = await ordersTable('');
    const added = mustSucceed(await add(empty, { name: 'code', type: 'VARCHAR', nullable: false }));
    expect(added.columns[3]).toMatchObject({ name: 'code', nullable: false });
    const full = await ordersTable();
    const refused = await expectRefusal(
      full,
      () => add(full, { name: 'code', type: 'VARCHAR', nullable: false }),
      400,
      'not_null_violation',
    );
    expect(errorMessage(refused)).toContain('Give a default');
    expect(errorDetails(refused)).toEqual({ column_name: 'code', null_count: 3 });
    await expectRefusal(
      full,
      () => add(full, { name: 'code', type: 'VARCHAR', nullable: false, default: 'NULL' }),
      400,
      'not_null_violation',
    );
  });

  it('names the columns when one of that name exists, whatever its case', async () => {
    const table = await ordersTable();
    const refused = await expectRefusal(
      table,
      () => add(table, { name: 'name', type: 'INTEGER' }),
      409,
      'column_exists',
    );
    expect(refused.body).toEqual({
      detail: {
        error: 'column_exists',
        message: `Column name already exists in table ${table.name}`,
        details: { column_name: 'name', existing_columns: ['id', 'name', 'amount'] },
      },
    });
    await expectRefusal(table, () => add(table, { name: 'NAME', type: 'nonsense' }), 409, 'column_exists');
  });

  it.each([
    ['unknown type', { name: 'x', type: 'NUMBER' }, 'invalid_column_type'],
    ['a constraint after the type', { name: 'x', type: 'INTEGER CHECK (x > 0)' }, 'invalid_column_type'],
    ['a statement after the type', { name: 'x', type: 'INTEGER; DROP TABLE data' }, 'invalid_column_type'],
    ['default of another type', { name: 'x', type: 'INTEGER', default: "'a'" }, 'invalid_default'],
    ['default with a column', { name: 'x', type: 'INTEGER', default: 'id' }, 'invalid_default'],
    ['default with a query', { name: 'x', type: 'INTEGER', default: '(SELECT 1)' }, 'invalid_default'],
    [
      'default that reads a file',
      { name: 'x', type: 'VARCHAR', default: "read_text('/etc/passwd')" },
      'invalid_default',
    ],
    ['default with a statement', { name: 'x', type: 'INTEGER', default: '1; DROP TABLE data' }, 'invalid_default'],
    ['empty default', { name: 'x', type: 'INTEGER', default: ' ' }, 'invalid_default'],
  ])('%s is a 400 and changes nothing', async (_, column, code) => {
    const table = await ordersTable();
    await expectRefusal(table, () => add(table, column), 400, code);
  });

  it.each([
    ['no name', { type: 'INTEGER' }, 'missing', ['body', 'name']],
    ['no type', { name: 'x' }, 'missing', ['body', 'type']],
    ['number as name', { name: 5, type: 'INTEGER' }, 'string_type', ['body', 'name']],
    ['empty name', { name: '', type: 'INTEGER' }, 'invalid_name', ['body', 'name']],
    ['control character in the name', { name: 'a\u0000b', type: 'INTEGER' }, 'invalid_name', ['body', 'name']],
    ['name of 129 characters', { name: 'a'.repeat(129), type: 'INTEGER' }, 'invalid_name', ['body', 'name']],
  ])('%s is a 422', async (_, column, type, loc) => {
    const table = await ordersTable();
    const refused = await add(table, column);
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ detail: [{ type, loc, msg: expect.any(String) }] });
  });

  it.each([
    'a "quoted" name',
    'select',
    'rowid',
    '1st',
    'ä ß €',
    "'; DROP TABLE data; --",
    'main.data',
    'x'.repeat(128),
  ])('takes the name %s, in every operation', async (name) => {
    const table = await ordersTable();
    mustSucceed(await add(table, { name, type: 'INTEGER', default: '7' }));
    expect((await rowsOf(table)).map((row) => row[3])).toEqual([7, 7, 7]);
    mustSucceed(await alter(table, name, { new_type: 'VARCHAR', set_not_null: true }));
    mustSucceed(await alter(table, name, { new_name: 'plain' }));
    mustSucceed(await alter(table, 'plain', { new_name: name }));
    const where = `"${name.replaceAll('"', '""')}" = '7' AND id = 2`;
    const deleted = await project.api.delete(`${table.path}/rows`, { json: { where_clause: where } });
    expect(deleted.body).toEqual({ deleted_rows: 1, table_rows_after: 2 });
    expect(await rowsOf(table)).toEqual([
      [1, 'Ann', 1.5, '7'],
      [3, null, 3.5, '7'],
    ]);
    const dropped = mustSucceed(await drop(table, name));
    expect(columnNames(dropped)).toEqual(['id', 'name', 'amount']);
  });
});

describe('PUT …/columns/{c}', () => {
  it('applies all parts of a request as one version', async () => {
    const table = await ordersTable();
    const before = await project.api.get<{ total: number }>(`${table.path}/versions`);
    mustSucceed(await importContent(table, 'id,name,amount\n3,7,3.5\n2,8,2.5\n1,9,1.5\n'));
    const altered = await alter(table, 'name', {
      new_name: 'Count',
      new_type: 'int8',
      set_not_null: true,
      set_default: '40 + 2',
    });
    expect(altered.status).toBe(200);
    expect(altered.body.columns[1]).toMatchObject({
      name: 'Count',
      type: 'BIGINT',
      nullable: false,
      ordinal_position: 2,
    });
    const after = await project.api.get<{ total: number }>(`${table.path}/versions`);
    expect(after.body.total).toBe(before.body.total + 2);
    mustSucceed(
      await importContent(table, 'id,amount\n4,4.5\n', {
        import_options: { incremental: true, columns: ['id', 'amount'] },
      }),
    );
    expect(await rowsOf(table)).toEqual([
      [3, 7, 3.5],
      [2, 8, 2.5],
      [1, 9, 1.5],
      [4, 42, 4.5],
    ]);
  });

  it('renames a key column: key, NOT NULL, default and order stay', async () => {
    const table = await ordersTable();
    mustSucceed(await alter(table, 'id', { set_default: '99' }));
    const altered = mustSucceed(await alter(table, 'ID', { new_name: 'order_id' }));
    expect(altered).toMatchObject({ primary_key: ['order_id'], row_count: 3 });
    expect(altered.columns[0]).toMatchObject({
      name: 'order_id',
      type: 'INTEGER',
      nullable: false,
      ordinal_position: 1,
    });
    mustSucceed(
      await importContent(table, 'order_id,name,amount\n2,Ben,9\n', { import_options: { incremental: true } }),
    );
    expect(await rowsOf(table)).toEqual([
      [1, 'Ann', 1.5],
      [2, 'Ben', 9],
      [3, null, 3.5],
    ]);
  });

  it('renames to another case of the same name', async () => {
    const table = await ordersTable();
    expect(columnNames(mustSucceed(await alter(table, 'name', { new_name: 'NAME' })))).toEqual([
      'id',
      'NAME',
      'amount',
    ]);
  });

  it('sets and drops the default, and a full import uses the new one', async () => {
    const table = await ordersTable();
    mustSucceed(await alter(table, 'name', { set_default: "upper('none')" }));
    const onlySome = { import_options: { columns: ['id', 'amount'] } };
    mustSucceed(await importContent(table, 'id,amount\n1,1\n', onlySome));
    expect(await rowsOf(table)).toEqual([[1, 'NONE', 1]]);
    mustSucceed(await alter(table, 'name', { set_default: '' }));
    mustSucceed(await importContent(table, 'id,amount\n1,1\n', onlySome));
    expect(await rowsOf(table)).toEqual([[1, null, 1]]);
  });

  it('makes no version when everything is as requested already', async () => {
    const table = await ordersTable();
    const before = await stateOf(table);
    const altered = await alter(table, 'name', {
      new_name: 'name',
      new_type: 'TEXT',
      set_not_null: false,
      set_default: "'nobody'",
    });
    expect(altered.status).toBe(200);
    expect(await stateOf(table)).toEqual(before);
  });

  it('keeps key, NOT NULL and defaults of the other columns', async () => {
    const table = await ordersTable();
    mustSucceed(await alter(table, 'amount', { new_type: 'DECIMAL(6,2)' }));
    expect((await getTable(table)).columns).toMatchObject([
      { name: 'id', type: 'INTEGER', nullable: false, ordinal_position: 1 },
      { name: 'name', type: 'VARCHAR', nullable: true, ordinal_position: 2 },
      { name: 'amount', type: 'DECIMAL(6,2)', nullable: false, ordinal_position: 3 },
    ]);
    const empty = await importContent(table, 'id,name,amount\n9,x,\n');
    expect(errorCode(empty)).toBe('import_failed');
  });

  it('lists the first 20 values that cannot be cast, with their rows', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER', text: 'VARCHAR' });
    const lines = Array.from({ length: 5000 }, (_, index) => `${index},${index % 100 === 7 ? `bad ${index}` : index}`);
    mustSucceed(await importContent(table, `id,text\n${lines.join('\n')}\n`));
    const refused = await expectRefusal(table, () => alter(table, 'text', { new_type: 'INTEGER' }), 400, 'cast_failed');
    expect(errorDetails(refused)).toMatchObject({
      column_name: 'text',
      from_type: 'VARCHAR',
      to_type: 'INTEGER',
      failed_count: 50,
    });
    const values = errorDetails(refused)['failed_values'] as unknown[];
    expect(values).toHaveLength(20);
    expect(values.slice(0, 2)).toEqual([
      { row: 8, value: 'bad 7' },
      { row: 108, value: 'bad 107' },
    ]);
    expect(errorMessage(refused)).toContain("'bad 7' in row 8");
  });

  it('refuses types that the engine cannot cast to', async () => {
    const table = await ordersTable();
    const refused = await expectRefusal(table, () => alter(table, 'amount', { new_type: 'UUID' }), 400, 'cast_failed');
    expect(errorDetails(refused)).toMatchObject({ failed_count: 3 });
    const union = 'UNION(a INTEGER, b VARCHAR)';
    await expectRefusal(table, () => alter(table, 'amount', { new_type: union }), 400, 'cast_failed');
    mustSucceed(await alter(await ordersTable(''), 'amount', { new_type: 'UUID' }));
  });

  it('applies nothing when one part fails', async () => {
    const table = await ordersTable();
    await expectRefusal(
      table,
      () => alter(table, 'name', { new_name: 'other', set_default: "'x'", set_not_null: true }),
      400,
      'not_null_violation',
    );
  });

  it('says which rows have no value when a column shall be NOT NULL', async () => {
    const table = await ordersTable();
    const refused = await expectRefusal(
      table,
      () => alter(table, 'name', { set_not_null: true }),
      400,
      'not_null_violation',
    );
    expect(errorDetails(refused)).toEqual({ column_name: 'name', null_count: 1, rows: [3] });
  });

  it('refuses a type whose values would be NULL in a NOT NULL column', async () => {
    const table = await createTable(project, bucket, [{ name: 'value', type: 'JSON', nullable: false }]);
    mustSucceed(await importContent(table, 'value\n5\nnull\n'));
    await expectRefusal(table, () => alter(table, 'value', { new_type: 'INTEGER' }), 400, 'not_null_violation');
    mustSucceed(await alter(table, 'value', { new_type: 'INTEGER', set_not_null: false }));
    expect(await rowsOf(table)).toEqual([[5], [null]]);
  });

  it('refuses a type in which keys would be the same', async () => {
    const table = await createTable(project, bucket, { id: 'DOUBLE', name: 'VARCHAR' }, { primaryKey: ['id'] });
    mustSucceed(await importContent(table, 'id,name\n1.0,a\n1.4,b\n2.0,c\n'));
    const refused = await expectRefusal(table, () => alter(table, 'id', { new_type: 'INTEGER' }), 409, 'duplicate_key');
    expect(errorDetails(refused)).toEqual({
      primary_key: ['id'],
      duplicate_keys: 1,
      duplicate_rows: 2,
      duplicates: [{ key: { id: '1' }, rows: 2, first_row: 1 }],
    });
    const altered = mustSucceed(await alter(table, 'id', { new_type: 'VARCHAR' }));
    expect(altered).toMatchObject({ primary_key: ['id'] });
  });

  it('asks for another default when the present one does not fit the new type', async () => {
    const table = await ordersTable('id,name,amount\n1,5,1\n');
    const refused = await expectRefusal(
      table,
      () => alter(table, 'name', { new_type: 'INTEGER' }),
      400,
      'invalid_default',
    );
    expect(errorMessage(refused)).toContain('set_default');
    mustSucceed(await alter(table, 'name', { new_type: 'INTEGER', set_default: '1' }));
    expect(await rowsOf(table)).toEqual([[1, 5, 1]]);
  });

  it('keeps key columns NOT NULL', async () => {
    const table = await ordersTable();
    const refused = await expectRefusal(
      table,
      () => alter(table, 'id', { set_not_null: false }),
      400,
      'column_in_primary_key',
    );
    expect(errorDetails(refused)).toEqual({ primary_key: ['id'] });
  });

  it('checks column, then whether there is something to change, then the new name', async () => {
    const table = await ordersTable();
    const unknown = await expectRefusal(table, () => alter(table, 'nope', {}), 404, 'column_not_found');
    expect(errorDetails(unknown)).toEqual({ column_name: 'nope', existing_columns: ['id', 'name', 'amount'] });
    const nothing = await expectRefusal(table, () => alter(table, 'name', {}), 400, 'no_changes_specified');
    expect(errorDetails(nothing)).toEqual({});
    await expectRefusal(table, () => alter(table, 'name', { new_name: null }), 400, 'no_changes_specified');
    const taken = await expectRefusal(
      table,
      () => alter(table, 'name', { new_name: 'AMOUNT', new_type: 'nonsense' }),
      409,
      'column_exists',
    );
    expect(errorDetails(taken)).toEqual({ new_name: 'AMOUNT' });
  });

  it.each([
    ['new_type', { new_type: 'VARCHAR USING (SELECT 1)' }, 'invalid_column_type'],
    ['new_type, empty', { new_type: '' }, 'invalid_column_type'],
    ['set_default', { set_default: "'x'); DROP TABLE data; --" }, 'invalid_default'],
    ['set_default, a column', { set_default: 'id' }, 'invalid_default'],
    ['set_default, a blank', { set_default: ' ' }, 'invalid_default'],
  ])('a bad %s is a 400', async (_, changes, code) => {
    const table = await ordersTable();
    await expectRefusal(table, () => alter(table, 'name', changes), 400, code);
  });

  it.each([
    ['empty new_name', { new_name: '' }, 'invalid_name', ['body', 'new_name']],
    ['number as new_name', { new_name: 1 }, 'string_type', ['body', 'new_name']],
    ['set_not_null maybe', { set_not_null: 'maybe' }, 'bool_parsing', ['body', 'set_not_null']],
  ])('%s is a 422', async (_, changes, type, loc) => {
    const table = await ordersTable();
    const refused = await alter(table, 'name', changes);
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ detail: [{ type, loc }] });
  });
});

describe('DELETE …/columns/{c}', () => {
  it('drops a column and keeps everything else', async () => {
    const table = await ordersTable();
    const dropped = await drop(table, 'NAME');
    expect(dropped.status).toBe(200);
    expect(dropped.body).toMatchObject({
      primary_key: ['id'],
      row_count: 3,
      columns: [
        { name: 'id', type: 'INTEGER', nullable: false, ordinal_position: 1 },
        { name: 'amount', type: 'DOUBLE', nullable: false, ordinal_position: 2 },
      ],
    });
    expect(await rowsOf(table)).toEqual([
      [1, 1.5],
      [2, 2.5],
      [3, 3.5],
    ]);
    const again = mustSucceed(await add(table, { name: 'name', type: 'INTEGER' }));
    expect(columnNames(again)).toEqual(['id', 'amount', 'name']);
  });

  it('refuses an unknown column, the last one, and one of the key', async () => {
    const table = await ordersTable();
    const unknown = await expectRefusal(table, () => drop(table, 'nope'), 404, 'column_not_found');
    expect(errorDetails(unknown)).toEqual({ column_name: 'nope', existing_columns: ['id', 'name', 'amount'] });
    const inKey = await expectRefusal(table, () => drop(table, 'id'), 400, 'column_in_primary_key');
    expect(errorDetails(inKey)).toEqual({ primary_key: ['id'] });
    const narrow = await createTable(project, bucket, { only: 'INTEGER' }, { primaryKey: ['only'] });
    const last = await expectRefusal(narrow, () => drop(narrow, 'only'), 400, 'cannot_drop_last_column');
    expect(errorDetails(last)).toEqual({ column_count: 1 });
  });
});

describe('Schema operations in general', () => {
  const requests: [string, (path: string) => Promise<Answer>][] = [
    ['add column', (path) => project.api.post(`${path}/columns`, { name: 'x', type: 'INTEGER' })],
    ['alter column', (path) => project.api.put(`${path}/columns/id`, { new_name: 'x' })],
    ['drop column', (path) => project.api.delete(`${path}/columns/id`)],
    ['add primary key', (path) => project.api.post(`${path}/primary-key`, { columns: ['id'] })],
    ['drop primary key', (path) => project.api.delete(`${path}/primary-key`)],
    ['delete rows', (path) => project.api.delete(`${path}/rows`, { json: { where_clause: 'true' } })],
  ];

  it.each(requests)('%s: 404 for unknown table, bucket and branch', async (_, request) => {
    const { path } = await ordersTable();
    expect(errorCode(await request(`${path}_nope`))).toBe('table_not_found');
    expect(errorCode(await request(path.replace(bucket, 'nope')))).toBe('bucket_not_found');
    expect(errorCode(await request(path.replace('/branches/default/', '/branches/nope/')))).toBe('branch_not_found');
  });

  it('counts them in the metrics', async () => {
    const table = await ordersTable();
    await add(table, { name: 'x', type: 'INTEGER' });
    await add(table, { name: 'x', type: 'INTEGER' });
    const { text } = await server.anonymous.get('/metrics');
    expect(text).toMatch(/duckdb_schema_operations_total\{operation="column.add",status="success"\} [1-9]/);
    expect(text).toMatch(/duckdb_schema_operations_total\{operation="column.add",status="refused"\} [1-9]/);
    expect(text).toMatch(/duckdb_schema_operation_duration_seconds_count\{operation="column.add"\} [1-9]/);
    expect(text).toContain(
      'endpoint="/projects/{project_id}/branches/{branch_id}/buckets/{bucket_name}/tables/{table_name}/columns/{column_name}"',
    );
  });
});

describe('Descriptions of columns', () => {
  const describedAs = (table: TableObject): unknown[] =>
    (table.columns as readonly { name: string; description?: string | null }[]).map(({ name, description }) => [
      name,
      description,
    ]);

  it('are taken by a new column, follow a rename, and go with the column', async () => {
    const table = await ordersTable();
    mustSucceed(await project.api.put(table.path, { column_descriptions: { amount: 'In euros' } }));
    const added = mustSucceed(await add(table, { name: 'note', type: 'VARCHAR', description: 'What else' }));
    expect(describedAs(added)).toEqual([
      ['id', null],
      ['name', null],
      ['amount', 'In euros'],
      ['note', 'What else'],
    ]);
    const renamed = mustSucceed(await alter(table, 'amount', { new_name: 'Amount_EUR', new_type: 'DECIMAL(9,2)' }));
    expect(describedAs(renamed)[2]).toEqual(['Amount_EUR', 'In euros']);
    const retyped = mustSucceed(await alter(table, 'amount_eur', { new_type: 'DOUBLE' }));
    expect(describedAs(retyped)[2]).toEqual(['Amount_EUR', 'In euros']);
    mustSucceed(await drop(table, 'note'));
    const again = mustSucceed(await add(table, { name: 'NOTE', type: 'VARCHAR' }));
    expect(describedAs(again)[3]).toEqual(['NOTE', null]);
  });
});

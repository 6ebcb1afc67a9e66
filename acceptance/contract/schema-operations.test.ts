import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mustSucceed, uniqueName } from '../helpers/api.js';
import {
  expectInvalid,
  expectRefusal,
  importRows,
  newBucket,
  newProject,
  newTable,
  previewRows,
  type ContractProject,
} from '../helpers/contract.js';
import { useServer } from '../helpers/use-server.js';

/** Chapter 2.9: columns, keys, row deletion. */
const server = useServer();
let project: ContractProject;
let table: string;
let name: string;

beforeAll(async () => {
  project = await newProject(server.admin, 'test_proj_123');
  await newBucket(project, 'in_c_sales');
});
beforeEach(async () => {
  name = uniqueName('orders');
  table = await newTable(project, 'in_c_sales', name);
  mustSucceed(await importRows(project, table, 'id,name\n1,a\n2,b\n3,c\n'));
});

const columnsOf = async () =>
  mustSucceed(await project.api.get<{ columns: { name: string; type: string; nullable: boolean }[] }>(table)).columns;
const shape = async () => (await columnsOf()).map((column) => `${column.name} ${column.type}`);

describe('columns', () => {
  it('add', async () => {
    const answer = await project.api.post(`${table}/columns`, { name: 'total', type: 'DECIMAL(10,2)' });
    expect([answer.status, answer.body]).toMatchObject([
      201,
      {
        name,
        bucket: 'in_c_sales',
        row_count: 3,
        primary_key: [],
        source: 'main',
        columns: [
          { name: 'id' },
          { name: 'name' },
          { name: 'total', type: 'DECIMAL(10,2)', nullable: true, ordinal_position: 3 },
        ],
      },
    ]);
    const status = await project.api.post(`${table}/columns`, { name: 'status', type: 'VARCHAR', default: "'active'" });
    expect(status.status).toBe(201);
    expect(await previewRows(project, table)).toEqual([
      { id: 1, name: 'a', total: null, status: 'active' },
      { id: 2, name: 'b', total: null, status: 'active' },
      { id: 3, name: 'c', total: null, status: 'active' },
    ]);
  });

  it('add refuses a name that is there', async () => {
    expectRefusal(await project.api.post(`${table}/columns`, { name: 'name', type: 'INTEGER' }), {
      status: 409,
      error: 'column_exists',
      message: `Column name already exists in table ${name}`,
      details: { column_name: 'name', existing_columns: ['id', 'name'] },
    });
    expectInvalid(await project.api.post(`${table}/columns`, { name: 'x' }), ['body', 'type'], 'missing');
  });

  it('add with nullable false works with a default, and is refused where rows would violate it', async () => {
    expect((await project.api.post(`${table}/columns`, { name: 'a', type: 'INT', nullable: false })).status).toBe(400);
    const added = await project.api.post(`${table}/columns`, { name: 'a', type: 'INT', nullable: false, default: '7' });
    expect([added.status, added.body]).toMatchObject([201, { columns: [{}, {}, { name: 'a', nullable: false }] }]);
    const empty = await newTable(project, 'in_c_sales', uniqueName('empty'));
    expect((await project.api.post(`${empty}/columns`, { name: 'a', type: 'INT', nullable: false })).status).toBe(201);
  });

  it('drop', async () => {
    const answer = await project.api.delete(`${table}/columns/name`);
    expect([answer.status, answer.body]).toMatchObject([200, { name, columns: [{ name: 'id', ordinal_position: 1 }] }]);
    expect(await previewRows(project, table)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
    expectRefusal(await project.api.delete(`${table}/columns/id`), {
      status: 400,
      error: 'cannot_drop_last_column',
      details: { column_count: 1 },
    });
  });

  it('drop refuses a column of the key', async () => {
    mustSucceed(await project.api.post(`${table}/primary-key`, { columns: ['id'] }));
    expectRefusal(await project.api.delete(`${table}/columns/id`), {
      status: 400,
      error: 'column_in_primary_key',
      details: { primary_key: ['id'] },
    });
  });

  it('alter renames, casts, sets NOT NULL and defaults, all at once', async () => {
    const change = { new_name: 'number', new_type: 'BIGINT', set_not_null: true, set_default: '0' };
    const answer = await project.api.put(`${table}/columns/id`, change);
    expect([answer.status, answer.body]).toMatchObject([
      200,
      { name, columns: [{ name: 'number', type: 'BIGINT', nullable: false }, { name: 'name' }] },
    ]);
    expect(await previewRows(project, table)).toMatchObject([{ number: 1 }, { number: 2 }, { number: 3 }]);
    const relaxed = await project.api.put(`${table}/columns/number`, { set_not_null: false, set_default: '' });
    expect([relaxed.status, relaxed.body]).toMatchObject([200, { columns: [{ nullable: true }, {}] }]);
  });

  it('alter refuses nothing at all, and a name that is taken', async () => {
    expectRefusal(await project.api.put(`${table}/columns/id`, {}), {
      status: 400,
      error: 'no_changes_specified',
      details: {},
    });
    expectRefusal(await project.api.put(`${table}/columns/id`, { new_name: 'name' }), {
      status: 409,
      error: 'column_exists',
      details: { new_name: 'name' },
    });
    expect(await shape()).toEqual(['id INTEGER', 'name VARCHAR']);
  });

  it('alter changes nothing when a value does not fit', async () => {
    const cast = await project.api.put(`${table}/columns/name`, { new_name: 'n', new_type: 'INTEGER' });
    expect(cast.status, cast.text).toBe(400);
    expect(await shape()).toEqual(['id INTEGER', 'name VARCHAR']);
    expect(await previewRows(project, table)).toHaveLength(3);
  });

  it.each(['PUT', 'DELETE'])('%s of an unknown column', async (method) => {
    const json = method === 'PUT' ? { json: { new_name: 'x' } } : {};
    expectRefusal(await project.api.request(method, `${table}/columns/nonexistent`, json), {
      status: 404,
      error: 'column_not_found',
      message: /nonexistent/,
      details: { column_name: 'nonexistent', existing_columns: ['id', 'name'] },
    });
  });
});

describe('primary key', () => {
  it('add, and drop', async () => {
    const added = await project.api.post(`${table}/primary-key`, { columns: ['id'] });
    expect([added.status, added.body]).toMatchObject([
      201,
      { primary_key: ['id'], columns: [{ nullable: false }, {}] },
    ]);
    expectRefusal(await project.api.post(`${table}/primary-key`, { columns: ['name'] }), {
      status: 409,
      error: 'primary_key_exists',
      details: { existing_primary_key: ['id'] },
    });
    const dropped = await project.api.delete(`${table}/primary-key`);
    expect([dropped.status, dropped.body]).toMatchObject([200, { primary_key: [], row_count: 3 }]);
    expectRefusal(await project.api.delete(`${table}/primary-key`), { status: 400, error: 'no_primary_key' });
  });

  it('refuses unknown columns and no columns', async () => {
    expectRefusal(await project.api.post(`${table}/primary-key`, { columns: ['nope'] }), {
      status: 400,
      error: 'column_not_found',
      message: `Column nope not found in table ${name}`,
      details: { column: 'nope', existing_columns: ['id', 'name'] },
    });
    expectInvalid(await project.api.post(`${table}/primary-key`, { columns: [] }), ['body', 'columns'], 'too_short');
  });

  it('refuses duplicates and nulls in the data, and keeps the rows', async () => {
    mustSucceed(await importRows(project, table, 'id,name\n1,a\n1,b\n'));
    const duplicates = await project.api.post(`${table}/primary-key`, { columns: ['id'] });
    expect(duplicates.status, duplicates.text).toBeGreaterThanOrEqual(400);
    expect(duplicates.status).toBeLessThan(500);
    mustSucceed(await importRows(project, table, 'id,name\n,a\n2,b\n'));
    const nulls = await project.api.post(`${table}/primary-key`, { columns: ['id'] });
    expect(nulls.status, nulls.text).toBeGreaterThanOrEqual(400);
    expect(nulls.status).toBeLessThan(500);
    expect(await previewRows(project, table)).toHaveLength(2);
  });
});

describe('row deletion', () => {
  const remove = (where: unknown) => project.api.delete(`${table}/rows`, { json: { where_clause: where } });

  it('says how many rows went and how many are left', async () => {
    const answer = await remove('id = 1');
    expect([answer.status, answer.body]).toMatchObject([200, { deleted_rows: 1, table_rows_after: 2 }]);
    const none = await remove("name = 'nobody'");
    expect([none.status, none.body]).toMatchObject([200, { deleted_rows: 0, table_rows_after: 2 }]);
    expect((await project.api.get(table)).body).toMatchObject({ row_count: 2 });
    expect((await remove('id in (2, 3)')).body).toMatchObject({ deleted_rows: 2, table_rows_after: 0 });
  });

  it.each([';', '--', '/*', '*/', 'drop ', 'truncate ', 'alter '])('refuses %j in a condition', async (pattern) => {
    const where = `id = 1 ${pattern}table x`;
    expectRefusal(await remove(where), {
      status: 400,
      error: 'invalid_where_clause',
      message: `Invalid WHERE clause: contains '${pattern}'`,
      details: { where_clause: where },
    });
    const upper = `id = 1 ${pattern.toUpperCase()}table x`;
    expectRefusal(await remove(upper), { status: 400, error: 'invalid_where_clause' });
    expect(await previewRows(project, table)).toHaveLength(3);
  });

  it('shows the first 200 characters of a long condition', async () => {
    const where = `id = 1; ${'x'.repeat(500)}`;
    expectRefusal(await remove(where), {
      status: 400,
      error: 'invalid_where_clause',
      details: { where_clause: where.slice(0, 200) },
    });
  });

  it('refuses what is no condition', async () => {
    for (const where of ['', 'id =', 'nonexistent = 1', 'id = (select 1)']) {
      const answer = await remove(where);
      expect(answer.status, `${where}: ${answer.text}`).toBeGreaterThanOrEqual(400);
      expect(answer.status, where).toBeLessThan(500);
    }
    expectInvalid(await project.api.delete(`${table}/rows`, { json: {} }), ['body', 'where_clause'], 'missing');
    expect(await previewRows(project, table)).toHaveLength(3);
  });
});

describe('unknown places', () => {
  it.each([
    ['POST', '/columns', { name: 'x', type: 'INT' }],
    ['PUT', '/columns/id', { new_name: 'x' }],
    ['DELETE', '/columns/id', undefined],
    ['POST', '/primary-key', { columns: ['id'] }],
    ['DELETE', '/primary-key', undefined],
    ['DELETE', '/rows', { where_clause: 'id = 1' }],
    ['POST', '/profile', undefined],
  ])('%s {table}%s', async (method, path, json) => {
    const ask = (url: string) => server.admin.request(method, `${url}${path}`, json === undefined ? {} : { json });
    expectRefusal(await ask('/projects/nonexistent/branches/default/buckets/b/tables/t'), {
      status: 404,
      error: 'project_not_found',
    });
    expectRefusal(await ask(`${project.buckets}/nonexistent/tables/t`), { status: 404, error: 'bucket_not_found' });
    expectRefusal(await ask(`${project.buckets}/in_c_sales/tables/nonexistent`), {
      status: 404,
      error: 'table_not_found',
      details: { project_id: 'test_proj_123', bucket_name: 'in_c_sales', table_name: 'nonexistent' },
    });
  });
});

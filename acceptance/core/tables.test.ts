import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorCode, errorDetails, mustSucceed, uniqueName } from '../helpers/api.js';
import {
  createProjectWithBucket,
  createTable,
  getTable,
  importContent,
  preview,
  tablesPath,
  type Project,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
let project: Project;
let bucket: string;

beforeAll(async () => {
  ({ project, bucket } = await createProjectWithBucket(server.admin));
});

const create = (body: unknown) => project.api.post(tablesPath(project, bucket), body);
const ID = { name: 'id', type: 'INTEGER' };

describe('POST …/tables', () => {
  it('answers the whole table object', async () => {
    const name = uniqueName('orders');
    const created = await create({
      name,
      columns: [
        { name: 'id', type: 'INT' },
        { name: 'note', type: 'TEXT', nullable: true, default: "'none'" },
        { name: 'price', type: 'decimal(10, 2)', nullable: false },
      ],
      primary_key: ['id'],
    });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      name,
      bucket,
      columns: [
        { name: 'id', type: 'INTEGER', nullable: false, ordinal_position: 1 },
        { name: 'note', type: 'VARCHAR', nullable: true, ordinal_position: 2 },
        { name: 'price', type: 'DECIMAL(10,2)', nullable: false, ordinal_position: 3 },
      ],
      row_count: 0,
      primary_key: ['id'],
      source: 'main',
    });
    expect((created.body as { size_bytes: number }).size_bytes).toBeGreaterThan(0);
    const read = await project.api.get(`${tablesPath(project, bucket)}/${name}`);
    expect(read.body).toEqual(created.body);
  });

  it.each([
    ['no key', undefined],
    ['null as key', null],
    ['an empty key', []],
  ])('%s: the key is an empty list', async (_, primaryKey) => {
    const created = await create({ name: uniqueName('t'), columns: [ID], primary_key: primaryKey });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ primary_key: [] });
  });

  it('takes a key of several columns, which are then NOT NULL', async () => {
    const columns = ['a', 'b', 'c'].map((name) => ({ name, type: 'VARCHAR', nullable: true }));
    const created = await create({ name: uniqueName('t'), columns, primary_key: ['c', 'a'] });
    expect(created.body).toMatchObject({
      primary_key: ['c', 'a'],
      columns: [{ nullable: false }, { nullable: true }, { nullable: false }],
    });
  });

  it('puts the table, as `main.data` of one file, into the live tree', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const directory = join(server.process.dataDir, 'duckdb', `project_${project.id}`, bucket);
    expect(await readdir(directory)).toContain(`${table.name}.duckdb`);
    const path = join(directory, `${table.name}.duckdb`);
    expect((await readFile(path)).subarray(8, 12).toString()).toBe('DUCK');
    expect((await stat(path)).mode & 0o222, 'published files are read-only').toBe(0);
  });

  it('refuses a name that is taken, whatever its case', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER' }, { name: uniqueName('Taken') });
    const again = await create({ name: table.name, columns: [ID] });
    expect(again.status).toBe(409);
    expect(again.body).toEqual({
      detail: {
        error: 'table_exists',
        message: `Table ${table.name} already exists in bucket ${bucket}`,
        details: { project_id: project.id, bucket_name: bucket, table_name: table.name },
      },
    });
    const upper = await create({ name: table.name.toUpperCase(), columns: [ID] });
    expect([upper.status, errorCode(upper)]).toEqual([409, 'table_exists']);
  });

  it('names the key column that is not there', async () => {
    const refused = await create({ name: uniqueName('t'), columns: [ID], primary_key: ['nope'] });
    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({
      detail: {
        error: 'invalid_primary_key',
        message: "Primary key column 'nope' not found in columns",
        details: { primary_key: ['nope'], columns: ['id'] },
      },
    });
  });

  it.each([
    ['unknown type', { columns: [{ name: 'a', type: 'NUMBER' }] }, 'invalid_column_type'],
    ['SERIAL', { columns: [{ name: 'a', type: 'SERIAL' }] }, 'invalid_column_type'],
    ['trailing constraint', { columns: [{ name: 'a', type: 'INTEGER CHECK (a > 0)' }] }, 'invalid_column_type'],
    ['decimal too wide', { columns: [{ name: 'a', type: 'DECIMAL(39,2)' }] }, 'invalid_column_type'],
    ['bad default', { columns: [{ name: 'a', type: 'INTEGER', default: 'active' }] }, 'invalid_default'],
    ['default of another type', { columns: [{ name: 'a', type: 'INTEGER', default: "'x'" }] }, 'invalid_default'],
    ['subquery default', { columns: [{ name: 'a', type: 'INTEGER', default: '(SELECT 1)' }] }, 'invalid_default'],
    ['a column twice', { columns: [ID, ID] }, 'duplicate_column'],
    ['a column twice, other case', { columns: [ID, { ...ID, name: 'ID' }] }, 'duplicate_column'],
    ['a key column twice', { columns: [ID], primary_key: ['id', 'id'] }, 'invalid_primary_key'],
  ])('%s is a 400 and leaves nothing behind', async (_, body, code) => {
    const name = uniqueName('t');
    const refused = await create({ name, ...body });
    expect([refused.status, errorCode(refused)]).toEqual([400, code]);
    expect((await project.api.get(`${tablesPath(project, bucket)}/${name}`)).status).toBe(404);
    expect((await create({ name, columns: [ID] })).status).toBe(201);
  });

  it.each([
    ['no name', { columns: [ID] }, 'missing', ['body', 'name']],
    ['no columns', { name: 'x' }, 'missing', ['body', 'columns']],
    ['empty columns', { name: 'x', columns: [] }, 'too_short', ['body', 'columns']],
    ['column without type', { name: 'x', columns: [{ name: 'a' }] }, 'missing', ['body', 'columns', 0, 'type']],
    ['number as name', { name: 5, columns: [ID] }, 'string_type', ['body', 'name']],
    [
      'nullable maybe',
      { name: 'x', columns: [{ ...ID, nullable: 'maybe' }] },
      'bool_parsing',
      ['body', 'columns', 0, 'nullable'],
    ],
    ['key as text', { name: 'x', columns: [ID], primary_key: 'id' }, 'list_type', ['body', 'primary_key']],
  ])('%s is a 422', async (_, body, type, loc) => {
    const answer = await create(body);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ detail: [{ type, loc, msg: expect.any(String) }] });
  });

  it('answers 404 for unknown projects and buckets', async () => {
    const body = { name: 't', columns: [ID] };
    const inBucket = await project.api.post(tablesPath(project, 'missing'), body);
    expect([inBucket.status, errorCode(inBucket)]).toEqual([404, 'bucket_not_found']);
    const inProject = await server.admin.post('/projects/missing/branches/default/buckets/b/tables', body);
    expect([inProject.status, errorCode(inProject)]).toEqual([404, 'project_not_found']);
  });
});

describe('an unknown table', () => {
  it.each([
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/preview'],
    ['POST', '/export'],
  ])('%s %s is a 404', async (method, rest) => {
    const path = `${tablesPath(project, bucket)}/missing${rest}`;
    const answer = await project.api.request(method, path, method === 'POST' ? { json: {} } : {});
    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({
      detail: {
        error: 'table_not_found',
        message: `Table missing not found in bucket ${bucket}`,
        details: { project_id: project.id, bucket_name: bucket, table_name: 'missing' },
      },
    });
  });
});

describe('DELETE …/tables/{table}', () => {
  it('removes the table, its live file and its name', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const deleted = await project.api.delete(table.path);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await project.api.get(table.path)).status).toBe(404);
    expect((await project.api.delete(table.path)).status).toBe(404);
    const directory = join(server.process.dataDir, 'duckdb', `project_${project.id}`, bucket);
    expect(await readdir(directory)).not.toContain(`${table.name}.duckdb`);
    expect((await create({ name: table.name, columns: [ID] })).status).toBe(201);
  });

  it('leaves the bucket directory after the last table', async () => {
    const other = await createProjectWithBucket(server.admin);
    const table = await createTable(other.project, other.bucket, { id: 'INTEGER' });
    mustSucceed(await other.project.api.delete(table.path));
    expect((await other.project.api.get(`${other.project.bucketsPath}/${other.bucket}`)).status).toBe(200);
    const directory = join(server.process.dataDir, 'duckdb', `project_${other.project.id}`, other.bucket);
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('GET …/preview', () => {
  it('of an empty table shows columns and no rows', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER', name: 'VARCHAR' });
    const shown = await preview(table);
    expect(shown).toMatchObject({ rows: [], total_row_count: 0, preview_row_count: 0 });
    expect(shown.columns).toHaveLength(2);
  });

  it('keeps row order and column order, and counts', async () => {
    const columns = [
      { name: 'zebra', type: 'INTEGER' },
      { name: 'apple', type: 'VARCHAR' },
      { name: '3', type: 'VARCHAR' },
    ];
    const table = await createTable(project, bucket, columns);
    const csv = ['zebra,apple,3', ...Array.from({ length: 1500 }, (_, n) => `${(n * 7919) % 1500},row${n},x`)];
    mustSucceed(await importContent(table, `${csv.join('\n')}\n`));

    const standard = await preview(table);
    expect([standard.total_row_count, standard.preview_row_count, standard.rows.length]).toEqual([1500, 1000, 1000]);
    expect(standard.rows.map((row) => row['apple'])).toEqual(Array.from({ length: 1000 }, (_, n) => `row${n}`));
    const { text } = await project.api.get(`${table.path}/preview?limit=1`);
    expect(text).toContain('{"zebra":0,"apple":"row0","3":"x"}');

    expect((await preview(table, '?limit=10000')).preview_row_count).toBe(1500);
    expect((await preview(table, '?limit=1')).rows).toHaveLength(1);
  });

  it.each(['0', '10001', '-5', 'many'])('limit=%s is a 422', async (limit) => {
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const answer = await project.api.get(`${table.path}/preview?limit=${limit}`);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ detail: [{ loc: ['query', 'limit'] }] });
  });

  it('pages through all rows, also under an order that does not tell them apart', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER', odd: 'BOOLEAN' });
    const csv = ['id,odd', ...Array.from({ length: 1000 }, (_, n) => `${n},${n % 2 === 1}`)];
    mustSucceed(await importContent(table, `${csv.join('\n')}\n`));
    const ids = async (query: string) => (await preview(table, query)).rows.map((row) => row['id']);
    expect(await ids('?limit=2&offset=998')).toEqual([998, 999]);
    expect(await ids('?offset=1000')).toEqual([]);
    const paged = await Promise.all(
      [0, 250, 500, 750].map((offset) => ids(`?order_by=odd&limit=250&offset=${offset}`)),
    );
    expect(paged.flat()).toEqual([
      ...Array.from({ length: 500 }, (_, n) => 2 * n),
      ...Array.from({ length: 500 }, (_, n) => 2 * n + 1),
    ]);
    const filtered = await preview(table, `?limit=1&offset=1&filter=${encodeURIComponent('odd')}`);
    expect(filtered).toMatchObject({ rows: [{ id: 3 }], total_row_count: 1000, preview_row_count: 1 });
  });

  it.each(['-1', 'x', '1.5', '99999999999999999999'])('offset=%s is a 422', async (offset) => {
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const answer = await project.api.get(`${table.path}/preview?offset=${offset}`);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ detail: [{ loc: ['query', 'offset'] }] });
  });

  it('selects columns, filters and sorts', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER', name: 'VARCHAR' });
    mustSucceed(await importContent(table, 'id,name\n1,a\n2,b\n3,c\n'));
    const query = `?columns=name,id&filter=${encodeURIComponent('id >= 2')}&order_by=${encodeURIComponent('id desc')}`;
    const shown = await preview(table, query);
    expect(shown.rows.map((row) => Object.entries(row))).toEqual([
      [
        ['name', 'c'],
        ['id', 3],
      ],
      [
        ['name', 'b'],
        ['id', 2],
      ],
    ]);
    expect(shown.preview_row_count).toBe(2);
  });

  it('refuses a hostile filter, order and column', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const refused = async (query: string) => {
      const answer = await project.api.get(`${table.path}/preview?${query}`);
      return [answer.status, errorCode(answer)];
    };
    expect(await refused(`filter=${encodeURIComponent('id IN (SELECT 1)')}`)).toEqual([400, 'invalid_where_clause']);
    expect(await refused(`order_by=${encodeURIComponent('random()')}`)).toEqual([400, 'invalid_order_by']);
    expect(await refused('columns=nope')).toEqual([400, 'unknown_column']);
  });
});

describe('the table object after an import', () => {
  it('has the new row count and size', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    mustSucceed(await importContent(table, `id\n${Array.from({ length: 5000 }, (_, n) => n).join('\n')}\n`));
    const after = await getTable(table);
    expect(after.row_count).toBe(5000);
    const listed = mustSucceed(
      await project.api.get<{ tables: { name: string; row_count: number }[] }>(tablesPath(project, bucket)),
    );
    expect(listed.tables.find(({ name }) => name === table.name)).toEqual(after);
    expect(errorDetails(await project.api.get(`${table.path}x`))).toMatchObject({ table_name: `${table.name}x` });
  });
});

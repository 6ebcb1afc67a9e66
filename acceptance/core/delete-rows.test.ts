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
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
let project: Project;
let bucket: string;

beforeAll(async () => {
  ({ project, bucket } = await createProjectWithBucket(server.admin));
});

const deleteRows = (table: Table, where: unknown): Promise<Answer> =>
  project.api.delete(`${table.path}/rows`, { json: { where_clause: where } });

async function people(): Promise<Table> {
  const columns = [
    { name: 'id', type: 'INTEGER' },
    { name: 'name', type: 'VARCHAR', default: "'nobody'" },
    { name: 'born', type: 'DATE' },
  ];
  const table = await createTable(project, bucket, columns, { primaryKey: ['id'] });
  mustSucceed(await importContent(table, 'id,name,born\n1,Ann,2000-01-31\n2,Drop shipment,\n3,Eve,1990-05-01\n4,,\n'));
  return table;
}

async function versionCount(table: Table): Promise<number> {
  return mustSucceed(await project.api.get<{ total: number }>(`${table.path}/versions`)).total;
}

const idsOf = async (table: Table): Promise<unknown[]> => (await rowsOf(table)).map(([id]) => id);

describe('DELETE …/rows', () => {
  it.each([
    ['id = 1', [2, 3, 4]],
    ["name = 'Drop shipment'", [1, 3, 4]],
    ["name LIKE '%e'", [1, 2, 4]],
    ['born IS NULL', [1, 3]],
    ["born < DATE '1995-01-01' OR id IN (1, 4)", [2]],
    ['name IS NOT NULL AND length(name) = 3', [2, 4]],
    ['data.id > 2', [1, 2]],
    ["NOT (name = 'Ann')", [1, 4]],
    ['CASE WHEN id > 3 THEN true ELSE false END', [1, 2, 3]],
  ])('%s leaves the other rows, in order', async (where, left) => {
    const table = await people();
    const deleted = await deleteRows(table, where);
    expect(deleted.status).toBe(200);
    expect(deleted.body).toEqual({ deleted_rows: 4 - left.length, table_rows_after: left.length });
    expect(await idsOf(table)).toEqual(left);
    expect(await getTable(table)).toMatchObject({
      row_count: left.length,
      primary_key: ['id'],
      columns: [{ nullable: false }, { nullable: true }, { nullable: true }],
    });
  });

  it('answers 0 and makes no version when nothing matches', async () => {
    const table = await people();
    const before = await versionCount(table);
    const deleted = await deleteRows(table, 'id > 100');
    expect(deleted.status).toBe(200);
    expect(deleted.body).toEqual({ deleted_rows: 0, table_rows_after: 4 });
    expect(await versionCount(table)).toBe(before);
    const empty = await createTable(project, bucket, { id: 'INTEGER' });
    expect((await deleteRows(empty, 'true')).body).toEqual({ deleted_rows: 0, table_rows_after: 0 });
  });

  it('keeps defaults, types and key for what comes after it', async () => {
    const table = await people();
    expect((await deleteRows(table, 'true')).body).toEqual({ deleted_rows: 4, table_rows_after: 0 });
    mustSucceed(await importContent(table, 'id\n7\n7\n', { import_options: { columns: ['id'], incremental: true } }));
    expect(await rowsOf(table)).toEqual([[7, 'nobody', null]]);
  });

  it('deletes few and many of many rows, and the order stays', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER', note: 'VARCHAR' });
    const lines = Array.from({ length: 200_000 }, (_, index) => `${(index * 7919) % 200_000},note ${index}`);
    mustSucceed(await importContent(table, `id,note\n${lines.join('\n')}\n`));
    let remaining = lines.map((line) => Number(line.split(',')[0]));
    for (const [where, keeps] of [
      ['id % 100 = 3', (id: number) => id % 100 !== 3],
      ['id % 10 < 9', (id: number) => id % 10 >= 9],
    ] as const) {
      mustSucceed(await deleteRows(table, where));
      remaining = remaining.filter(keeps);
      expect((await getTable(table)).row_count).toBe(remaining.length);
      expect(await idsOf(table)).toEqual(remaining.slice(0, 10_000));
    }
    const smaller = await getTable(table);
    mustSucceed(await deleteRows(table, '1 = 1'));
    expect((await getTable(table)).size_bytes).toBeLessThan(smaller.size_bytes / 2);
  });

  it.each([
    [';', 'id = 1; DROP TABLE data'],
    ['--', 'id = 1 -- comment'],
    ['/*', 'id = 1 /* comment'],
    ['*/', 'id = 1 */ OR true'],
    ['drop ', 'id = 1 DROP TABLE data'],
    ['truncate ', 'TRUNCATE data'],
    ['alter ', 'true ALTER TABLE data RENAME TO x'],
  ])('refuses %s as the contract says', async (pattern, where) => {
    const table = await people();
    const refused = await deleteRows(table, where);
    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({
      detail: {
        error: 'invalid_where_clause',
        message: `Invalid WHERE clause: contains '${pattern}'`,
        details: { where_clause: where },
      },
    });
    expect(await idsOf(table)).toEqual([1, 2, 3, 4]);
  });

  it.each([
    ['nothing', ''],
    ['blanks', '  '],
    ['an unknown column', 'nope = 1'],
    ['a text as column', "'id"],
    ['a syntax error', 'id ='],
    ['two conditions', 'id = 1, id = 2'],
    ['a query', 'id IN (SELECT 1)'],
    ['EXISTS', 'EXISTS (FROM data)'],
    ['a file', "read_text('/etc/passwd') IS NOT NULL"],
    ['a setting', "current_setting('memory_limit') <> ''"],
    ['an aggregate', 'count(*) > 1'],
    ['a window', 'row_number() OVER () > 1'],
    ['a value that is no condition', "'abc'"],
    ['a cast that fails', 'CAST(name AS INTEGER) = 1'],
    ['a bracket that ends the statement', 'true) OR (true'],
    ['a parameter', 'id = ?'],
    ['an escaped quote', "name = 'x\\' OR '1'='1"],
  ])('%s is a 400 and changes nothing', async (_, where) => {
    const table = await people();
    const before = await versionCount(table);
    const refused = await deleteRows(table, where);
    expect([refused.status, errorCode(refused)], refused.text).toEqual([400, 'invalid_where_clause']);
    expect(errorMessage(refused)).toMatch(/^Invalid WHERE clause: /);
    expect(errorDetails(refused)).toEqual({ where_clause: where });
    expect(await idsOf(table)).toEqual([1, 2, 3, 4]);
    expect(await versionCount(table)).toBe(before);
  });

  it('shows the first 200 characters of a long condition', async () => {
    const table = await people();
    const where = `name = '${'x'.repeat(400)}' AND nope = 1`;
    expect(errorDetails(await deleteRows(table, where))).toEqual({ where_clause: where.slice(0, 200) });
  });

  it.each([
    ['no body', undefined, ['body']],
    ['no condition', {}, ['body', 'where_clause']],
    ['null', { where_clause: null }, ['body', 'where_clause']],
    ['a number', { where_clause: 1 }, ['body', 'where_clause']],
  ])('%s is a 422', async (_, json, loc) => {
    const table = await people();
    const refused = await project.api.delete(`${table.path}/rows`, json === undefined ? {} : { json });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ detail: [{ loc }] });
  });

  it('repeats the answer under an idempotency key, and deletes once', async () => {
    const table = await people();
    const options = { json: { where_clause: 'id < 3' }, headers: { 'x-idempotency-key': 'delete-twice' } };
    const first = await project.api.delete(`${table.path}/rows`, options);
    mustSucceed(await importContent(table, 'id,name,born\n1,Ann,\n', { import_options: { incremental: true } }));
    const second = await project.api.delete(`${table.path}/rows`, options);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('x-idempotency-replay')).toBe('true');
    expect(await idsOf(table)).toEqual([3, 4, 1]);
  });
});

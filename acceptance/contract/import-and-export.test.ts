import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed, uniqueName } from '../helpers/api.js';
import {
  expectInvalid,
  expectRefusal,
  importRows,
  newBucket,
  newFile,
  newProject,
  newTable,
  previewRows,
  UUID,
  type ContractProject,
} from '../helpers/contract.js';
import { useServer } from '../helpers/use-server.js';

/** Chapter 2.10. */
const server = useServer();
let project: ContractProject;
const KEYED = { primary_key: ['id'] };

beforeAll(async () => {
  project = await newProject(server.admin, 'test_proj_123');
  await newBucket(project, 'in_c_sales');
});

const table = (more = {}) => newTable(project, 'in_c_sales', uniqueName('orders'), more);

interface Imported {
  readonly imported_rows: number;
  readonly table_rows_after: number;
}

async function load(path: string, csv: string, importOptions?: object): Promise<Imported> {
  const more = importOptions === undefined ? {} : { import_options: importOptions };
  return mustSucceed(await importRows(project, path, csv, more)) as Imported;
}

describe('import', () => {
  it('replaces all rows by default', async () => {
    const path = await table();
    const file = await newFile(project, 'id,name\n1,a\n2,b\n');
    const answer = await project.api.post(`${path}/import/file`, { file_id: file.id });
    expect([answer.status, answer.body]).toMatchObject([
      200,
      { imported_rows: 2, table_rows_after: 2, table_size_bytes: expect.any(Number), warnings: [] },
    ]);
    expect(await load(path, 'id,name\n9,z\n')).toMatchObject({ imported_rows: 1, table_rows_after: 1 });
    expect(await previewRows(project, path)).toEqual([{ id: 9, name: 'z' }]);
    expect(await load(path, 'id,name\n')).toMatchObject({ imported_rows: 0, table_rows_after: 0 });
  });

  it('appends when incremental and without a key', async () => {
    const path = await table();
    await load(path, 'id,name\n1,a\n');
    expect(await load(path, 'id,name\n1,a\n2,b\n', { incremental: true })).toMatchObject({
      imported_rows: 2,
      table_rows_after: 3,
    });
  });

  it('updates rows of the same key', async () => {
    const path = await table(KEYED);
    await load(path, 'id,name\n1,a\n2,b\n');
    const options = { incremental: true, dedup_mode: 'update_duplicates' };
    expect(await load(path, 'id,name\n2,B\n3,c\n', options)).toMatchObject({ table_rows_after: 3 });
    const rows = [...(await previewRows(project, path))].sort((a, b) => Number(a['id']) - Number(b['id']));
    expect(rows).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'B' },
      { id: 3, name: 'c' },
    ]);
    expect(await load(path, 'id,name\n1,aa\n', options)).toMatchObject({ table_rows_after: 3 });
  });

  it('fails on duplicates when told to, and changes nothing', async () => {
    const path = await table(KEYED);
    await load(path, 'id,name\n1,a\n2,b\n');
    const refused = await importRows(project, path, 'id,name\n2,B\n', {
      import_options: { incremental: true, dedup_mode: 'fail_on_duplicates' },
    });
    expectRefusal(refused, { status: 409, error: 'duplicate_key' });
    expect((refused.body as { detail: { details: object } }).detail.details).toMatchObject({
      dedup_mode: 'fail_on_duplicates',
    });
    expect(await previewRows(project, path)).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
    ]);
  });

  it.each([
    ['a semicolon', 'id;name\n1;a\n', { delimiter: ';' }],
    ['no header', '1,a\n', { header: false }],
    ['another quote', "id,name\n1,'a'\n", { quote: "'" }],
    ['a text for null', 'id,name\n1,a\n2,NULL\n', { null_string: 'NULL' }],
  ])('reads CSV with %s', async (_, csv, options) => {
    const path = await table();
    mustSucceed(await importRows(project, path, csv, { csv_options: options }));
    expect((await previewRows(project, path))[0]).toEqual({ id: 1, name: 'a' });
  });

  it('makes nulls of empty fields', async () => {
    const path = await table();
    await load(path, 'id,name\n1,\n,b\n');
    expect(await previewRows(project, path)).toEqual([
      { id: 1, name: null },
      { id: null, name: 'b' },
    ]);
  });

  it('refuses unknown tables, files and formats', async () => {
    const file = await newFile(project, 'id,name\n1,a\n');
    const unknown = `${project.buckets}/in_c_sales/tables/nonexistent/import/file`;
    expectRefusal(await project.api.post(unknown, { file_id: file.id }), { status: 404, error: 'table_not_found' });
    const path = await table();
    const fileId = '00000000-0000-4000-8000-000000000000';
    const fileNotFound = {
      status: 404,
      error: 'file_not_found',
      message: `File ${fileId} not found in project test_proj_123`,
      details: { project_id: 'test_proj_123', file_id: fileId },
    };
    expectRefusal(await project.api.post(`${path}/import/file`, { file_id: fileId }), fileNotFound);
    const other = await newProject(server.admin, uniqueName('other'));
    const foreign = await newFile(other, 'id,name\n1,a\n');
    expectRefusal(await project.api.post(`${path}/import/file`, { file_id: foreign.id }), {
      status: 404,
      error: 'file_not_found',
    });
    expectRefusal(await project.api.post(`${path}/import/file`, { file_id: file.id, format: 'xlsx' }), {
      status: 400,
      error: 'invalid_format',
      message: "Unsupported format: xlsx. Use 'csv' or 'parquet'.",
      details: { format: 'xlsx' },
    });
    expectInvalid(await project.api.post(`${path}/import/file`, {}), ['body', 'file_id'], 'missing');
  });

  it.each([
    ['a value that cannot be cast', 'id,name\nx,a\n'],
    ['no bytes', ''],
  ])('refuses a file with %s, and changes nothing', async (_, csv) => {
    const path = await table();
    await load(path, 'id,name\n1,a\n');
    expectRefusal(await importRows(project, path, csv), { status: 400, error: 'import_failed' });
    expect(await previewRows(project, path)).toEqual([{ id: 1, name: 'a' }]);
  });
});

describe('export', () => {
  async function exported(path: string, body: object): Promise<{ answer: Record<string, unknown>; bytes: Buffer }> {
    const answer = mustSucceed(await project.api.post<Record<string, unknown>>(`${path}/export`, body));
    const download = await project.api.get(`${project.path}/files/${String(answer['file_id'])}/download`);
    expect(download.status).toBe(200);
    return { answer, bytes: download.bytes };
  }

  async function filled(): Promise<string> {
    const path = await table();
    await load(path, 'id,name\n1,a\n2,b\n3,\n');
    return path;
  }

  it('makes a file of the Files API', async () => {
    const path = await filled();
    const { answer, bytes } = await exported(path, { format: 'csv' });
    const name = path.split('/').at(-1) ?? '';
    expect(answer).toMatchObject({
      file_id: expect.stringMatching(UUID),
      file_path: expect.stringMatching(
        new RegExp(
          `^project_test_proj_123/\\d{4}/\\d\\d/\\d\\d/${String(answer['file_id'])}_export_${name}_\\d{8}_\\d{6}\\.csv$`,
        ),
      ),
      rows_exported: 3,
      file_size_bytes: bytes.length,
    });
    expect(bytes.toString()).toBe('id,name\n1,a\n2,b\n3,\n');
    const file = await project.api.get(`${project.path}/files/${String(answer['file_id'])}`);
    expect(file.body).toMatchObject({
      content_type: 'text/csv',
      is_staged: false,
      tags: { type: 'export', table: `in_c_sales.${name}` },
    });
  });

  it('selects columns in the order given, rows by a condition, and a number of them', async () => {
    const path = await filled();
    const { answer, bytes } = await exported(path, { columns: ['name', 'id'], where_filter: 'id > 1', limit: 1 });
    expect(answer['rows_exported']).toBe(1);
    expect(bytes.toString()).toBe('name,id\nb,2\n');
    expect((await exported(path, { limit: 0 })).answer['rows_exported']).toBe(3);
  });

  it('compresses', async () => {
    const path = await filled();
    const csv = await exported(path, { format: 'csv', compression: 'gzip' });
    expect(gunzipSync(csv.bytes).toString()).toBe('id,name\n1,a\n2,b\n3,\n');
    expect(csv.answer['file_path']).toMatch(/\.csv\.gz$/);
    for (const compression of [null, 'gzip', 'zstd', 'snappy']) {
      const parquet = await exported(path, { format: 'parquet', compression });
      expect(parquet.bytes.subarray(0, 4).toString(), String(compression)).toBe('PAR1');
      expect(parquet.answer['file_path']).toMatch(/\.parquet$/);
    }
  });

  it.each(['csv', 'parquet'])('and import of %s keep rows and columns', async (format) => {
    const { answer } = await exported(await filled(), { format });
    const copy = await table();
    mustSucceed(await project.api.post(`${copy}/import/file`, { file_id: answer['file_id'], format }));
    expect(await previewRows(project, copy)).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
      { id: 3, name: null },
    ]);
  });

  it('refuses formats, compressions and texts', async () => {
    const path = await filled();
    const ask = (body: object) => project.api.post(`${path}/export`, body);
    expectRefusal(await ask({ format: 'xlsx' }), { status: 400, error: 'invalid_format' });
    expectRefusal(await ask({ format: 'csv', compression: 'zstd' }), {
      status: 400,
      error: 'invalid_compression',
      message: 'Invalid compression for csv: zstd',
      details: { format: 'csv', valid_compression: expect.arrayContaining([null, 'gzip']) },
    });
    expectRefusal(await ask({ format: 'parquet', compression: 'rar' }), {
      status: 400,
      error: 'invalid_compression',
      message: 'Invalid compression for parquet: rar',
      details: { format: 'parquet', valid_compression: expect.arrayContaining([null, 'gzip', 'zstd', 'snappy']) },
    });
    for (const pattern of [';', '--', '/*', '*/', 'drop ', 'truncate ', 'alter ', 'delete ', 'insert ', 'update ']) {
      const filter = `id = 1 ${pattern}x`;
      expectRefusal(await ask({ where_filter: filter }), {
        status: 400,
        error: 'invalid_where_clause',
        message: `Invalid WHERE clause: contains '${pattern}'`,
        details: { where_filter: filter },
      });
    }
    expectRefusal(await project.api.post(`${project.buckets}/in_c_sales/tables/nonexistent/export`, {}), {
      status: 404,
      error: 'table_not_found',
    });
  });
});

import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorCode, errorDetails, errorMessage, mustSucceed } from '../helpers/api.js';
import {
  createProjectWithBucket,
  createTable,
  download,
  exportAndDownload,
  exportTable,
  importContent,
  importFile,
  rowsOf,
  sha256,
  type FileObject,
  type Project,
  type Table,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
let project: Project;
let bucket: string;
let table: Table;

const ROWS = [
  '1,Drop shipment,2024-01-15,1.50',
  "2,it's,2024-02-01,",
  '3,,2024-03-01,2.25',
  '4,"say ""hi"", x",2024-04-01,10.00',
];
const CSV = `id,name,day,price\n${ROWS.join('\n')}\n`;

beforeAll(async () => {
  ({ project, bucket } = await createProjectWithBucket(server.admin));
  table = await createTable(project, bucket, { id: 'INTEGER', name: 'VARCHAR', day: 'DATE', price: 'DECIMAL(6,2)' });
  mustSucceed(await importContent(table, CSV));
});

const exported = async (request: Record<string, unknown>): Promise<string> =>
  (await exportAndDownload(table, request)).bytes.toString('utf8');

describe('an export to CSV', () => {
  it('has a header, row order, empty fields for null, and quotes where needed', async () => {
    const { report, bytes } = await exportAndDownload(table);
    expect(bytes.toString('utf8')).toBe(CSV);
    expect(report).toMatchObject({ rows_exported: 4, file_size_bytes: bytes.length });
    expect(report.file_path).toMatch(
      new RegExp(
        `^project_${project.id}/\\d{4}/\\d\\d/\\d\\d/${report.file_id}_export_${table.name}_\\d{8}_\\d{6}\\.csv$`,
      ),
    );
  });

  it('is a file like any other, with its checksum', async () => {
    const { report, bytes } = await exportAndDownload(table);
    const file = mustSucceed(await project.api.get<FileObject>(`${project.filesPath}/${report.file_id}`));
    expect(file).toMatchObject({
      content_type: 'text/csv',
      checksum_sha256: sha256(bytes),
      size_bytes: bytes.length,
      is_staged: false,
      path: report.file_path,
      tags: { type: 'export', table: `${bucket}.${table.name}` },
    });
    expect(file.name).toMatch(new RegExp(`^export_${table.name}_\\d{8}_\\d{6}\\.csv$`));
    mustSucceed(await project.api.delete(`${project.filesPath}/${report.file_id}`));
  });

  it('can be compressed by gzip', async () => {
    const { report, bytes } = await exportAndDownload(table, { compression: 'gzip' });
    expect(gunzipSync(bytes).toString('utf8')).toBe(CSV);
    const file = mustSucceed(await project.api.get<FileObject>(`${project.filesPath}/${report.file_id}`));
    expect(file.name).toMatch(/\.csv\.gz$/);
    expect(file.checksum_sha256).toBe(sha256(bytes));
  });

  it('of an empty table is the header', async () => {
    const empty = await createTable(project, bucket, { id: 'INTEGER', name: 'VARCHAR' });
    const { report, bytes } = await exportAndDownload(empty);
    expect(report.rows_exported).toBe(0);
    expect(bytes.toString('utf8')).toBe('id,name\n');
  });
});

describe('the selection', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['columns, in this order', { columns: ['name', 'id'], limit: 1 }, 'name,id\nDrop shipment,1\n'],
    ['limit', { columns: ['id'], limit: 2 }, 'id\n1\n2\n'],
    ['limit 0 means no limit', { columns: ['id'], limit: 0 }, 'id\n1\n2\n3\n4\n'],
    ['limit as text', { columns: ['id'], limit: '1' }, 'id\n1\n'],
    [
      'nulls for nothing',
      { columns: ['id'], limit: null, where_filter: null, order_by: null, compression: null },
      'id\n1\n2\n3\n4\n',
    ],
    ['order', { columns: ['id'], order_by: 'id desc' }, 'id\n4\n3\n2\n1\n'],
    ['order by two columns', { columns: ['id'], order_by: 'price DESC NULLS LAST, id' }, 'id\n4\n3\n1\n2\n'],
    ['order and limit', { columns: ['id'], order_by: '"day" desc', limit: 1 }, 'id\n4\n'],
    ['words of statements in a text', { columns: ['id'], where_filter: "name = 'Drop shipment'" }, 'id\n1\n'],
    ['quotes in a text', { columns: ['id'], where_filter: "name = 'it''s'" }, 'id\n2\n'],
    ['comparison', { columns: ['id'], where_filter: 'price >= 2.25' }, 'id\n3\n4\n'],
    ['is null', { columns: ['id'], where_filter: 'name IS NULL OR price IS NULL' }, 'id\n2\n3\n'],
    ['in a list', { columns: ['id'], where_filter: 'id IN (1, 3)' }, 'id\n1\n3\n'],
    ['between', { columns: ['id'], where_filter: "day BETWEEN '2024-02-01' AND DATE '2024-03-01'" }, 'id\n2\n3\n'],
    ['like', { columns: ['id'], where_filter: "name LIKE 'Drop%'" }, 'id\n1\n'],
    ['functions', { columns: ['id'], where_filter: "lower(name) = 'drop shipment' AND year(day) = 2024" }, 'id\n1\n'],
    ['case', { columns: ['id'], where_filter: 'CASE WHEN id > 2 THEN true ELSE false END' }, 'id\n3\n4\n'],
    ['quoted column', { columns: ['id'], where_filter: '"ID" = 2' }, 'id\n2\n'],
    ['nothing matches', { columns: ['id'], where_filter: 'id > 100' }, 'id\n'],
    ['semicolon in a text', { columns: ['id'], where_filter: "name = '; DROP TABLE data --'" }, 'id\n'],
  ])('%s', async (_, request, text) => {
    expect(await exported(request)).toBe(text);
  });

  it.each([
    'id IN (SELECT id FROM data)',
    'EXISTS (SELECT 1)',
    '(SELECT 1) = 1',
    '1=1; DROP TABLE data',
    '1=1 -- comment',
    '1=1 /* comment */',
    '1=1) UNION SELECT * FROM data WHERE (1=1',
    '1=1 UNION ALL SELECT 1',
    '1=1 ORDER BY id',
    '1=1 LIMIT 1',
    "read_text('/etc/passwd') IS NOT NULL",
    "getenv('HOME') <> ''",
    "current_setting('temp_directory') <> ''",
    'row_number() OVER () = 1',
    'count(*) > 0',
    'nope = 1',
    'other.id = 1',
    'id =',
    '',
    '   ',
    'DROP TABLE data',
    "name = 'unclosed",
    'id = $1',
    'id = ?',
    'COLUMNS(*) IS NOT NULL',
    'list_transform([1], x -> x) IS NULL',
    'id::NOSUCHTYPE = 1',
    'CAST(name AS INTEGER) = 1',
    "name ~ '('",
  ])('refuses the condition %j', async (filter) => {
    const refused = await exportTable(table, { where_filter: filter });
    expect([refused.status, errorCode(refused)]).toEqual([400, 'invalid_where_clause']);
    expect(errorMessage(refused)).toMatch(/^Invalid WHERE clause: /);
    expect(errorDetails(refused)).toHaveProperty('where_filter');
  });

  it('says that a subquery is not permitted', async () => {
    const refused = await exportTable(table, { where_filter: 'id IN (SELECT 1)' });
    expect(errorMessage(refused)).toMatch(/subquer/i);
  });

  it.each([';', '--', '/*', '*/'])('names the pattern %s', async (pattern) => {
    const refused = await exportTable(table, { where_filter: `id = 1 ${pattern} x` });
    expect(errorMessage(refused)).toContain(`contains '${pattern}'`);
  });

  it.each([
    [{ columns: ['nope'] }, 'unknown_column'],
    [{ order_by: 'nope' }, 'invalid_order_by'],
    [{ order_by: '1' }, 'invalid_order_by'],
    [{ order_by: 'random()' }, 'invalid_order_by'],
    [{ order_by: 'id; drop table data' }, 'invalid_order_by'],
    [{ order_by: 'id,' }, 'invalid_order_by'],
    [{ order_by: '(SELECT 1)' }, 'invalid_order_by'],
  ])('refuses %j', async (request, code) => {
    const refused = await exportTable(table, request);
    expect([refused.status, errorCode(refused)]).toEqual([400, code]);
  });

  it.each([
    [{ limit: -1 }, 'greater_than_equal'],
    [{ limit: 1.5 }, 'int_from_float'],
    [{ limit: 'x' }, 'int_parsing'],
    [{ columns: 'id' }, 'list_type'],
    [{ columns: [1] }, 'string_type'],
    [{ where_filter: 1 }, 'string_type'],
  ])('%j is a 422 of type %s', async (request, type) => {
    const refused = await exportTable(table, request);
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ detail: [{ type }] });
  });

  it("an empty list of columns is the caller's mistake or means all, never a 5xx", async () => {
    expect((await exportTable(table, { columns: [] })).status).toBeLessThan(500);
  });
});

describe('formats and compressions', () => {
  it.each(['json', 'CSV', 'xlsx', ''])('format %j is a 400', async (format) => {
    const refused = await exportTable(table, { format });
    expect([refused.status, errorCode(refused)]).toEqual([400, 'invalid_format']);
    expect(errorMessage(refused)).toBe(`Unsupported format: ${format}. Use 'csv' or 'parquet'.`);
  });

  it.each([
    ['csv', 'zstd', [null, 'gzip']],
    ['csv', 'snappy', [null, 'gzip']],
    ['parquet', 'brotli', [null, 'gzip', 'zstd', 'snappy']],
  ])('%s with %s is a 400 that lists the valid ones', async (format, compression, valid) => {
    const refused = await exportTable(table, { format, compression });
    expect(refused.status).toBe(400);
    expect(refused.body).toMatchObject({
      detail: {
        error: 'invalid_compression',
        message: `Invalid compression for ${format}: ${compression}`,
        details: { format },
      },
    });
    const listed = errorDetails(refused)['valid_compression'] as unknown[];
    expect(new Set(listed)).toEqual(new Set(valid));
  });

  it.each([null, 'gzip', 'zstd', 'snappy'])('Parquet with %s comes back as the same rows', async (compression) => {
    const { report, bytes } = await exportAndDownload(table, { format: 'parquet', compression });
    expect(bytes.subarray(0, 4).toString()).toBe('PAR1');
    const file = mustSucceed(await project.api.get<FileObject>(`${project.filesPath}/${report.file_id}`));
    expect(file).toMatchObject({ content_type: 'application/x-parquet', checksum_sha256: sha256(bytes) });

    const copy = await createTable(project, bucket, {
      id: 'INTEGER',
      name: 'VARCHAR',
      day: 'DATE',
      price: 'DECIMAL(6,2)',
    });
    mustSucceed(await importFile(copy, report.file_id, { format: 'parquet' }));
    expect(await rowsOf(copy)).toEqual(await rowsOf(table));
  });

  it('CSV comes back as the same rows', async () => {
    for (const compression of [null, 'gzip']) {
      const report = mustSucceed(await exportTable(table, { compression }));
      const copy = await createTable(project, bucket, {
        id: 'INTEGER',
        name: 'VARCHAR',
        day: 'DATE',
        price: 'DECIMAL(6,2)',
      });
      mustSucceed(await importFile(copy, report.file_id));
      expect(await rowsOf(copy)).toEqual(await rowsOf(table));
      expect((await download(project, report.file_id)).length).toBe(report.file_size_bytes);
    }
  });
});

import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorCode, errorDetails, mustSucceed } from '../helpers/api.js';
import {
  createProjectWithBucket,
  createTable,
  exportAndDownload,
  exportTable,
  getTable,
  importContent,
  importFile,
  preview,
  rowsOf,
  uploadFile,
  type Project,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
const PARQUET = { format: 'parquet' };
let project: Project;
let bucket: string;

beforeAll(async () => {
  ({ project, bucket } = await createProjectWithBucket(server.admin));
});

/** A Parquet file with these rows, made by an export. */
async function parquetOf(columns: Record<string, string>, csv: string, request: object = {}): Promise<Buffer> {
  const table = await createTable(project, bucket, columns);
  mustSucceed(await importContent(table, csv));
  return (await exportAndDownload(table, { ...PARQUET, ...request })).bytes;
}

const COLUMNS = { id: 'INTEGER', name: 'VARCHAR', day: 'DATE', price: 'DECIMAL(10,2)', tags: 'VARCHAR[]' };
const CSV = 'id,name,day,price,tags\n1,a,2024-01-15,1.50,"[x, y]"\n2,,2024-01-16,,\n';

describe('Parquet into a table', () => {
  it('keeps values, nulls and order', async () => {
    const bytes = await parquetOf(COLUMNS, CSV);
    const table = await createTable(project, bucket, COLUMNS);
    const report = mustSucceed(await importContent(table, bytes, PARQUET));
    expect(report).toMatchObject({ imported_rows: 2, table_rows_after: 2, warnings: [] });
    expect(await rowsOf(table)).toEqual([
      [1, 'a', '2024-01-15', '1.50', ['x', 'y']],
      [2, null, '2024-01-16', null, null],
    ]);
  });

  it.each(['gzip', 'zstd', 'snappy', null])('compressed by %s', async (compression) => {
    const bytes = await parquetOf({ id: 'INTEGER' }, 'id\n1\n2\n', { compression });
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    mustSucceed(await importContent(table, bytes, PARQUET));
    expect(await rowsOf(table)).toEqual([[1], [2]]);
  });

  it('inside a gzip file', async () => {
    const bytes = gzipSync(await parquetOf({ id: 'INTEGER' }, 'id\n1\n'));
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    mustSucceed(await importContent(table, bytes, PARQUET));
    expect(await rowsOf(table)).toEqual([[1]]);
  });

  it('maps columns by name and casts to the types of the table', async () => {
    const bytes = await parquetOf({ name: 'VARCHAR', id: 'BIGINT' }, 'name,id\n1.5,7\n');
    const table = await createTable(project, bucket, { id: 'SMALLINT', name: 'DOUBLE' });
    mustSucceed(await importContent(table, bytes, PARQUET));
    expect(await rowsOf(table)).toEqual([[7, 1.5]]);
  });

  it('names missing and unexpected columns', async () => {
    const bytes = await parquetOf({ id: 'INTEGER', extra: 'VARCHAR' }, 'id,extra\n1,x\n');
    const table = await createTable(project, bucket, { id: 'INTEGER', name: 'VARCHAR' });
    const refused = await importContent(table, bytes, PARQUET);
    expect([refused.status, errorCode(refused)]).toEqual([400, 'column_mismatch']);
    expect(errorDetails(refused)).toMatchObject({ missing: ['name'], unexpected: ['extra'] });
  });

  it('refuses a value that does not fit, with its row, and changes nothing', async () => {
    const bytes = await parquetOf({ id: 'BIGINT' }, 'id\n1\n99999999999\n');
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    mustSucceed(await importContent(table, 'id\n5\n'));
    const refused = await importContent(table, bytes, PARQUET);
    expect([refused.status, errorCode(refused)]).toEqual([400, 'import_failed']);
    expect(errorDetails(refused)).toMatchObject({ line: 2, column: 'id', value: '99999999999' });
    expect(await rowsOf(table)).toEqual([[5]]);
  });

  it('skips such rows when asked to', async () => {
    const bytes = await parquetOf({ id: 'VARCHAR' }, 'id\n1\nx\n3\n');
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const report = mustSucceed(
      await importContent(table, bytes, { ...PARQUET, import_options: { on_error: 'skip', max_bad_rows: 1 } }),
    );
    expect(report).toMatchObject({ imported_rows: 2, rejected_count: 1 });
    expect(report.rejected_rows[0]).toMatchObject({ line: 2, column: 'id', value: 'x' });
    expect(await rowsOf(table)).toEqual([[1], [3]]);
  });

  it('merges by key', async () => {
    const bytes = await parquetOf({ id: 'INTEGER', name: 'VARCHAR' }, 'id,name\n2,B\n3,c\n');
    const table = await createTable(project, bucket, { id: 'INTEGER', name: 'VARCHAR' }, { primaryKey: ['id'] });
    mustSucceed(await importContent(table, 'id,name\n1,a\n2,b\n'));
    mustSucceed(await importContent(table, bytes, { ...PARQUET, import_options: { incremental: true } }));
    expect(await rowsOf(table)).toEqual([
      [1, 'a'],
      [2, 'B'],
      [3, 'c'],
    ]);
  });

  it('takes three million real flights and gives them back', async () => {
    const path = fileURLToPath(new URL('../../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url));
    const file = await uploadFile(project, createReadStream(path), { filename: 'flights-3m.parquet' });
    const table = await createTable(project, bucket, {
      date: 'TIMESTAMP',
      delay: 'SMALLINT',
      distance: 'SMALLINT',
      origin: 'VARCHAR',
      destination: 'VARCHAR',
    });
    const refusedOrLoaded = await importFile(table, file.id, PARQUET);
    if (refusedOrLoaded.status === 400) throw new Error(refusedOrLoaded.text);
    expect(mustSucceed(refusedOrLoaded).table_rows_after).toBe(3_000_000);
    expect((await getTable(table)).row_count).toBe(3_000_000);
    expect((await preview(table, '?limit=5')).rows).toHaveLength(5);
    const report = mustSucceed(await exportTable(table, { where_filter: "origin = 'ABE'", format: 'parquet' }));
    expect(report.rows_exported).toBeGreaterThan(0);
    expect(report.rows_exported).toBeLessThan(3_000_000);
  });
});

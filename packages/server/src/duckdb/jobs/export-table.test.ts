import { existsSync, readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isDomainError } from '../../errors/domain-error.js';
import type { TableShape } from '../../model/columns.js';
import type { ExportRequest, ExportResult } from '../../workers/messages.js';
import { checksumFile } from '../file-checksum.js';
import { quoteLiteral } from '../quoting.js';
import { exportTable } from './export-table.js';
import { column, JobFixture } from './jobs.fixture.js';

let fixture: JobFixture;
let request: Omit<ExportRequest, 'targetPath'>;
let nextFile = 0;

const shape: TableShape = {
  columns: [column('id', 'INTEGER'), column('a "b"', 'VARCHAR'), column('price', 'DECIMAL(10,2)')],
  primaryKey: [],
};

beforeAll(async () => {
  fixture = await JobFixture.open();
  const version = await fixture.makeVersion(
    'v1',
    shape,
    `VALUES (1, 'x', 1.5), (2, NULL, NULL), (3, '', 3), (4, 'a,"b"' || chr(10) || 'c', 4)`,
  );
  request = {
    version,
    shape,
    columns: null,
    filter: null,
    orderBy: null,
    limit: null,
    format: 'csv',
    compression: null,
  };
});
afterAll(() => fixture.close());

async function run(change: Partial<ExportRequest>): Promise<ExportResult & { path: string }> {
  const path = fixture.path(`export-${nextFile++}`);
  const result = await exportTable({ ...request, ...change, targetPath: path }, fixture.context);
  expect(await checksumFile(path)).toEqual({ sizeBytes: result.sizeBytes, checksum: result.checksum });
  return { ...result, path };
}

describe('csv', () => {
  test('a header line, NULL as an empty field, an empty text in quotes', async () => {
    const { path, rowCount } = await run({});
    expect(rowCount).toBe(4);
    expect(readFileSync(path, 'utf8')).toBe('id,"a ""b""",price\n1,x,1.50\n2,,\n3,"",3.00\n4,"a,""b""\nc",4.00\n');
  });

  test('columns, condition, order and limit', async () => {
    const { path, rowCount } = await run({
      columns: ['price', 'ID'],
      filter: 'price > 1',
      orderBy: 'id desc',
      limit: 2,
    });
    expect(rowCount).toBe(2);
    expect(readFileSync(path, 'utf8')).toBe('price,id\n4.00,4\n3.00,3\n');
  });

  test('no rows: the header alone', async () => {
    const { path, rowCount } = await run({ filter: 'false' });
    expect(rowCount).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe('id,"a ""b""",price\n');
  });

  test('gzip', async () => {
    const { path } = await run({ compression: 'gzip', columns: ['id'] });
    expect(gunzipSync(readFileSync(path)).toString()).toBe('id\n1\n2\n3\n4\n');
  });
});

describe('parquet', () => {
  test.each([null, 'gzip', 'zstd', 'snappy'] as const)('compression %s', async (compression) => {
    const { path, rowCount } = await run({ format: 'parquet', compression });
    expect(rowCount).toBe(4);
    const rows = await fixture.query(`SELECT * FROM read_parquet(${quoteLiteral(path)})`);
    expect(rows[1]).toEqual({ id: 2, 'a "b"': null, price: null });
    const meta = await fixture.query(`SELECT DISTINCT compression FROM parquet_metadata(${quoteLiteral(path)})`);
    expect(meta).toEqual([{ compression: (compression ?? 'snappy').toUpperCase() }]);
  });

  test('no rows: the columns alone', async () => {
    const { path, rowCount } = await run({ format: 'parquet', filter: 'false' });
    expect(rowCount).toBe(0);
    expect(await fixture.query(`SELECT name FROM parquet_schema(${quoteLiteral(path)}) OFFSET 1`)).toHaveLength(3);
  });
});

/** Every type of chapter 3.1 with values at the edges: what is exported must read back as it was. */
const EDGES: readonly (readonly [string, readonly string[]])[] = [
  ['BOOLEAN', ['true', 'false']],
  ['TINYINT', ['(-128)']],
  ['UBIGINT', ['18446744073709551615']],
  ['HUGEINT', ['170141183460469231731687303715884105727', '(-170141183460469231731687303715884105727)']],
  ['UHUGEINT', ['340282366920938463463374607431768211455']],
  ['BIGNUM', [`'123456789012345678901234567890123456789012345'`]],
  ['FLOAT', ['0.1', `'nan'`, `'-inf'`]],
  ['DOUBLE', ['0.1', '1e300', `'inf'`]],
  ['DECIMAL(38,10)', ['(-1234567890123456789012345678.0123456789)']],
  ['VARCHAR', [`''`, `'a,"b"'`, `' x '`, `chr(10)`, `'NULL'`]],
  ['BLOB', [`'\\x00\\xFFab'`, `''`]],
  ['BIT', [`'10101'`]],
  ['UUID', [`'6ba7b810-9dad-11d1-80b4-00c04fd430c8'`]],
  ['JSON', [`'{"a": [1, "x"]}'`]],
  ['DATE', [`'2024-01-15'`, `'infinity'`, `'0044-03-15 (BC)'`]],
  ['TIME', [`'10:11:12.000001'`]],
  ['TIME_NS', [`'10:11:12.000000001'`]],
  ['TIME WITH TIME ZONE', [`'10:11:12.5+02:30'`]],
  ['TIMESTAMP', [`'2024-01-15 10:11:12.000001'`, `'infinity'`]],
  ['TIMESTAMP_S', [`'2024-01-15 10:11:12'`, `'infinity'`]],
  ['TIMESTAMP_MS', [`'2024-01-15 10:11:12.001'`]],
  ['TIMESTAMP_NS', [`'2024-01-15 10:11:12.000000001'`]],
  ['TIMESTAMP WITH TIME ZONE', [`'2024-01-15 10:11:12.000001+00'`]],
  ['INTERVAL', [`'14 months 3 days 00:00:00.000001'`, `'-1 day'`]],
  [`ENUM('x', 'it''s')`, [`'it''s'`]],
  ['INTEGER[]', ['[1, NULL]', '[]']],
  ['VARCHAR[]', [`['a', 'b,c', '']`]],
  ['INTEGER[2]', ['[1, 2]']],
  ['HUGEINT[]', ['[170141183460469231731687303715884105727]']],
  ['STRUCT(a INTEGER, b VARCHAR[])', [`{'a': 1, 'b': ['x']}`]],
  ['STRUCT(a INTERVAL)', [`{'a': INTERVAL '00:00:00.000001'}`]],
  ['MAP(VARCHAR, INTEGER)', [`MAP {'k': 1}`]],
  ['UNION(i INTEGER, s VARCHAR)', [`union_value(i := 7)`]],
];

describe.each(EDGES)('%s', (type, values) => {
  test.each(['csv', 'parquet'] as const)('reads back from %s', async (format) => {
    const typed: TableShape = { columns: [column('n', 'INTEGER'), column('v', type)], primaryKey: [] };
    const id = `edge-${nextFile++}`;
    const rows = [...values, 'NULL'].map((value, index) => `(${index}, ${value}::${type})`).join(', ');
    const version = await fixture.makeVersion(id, typed, `VALUES ${rows}`);
    const { path } = await run({ version, shape: typed, format });
    const source =
      format === 'parquet'
        ? `read_parquet(${quoteLiteral(path)})`
        : `read_csv(${quoteLiteral(path)}, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', allow_quoted_nulls = false)`;
    // The text of a union does not say which member it is, so only the texts can be compared.
    const readBack = type.startsWith('UNION') ? 'e.v' : `e.v::${type}`;
    const same = type.startsWith('UNION') ? 'true' : `${readBack} IS NOT DISTINCT FROM o.v`;
    await fixture.database.withVersion(version, async (alias) => {
      const differing = await fixture.query(
        `SELECT o.n, o.v::VARCHAR AS stored, e.v::VARCHAR AS exported FROM ${alias}.main.data o JOIN ${source} e ON e.n::INTEGER = o.n
         WHERE NOT (${same}) OR ${readBack}::VARCHAR IS DISTINCT FROM o.v::VARCHAR`,
      );
      expect(differing).toEqual([]);
    });
  });
});

test('the checksum taken while writing is that of the file, for files of many blocks', async () => {
  const wide: TableShape = { columns: [column('id', 'BIGINT'), column('text', 'VARCHAR')], primaryKey: [] };
  const version = await fixture.makeVersion('wide', wide, `SELECT range, md5(range::VARCHAR) FROM range(400000)`);
  for (const [format, compression] of [
    ['csv', null],
    ['csv', 'gzip'],
    ['parquet', null],
    ['parquet', 'zstd'],
  ] as const) {
    const { rowCount, path } = await run({ version, shape: wide, format, compression });
    expect(rowCount).toBe(400_000);
    expect(statSync(path).size).toBeGreaterThan(1_000_000);
  }
});

test.each<[string, Partial<ExportRequest>, string]>([
  ['invalid_compression', { compression: 'zstd' }, 'Invalid compression for csv: zstd'],
  ['unknown_column', { columns: ['nope'] }, 'nope'],
  ['invalid_where_clause', { filter: `id IN (SELECT 1)` }, 'subqueries'],
  ['invalid_where_clause', { filter: `"a ""b"""::INTEGER = 1` }, 'Could not convert'],
])('%s: %j', async (code, change, message) => {
  const failure: unknown = await run(change).catch((error: unknown) => error);
  expect(isDomainError(failure) && failure.code).toBe(code);
  expect(String(failure)).toContain(message);
});

test('a cancelled job writes nothing', async () => {
  const targetPath = fixture.path('cancelled');
  const work = exportTable({ ...request, targetPath }, fixture.cancelledContext());
  await expect(work).rejects.toSatisfy((error) => isDomainError(error, 'request_cancelled'));
  expect(existsSync(targetPath)).toBe(false);
});

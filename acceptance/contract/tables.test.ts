import { beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../helpers/api.js';
import {
  expectInvalid,
  expectRefusal,
  importRows,
  newBucket,
  newProject,
  newTable,
  type ContractProject,
} from '../helpers/contract.js';
import { useServer } from '../helpers/use-server.js';

/** Chapters 2.8 and 3: tables, preview, column types and values. */
const server = useServer();
let project: ContractProject;
let tables: string;

beforeAll(async () => {
  project = await newProject(server.admin, 'test_proj_123');
  tables = `${await newBucket(project, 'in_c_sales')}/tables`;
});

const COLUMNS = [
  { name: 'id', type: 'INTEGER' },
  { name: 'name', type: 'VARCHAR', nullable: true },
];

describe('2.8 tables', () => {
  it('POST answers with the table object, and so does GET', async () => {
    const body = { name: 'orders', columns: COLUMNS, primary_key: ['id'] };
    const answer = await project.api.post<Record<string, unknown>>(tables, body);
    expect([answer.status, answer.body]).toMatchObject([
      201,
      {
        name: 'orders',
        bucket: 'in_c_sales',
        columns: [
          { name: 'id', type: 'INTEGER', nullable: false, ordinal_position: 1 },
          { name: 'name', type: 'VARCHAR', nullable: true, ordinal_position: 2 },
        ],
        row_count: 0,
        size_bytes: expect.any(Number),
        primary_key: ['id'],
        source: 'main',
      },
    ]);
    expect(answer.body['size_bytes']).toBeGreaterThan(0);
    expect((await project.api.get(`${tables}/orders`)).body).toEqual(answer.body);
    expectRefusal(await project.api.post(tables, body), {
      status: 409,
      error: 'table_exists',
      message: 'Table orders already exists in bucket in_c_sales',
      details: { project_id: 'test_proj_123', bucket_name: 'in_c_sales', table_name: 'orders' },
    });
  });

  it('a key may be composite, or missing', async () => {
    const composite = await project.api.post(tables, {
      name: 'composite',
      columns: COLUMNS,
      primary_key: ['id', 'name'],
    });
    expect(composite.body).toMatchObject({
      primary_key: ['id', 'name'],
      columns: [{ nullable: false }, { nullable: false }],
    });
    for (const [name, more] of [
      ['none', {}],
      ['empty_key', { primary_key: [] }],
      ['null_key', { primary_key: null }],
    ] as const) {
      const answer = await project.api.post(tables, { name, columns: COLUMNS, ...more });
      expect([answer.status, answer.body]).toMatchObject([201, { primary_key: [] }]);
    }
  });

  it('refuses a key that is no column, and a table without columns', async () => {
    expectRefusal(await project.api.post(tables, { name: 'bad', columns: COLUMNS, primary_key: ['nope'] }), {
      status: 400,
      error: 'invalid_primary_key',
      message: "Primary key column 'nope' not found in columns",
      details: { primary_key: ['nope'], columns: ['id', 'name'] },
    });
    expectInvalid(await project.api.post(tables, { name: 'bad', columns: [] }), ['body', 'columns'], 'too_short');
    expectInvalid(await project.api.post(tables, { columns: COLUMNS }), ['body', 'name'], 'missing');
    expect((await project.api.get(`${tables}/bad`)).status).toBe(404);
  });

  it('lists tables with their counts', async () => {
    await newBucket(project, 'listed');
    await newTable(project, 'listed', 'b');
    await newTable(project, 'listed', 'a');
    const list = mustSucceed(
      await project.api.get<{ tables: { name: string }[]; total: number }>(`${project.buckets}/listed/tables`),
    );
    expect([list.tables.map(({ name }) => name), list.total]).toEqual([['a', 'b'], 2]);
    await newBucket(project, 'bare');
    expect((await project.api.get(`${project.buckets}/bare/tables`)).body).toEqual({ tables: [], total: 0 });
  });

  it('DELETE takes the table and leaves the bucket; by default a snapshot is taken first', async () => {
    await newBucket(project, 'lonely');
    const table = await newTable(project, 'lonely', 'orders');
    mustSucceed(await importRows(project, table, 'id,name\n1,a\n'));
    const deleted = await project.api.delete(table);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expectRefusal(await project.api.get(table), {
      status: 404,
      error: 'table_not_found',
      message: 'Table orders not found in bucket lonely',
      details: { project_id: 'test_proj_123', bucket_name: 'lonely', table_name: 'orders' },
    });
    expect((await project.api.get(`${project.buckets}/lonely`)).body).toMatchObject({ name: 'lonely', table_count: 0 });
    const snapshots = await project.api.get(`${project.path}/branches/default/snapshots?bucket=lonely`);
    expect(snapshots.body).toMatchObject({
      total: 1,
      snapshots: [
        {
          snapshot_type: 'auto_predrop',
          description: 'Auto-backup before DROP TABLE lonely.orders',
          row_count: 1,
        },
      ],
    });
  });

  it('preview shows rows in column order, with counts', async () => {
    const table = await newTable(project, 'in_c_sales', 'previewed');
    const empty = await project.api.get(`${table}/preview`);
    expect([empty.status, empty.body]).toMatchObject([200, { rows: [], total_row_count: 0, preview_row_count: 0 }]);
    mustSucceed(await importRows(project, table, 'id,name\n1,a\n2,b\n3,c\n'));
    const answer = await project.api.get<{ columns: unknown[] }>(`${table}/preview?limit=2`);
    expect(answer.body).toMatchObject({
      rows: [
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
      ],
      total_row_count: 3,
      preview_row_count: 2,
    });
    expect(answer.text).toContain('{"id":1,"name":"a"}');
    expect(answer.body.columns).toHaveLength(2);
  });

  it.each(['0', '10001', '-1', 'x'])('preview refuses the limit %s', async (limit) => {
    const table = `${tables}/orders`;
    expectInvalid(await project.api.get(`${table}/preview?limit=${limit}`), ['query', 'limit']);
    expect((await project.api.get(`${table}/preview?limit=10000`)).status).toBe(200);
  });

  it.each([
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/preview'],
  ])('%s {table}%s: unknown project, bucket, table', async (method, path) => {
    const ask = (url: string) => server.admin.request(method, `${url}${path}`);
    expectRefusal(await ask('/projects/nonexistent/branches/default/buckets/in_c_sales/tables/orders'), {
      status: 404,
      error: 'project_not_found',
      details: { project_id: 'nonexistent' },
    });
    expectRefusal(await ask(`${project.buckets}/nonexistent/tables/orders`), {
      status: 404,
      error: 'bucket_not_found',
      details: { project_id: 'test_proj_123', bucket_name: 'nonexistent' },
    });
    expectRefusal(await ask(`${tables}/nonexistent`), {
      status: 404,
      error: 'table_not_found',
      message: 'Table nonexistent not found in bucket in_c_sales',
      details: { project_id: 'test_proj_123', bucket_name: 'in_c_sales', table_name: 'nonexistent' },
    });
  });

  it.each(['GET', 'POST'])('%s tables: unknown project and bucket', async (method) => {
    const json = method === 'POST' ? { json: { name: 't', columns: COLUMNS } } : {};
    const ask = (url: string) => server.admin.request(method, url, json);
    expectRefusal(await ask('/projects/nonexistent/branches/default/buckets/in_c_sales/tables'), {
      status: 404,
      error: 'project_not_found',
    });
    expectRefusal(await ask(`${project.buckets}/nonexistent/tables`), { status: 404, error: 'bucket_not_found' });
  });
});

describe('3.1 column types', () => {
  const SHOWN: readonly (readonly [requested: string, shown: string])[] = [
    ...['VARCHAR', 'VARCHAR(10)', 'TEXT', 'STRING', 'CHAR', 'CHAR(3)', 'BPCHAR'].map(
      (type) => [type, 'VARCHAR'] as const,
    ),
    ...['INTEGER', 'INT', 'INT4', 'SIGNED'].map((type) => [type, 'INTEGER'] as const),
    ...['BIGINT', 'INT8', 'LONG'].map((type) => [type, 'BIGINT'] as const),
    ...['SMALLINT', 'INT2', 'SHORT'].map((type) => [type, 'SMALLINT'] as const),
    ...['TINYINT', 'INT1'].map((type) => [type, 'TINYINT'] as const),
    ...['UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'UHUGEINT'].map((type) => [type, type] as const),
    ...['HUGEINT', 'INT128'].map((type) => [type, 'HUGEINT'] as const),
    ...['DOUBLE', 'FLOAT8', 'DOUBLE PRECISION'].map((type) => [type, 'DOUBLE'] as const),
    ...['FLOAT', 'FLOAT4', 'REAL'].map((type) => [type, 'FLOAT'] as const),
    ...['DECIMAL', 'NUMERIC'].map((type) => [type, 'DECIMAL(18,3)'] as const),
    ['DECIMAL(10,2)', 'DECIMAL(10,2)'],
    ...['BOOLEAN', 'BOOL', 'LOGICAL'].map((type) => [type, 'BOOLEAN'] as const),
    ...['DATE', 'TIME', 'INTERVAL', 'UUID', 'JSON', 'BIT'].map((type) => [type, type] as const),
    ['GUID', 'UUID'],
    ['BITSTRING', 'BIT'],
    ['TIMETZ', 'TIME WITH TIME ZONE'],
    ...['TIMESTAMP', 'DATETIME'].map((type) => [type, 'TIMESTAMP'] as const),
    ...['TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS'].map((type) => [type, type] as const),
    ...['TIMESTAMPTZ', 'TIMESTAMP WITH TIME ZONE'].map((type) => [type, 'TIMESTAMP WITH TIME ZONE'] as const),
    ...['BLOB', 'BYTEA', 'BINARY', 'VARBINARY'].map((type) => [type, 'BLOB'] as const),
    ['INT[]', 'INTEGER[]'],
    ['INT[3]', 'INTEGER[3]'],
    ['STRUCT(a INT)', 'STRUCT(a INTEGER)'],
    ['ROW(a INT)', 'STRUCT(a INTEGER)'],
    ['MAP(VARCHAR,INT)', 'MAP(VARCHAR, INTEGER)'],
    ['UNION(a INT,b VARCHAR)', 'UNION(a INTEGER, b VARCHAR)'],
    ["ENUM('x','y')", "ENUM('x', 'y')"],
  ];

  it('are shown by the name the engine has for them', async () => {
    const columns = SHOWN.map(([type], index) => ({ name: `c${index}`, type }));
    const answer = mustSucceed(
      await project.api.post<{ columns: { type: string }[] }>(tables, { name: 'all_types', columns }),
    );
    expect(answer.columns.map(({ type }, index) => [SHOWN[index]?.[0], type])).toEqual(SHOWN);
  });

  it.each(['NUMBER', 'SERIAL', 'MONEY', 'nonsense', 'INTEGER; DROP TABLE x', 'INTEGER CHECK (id > 0)'])(
    '%s is refused',
    async (type) => {
      const answer = await project.api.post(tables, { name: 'refused', columns: [{ name: 'id', type }] });
      expectRefusal(answer, { status: 400, error: 'invalid_column_type' });
    },
  );
});

describe('3.2 nullable', () => {
  it('is true unless said otherwise', async () => {
    const columns = [
      { name: 'a', type: 'INT' },
      { name: 'b', type: 'INT', nullable: false },
    ];
    const answer = await project.api.post(tables, { name: 'nullable', columns });
    expect(answer.body).toMatchObject({ columns: [{ nullable: true }, { nullable: false }] });
  });
});

describe('3.3 values in a preview', () => {
  const VALUES: readonly (readonly [type: string, csv: string, shown: unknown])[] = [
    ['VARCHAR', 'text', 'text'],
    ['INTEGER', '42', 42],
    ['BOOLEAN', 'true', true],
    ['DOUBLE', '1.5', 1.5],
    ['DECIMAL(10,2)', '12.30', '12.30'],
    ['DATE', '2024-01-15', '2024-01-15'],
    ['TIMESTAMP', '2024-01-15 10:11:12', '2024-01-15T10:11:12'],
    ['TIMESTAMP', '2024-01-15 10:11:12.000123', '2024-01-15T10:11:12.000123'],
    ['TIME', '10:11:12.5', '10:11:12.500000'],
    ['UUID', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ['JSON', '"{""k"": [1,2]}"', '{"k": [1,2]}'],
    ['BIT', '101', '101'],
    ["ENUM('x','y')", 'x', 'x'],
    ['VARCHAR', '', null],
  ];

  it('have the form of their type', async () => {
    const columns = VALUES.map(([type], index) => ({ name: `c${index}`, type }));
    const table = await newTable(project, 'in_c_sales', 'values', { columns });
    const header = columns.map(({ name }) => name).join(',');
    mustSucceed(await importRows(project, table, `${header}\n${VALUES.map(([, csv]) => csv).join(',')}\n`));
    const { rows } = mustSucceed(await project.api.get<{ rows: object[] }>(`${table}/preview`));
    expect(Object.values(rows[0] ?? {})).toEqual(VALUES.map(([, , shown]) => shown));
  });

  it('keep every digit of a HUGEINT', async () => {
    const table = await newTable(project, 'in_c_sales', 'huge', { columns: [{ name: 'n', type: 'HUGEINT' }] });
    mustSucceed(await importRows(project, table, 'n\n170141183460469231731687303715884105727\n'));
    const { text } = await project.api.get(`${table}/preview`);
    expect(text).toContain('"n":170141183460469231731687303715884105727');
  });
});

describe('3.4 profile', () => {
  it('has one entry for each column', async () => {
    const columns = [
      { name: 'id', type: 'INTEGER' },
      { name: 'ok', type: 'BOOLEAN' },
      { name: 'price', type: 'DECIMAL(10,2)' },
    ];
    const table = await newTable(project, 'in_c_sales', 'profiled', { columns });
    const empty = await project.api.post(`${table}/profile`);
    expect([empty.status, empty.body]).toMatchObject([
      200,
      {
        row_count: 0,
        column_count: 3,
        statistics: [{ min: null, max: null, avg: null, std: null, approx_unique: 0, count: 0 }, {}, {}],
      },
    ]);
    const rows = Array.from({ length: 8 }, (_, n) => `${n + 1},${n % 2 === 0},${n + 1}.50`);
    mustSucceed(await importRows(project, table, `id,ok,price\n${rows.join('\n')}\n`));
    const answer = await project.api.post(`${table}/profile`);
    expect([answer.status, answer.body]).toMatchObject([
      200,
      {
        table_name: 'profiled',
        bucket_name: 'in_c_sales',
        row_count: 8,
        column_count: 3,
        statistics: [
          { column_name: 'id', column_type: 'INTEGER', min: '1', max: '8', count: 8, null_percentage: 0, avg: 4.5 },
          { column_name: 'ok', column_type: 'BOOLEAN', min: 'false', max: 'true', count: 8 },
          { column_name: 'price', column_type: 'DECIMAL(10,2)', min: '1.50', max: '8.50', count: 8 },
        ],
      },
    ]);
  });
});

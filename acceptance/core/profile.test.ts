import { beforeAll, describe, expect, it } from 'vitest';
import { errorCode, mustSucceed, type Answer } from '../helpers/api.js';
import { createProjectWithBucket, createTable, importContent, type Project, type Table } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
let project: Project;
let bucket: string;

interface ColumnProfile {
  readonly column_name: string;
  readonly top_values: { readonly value: unknown; readonly count: number; readonly percentage: number }[] | null;
  readonly detected_patterns: unknown;
  readonly [name: string]: unknown;
}

interface Profile {
  readonly statistics: ColumnProfile[];
  readonly quality_issues: { column: string; type: string; severity: string; message: string }[];
  readonly correlations: unknown[] | null;
  readonly [name: string]: unknown;
}

beforeAll(async () => {
  ({ project, bucket } = await createProjectWithBucket(server.admin));
});

function request(table: Table, query = ''): Promise<Answer<Profile>> {
  return table.project.api.post<Profile>(`${table.path}/profile${query}`);
}

async function profile(table: Table, query = ''): Promise<Profile> {
  return mustSucceed(await request(table, query));
}

async function filled(columns: Readonly<Record<string, string>>, csv: string): Promise<Table> {
  const table = await createTable(project, bucket, columns);
  mustSucceed(await importContent(table, csv));
  return table;
}

const ORDERS = { id: 'INTEGER', price: 'DECIMAL(10,2)', paid: 'BOOLEAN', day: 'DATE', name: 'VARCHAR' };
const ORDERS_CSV =
  'id,price,paid,day,name\n' +
  Array.from(
    { length: 8 },
    (_, n) => `${n + 1},${(n + 1) * 1.5},${n % 2 === 0},2024-01-0${n + 1},${n < 4 ? 'a' : ''}`,
  ).join('\n');

describe('POST …/profile without a mode', () => {
  it('answers with the members and the meaning of the first contract', async () => {
    const table = await filled(ORDERS, ORDERS_CSV);
    const shown = await profile(table);
    expect(shown).toMatchObject({
      table_name: table.name,
      bucket_name: bucket,
      row_count: 8,
      column_count: 5,
      mode: 'basic',
      profiled_rows: 8,
      is_sample: false,
      correlations: null,
    });
    const [id, price, paid, day, name] = shown.statistics;
    expect(id).toMatchObject({
      column_name: 'id',
      column_type: 'INTEGER',
      min: '1',
      max: '8',
      approx_unique: 8,
      avg: 4.5,
      q25: '2.75',
      q50: '4.5',
      q75: '6.25',
      count: 8,
      null_percentage: 0,
    });
    expect(id?.['std']).toBeCloseTo(2.449489742783178, 12);
    expect(price).toMatchObject({ column_type: 'DECIMAL(10,2)', min: '1.50', max: '12.00', q50: '6.75' });
    expect(paid).toMatchObject({ min: 'false', max: 'true', avg: null, q25: null, approx_unique: 2 });
    expect(day).toMatchObject({ min: '2024-01-01', max: '2024-01-08', avg: null, count: 8 });
    expect(name).toMatchObject({ min: 'a', max: 'a', approx_unique: 1, count: 8, null_count: 4, null_percentage: 50 });
  });

  it('of an empty table', async () => {
    const table = await createTable(project, bucket, ORDERS);
    const shown = await profile(table);
    expect(shown).toMatchObject({ row_count: 0, column_count: 5, quality_score: 100, quality_issues: [] });
    for (const column of shown.statistics) {
      expect(column).toMatchObject({
        min: null,
        max: null,
        avg: null,
        std: null,
        q25: null,
        count: 0,
        approx_unique: 0,
      });
    }
  });
});

describe('POST …/profile with a mode', () => {
  let table: Table;

  beforeAll(async () => {
    const rows = Array.from({ length: 100 }, (_, n) => {
      const amount = n < 90 ? n % 7 : 10_000 + n;
      return `${n},${amount},${n * 2}.25,p${n % 3},user${n}@example.com,${n < 60 ? '' : 'x'},https://example.com/${n},2024-01-15T10:11:12.5Z`;
    });
    table = await filled(
      {
        id: 'BIGINT',
        amount: 'INTEGER',
        twice: 'DECIMAL(12,2)',
        kind: 'VARCHAR',
        mail: 'VARCHAR',
        rare: 'VARCHAR',
        link: 'VARCHAR',
        moment: 'VARCHAR',
      },
      `id,amount,twice,kind,mail,rare,link,moment\n${rows.join('\n')}\n`,
    );
  });

  it.each(['basic', 'distribution', 'quality', 'full'])('%s: native values, counts without nulls', async (mode) => {
    const shown = await profile(table, `?mode=${mode}`);
    expect(shown['mode']).toBe(mode);
    const [id, , twice, kind, , rare] = shown.statistics;
    expect(id).toMatchObject({
      min: 0,
      max: 99,
      q01: 0.99,
      q05: 4.95,
      q25: 24.75,
      q50: 49.5,
      q75: 74.25,
      q95: 94.05,
      q99: 98.01,
    });
    expect(id).toMatchObject({ cardinality_class: 'unique', cardinality_ratio: 1, quantiles_exact: true, skewness: 0 });
    expect(twice).toMatchObject({ min: '0.25', max: '198.25', outlier_count: 0 });
    expect(kind).toMatchObject({ cardinality_class: 'low', cardinality_ratio: 0.03, approx_unique: 3, avg_length: 2 });
    expect(rare).toMatchObject({ count: 40, null_count: 60, null_percentage: 60, cardinality_class: 'constant' });
    expect(id?.['histogram'] !== null).toBe(mode === 'distribution' || mode === 'full');
    expect(kind?.top_values !== null).toBe(mode === 'distribution' || mode === 'full');
    expect(kind?.detected_patterns !== null).toBe(mode === 'quality' || mode === 'full');
    expect(shown.correlations !== null).toBe(mode === 'quality' || mode === 'full');
  });

  it('scores quality and names the issues', async () => {
    const shown = await profile(table, '?mode=quality');
    const issues = shown.quality_issues.map(({ column, type, severity }) => [column, type, severity]);
    expect(issues).toEqual(
      expect.arrayContaining([
        ['id', 'pk_candidate', 'info'],
        ['amount', 'outliers', 'warning'],
        ['amount', 'skewed', 'info'],
        ['kind', 'enum_candidate', 'info'],
        ['rare', 'high_nulls', 'warning'],
        ['rare', 'constant', 'info'],
      ]),
    );
    expect(shown['quality_score']).toBe(93);
  });

  it('finds patterns, also whole URLs and times with seconds', async () => {
    const { statistics } = await profile(table, '?mode=quality');
    const found = Object.fromEntries(statistics.map((each) => [each.column_name, each.detected_patterns]));
    const all = (pattern: string) => [{ pattern, match_count: 100, match_percentage: 100 }];
    expect(found).toMatchObject({
      id: null,
      kind: [],
      mail: all('email'),
      link: all('url'),
      moment: all('datetime_iso'),
    });
  });

  it('finds correlations', async () => {
    const { correlations } = await profile(table, '?mode=full');
    expect(correlations?.[0]).toEqual({ column1: 'id', column2: 'twice', correlation: 1, strength: 'strong' });
    const alone = await profile(table, '?mode=full&columns=id,kind');
    expect(alone.correlations).toBeNull();
  });

  it('shows the most frequent values and the spread', async () => {
    const shown = await profile(table, '?mode=distribution&columns=kind,amount,id');
    const [kind, amount, id] = shown.statistics;
    expect(kind?.top_values).toEqual([
      { value: 'p0', count: 34, percentage: 34 },
      { value: 'p1', count: 33, percentage: 33 },
      { value: 'p2', count: 33, percentage: 33 },
    ]);
    expect(amount?.top_values?.[0]).toEqual({ value: 0, count: 13, percentage: 13 });
    expect(id?.top_values).toEqual([]);
    expect(shown['column_count']).toBe(8);
    const counts = Object.values(id?.['histogram'] as Record<string, number>);
    expect(counts).toHaveLength(20);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(100);
  });

  it('keeps integers that a double would round', async () => {
    const wide = await filled({ n: 'HUGEINT' }, 'n\n170141183460469231731687303715884105727\n-9007199254740993\n');
    const { text } = await request(wide, '?mode=full');
    expect(text).toContain('"min":-9007199254740993,"max":170141183460469231731687303715884105727');
  });

  it('looks at a sample on demand and says so', async () => {
    const half = await profile(table, `?mode=basic&sample=${encodeURIComponent('50%')}`);
    expect(half).toMatchObject({ row_count: 100, is_sample: true });
    expect(half['profiled_rows']).toBeLessThan(100);
    expect(half.statistics[0]?.['count']).toBe(half['profiled_rows']);
    expect((await profile(table, '?sample=50%'))['row_count']).toBe(100);
    expect(await profile(table, '?sample=1000000')).toMatchObject({ profiled_rows: 100, is_sample: false });
  });

  it('looks at an earlier version', async () => {
    const changing = await filled({ n: 'INTEGER' }, 'n\n1\n');
    const versions = mustSucceed(
      await project.api.get<{ versions: { id: string }[] }>(`${changing.path}/versions`),
    ).versions;
    mustSucceed(await importContent(changing, 'n\n7\n8\n'));
    expect((await profile(changing)).statistics[0]).toMatchObject({ min: '7', count: 2 });
    const before = await profile(changing, `?version=${versions[0]?.id ?? ''}`);
    expect(before.statistics[0]).toMatchObject({ min: '1', count: 1 });
  });
});

describe('a profile of every type', () => {
  const TYPES: readonly (readonly [type: string, field: string])[] = [
    ...[
      'BOOLEAN',
      'TINYINT',
      'SMALLINT',
      'INTEGER',
      'BIGINT',
      'HUGEINT',
      'UTINYINT',
      'USMALLINT',
      'UINTEGER',
      'UBIGINT',
      'UHUGEINT',
      'BIGNUM',
    ].map((type) => [type, '1'] as const),
    ['FLOAT', 'nan'],
    ['DOUBLE', 'inf'],
    ['DOUBLE', '-1e308'],
    ['DECIMAL(38,10)', '1.5'],
    ['VARCHAR', 'x'],
    ['JSON', '{}'],
    ['BLOB', 'ab\\x00'],
    ['BIT', '101'],
    ['UUID', '122732a0-bfec-4016-a60e-0ae76f55f704'],
    ["ENUM('x','y')", 'y'],
    ['DATE', '2024-01-15'],
    ['TIME', '10:11:12'],
    ['TIME_NS', '10:11:12'],
    ['TIMETZ', '10:11:12+02'],
    ['TIMESTAMP', '2024-01-15 10:11:12'],
    ['TIMESTAMP_S', '2024-01-15 10:11:12'],
    ['TIMESTAMP_MS', '2024-01-15 10:11:12'],
    ['TIMESTAMP_NS', '2024-01-15 10:11:12'],
    ['TIMESTAMPTZ', '2024-01-15 10:11:12'],
    ['INTERVAL', '1 day'],
    ['INT[]', '"[1, NULL]"'],
    ['INT[2]', '"[1, 2]"'],
    ['STRUCT(x INT, y DATE)', "\"{'x': 1, 'y': 2024-01-15}\""],
    ['MAP(VARCHAR, INT)', '"{a=1, b=2}"'],
    ['UNION(a INT, b VARCHAR)', 'txt'],
  ];

  it.each(['', '?mode=basic', '?mode=full'])('is an answer, in mode "%s"', async (query) => {
    const names = TYPES.map((_, index) => `c${index}`);
    const columns = Object.fromEntries(TYPES.map(([type], index) => [`c${index}`, type]));
    const fields = TYPES.map(([, field]) => field).join(',');
    const table = await filled(columns, `${names.join(',')}\n${fields}\n${fields}\n${','.repeat(names.length - 1)}\n`);
    const shown = await profile(table, query);
    expect(shown.statistics.map(({ column_name }) => column_name)).toEqual(names);
    for (const column of shown.statistics) {
      expect(column, column.column_name).toMatchObject({ approx_unique: 1, null_count: 1 });
    }
  });
});

describe('what POST …/profile refuses', () => {
  it.each([
    ['mode=deep', 'mode'],
    ['mode=', 'mode'],
    ['sample=0', 'sample'],
    ['sample=0%25', 'sample'],
    ['sample=0.0%25', 'sample'],
    ['sample=101%25', 'sample'],
    ['sample=-5', 'sample'],
    ['sample=some', 'sample'],
  ])('%s is a 422', async (query, member) => {
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const answer = await request(table, `?${query}`);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ detail: [{ loc: ['query', member] }] });
  });

  it('unknown columns, tables, buckets and projects', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const codeOf = (answer: Answer) => [answer.status, errorCode(answer)];
    expect(codeOf(await request(table, '?columns=nope'))).toEqual([400, 'unknown_column']);
    expect(codeOf(await project.api.post(`${table.path}x/profile`))).toEqual([404, 'table_not_found']);
    const other = table.path.replace(`/buckets/${bucket}/`, '/buckets/missing/');
    expect(codeOf(await project.api.post(`${other}/profile`))).toEqual([404, 'bucket_not_found']);
    const nowhere = table.path.replace(project.id, 'missing');
    expect(codeOf(await server.admin.post(`${nowhere}/profile`))).toEqual([404, 'project_not_found']);
    expect((await server.anonymous.post(`${table.path}/profile`)).status).toBe(401);
  });
});

it('a client that leaves ends its profile', async () => {
  const rows = Array.from({ length: 100_000 }, (_, n) => `${n},${n % 1000},value ${n}`);
  const table = await filled({ a: 'INTEGER', b: 'DOUBLE', c: 'VARCHAR' }, `a,b,c\n${rows.join('\n')}\n`);
  const leaving = new AbortController();
  const pending = Array.from({ length: 12 }, () =>
    project.api.request('POST', `${table.path}/profile?mode=full`, { signal: leaving.signal }),
  );
  const metrics = async (): Promise<string> => (await server.anonymous.get('/metrics')).text;
  await expect.poll(metrics, { timeout: 60_000 }).toMatch(/^duckdb_engine_queue_depth\{lane="job"\} [1-9]/m);
  leaving.abort();
  await Promise.allSettled(pending);
  const cancelled = /^duckdb_engine_jobs_total\{kind="profileTable",outcome="request_cancelled"\} [1-9]/m;
  await expect.poll(metrics, { timeout: 60_000 }).toMatch(cancelled);
  expect((await profile(table, '?mode=basic')).statistics).toHaveLength(3);
});

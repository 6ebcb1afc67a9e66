import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isDomainError } from '../../errors/domain-error.js';
import type { TableShape } from '../../model/columns.js';
import type { ColumnMeasurements, TableMeasurements } from '../../model/table-profile.js';
import type { ProfileRequest } from '../../workers/messages.js';
import { column, JobFixture } from './jobs.fixture.js';
import { profileTable } from './profile-table.js';

let fixture: JobFixture;
let versions = 0;

beforeAll(async () => {
  fixture = await JobFixture.open();
});
afterAll(() => fixture.close());

async function profile(
  columns: Readonly<Record<string, string>>,
  rowsSql: string,
  change: Partial<ProfileRequest> = {},
): Promise<TableMeasurements> {
  const shape: TableShape = {
    columns: Object.entries(columns).map(([name, type]) => column(name, type)),
    primaryKey: [],
  };
  const version = await fixture.makeVersion(`p${++versions}`, shape, rowsSql);
  const request = {
    version,
    shape,
    columns: null,
    mode: 'full',
    sample: null,
    valueForm: 'native',
    ...change,
  } as const;
  return await profileTable(request, fixture.context);
}

async function profileOne(
  type: string,
  values: string,
  change: Partial<ProfileRequest> = {},
): Promise<ColumnMeasurements> {
  const { columns } = await profile({ v: type }, `SELECT * FROM (VALUES ${values}) AS t(v)`, change);
  const [first] = columns;
  if (first === undefined) throw new Error('no column came back');
  return first;
}

describe('every type the engine has', () => {
  test.each<[type: string, values: string, min: string, max: string, asText: string]>([
    ['BOOLEAN', '(true), (false), (NULL)', 'false', 'true', 'false'],
    ['TINYINT', '(-128), (127), (NULL)', '-128', '127', '-128'],
    ['UTINYINT', '(0), (255), (NULL)', '0', '255', '0'],
    ['SMALLINT', '(-1), (2), (NULL)', '-1', '2', '-1'],
    ['USMALLINT', '(1), (2), (NULL)', '1', '2', '1'],
    ['INTEGER', '(-1), (2), (NULL)', '-1', '2', '-1'],
    ['UINTEGER', '(1), (2), (NULL)', '1', '2', '1'],
    [
      'BIGINT',
      '(-9223372036854775808), (9223372036854775807), (NULL)',
      '-9223372036854775808',
      '9223372036854775807',
      '-9223372036854775808',
    ],
    ['UBIGINT', '(0), (18446744073709551615), (NULL)', '0', '18446744073709551615', '0'],
    [
      'HUGEINT',
      '(-170141183460469231731687303715884105727), (170141183460469231731687303715884105727), (NULL)',
      '-170141183460469231731687303715884105727',
      '170141183460469231731687303715884105727',
      '-170141183460469231731687303715884105727',
    ],
    [
      'UHUGEINT',
      '(0::UHUGEINT), (340282366920938463463374607431768211455::UHUGEINT), (NULL)',
      '0',
      '340282366920938463463374607431768211455',
      '0',
    ],
    [
      'BIGNUM',
      `('5'), ('123456789012345678901234567890123456789012345'), (NULL)`,
      '5',
      '123456789012345678901234567890123456789012345',
      '5',
    ],
    ['FLOAT', `('nan'::FLOAT), (0.1), ('-inf'::FLOAT), (2.5), (NULL)`, '0.10000000149011612', '2.5', '0.1'],
    ['DOUBLE', `('nan'::DOUBLE), (0.1), ('inf'::DOUBLE), (2.5), (NULL)`, '0.1', '2.5', '0.1'],
    ['DECIMAL(10,2)', '(1.50), (12.30), (NULL)', '"1.50"', '"12.30"', '1.50'],
    [
      'DECIMAL(38,0)',
      `('-99999999999999999999999999999999999999'), ('99999999999999999999999999999999999999'), (NULL)`,
      '"-99999999999999999999999999999999999999"',
      '"99999999999999999999999999999999999999"',
      '-99999999999999999999999999999999999999',
    ],
    ['VARCHAR', `('b'), ('a'), (NULL)`, '"a"', '"b"', 'a'],
    ['JSON', `('{"a": 1}'), ('{"b": 1}'), (NULL)`, '"{\\"a\\": 1}"', '"{\\"b\\": 1}"', '{"a": 1}'],
    ['BLOB', `('ab\\x00'::BLOB), ('b'::BLOB), (NULL)`, '"YWIA"', '"Yg=="', 'ab\\x00'],
    ['BIT', `('101'), ('11'), (NULL)`, '"101"', '"11"', '101'],
    [
      'UUID',
      `('00000000-0000-4000-8000-000000000000'), ('ffffffff-0000-4000-8000-000000000000'), (NULL)`,
      '"00000000-0000-4000-8000-000000000000"',
      '"ffffffff-0000-4000-8000-000000000000"',
      '00000000-0000-4000-8000-000000000000',
    ],
    [`ENUM('z', 'a')`, `('a'), ('z'), (NULL)`, '"z"', '"a"', 'z'],
    ['DATE', `('2024-01-15'), ('infinity'), (NULL)`, '"2024-01-15"', '"infinity"', '2024-01-15'],
    ['TIME', `('10:11:12'), ('10:11:12.5'), (NULL)`, '"10:11:12"', '"10:11:12.500000"', '10:11:12'],
    ['TIME_NS', `('10:11:12'), ('10:11:12.000000001'), (NULL)`, '"10:11:12"', '"10:11:12.000000001"', '10:11:12'],
    [
      'TIME WITH TIME ZONE',
      `('10:11:12+02'), ('10:11:12+00'), (NULL)`,
      '"10:11:12+02:00"',
      '"10:11:12+00:00"',
      '10:11:12+02',
    ],
    [
      'TIMESTAMP',
      `('2024-01-15'), ('2024-01-16 01:02:03'), (NULL)`,
      '"2024-01-15T00:00:00"',
      '"2024-01-16T01:02:03"',
      '2024-01-15 00:00:00',
    ],
    [
      'TIMESTAMP_S',
      `('2024-01-15'), ('2024-01-16'), (NULL)`,
      '"2024-01-15T00:00:00"',
      '"2024-01-16T00:00:00"',
      '2024-01-15 00:00:00',
    ],
    [
      'TIMESTAMP_MS',
      `('2024-01-15'), ('2024-01-16'), (NULL)`,
      '"2024-01-15T00:00:00"',
      '"2024-01-16T00:00:00"',
      '2024-01-15 00:00:00',
    ],
    [
      'TIMESTAMP_NS',
      `('2024-01-15'), ('2024-01-15 00:00:00.000000001'), (NULL)`,
      '"2024-01-15T00:00:00"',
      '"2024-01-15T00:00:00.000000001"',
      '2024-01-15 00:00:00',
    ],
    [
      'TIMESTAMP WITH TIME ZONE',
      `('2024-01-15'), ('2024-01-16'), (NULL)`,
      '"2024-01-15T00:00:00+00:00"',
      '"2024-01-16T00:00:00+00:00"',
      '2024-01-15 00:00:00+00',
    ],
    ['INTERVAL', `('1 day'), ('2 days'), (NULL)`, '"P1D"', '"P2D"', '1 day'],
    ['INTEGER[]', '([1, NULL]), ([2]), (NULL)', '[1,null]', '[2]', '[1, NULL]'],
    ['INTEGER[2]', '([1, 2]), ([2, 1]), (NULL)', '[1,2]', '[2,1]', '[1, 2]'],
    [
      'STRUCT(a INTEGER, b DATE)',
      `({'a': 1, 'b': DATE '2024-01-15'}), ({'a': 2, 'b': NULL}), (NULL)`,
      '{"a":1,"b":"2024-01-15"}',
      '{"a":2,"b":null}',
      `{'a': 1, 'b': 2024-01-15}`,
    ],
    ['MAP(VARCHAR, INTEGER)', `(MAP {'a': 1}), (MAP {'b': 1}), (NULL)`, '{"a":1}', '{"b":1}', '{a=1}'],
    ['UNION(i INTEGER, s VARCHAR)', `(union_value(i := 1)), (union_value(i := 2)), (NULL)`, '1', '2', '1'],
  ])('%s', async (type, values, min, max, asText) => {
    const native = await profileOne(type, values);
    expect([native.minJson, native.maxJson]).toEqual([min, max]);
    expect(native.nonNullCount).toBe(values.match(/\),/g)?.length);
    expect(native.distinctCount).toBe(native.nonNullCount);
    const text = await profileOne(type, values, { valueForm: 'text', mode: 'basic' });
    expect(text.minJson).toBe(JSON.stringify(asText));

    const nothing = await profileOne(type, `(NULL::${type}), (NULL::${type})`);
    expect(nothing).toMatchObject({ nonNullCount: 0, distinctCount: 0, minJson: null, maxJson: null, topValues: [] });
    const repeated = await profileOne(type, `${values}, ${values}`);
    expect(
      repeated.topValues?.every(({ count }) => count === 2),
      JSON.stringify(repeated.topValues),
    ).toBe(true);
    expect(repeated.topValues).toHaveLength(native.nonNullCount);
  });

  test('only numbers have statistics of numbers, only VARCHAR those of text', async () => {
    expect((await profileOne('INTEGER[]', '([1])')).numeric).toBeNull();
    expect((await profileOne('JSON', `('1')`)).text).toBeNull();
    expect((await profileOne('UHUGEINT', '(1::UHUGEINT)')).numeric).not.toBeNull();
  });
});

describe('numbers', () => {
  test('moments and interpolated quantiles; decimals are not rounded', async () => {
    const { numeric } = await profileOne('DECIMAL(10,2)', '(1.00), (2.00), (3.50), (9.99), (NULL)');
    expect(numeric).toMatchObject({ quantilesAreExact: true, nonFiniteCount: 0 });
    expect(numeric?.average).toBeCloseTo(4.1225, 9);
    expect(numeric?.standardDeviation).toBeCloseTo(4.0443, 3);
    expect(numeric?.quantiles.slice(2, 5)).toEqual([1.75, 2.75, expect.closeTo(5.1225, 9)]);
  });

  test('NaN and infinities are counted and left out', async () => {
    const { numeric, distinctCount, nonNullCount } = await profileOne(
      'DOUBLE',
      `(1.0::DOUBLE), (2.0), (3.0), ('nan'::DOUBLE), ('inf'::DOUBLE), ('-inf'::DOUBLE), ('nan'::DOUBLE), (NULL)`,
    );
    expect([nonNullCount, distinctCount]).toEqual([7, 6]);
    expect(numeric).toMatchObject({ nonFiniteCount: 4, average: 2, standardDeviation: 1 });
    expect(numeric?.histogram).toEqual([1, 2, 3].map((upperBound) => ({ upperBound, count: 1 })));
  });

  test('numbers whose squares overflow cost their own column its moments, not the others theirs', async () => {
    const { columns, correlations } = await profile(
      { small: 'DOUBLE', huge: 'DOUBLE', other: 'INTEGER' },
      `SELECT i, CASE WHEN i % 2 = 0 THEN 1.7e308 ELSE -1.7e308 END, -i FROM range(100) AS t(i)`,
    );
    expect(columns.map(({ numeric }) => numeric?.standardDeviation ?? null)).toEqual([
      expect.closeTo(29.01, 2),
      null,
      expect.closeTo(29.01, 2),
    ]);
    expect(columns[1]).toMatchObject({ minJson: '-1.7e+308', numeric: { outliers: null } });
    expect(correlations).toEqual([{ left: 'small', right: 'other', coefficient: expect.closeTo(-1, 9) as number }]);
  });

  test('outliers lie beyond 1.5 interquartile ranges', async () => {
    const { numeric } = await profileOne(
      'INTEGER',
      `${Array.from({ length: 100 }, (_, n) => `(${n})`).join()}, (1000), (-500)`,
    );
    expect(numeric?.outliers).toEqual({ lower: -51.5, upper: 150.5, count: 2 });
  });

  test('a histogram has a bucket for each of few values, and at most twenty', async () => {
    expect((await profileOne('INTEGER', '(3), (1), (3), (NULL)')).numeric?.histogram).toEqual([
      { upperBound: 1, count: 1 },
      { upperBound: 3, count: 2 },
    ]);
    const { columns } = await profile({ v: 'BIGINT' }, 'SELECT * FROM range(1000)');
    const histogram = columns[0]?.numeric?.histogram ?? [];
    expect(histogram).toHaveLength(20);
    expect(histogram.at(-1)).toEqual({ upperBound: 999, count: 50 });
    expect(histogram.reduce((sum, { count }) => sum + count, 0)).toBe(1000);
  });

  test.each([
    [
      'HUGEINT',
      'SELECT 170141183460469231731687303715884105727::HUGEINT - i::HUGEINT * 1000000000000000000000000000 FROM range(100) AS t(i)',
    ],
    ['BIGINT', 'SELECT 9223372036854775807 - i FROM range(100) AS t(i)'],
    ['DECIMAL(38,10)', 'SELECT i / 7 FROM range(100) AS t(i)'],
    ['DOUBLE', 'SELECT 1e18 + i * 128 FROM range(100) AS t(i)'],
    ['DOUBLE', 'SELECT 1e-300 * i FROM range(100) AS t(i)'],
    ['DOUBLE', 'SELECT 1.7e307 * (i - 5) FROM range(11) AS t(i) UNION ALL SELECT i FROM range(40) AS t(i)'],
  ])('a histogram of %s counts every value once: %s', async (type, sql) => {
    const { columns } = await profile({ v: type }, sql);
    const histogram = columns[0]?.numeric?.histogram ?? [];
    expect(histogram.reduce((sum, { count }) => sum + count, 0)).toBe(columns[0]?.nonNullCount);
    expect(histogram.length).toBeLessThanOrEqual(20);
    expect(histogram.every(({ upperBound }) => Number.isFinite(upperBound))).toBe(true);
  });

  test('property: counts, extremes and quantiles are those of the sorted values', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(fc.integer({ min: -1000, max: 1000 })), { minLength: 1, maxLength: 60 }),
        async (values) => {
          const measured = await profileOne('INTEGER', values.map((value) => `(${value ?? 'NULL'})`).join());
          const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
          expect(measured.nonNullCount).toBe(sorted.length);
          expect(measured.distinctCount).toBe(new Set(sorted).size);
          if (sorted.length === 0) return;
          expect([measured.minJson, measured.maxJson]).toEqual([String(sorted[0]), String(sorted.at(-1))]);
          const at = (fraction: number): number => {
            const place = fraction * (sorted.length - 1);
            const low = sorted[Math.floor(place)] ?? NaN;
            return low + (place - Math.floor(place)) * ((sorted[Math.ceil(place)] ?? NaN) - low);
          };
          for (const [index, fraction] of [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99].entries()) {
            expect(measured.numeric?.quantiles[index]).toBeCloseTo(at(fraction), 6);
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('text', () => {
  test('lengths in characters, empty values, white space', async () => {
    const { text } = await profileOne('VARCHAR', `('naïve 🦆'), (''), ('  '), (E' \\t\\n'), ('x '), (NULL)`, {
      mode: 'basic',
    });
    expect(text).toEqual({
      averageLength: expect.closeTo(2.8, 9) as number,
      minLength: 0,
      maxLength: 7,
      emptyCount: 1,
      whitespaceOnlyCount: 2,
      patterns: null,
    });
  });

  test.each([
    ['email', ['a.b+c@example.co.uk'], ['a@b', 'a b@example.com', 'x a@example.com']],
    [
      'uuid',
      ['6BA7B810-9dad-11d1-80b4-00c04fd430c8'],
      ['6ba7b810-9dad-61d1-80b4-00c04fd430c8', '6ba7b8109dad11d180b400c04fd430c8'],
    ],
    [
      'url',
      ['https://example.com', 'HTTP://example.com:8080/a?b=c#d', 'https://example.com?x'],
      ['https://', 'see https://example.com', 'https://a b', 'ftp://x'],
    ],
    ['phone', ['+420 123 456 789', '(01) 234-5678'], ['123', '+420 123 456 789 x']],
    ['ipv4', ['192.168.0.1', '255.255.255.255'], ['256.1.1.1', '1.2.3', '1.2.3.4.5']],
    ['date_iso', ['2024-02-29'], ['2024-13-01', '2024-1-1', '2024-01-15T10:00']],
    [
      'datetime_iso',
      ['2024-01-15T10:11', '2024-01-15 10:11:12', '2024-01-15T10:11:12.123456Z', '2024-01-15T10:11:12+02:00'],
      ['2024-01-15', '2024-01-15T25:00', '2024-01-15T10:11:12 and more'],
    ],
  ])('%s', async (pattern, matching, others) => {
    const values = [...matching, ...others].map((value) => `('${value}')`).join();
    const { text } = await profileOne('VARCHAR', values, { mode: 'quality' });
    expect(text?.patterns?.find((found) => found.pattern === pattern)?.count).toBe(matching.length);
  });

  test('long values are shown by their beginning', async () => {
    const long = `(repeat('é', 999) || '🦆🦆'), (repeat('x', 5000)), (repeat('x', 5000))`;
    const { minJson, maxJson, topValues } = await profileOne('VARCHAR', long);
    expect(JSON.parse(minJson ?? '')).toBe(`${'x'.repeat(1000)}…`);
    expect(JSON.parse(maxJson ?? '')).toBe(`${'é'.repeat(999)}…`);
    expect(JSON.parse(topValues?.[0]?.valueJson ?? '')).toBe(`${'x'.repeat(1000)}…`);
    const nested = await profileOne('INTEGER[]', '(range(5000))');
    expect(JSON.parse(nested.minJson ?? '')).toMatch(/^\[0,1,2,.*…$/);
  });
});

describe('modes, columns and samples', () => {
  const columns = { n: 'INTEGER', t: 'VARCHAR', m: 'DOUBLE' };
  const rows = `SELECT i, 'v' || i % 3, i * 2 FROM range(1000) AS t(i)`;

  test.each([
    ['basic', [false, false, false, false]],
    ['distribution', [true, true, false, false]],
    ['quality', [false, false, true, true]],
    ['full', [true, true, true, true]],
  ] as const)('%s', async (mode, [histogram, top, patterns, correlations]) => {
    const measured = await profile(columns, rows, { mode });
    const [number, text] = measured.columns;
    expect(number?.numeric?.histogram !== null).toBe(histogram);
    expect(number?.topValues !== null).toBe(top);
    expect(text?.text?.patterns !== null).toBe(patterns);
    expect(measured.correlations !== null).toBe(correlations);
    expect(number?.numeric?.outliers?.count).toBe(0);
  });

  test('top values: most frequent first, equal ones in order; none where nothing is there twice', async () => {
    const measured = await profile(columns, rows);
    expect(measured.columns.map(({ topValues }) => topValues)).toEqual([
      [],
      [
        { valueJson: '"v0"', count: 334 },
        { valueJson: '"v1"', count: 333 },
        { valueJson: '"v2"', count: 333 },
      ],
      [],
    ]);
  });

  test('chosen columns in the wanted order', async () => {
    const measured = await profile(columns, rows, { columns: ['M', 'n'] });
    expect(measured.columns.map(({ name }) => name)).toEqual(['m', 'n']);
    const failure: unknown = await profile(columns, rows, { columns: ['nope'] }).catch((error: unknown) => error);
    expect(isDomainError(failure, 'unknown_column')).toBe(true);
  });

  test('an empty table', async () => {
    const measured = await profile(columns, `${rows} LIMIT 0`);
    expect(measured.profiledRows).toBe(0);
    for (const each of measured.columns)
      expect(each).toMatchObject({ nonNullCount: 0, distinctCount: 0, minJson: null });
    expect(measured.columns[0]?.numeric).toMatchObject({ average: null, outliers: null, histogram: [] });
    expect(measured.correlations).toEqual([]);
  });

  test('a sample of rows or of a share: about as many, the same ones for all figures', async () => {
    const half = await profile(columns, rows, { sample: { kind: 'percent', percent: 50 } });
    expect(half.profiledRows).toBeGreaterThan(350);
    expect(half.profiledRows).toBeLessThan(650);
    expect(half.columns.map(({ nonNullCount }) => nonNullCount)).toEqual(Array(3).fill(half.profiledRows));
    expect(half.correlations?.[0]?.coefficient).toBeCloseTo(1, 9);
    const few = await profile(columns, rows, { sample: { kind: 'rows', rows: 100 } });
    expect(few.profiledRows).toBeGreaterThan(40);
    expect(few.profiledRows).toBeLessThan(180);
    expect((await profile(columns, rows, { sample: { kind: 'rows', rows: 5000 } })).profiledRows).toBe(1000);
  });

  test('a sample of a large table is spread over it', async () => {
    const measured = await profile({ n: 'INTEGER' }, 'SELECT * FROM range(3000000)', {
      mode: 'basic',
      sample: { kind: 'rows', rows: 10_000 },
    });
    expect(measured.profiledRows).toBeGreaterThan(6_000);
    expect(measured.profiledRows).toBeLessThan(14_000);
    const [column] = measured.columns;
    expect(column?.distinctCount).toBe(measured.profiledRows);
    expect(column?.numeric?.quantiles[3]).toBeGreaterThan(1_000_000);
    expect(column?.numeric?.quantiles[3]).toBeLessThan(2_000_000);
  });

  test('a basic profile of many rows estimates quantiles and says so', async () => {
    const { columns: measured } = await profile({ n: 'INTEGER' }, 'SELECT * FROM range(1200000)', { mode: 'basic' });
    expect(measured[0]?.numeric?.quantilesAreExact).toBe(false);
    expect(measured[0]?.numeric?.quantiles[3]).toBeGreaterThan(590_000);
    expect(measured[0]?.numeric?.quantiles[3]).toBeLessThan(610_000);
    expect(measured[0]?.distinctCount).toBe(1_200_000);
  });

  test('a thousand columns, with names that need quotes', async () => {
    const wide = Object.fromEntries(
      Array.from({ length: 1000 }, (_, n) => [`c "${n}`, n % 2 === 0 ? 'INTEGER' : 'VARCHAR']),
    );
    const list = Array.from({ length: 1000 }, (_, n) => (n % 2 === 0 ? `i + ${n}` : `'t' || i`)).join(', ');
    const measured = await profile(wide, `SELECT ${list} FROM range(50) AS t(i)`);
    expect(measured.columns).toHaveLength(1000);
    expect(measured.columns[998]).toMatchObject({ name: 'c "998', minJson: '998', maxJson: '1047' });
    expect(measured.columns[999]).toMatchObject({ name: 'c "999', distinctCount: 50, minJson: '"t0"' });
  });

  test('columns that need too much memory together are measured one by one', async () => {
    const small = await JobFixture.open({ memoryLimit: '64MB', tempDirectory: fixture.path('spilled') });
    try {
      const names = ['a', 'b', 'c', 'd'];
      const shape: TableShape = { columns: names.map((name) => column(name, 'VARCHAR')), primaryKey: [] };
      const texts = names.map((name) => `'${name} of some length ' || hash(i)`).join(', ');
      const version = await small.makeVersion('texts', shape, `SELECT ${texts} FROM range(600000) AS t(i)`);
      const request = { version, shape, columns: null, mode: 'basic', sample: null, valueForm: 'native' } as const;
      const measured = await profileTable(request, small.context);
      expect(measured.columns.map(({ distinctCount }) => distinctCount)).toEqual(names.map(() => 600_000));
    } finally {
      small.close();
    }
  });

  test('a cancelled job', async () => {
    const shape: TableShape = { columns: [column('n', 'INTEGER')], primaryKey: [] };
    const version = await fixture.makeVersion('cancelled', shape, 'SELECT * FROM range(3)');
    const request = { version, shape, columns: null, mode: 'basic', sample: null, valueForm: 'native' } as const;
    await expect(profileTable(request, fixture.cancelledContext())).rejects.toSatisfy((error) =>
      isDomainError(error, 'request_cancelled'),
    );
  });
});

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImportFixture, shapeOf } from './import.fixture.js';

const fixture = new ImportFixture();
beforeAll(() => fixture.open());
afterAll(() => fixture.close());

function field(value: string | null, delimiter = ','): string {
  if (value === null) return '\\N';
  return value === '' || /["\r\n\s]/.test(value) || value.includes(delimiter)
    ? `"${value.replaceAll('"', '""')}"`
    : value;
}

describe('types', () => {
  const cases: [type: string, text: string, stored?: string | undefined, bad?: string][] = [
    ['VARCHAR', 'x, "y"\nz'],
    ['BOOLEAN', 'true', 'true', 'maybe'],
    ['TINYINT', '-128', '-128', '128'],
    ['SMALLINT', '-32768', '-32768', '32768'],
    ['INTEGER', '2147483647', '2147483647', '2147483648'],
    ['BIGINT', '9223372036854775807', '9223372036854775807', '9223372036854775808'],
    ['HUGEINT', '170141183460469231731687303715884105727', undefined, 'x'],
    ['UTINYINT', '255', '255', '-1'],
    ['USMALLINT', '65535', '65535', '-1'],
    ['UINTEGER', '4294967295', '4294967295', '-1'],
    ['UBIGINT', '18446744073709551615', undefined, '-1'],
    ['UHUGEINT', '340282366920938463463374607431768211455', undefined, '-1'],
    ['DOUBLE', '1.5', '1.5', 'x'],
    ['FLOAT', '0.5', '0.5', '1,5'],
    ['DECIMAL(18,3)', '-123456789012345.678', undefined, '1234567890123456'],
    ['DECIMAL(38,10)', '1234567890123456789012345678.0123456789'],
    ['DATE', '2024-02-29', undefined, '2023-02-29'],
    ['TIME', '23:59:59.999999', undefined, '25:00:00'],
    ['TIME WITH TIME ZONE', '10:11:12+02', undefined, 'x'],
    ['TIMESTAMP', '2024-01-15 10:11:12.000123', undefined, '2024-13-01 00:00:00'],
    ['TIMESTAMP_S', '2024-01-15 10:11:12', undefined, 'x'],
    ['TIMESTAMP_MS', '2024-01-15 10:11:12.123', undefined, 'x'],
    ['TIMESTAMP_NS', '2024-01-15 10:11:12.123456789', undefined, 'x'],
    ['TIMESTAMP WITH TIME ZONE', '2024-01-15 12:11:12+02', '2024-01-15 10:11:12+00', 'x'],
    ['INTERVAL', '1 day 02:00:00', undefined, 'x'],
    ['UUID', '47183823-2574-4bfd-b411-99ed177d3e43', undefined, 'x'],
    ['JSON', '{"k": [1,2]}', undefined, '{"k": '],
    ['BLOB', 'ab\\x00\\xFF', undefined, '\\xZZ'],
    ['BIT', '0101', undefined, '012'],
    ["ENUM('x', 'it''s')", "it's", undefined, 'z'],
    ['INTEGER[]', '[1, 2, NULL]', undefined, '[1, x]'],
    ['INTEGER[3]', '[1, 2, 3]', undefined, '[1, 2]'],
    ['VARCHAR[]', '[a, b]'],
    ['STRUCT(a INTEGER, b VARCHAR)', "{'a': 1, 'b': x}", undefined, 'x'],
    ['MAP(VARCHAR, INTEGER)', '{k=1}', undefined, '{k=x}'],
    ['UNION(a INTEGER, b VARCHAR)', 'txt'],
  ];
  test.each(cases)('%s', async (type, text, stored = text) => {
    const shape = shapeOf(['id INTEGER', `v ${type}`]);
    const content = (value: string): string => `id,v\n1,\\N\n2,${field(value)}\n`;
    const { path } = await fixture.importText(shape, content(text), { csv: { nullString: '\\N' } });
    const rows = await fixture.database.withVersion({ id: path, path }, (alias) =>
      fixture.query(`SELECT v::VARCHAR, typeof(v) FROM ${alias}.main.data ORDER BY id`),
    );
    expect(rows).toEqual([
      [null, type],
      [stored, type],
    ]);

    // The engine writes its widest integers to Parquet as DOUBLE.
    if (type.endsWith('HUGEINT')) return;
    const parquet = await fixture.parquet(
      `SELECT 2 AS id, CAST(x AS ${type}) AS v FROM (VALUES ('${text.replaceAll("'", "''")}')) t(x)`,
    );
    const base = await fixture.baseVersion(shape);
    const fromParquet = await fixture.run(fixture.request(shape, parquet, base, { format: 'parquet' }));
    expect(fromParquet.rowCount).toBe(1);
  });

  const badCases = cases.flatMap(([type, , , bad]) => (bad === undefined ? [] : [[type, bad] as const]));
  test.each(badCases)('%s refuses %s', async (type, bad) => {
    const shape = shapeOf(['id INTEGER', `v ${type}`]);
    const csv = { nullString: '\\N' };
    const content = `id,v\n1,\\N\n2,${field(bad)}\n3,\\N\n`;
    const error = await fixture.failure(fixture.importText(shape, content, { csv }));
    expect(error.code).toBe('import_failed');
    expect(error.details).toMatchObject({ line: 3, column: 'v', value: bad });
    const skipped = await fixture.importText(shape, content, { csv, onError: 'skip' });
    expect(skipped.rows.map(([id]) => id)).toEqual([1, 3]);
    expect(skipped.rejected).toMatchObject([{ line: 3, column: 'v', value: bad }]);
  });
});

describe('round trip', () => {
  const text = fc.oneof(
    fc
      .string({
        unit: fc.constantFrom('a', '"', ',', ';', '\n', '\r\n', "'", '\\', ' ', 'ž', '😀', '|', '\t', '#', 'N'),
        maxLength: 6,
      })
      .filter((value) => value !== '\\N'),
    fc.constant(null),
  );
  const row = fc.tuple(text, fc.option(fc.integer(), { nil: null }), text);

  test('what a CSV writer wrote is what the table holds', async () => {
    const shape = shapeOf(['a VARCHAR', 'n INTEGER', 'b VARCHAR']);
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 8 }),
        fc.constantFrom(',', ';', '\t', '|'),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.boolean(),
        async (rows, delimiter, lineEnd, reversed, escapeGiven) => {
          const order = reversed ? [2, 0, 1] : [0, 1, 2];
          const lines = [['a', 'n', 'b'], ...rows.map(([a, n, b]) => [a, n === null ? null : String(n), b])].map(
            (cells) => order.map((index) => field(cells[index] ?? null, delimiter)).join(delimiter),
          );
          const csv = { nullString: '\\N', quote: '"', escape: '"', ...(escapeGiven ? { delimiter } : {}) };
          const imported = await fixture.importText(shape, lines.join(lineEnd) + lineEnd, { csv });
          expect(imported.rows).toEqual(rows);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a bad value is found at its line, wherever it is', async () => {
    const shape = shapeOf(['a VARCHAR', 'n INTEGER', 'b VARCHAR']);
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 6 }), fc.array(row, { maxLength: 4 }), async (before, after) => {
        const write = (cells: (string | null)[]): string => `${cells.map((cell) => field(cell)).join(',')}\n`;
        const lines = (rows: typeof before): string =>
          rows.map(([a, n, b]) => write([a, n === null ? null : String(n), b])).join('');
        const head = `a,n,b\n${lines(before)}`;
        const content = `${head}x,bad,y\n${lines(after)}`;
        const expected = head.split(/\r\n|\n|\r/).length;
        const csv = { nullString: '\\N', quote: '"', escape: '"', delimiter: ',' };
        const error = await fixture.failure(fixture.importText(shape, content, { csv }));
        expect(error.details).toMatchObject({ line: expected, column: 'n', value: 'bad' });
        const skipped = await fixture.importText(shape, content, { csv, onError: 'skip' });
        expect(skipped.rejected).toMatchObject([{ line: expected }]);
        expect(skipped.rows).toEqual([...before, ...after]);
      }),
      { numRuns: 40 },
    );
  });
});

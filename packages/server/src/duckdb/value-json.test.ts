import { BIGINT, DOUBLE, DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dateText, timestampText } from './time-text.js';
import { rowsToJson } from './value-json.js';

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  connection = await instance.connect();
  await connection.run(`SET TimeZone = 'UTC'`);
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

async function jsonOf(expression: string): Promise<string> {
  const { rowsJson } = rowsToJson(await connection.run(`SELECT ${expression} AS v`));
  return rowsJson.slice('[{"v":'.length, -'}]'.length);
}

describe('one value of each type', () => {
  test.each([
    ['NULL::INTEGER', 'null'],
    ['true', 'true'],
    ['false', 'false'],
    ['(-128)::TINYINT', '-128'],
    ['255::UTINYINT', '255'],
    ['(-32768)::SMALLINT', '-32768'],
    ['65535::USMALLINT', '65535'],
    ['2147483647::INTEGER', '2147483647'],
    ['4294967295::UINTEGER', '4294967295'],
    ['(-9223372036854775808)::BIGINT', '-9223372036854775808'],
    ['18446744073709551615::UBIGINT', '18446744073709551615'],
    ['170141183460469231731687303715884105727::HUGEINT', '170141183460469231731687303715884105727'],
    ['340282366920938463463374607431768211455::UHUGEINT', '340282366920938463463374607431768211455'],
    [`'123456789012345678901234567890123456789012345'::BIGNUM`, '123456789012345678901234567890123456789012345'],
    ['1.5::DOUBLE', '1.5'],
    ['0.1::FLOAT', '0.10000000149011612'],
    ['1e300::DOUBLE', '1e+300'],
    [`'-0'::DOUBLE`, '-0.0'],
    [`'nan'::DOUBLE`, '"NaN"'],
    [`'inf'::FLOAT`, '"Infinity"'],
    [`'-inf'::DOUBLE`, '"-Infinity"'],
    ['12.30::DECIMAL(10,2)', '"12.30"'],
    ['(-0.05)::DECIMAL(4,2)', '"-0.05"'],
    ['7::DECIMAL(4,0)', '"7"'],
    [`'-12345678901234567890123456789012345.678'::DECIMAL(38,3)`, '"-12345678901234567890123456789012345.678"'],
    [`'quote " and \u00e9 \n'`, '"quote \\" and \u00e9 \\n"'],
    [`''`, '""'],
    [`'{"k": [1,2]}'::JSON`, '"{\\"k\\": [1,2]}"'],
    [`'b'::ENUM('a', 'b')`, '"b"'],
    [`'101'::BIT`, '"101"'],
    [`'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::UUID`, '"6ba7b810-9dad-11d1-80b4-00c04fd430c8"'],
    [`'ab\\x00\\xFF'::BLOB`, '"YWIA/w=="'],
    [`''::BLOB`, '""'],
    [`DATE '2024-01-15'`, '"2024-01-15"'],
    [`DATE '0001-01-01'`, '"0001-01-01"'],
    [`DATE '12024-01-15'`, '"12024-01-15"'],
    [`DATE '0044-03-15 (BC)'`, '"0044-03-15 (BC)"'],
    [`DATE 'infinity'`, '"infinity"'],
    [`DATE '-infinity'`, '"-infinity"'],
    [`TIME '10:11:12'`, '"10:11:12"'],
    [`TIME '10:11:12.5'`, '"10:11:12.500000"'],
    [`TIME '24:00:00'`, '"24:00:00"'],
    [`'10:11:12.123456789'::TIME_NS`, '"10:11:12.123456789"'],
    [`'10:11:12.5'::TIME_NS`, '"10:11:12.500000"'],
    [`'10:11:12+02'::TIMETZ`, '"10:11:12+02:00"'],
    [`'10:11:12.000001-05:30:15'::TIMETZ`, '"10:11:12.000001-05:30:15"'],
    [`TIMESTAMP '2024-01-15 10:11:12.000123'`, '"2024-01-15T10:11:12.000123"'],
    [`TIMESTAMP '2024-01-15'`, '"2024-01-15T00:00:00"'],
    [`TIMESTAMP '1969-12-31 23:59:59.9'`, '"1969-12-31T23:59:59.900000"'],
    [`TIMESTAMP 'infinity'`, '"infinity"'],
    [`TIMESTAMP '-infinity'`, '"-infinity"'],
    [`TIMESTAMP '20000-01-01 01:02:03'`, '"20000-01-01 01:02:03"'],
    [`TIMESTAMP '0044-03-15 (BC) 01:02:03'`, '"0044-03-15 (BC) 01:02:03"'],
    [`'2024-01-15 10:11:12'::TIMESTAMP_S`, '"2024-01-15T10:11:12"'],
    [`'infinity'::TIMESTAMP_S`, '"infinity"'],
    [`'2024-01-15 10:11:12.5'::TIMESTAMP_MS`, '"2024-01-15T10:11:12.500000"'],
    [`'-infinity'::TIMESTAMP_MS`, '"-infinity"'],
    [`'2024-01-15 10:11:12.123456789'::TIMESTAMP_NS`, '"2024-01-15T10:11:12.123456789"'],
    [`'1969-12-31 10:11:12.123456789'::TIMESTAMP_NS`, '"1969-12-31T10:11:12.123456789"'],
    [`'2024-01-15 10:11:12.5'::TIMESTAMP_NS`, '"2024-01-15T10:11:12.500000"'],
    [`'infinity'::TIMESTAMP_NS`, '"infinity"'],
    [`'2024-01-15 10:11:12+02'::TIMESTAMPTZ`, '"2024-01-15T08:11:12+00:00"'],
    [`'infinity'::TIMESTAMPTZ`, '"infinity"'],
    [`INTERVAL '1 day 2 hours'`, '"P1DT2H"'],
    [`INTERVAL '0 days'`, '"PT0S"'],
    [`INTERVAL '14 months 3 days 4 minutes 5.25 seconds'`, '"P1Y2M3DT4M5.25S"'],
    [`INTERVAL '-14 months' - INTERVAL '90.000001 seconds'`, '"P-1Y-2MT-1M-30.000001S"'],
    [`INTERVAL '1 day' - INTERVAL '30 hours'`, '"P1DT-30H"'],
    [`[1.5::DECIMAL(3,1), NULL, 2]::DECIMAL(3,1)[]`, '["1.5",null,"2.0"]'],
    [`[DATE '2024-01-15']`, '["2024-01-15"]'],
    [`[]::INTEGER[]`, '[]'],
    [`['ab'::BLOB]`, '["YWI="]'],
    [`[1, 2]::INTEGER[2]`, '[1,2]'],
    [`[[1], NULL]::INTEGER[][]`, '[[1],null]'],
    [`{'x': 1, 'y': DATE '2024-01-15', 'z "': NULL}`, '{"x":1,"y":"2024-01-15","z \\"":null}'],
    [`{'2': 'b', '1': 'a'}`, '{"2":"b","1":"a"}'],
    [`MAP {'k': 1, '': NULL}`, '{"k":1,"":null}'],
    [`MAP {7: 'seven'}`, '{"7":"seven"}'],
    [`MAP {DATE '2024-01-15': 1.5::DOUBLE}`, '{"2024-01-15":1.5}'],
    [`MAP {[1, 2]: 1}`, '{"[1,2]":1}'],
    [`union_value(s := 'txt')::UNION(s VARCHAR, d DECIMAL(3,1))`, '"txt"'],
    [`union_value(d := 1.5::DECIMAL(3,1))::UNION(s VARCHAR, d DECIMAL(3,1))`, '"1.5"'],
    [`NULL::UNION(s VARCHAR, i INTEGER)`, 'null'],
    [`{'l': [MAP {'a': [1::HUGEINT]}]}`, '{"l":[{"a":[1]}]}'],
  ])('%s is %s', async (expression, json) => {
    expect(await jsonOf(expression)).toBe(json);
    JSON.parse(json);
  });
});

describe('a value inside another is written as it is by itself', () => {
  test.each([
    `true`,
    `170141183460469231731687303715884105727::HUGEINT`,
    `'123456789012345678901234567890123456789012345'::BIGNUM`,
    `'nan'::DOUBLE`,
    `'-inf'::FLOAT`,
    `12.30::DECIMAL(10,2)`,
    `'quote " and é'`,
    `'{"k": [1,2]}'::JSON`,
    `'b'::ENUM('a', 'b')`,
    `'101'::BIT`,
    `'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::UUID`,
    `'ab\\x00\\xFF'::BLOB`,
    `DATE 'infinity'`,
    `'10:11:12.123456789'::TIME_NS`,
    `'10:11:12+02'::TIMETZ`,
    `'2024-01-15 10:11:12'::TIMESTAMP_S`,
    `'2024-01-15 10:11:12.5'::TIMESTAMP_MS`,
    `'2024-01-15 10:11:12.123456789'::TIMESTAMP_NS`,
    `'2024-01-15 10:11:12+02'::TIMESTAMPTZ`,
    `INTERVAL '1 day 2 hours'`,
    `[1, NULL]`,
    `[1, 2]::INTEGER[2]`,
    `{'x': 1, 'y': DATE '2024-01-15'}`,
    `MAP {'k': 1}`,
  ])('%s', async (expression) => {
    const alone = await jsonOf(expression);
    const { rowsJson: type } = rowsToJson(await connection.run(`SELECT typeof(${expression}) AS t`));
    const name = (JSON.parse(type) as { t: string }[])[0]?.t ?? '';
    expect(await jsonOf(`NULL::${name}`)).toBe('null');
    expect(await jsonOf(`[${expression}, NULL]`)).toBe(`[${alone},null]`);
    expect(await jsonOf(`[${expression}, NULL]::${name}[2]`)).toBe(`[${alone},null]`);
    expect(await jsonOf(`{'f': ${expression}, 'n': NULL::${name}}`)).toBe(`{"f":${alone},"n":null}`);
    expect(await jsonOf(`MAP {'k': ${expression}}`)).toBe(`{"k":${alone}}`);
    expect(await jsonOf(`union_value(m := ${expression})`)).toBe(alone);
    expect(await jsonOf(`[{'f': MAP {'k': [${expression}]}}]`)).toBe(`[{"f":{"k":[${alone}]}}]`);
  });
});

test('rows are objects with keys in column order', async () => {
  const result = await connection.run(`SELECT range AS "b ""x", NULL AS a, 'x' || range AS "1" FROM range(3000)`);
  const { rowsJson, rowCount } = rowsToJson(result);
  expect(rowCount).toBe(3000);
  expect(rowsJson.startsWith('[{"b \\"x":0,"a":null,"1":"x0"},{"b \\"x":1,')).toBe(true);
  expect(JSON.parse(rowsJson)).toHaveLength(3000);
});

test('no rows are an empty array', async () => {
  expect(rowsToJson(await connection.run('SELECT 1 AS a WHERE false'))).toEqual({ rowsJson: '[]', rowCount: 0 });
});

test('property: dates and timestamps are the engine’s own text, with a T for years 1 to 9999', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: -5_000_000, max: 10_000_000 }),
      fc.bigInt({ min: -200_000_000_000_000_000n, max: 400_000_000_000_000_000n }),
      async (days, micros) => {
        const sql = `SELECT (DATE '1970-01-01' + ${days}::INTEGER)::DATE::VARCHAR, make_timestamp(${micros}::BIGINT)::VARCHAR`;
        const [date, timestamp] = (await connection.runAndReadAll(sql)).getRowsJson()[0] ?? [];
        expect(dateText(days)).toBe(date);
        const plain = timestampText(micros).replace('T', ' ');
        expect(plain.replace(/\.(\d*?)0+$/, '.$1')).toBe(timestamp);
      },
    ),
    { numRuns: 300 },
  );
});

test('property: doubles and big integers come back as they were', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      async (double, big) => {
        const result = await connection.run('SELECT $1::DOUBLE AS d, $2::BIGINT AS b', [double, big], [DOUBLE, BIGINT]);
        const { rowsJson } = rowsToJson(result);
        expect(rowsJson.endsWith(`,"b":${big}}]`)).toBe(true);
        expect((JSON.parse(rowsJson) as { d: number }[])[0]?.d).toBe(double);
      },
    ),
    { numRuns: 200 },
  );
});

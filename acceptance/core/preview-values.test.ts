import { beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../helpers/api.js';
import { createProjectWithBucket, createTable, importContent, type Project } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
let project: Project;
let bucket: string;

beforeAll(async () => {
  ({ project, bucket } = await createProjectWithBucket(server.admin));
});

/** Type, the value as a CSV field, the JSON text of the value in the preview (chapter 3.3 of the contract). */
const VALUES: readonly (readonly [type: string, field: string, json: string])[] = [
  ['BOOLEAN', 'true', 'true'],
  ['BOOLEAN', 'F', 'false'],
  ['TINYINT', '-128', '-128'],
  ['SMALLINT', '32767', '32767'],
  ['INTEGER', '-2147483648', '-2147483648'],
  ['BIGINT', '9223372036854775807', '9223372036854775807'],
  ['BIGINT', '-9223372036854775808', '-9223372036854775808'],
  ['HUGEINT', '170141183460469231731687303715884105727', '170141183460469231731687303715884105727'],
  ['UTINYINT', '255', '255'],
  ['USMALLINT', '65535', '65535'],
  ['UINTEGER', '4294967295', '4294967295'],
  ['UBIGINT', '18446744073709551615', '18446744073709551615'],
  ['UHUGEINT', '340282366920938463463374607431768211455', '340282366920938463463374607431768211455'],
  ['DOUBLE', '1.5', '1.5'],
  ['DOUBLE', '0.1', '0.1'],
  ['DOUBLE', '1e300', '1e+300'],
  ['FLOAT', '0.1', '0.10000000149011612'],
  ['DECIMAL(10,2)', '12.3', '"12.30"'],
  ['DECIMAL(38,10)', '-1234567890123456789012345678.0123456789', '"-1234567890123456789012345678.0123456789"'],
  ['DECIMAL(4,0)', '-7', '"-7"'],
  ['VARCHAR', 'naïve 日本語 🦆', '"naïve 日本語 🦆"'],
  ['VARCHAR', '"line 1\nline ""2"""', '"line 1\\nline \\"2\\""'],
  ['UUID', '122732a0-bfec-4016-a60e-0ae76f55f704', '"122732a0-bfec-4016-a60e-0ae76f55f704"'],
  ["ENUM('x','y')", 'y', '"y"'],
  ['BIT', '101', '"101"'],
  ['JSON', '"{""k"": [1,2]}"', '"{\\"k\\": [1,2]}"'],
  ['DATE', '2024-01-15', '"2024-01-15"'],
  ['DATE', '0001-01-01', '"0001-01-01"'],
  ['TIME', '10:11:12', '"10:11:12"'],
  ['TIME', '10:11:12.5', '"10:11:12.500000"'],
  ['TIMETZ', '10:11:12+02', '"10:11:12+02:00"'],
  ['TIMESTAMP', '2024-01-15 10:11:12', '"2024-01-15T10:11:12"'],
  ['TIMESTAMP', '2024-01-15T10:11:12.000123', '"2024-01-15T10:11:12.000123"'],
  ['TIMESTAMP_S', '2024-01-15 10:11:12', '"2024-01-15T10:11:12"'],
  ['TIMESTAMP_MS', '2024-01-15 10:11:12.5', '"2024-01-15T10:11:12.500000"'],
  ['TIMESTAMPTZ', '2024-01-15 12:11:12+02', '"2024-01-15T10:11:12+00:00"'],
  ['TIMESTAMP WITH TIME ZONE', '2024-01-15 10:11:12', '"2024-01-15T10:11:12+00:00"'],
  ['INT[]', '"[1, NULL, 3]"', '[1,null,3]'],
  ['DECIMAL(4,1)[]', '"[1.5, 2]"', '["1.5","2.0"]'],
  ['DATE[]', '[2024-01-15]', '["2024-01-15"]'],
  ['INT[2]', '"[1, 2]"', '[1,2]'],
  ['STRUCT(x INT, y DATE)', "\"{'x': 1, 'y': 2024-01-15}\"", '{"x":1,"y":"2024-01-15"}'],
  ['MAP(VARCHAR, INT)', '"{a=1, b=2}"', '{"a":1,"b":2}'],
  ['UNION(a INT, b VARCHAR)', 'txt', '"txt"'],
];

describe('values in the preview', () => {
  it.each(VALUES)('%s from %s is %s', async (type, field, json) => {
    const table = await createTable(project, bucket, { n: 'INTEGER', v: type });
    mustSucceed(await importContent(table, `n,v\n1,${field}\n2,\n`));
    const { text } = await project.api.get(`${table.path}/preview`);
    expect(text).toContain(`{"n":1,"v":${json}}`);
    expect(text, 'an empty field is null').toContain('{"n":2,"v":null}');
  });

  it.each([
    ['NaN', 'nan'],
    ['infinity', 'inf'],
    ['-infinity', '-inf'],
  ])('a DOUBLE of %s is an answer, not an error, and valid JSON', async (field) => {
    const table = await createTable(project, bucket, { v: 'DOUBLE' });
    mustSucceed(await importContent(table, `v\n${field}\n`));
    const answer = await project.api.get<{ rows: unknown[] }>(`${table.path}/preview`);
    expect(answer.status).toBe(200);
    expect(answer.body.rows).toHaveLength(1);
  });

  it('a TIMESTAMP_NS keeps at least its microseconds', async () => {
    const table = await createTable(project, bucket, { v: 'TIMESTAMP_NS' });
    mustSucceed(await importContent(table, 'v\n2024-01-15 10:11:12.123456\n'));
    expect((await project.api.get(`${table.path}/preview`)).text).toMatch(/"v":"2024-01-15T10:11:12\.123456(000)?"/);
  });

  it('a BLOB survives the way out and back in', async () => {
    const table = await createTable(project, bucket, { v: 'BLOB' });
    mustSucceed(await importContent(table, 'v\nab\\x00\\xFF\n'));
    const answer = await project.api.get<{ rows: { v: string }[] }>(`${table.path}/preview`);
    expect(Buffer.from(answer.body.rows[0]?.v ?? '', 'base64')).toEqual(Buffer.from([0x61, 0x62, 0x00, 0xff]));
  });

  it('an INTERVAL is ISO 8601', async () => {
    const table = await createTable(project, bucket, { v: 'INTERVAL' });
    mustSucceed(await importContent(table, 'v\n1 day 2 hours\n'));
    expect((await project.api.get(`${table.path}/preview`)).text).toContain('"v":"P1DT2H"');
  });
});

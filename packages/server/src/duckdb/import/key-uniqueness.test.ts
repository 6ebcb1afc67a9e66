import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImportFixture, never } from './import.fixture.js';
import { hasRepeatedKey, removeEarlierRows } from './key-uniqueness.js';
import { readNumber, readRows } from './query.js';

const fixture = new ImportFixture();
beforeAll(() => fixture.open());
afterAll(() => fixture.close());

const ROWS = 60_000;

function withRows<T>(
  key: string,
  types: readonly string[],
  use: (connection: DuckDBConnection, repeated: () => Promise<boolean>) => Promise<T>,
): Promise<T> {
  return fixture.database.withConnection(never, async (connection) => {
    await connection.run(`CREATE TEMP TABLE t AS SELECT ${key}, i FROM range(${ROWS}) r(i)`);
    const columns = types.map((type, index) => ({ name: `k${index}`, sql: `k${index}`, type }));
    return use(connection, async () => {
      const count = await readNumber(connection, 'SELECT count(*) FROM temp.t');
      return hasRepeatedKey(connection, 'temp.t', columns, count);
    });
  });
}

const keys: [string, string, string[]][] = [
  ['ascending integers', 'i AS k0', ['BIGINT']],
  ['ascending texts', `lpad(i::VARCHAR, 9, '0') AS k0`, ['VARCHAR']],
  ['ascending pairs', `i // 100 AS k0, lpad(i::VARCHAR, 9, '0') AS k1`, ['BIGINT', 'VARCHAR']],
  [
    'ascending at first, then shuffled',
    'CASE WHEN i < 30000 THEN i ELSE 30000 + (i * 7919) % 30000 END AS k0',
    ['BIGINT'],
  ],
  ['shuffled dense integers', `((i * 7919) % ${ROWS} - 1000)::INTEGER AS k0`, ['INTEGER']],
  ['shuffled sparse integers', `((i * 7919) % ${ROWS}) * 100000000000 - 5 AS k0`, ['BIGINT']],
  [
    'the whole range of integers',
    `CASE i WHEN 0 THEN 9223372036854775807 WHEN 1 THEN -9223372036854775808 ELSE (i * 7919) % ${ROWS} END AS k0`,
    ['BIGINT'],
  ],
  ['shuffled texts', 'md5(i::VARCHAR) AS k0', ['VARCHAR']],
  ['shuffled pairs', `(i * 7919) % ${ROWS} // 10 AS k0, 'x' || (i * 7919) % ${ROWS} % 10 AS k1`, ['BIGINT', 'VARCHAR']],
  ['huge integers', 'hash(i)::HUGEINT AS k0', ['HUGEINT']],
  ['unsigned integers', 'hash(i) AS k0', ['UBIGINT']],
  ['dates', `DATE '2000-01-01' + ((i * 7919) % ${ROWS})::INTEGER AS k0`, ['DATE']],
  ['lists', '[hash(i)] AS k0', ['UBIGINT[]']],
];

describe.each(keys)('%s', (_, key, types) => {
  test('unique ones pass, one repeated key is found wherever it is', () =>
    withRows(key, types, async (connection, repeated) => {
      expect(await repeated()).toBe(false);
      for (const [from, to] of [
        [59_999, 0],
        [0, 59_999],
        [31_000, 31_001],
        [40_000, 10],
      ] as const) {
        await connection.run('BEGIN');
        const names = types.map((_type, index) => `k${index}`);
        const copied = names.map((name) => `${name} = (SELECT ${name} FROM temp.t WHERE i = ${from})`).join(', ');
        await connection.run(`UPDATE temp.t SET ${copied} WHERE i = ${to}`);
        expect(await repeated()).toBe(true);
        await connection.run('ROLLBACK');
      }
    }));
});

test('the last row of each key stays, the order too', () =>
  withRows('i % 50000 AS k0', ['BIGINT'], async (connection, repeated) => {
    expect(await repeated()).toBe(true);
    expect(await removeEarlierRows(connection, 'temp.t', [{ name: 'k0', sql: 'k0', type: 'BIGINT' }])).toBe(10_000);
    expect(await repeated()).toBe(false);
    const rows = await readRows(connection, 'SELECT i::INTEGER FROM temp.t');
    expect(rows.map(([i]) => i)).toEqual(Array.from({ length: 50_000 }, (_, index) => index + 10_000));
  }));

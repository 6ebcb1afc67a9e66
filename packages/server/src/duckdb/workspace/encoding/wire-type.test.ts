import {
  DuckDBBigIntType,
  DuckDBInstance,
  DuckDBIntegerType,
  DuckDBUIntegerType,
  DuckDBVarCharType,
  LIST,
  type DuckDBConnection,
} from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatPgType, PG_TYPES } from '../../../model/pg-types.js';
import { wireTypeOf } from './wire-type.js';

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`CREATE TYPE mood AS ENUM ('sad', 'happy')`);
});
afterAll(() => connection.closeSync());

/** `format_type` of the column that the expression makes. */
async function typeOf(expression: string): Promise<string> {
  const result = await connection.run(`SELECT ${expression} AS c`);
  const { oid, typmod } = wireTypeOf(result.columnType(0));
  return formatPgType(oid, typmod) ?? String(oid);
}

describe('the type that a client is told', () => {
  it.each([
    ['true', 'boolean'],
    ['1::TINYINT', 'smallint'],
    ['1::UTINYINT', 'smallint'],
    ['1::SMALLINT', 'smallint'],
    ['1::USMALLINT', 'integer'],
    ['1', 'integer'],
    ['1::UINTEGER', 'bigint'],
    ['1::BIGINT', 'bigint'],
    ['1::UBIGINT', 'numeric(20,0)'],
    ['1::HUGEINT', 'numeric(39,0)'],
    ['1::UHUGEINT', 'numeric(39,0)'],
    ['1::BIGNUM', 'numeric'],
    ['1.5', 'numeric(2,1)'],
    ['1::DECIMAL(37,10)', 'numeric(37,10)'],
    // Of sums and the like, whose digits PostgreSQL does not tell.
    ['1::DECIMAL(38,10)', 'numeric'],
    ['1::FLOAT', 'real'],
    ['1::DOUBLE', 'double precision'],
    ["'a'", 'text'],
    ["'{}'::JSON", 'json'],
    ["'a'::BLOB", 'bytea'],
    ["'101'::BIT", 'bit varying'],
    ['uuid()', 'uuid'],
    ["DATE '2024-01-01'", 'date'],
    ["TIME '10:00:00'", 'time without time zone'],
    ["'10:00:00'::TIME_NS", 'time without time zone'],
    ["'10:00:00+02'::TIMETZ", 'time with time zone'],
    ["'2024-01-01'::TIMESTAMP", 'timestamp without time zone'],
    ["'2024-01-01'::TIMESTAMP_S", 'timestamp without time zone'],
    ["'2024-01-01'::TIMESTAMP_MS", 'timestamp without time zone'],
    ["'2024-01-01'::TIMESTAMP_NS", 'timestamp without time zone'],
    ["'2024-01-01'::TIMESTAMPTZ", 'timestamp with time zone'],
    ["INTERVAL '1 day'", 'interval'],
    ["'happy'::mood", 'text'],
    ['[1, 2]', 'integer[]'],
    ['[1.5]', 'numeric(2,1)[]'],
    ["['{}'::JSON]", 'json[]'],
    ['[1, 2]::INTEGER[2]', 'integer[]'],
    ['[[1, 2], [3, 4]]::INTEGER[2][2]', 'integer[]'],
    ['[[1, 2], [3, 4]]::INTEGER[2][]', 'integer[]'],
    ['[[1, 2], [3]]', 'json'],
    ["{'a': 1}", 'json'],
    ["[{'a': 1}]", 'json'],
    ["MAP {'a': 1}", 'json'],
    ['union_value(a := 1)', 'json'],
    ['1::VARIANT', 'json'],
    ['[1::VARIANT]', 'json'],
  ])('%s is %s', async (expression, expected) => {
    expect(await typeOf(expression)).toBe(expected);
  });

  it('is the one that the catalog gives an ENUM', async () => {
    const type = (await connection.run(`SELECT 'sad'::mood`)).columnType(0);
    const known = { oid: 90_001, arrayOid: 90_002, name: 'mood' };
    expect(wireTypeOf(type, () => known)).toEqual({ ...known, size: 4, typmod: -1 });
  });

  it('is the one that a catalog column has in PostgreSQL', () => {
    expect(wireTypeOf(DuckDBVarCharType.create('name')).name).toBe('name');
    expect(wireTypeOf(DuckDBVarCharType.create('char')).name).toBe('char');
    expect(wireTypeOf(DuckDBUIntegerType.create('oid')).name).toBe('oid');
    expect(wireTypeOf(DuckDBBigIntType.create('oid')).name).toBe('oid');
    expect(wireTypeOf(LIST(DuckDBUIntegerType.create('oid')))).toMatchObject({ name: '_oid', oid: 1028 });
    // What a representation cannot have is only a name.
    expect(wireTypeOf(DuckDBVarCharType.create('oid')).name).toBe('text');
    expect(wireTypeOf(DuckDBIntegerType.create('name')).name).toBe('int4');
  });

  it('keeps numbers apart that clients look types up by', () => {
    const numbers = Object.values(PG_TYPES).flatMap(({ oid, arrayOid }) => (arrayOid === 0 ? [oid] : [oid, arrayOid]));
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});

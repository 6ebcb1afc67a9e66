import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseColumnType } from '../model/column-types.js';
import { ENGINE_KEYWORDS } from '../model/engine-keywords.js';
import { quoteIdentifier, quoteLiteral } from './quoting.js';

/** `model/column-types.ts` is pure; here its answers are held against the engine's own. */
let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  connection = await instance.connect();
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

async function texts(sql: string): Promise<string[]> {
  return (await connection.runAndReadAll(sql)).getRowsJson().map((row) => (typeof row[0] === 'string' ? row[0] : ''));
}

async function engineSpelling(type: string): Promise<string> {
  await connection.run(`CREATE OR REPLACE TABLE t (c ${type})`);
  const [spelling] = await texts('SELECT column_type FROM (DESCRIBE t)');
  return spelling ?? '';
}

/** Chapter 3.1 of the API contract, and the other names the engine has for these types. */
const TABLE: readonly (readonly [string, readonly string[]])[] = [
  [
    'VARCHAR',
    [
      'VARCHAR',
      'varchar(10)',
      'TEXT',
      'STRING',
      'CHAR',
      'CHAR(3)',
      'BPCHAR',
      'character varying(3)',
      'nvarchar',
      'text(3)',
      'nchar varying(3)',
    ],
  ],
  ['INTEGER', ['INTEGER', 'INT', 'INT4', 'SIGNED', 'int32', 'integral']],
  ['BIGINT', ['BIGINT', 'INT8', 'LONG', 'int64', 'oid']],
  ['SMALLINT', ['SMALLINT', 'INT2', 'SHORT', 'int16']],
  ['TINYINT', ['TINYINT', 'INT1']],
  ['UTINYINT', ['UTINYINT', 'uint8']],
  ['USMALLINT', ['USMALLINT', 'uint16']],
  ['UINTEGER', ['UINTEGER', 'uint32']],
  ['UBIGINT', ['UBIGINT', 'uint64']],
  ['UHUGEINT', ['UHUGEINT', 'uint128']],
  ['HUGEINT', ['HUGEINT', 'INT128']],
  ['BIGNUM', ['bignum', 'varint']],
  ['DOUBLE', ['DOUBLE', 'FLOAT8', 'DOUBLE PRECISION', 'double  precision', 'float(53)', 'float(25)']],
  ['FLOAT', ['FLOAT', 'FLOAT4', 'REAL', 'float(24)', 'float(1)']],
  ['DECIMAL(18,3)', ['DECIMAL', 'NUMERIC', 'dec']],
  ['DECIMAL(38,10)', ['DECIMAL(38,10)', 'numeric ( 38 , 10 )']],
  ['DECIMAL(5,0)', ['DECIMAL(5)', 'NUMERIC(5,0)']],
  ['BOOLEAN', ['BOOLEAN', 'BOOL', 'LOGICAL']],
  ['DATE', ['DATE']],
  ['TIME', ['TIME', 'time without time zone']],
  ['TIME_NS', ['time_ns']],
  ['INTERVAL', ['INTERVAL']],
  ['UUID', ['UUID', 'GUID']],
  ['JSON', ['JSON', 'json']],
  ['BIT', ['BIT', 'BITSTRING', 'bit(3)']],
  ['TIME WITH TIME ZONE', ['TIMETZ', 'time with time zone']],
  ['TIMESTAMP', ['TIMESTAMP', 'DATETIME', 'timestamp_us', 'timestamp(6)', 'timestamp without time zone']],
  ['TIMESTAMP_S', ['TIMESTAMP_S', 'timestamp(0)']],
  ['TIMESTAMP_MS', ['TIMESTAMP_MS', 'timestamp(3)', 'datetime(1)']],
  ['TIMESTAMP_NS', ['TIMESTAMP_NS', 'timestamp(9)']],
  ['TIMESTAMP WITH TIME ZONE', ['TIMESTAMPTZ', 'TIMESTAMP WITH TIME ZONE', ' timestamp\twith time\nzone ']],
  ['BLOB', ['BLOB', 'BYTEA', 'BINARY', 'VARBINARY']],
  ['INTEGER[]', ['INT[]', 'int array', 'int []']],
  ['INTEGER[3]', ['INT[3]', 'int array[3]']],
  ['INTEGER[][3][]', ['INT[][3][]']],
  ['STRUCT(a INTEGER)', ['STRUCT(a INT)', 'ROW(a INT)', 'struct("a" int)']],
  [
    'STRUCT(B INTEGER, "b c" VARCHAR, "select" DATE, "Table" DATE, date DATE, "é" DATE, "1a" DATE, "a""b" DATE)',
    ['STRUCT(B INT, "b c" TEXT, "select" date, "Table" date, date date, é date, "1a" date, "a""b" date)'],
  ],
  ['MAP(VARCHAR, INTEGER)', ['MAP(VARCHAR,INT)']],
  ['MAP(INTEGER, INTEGER[])[]', ['map(int,int[])[]']],
  ['UNION(a INTEGER, b VARCHAR)', ['UNION(a INT,b VARCHAR)']],
  ["ENUM('x', 'y')", ["ENUM('x','y')"]],
  ["ENUM('it''s', '')", ["enum('it''s','')"]],
  [
    "STRUCT(e ENUM('a'), l DECIMAL(3,1)[], m MAP(VARCHAR, UNION(x JSON, y UUID)))",
    ["struct(e enum('a'), l decimal(3,1)[], m map(text, union(x json, y uuid)))"],
  ],
];

describe.each(TABLE)('%s', (canonical, spellings) => {
  test('is what the engine shows', async () => {
    expect(await engineSpelling(canonical)).toBe(canonical);
  });
  test.each(spellings)('%j', async (text) => {
    expect(parseColumnType(text)).toBe(canonical);
    expect(await engineSpelling(text)).toBe(canonical);
  });
});

test('the keywords are those of the engine', async () => {
  const words = await texts('SELECT DISTINCT keyword_name FROM duckdb_keywords()');
  expect([...ENGINE_KEYWORDS].sort()).toEqual(words.sort());
});

const name = fc
  .oneof(
    fc.constantFrom('a', 'B', 'key', 'select', 'b c', 'x"y', "x'y", 'é', '_x', 'x$', '0', 'ÄÖ', '(', ',', 'INT'),
    fc.string({ minLength: 1, maxLength: 5 }),
  )
  .filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text));

const names = fc.uniqueArray(name, { minLength: 1, maxLength: 4, selector: (text) => text.toLowerCase() });

const { type: anyType } = fc.letrec<{ type: string }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom(
      'INT4',
      'text',
      'decimal(5,2)',
      'timestamptz',
      'json',
      'varchar(3)',
      'double precision',
      'time with time zone',
    ),
    fc.uniqueArray(name, { minLength: 1, maxLength: 3 }).map((values) => `enum(${values.map(quoteLiteral).join(',')})`),
    tie('type').map((inner) => `${inner}[]`),
    fc.tuple(tie('type'), fc.integer({ min: 1, max: 4 })).map(([inner, size]) => `${inner}[${size}]`),
    fc.tuple(fc.constantFrom('struct', 'row', 'union'), names, tie('type')).map(([kind, fields, inner]) => {
      return `${kind}(${fields.map((field) => `${quoteIdentifier(field)} ${inner}`).join(', ')})`;
    }),
    fc.tuple(fc.constantFrom('int', 'text', 'date'), tie('type')).map(([key, value]) => `map(${key}, ${value})`),
  ),
}));

test('property: the canonical text is the engine’s own, and stays as it is', async () => {
  await fc.assert(
    fc.asyncProperty(anyType, async (text) => {
      const canonical = parseColumnType(text);
      expect(await engineSpelling(canonical)).toBe(canonical);
      expect(parseColumnType(canonical)).toBe(canonical);
    }),
    { numRuns: 200 },
  );
});

import { readFileSync } from 'node:fs';
import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  HUGEINT,
  INTEGER,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyFormatOf, type CopyOptions, type CopyTextFormat } from '../copy/copy-options.js';
import { createCopyEncoder } from '../copy/copy-out.js';
import { createRowEncoder, type ChunkEncoder } from '../row-encoder.js';
import { WireBuffer } from '../wire-buffer.js';
import { DEFAULT_WIRE_SETTINGS as settings } from '../wire-settings.js';
import { composeCopy } from './composed-copy.js';
import { composeDataRows } from './composed-data-rows.js';
import type { Composition } from './composition.js';

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await (
    await DuckDBInstance.create(':memory:', { threads: '1', default_null_order: 'postgres' })
  ).connect();
});
afterAll(() => connection.closeSync());

const SMALL_BUFFER_BYTES = 1000;

async function encodeAll(sql: string, encoder: ChunkEncoder): Promise<Buffer> {
  const result = await connection.stream(sql);
  const parts: Buffer[] = [];
  const out = new WireBuffer(SMALL_BUFFER_BYTES);
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (let row = 0; row < chunk.rowCount; parts.push(Buffer.from(out.take()))) {
      const next = encoder.encode(chunk, row, chunk.rowCount, out);
      expect(next).toBeGreaterThan(row);
      row = next;
    }
  }
  return Buffer.concat(parts);
}

async function described(sql: string): Promise<{ types: DuckDBType[]; names: string[] }> {
  const { columnCount, ...prepared } = await prepare(sql);
  const indexes = Array.from({ length: columnCount }, (_, index) => index);
  return { types: indexes.map(prepared.type), names: indexes.map(prepared.name) };
}

async function prepare(sql: string) {
  const prepared = await connection.prepare(sql);
  return {
    columnCount: prepared.columnCount,
    type: (index: number) => prepared.columnType(index),
    name: (index: number) => prepared.columnName(index),
  };
}

function mustCompose(composition: Composition | undefined): Composition {
  if (composition === undefined) throw new Error('not composed');
  return composition;
}

/** Both ways of DataRow messages give the same bytes. */
async function expectSameRows(sql: string): Promise<Buffer> {
  const { types } = await described(sql);
  const { before, after, createEncoder } = mustCompose(composeDataRows(types, settings));
  const expected = await encodeAll(sql, createRowEncoder(types, [0], settings));
  const composed = await encodeAll(before + sql + after, createEncoder());
  // The first difference as text says more than two long buffers.
  expect(composed.toString()).toBe(expected.toString());
  expect(composed.equals(expected)).toBe(true);
  return expected;
}

async function expectSameCopy(sql: string, options: CopyOptions): Promise<void> {
  const { types, names } = await described(sql);
  const format = copyFormatOf(options, 'to', names) as CopyTextFormat;
  const { before, after, createEncoder } = mustCompose(composeCopy(types, format, settings));
  const expected = await encodeAll(sql, createCopyEncoder(types, names, format, settings));
  expect((await encodeAll(before + sql + after, createEncoder())).toString()).toBe(expected.toString());
}

const texts = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom(...'\t\n\r\b\v\f\\"\',;N| x.'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    ),
    maxLength: 40,
  })
  .filter((text) => !text.includes('\0'));

const micros = fc.oneof(
  fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
  fc.constantFrom(0n, -1n, 2n ** 63n - 1n, -(2n ** 63n) + 1n),
);
const doubles = fc.oneof(
  fc.double({ min: -(2 ** 53), max: 2 ** 53 }),
  fc.integer().map((value) => value / 100),
  fc.maxSafeInteger(),
  fc.double({ min: 1e14, max: 2 ** 53 }),
  fc.double({ min: 0, max: 1e-3 }),
  fc.constantFrom(
    0,
    -0,
    1e15,
    9_007_199_254_740_992,
    -1e15,
    1e16,
    1e17,
    1.5e300,
    1e-4,
    9.999e-5,
    5e-324,
    Number.NaN,
    Infinity,
    -Infinity,
  ),
);

const VALUES: readonly (readonly [name: string, type: DuckDBType, value: fc.Arbitrary<DuckDBValue>])[] = [
  ['text', VARCHAR, texts],
  ['integer', INTEGER, fc.integer()],
  ['bigint', BIGINT, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  ['hugeint', HUGEINT, fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n })],
  ['boolean', BOOLEAN, fc.boolean()],
  ['double', DOUBLE, doubles],
  [
    'decimal',
    DECIMAL(18, 3),
    fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }).map((value) => new DuckDBDecimalValue(value, 18, 3)),
  ],
  ['date', DATE, fc.integer({ min: -2_000_000, max: 3_000_000 }).map((days) => new DuckDBDateValue(days))],
  ['time', TIME, fc.bigInt({ min: 0n, max: 86_400_000_000n }).map((value) => new DuckDBTimeValue(value))],
  ['timestamp', TIMESTAMP, micros.map((value) => new DuckDBTimestampValue(value))],
  ['timestamptz', TIMESTAMPTZ, micros.map((value) => new DuckDBTimestampTZValue(value))],
  ['bytea', BLOB, fc.uint8Array({ maxLength: 30 }).map((bytes) => new DuckDBBlobValue(bytes))],
];

/** A table of one column, whose rows are the values and a NULL. */
async function fill(type: DuckDBType, values: readonly DuckDBValue[]): Promise<void> {
  await connection.run(`CREATE OR REPLACE TABLE filled (value ${type.toString()})`);
  const appender = await connection.createAppender('filled');
  for (const value of [null, ...values]) {
    if (value === null) appender.appendNull();
    else appender.appendValue(value, type);
    appender.endRow();
  }
  appender.closeSync();
}

describe('rows that DuckDB puts together', () => {
  it.each(VALUES)('are those that are encoded value by value: %s', async (_, type, value) => {
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 200 }), async (values) => {
        await fill(type, values);
        await expectSameRows('SELECT value FROM filled');
        await expectSameRows('SELECT value, 1 AS one, value FROM filled');
        await expectSameCopy('SELECT value, value, 2 FROM filled', { format: 'text' });
        await expectSameCopy('SELECT value, value, 2 FROM filled', { format: 'csv' });
      }),
      { numRuns: 30 },
    );
  });

  it('have digits that read back as the same large number', async () => {
    const large = fc.double({ min: 2 ** 53, noNaN: true, noDefaultInfinity: true });
    await fc.assert(
      fc.asyncProperty(fc.array(large, { minLength: 1, maxLength: 200 }), async (values) => {
        await fill(DOUBLE, values);
        const sql = 'SELECT value FROM filled WHERE value IS NOT NULL';
        const { before, after, createEncoder } = mustCompose(composeDataRows([DOUBLE], settings));
        const bytes = await encodeAll(before + sql + after, createEncoder());
        const numbers: number[] = [];
        for (let at = 0; at < bytes.length; at += 1 + bytes.readInt32BE(at + 1)) {
          const text = bytes.toString('utf8', at + 11, at + 1 + bytes.readInt32BE(at + 1));
          expect(text).toMatch(/^\d(\.\d+)?e\+\d{2,3}$/);
          numbers.push(Number(text));
        }
        expect(numbers).toEqual(values);
      }),
    );
  });

  it('are the same in every form of COPY', async () => {
    const formats: readonly CopyOptions[] = [
      { format: 'text', delimiter: '|', nullText: '' },
      { format: 'text', delimiter: ',', nullText: 'NULL' },
      { format: 'csv', delimiter: ';', quote: "'", escape: '\\' },
      { format: 'csv', delimiter: '\t', forceQuote: ['value'] },
      { format: 'csv', forceQuote: '*' },
      { format: 'csv', escape: '"', quote: '"' },
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { maxLength: 100 }), async (values) => {
        await fill(VARCHAR, ['', '\\.', 'NULL', ...values]);
        for (const format of formats) {
          await expectSameCopy('SELECT value, 1.5::double AS x, value AS again FROM filled', format);
          await expectSameCopy('SELECT value FROM filled', format);
        }
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    `SELECT i, 'text of row ' || i FROM range(5000) AS s (i)`,
    `SELECT i % 7, repeat('x', (i % 40)::integer) FROM range(5000) AS s (i) ORDER BY 1 DESC, i`,
    `SELECT DISTINCT i % 3 FROM range(5000) AS s (i) ORDER BY 1`,
    `SELECT i, i, i AS "a ""name""" FROM range(3000) AS s (i) ORDER BY -i LIMIT 2500 OFFSET 3 -- the last`,
    `WITH a AS (SELECT i FROM range(3) AS s (i)) SELECT * FROM a UNION ALL SELECT 9 ORDER BY 1 DESC`,
    `VALUES (1, 'a'), (2, NULL)`,
    `SELECT sum(i), count(*), avg(i)::double FROM range(1000) AS s (i) GROUP BY i % 10 ORDER BY 1`,
    `SELECT i, row_number() OVER (ORDER BY i DESC) FROM range(3000) AS s (i) ORDER BY 2`,
    `SELECT NULL::integer, ''`,
    `SELECT repeat('é', 3000) FROM range(20)`,
    `SELECT 1 WHERE false`,
  ])('come in the order of the query: %s', async (sql) => {
    await expectSameRows(sql);
  });

  it('are made by functions of the engine, whatever macros there are', async () => {
    await connection.run(`CREATE OR REPLACE MACRO concat(a, b, c) AS 'mine'; CREATE OR REPLACE MACRO strlen(a) AS 3`);
    await expectSameRows(`SELECT 'abcdefghijklmnop', 1`);
    await connection.run('DROP MACRO concat; DROP MACRO strlen');
  });

  it('hold values once, even when each evaluation gives another', async () => {
    const sql = `SELECT (random() * 1e9)::bigint FROM range(3000)`;
    const { types } = await described(sql);
    const { before, after, createEncoder } = mustCompose(composeDataRows(types, settings));
    const bytes = await encodeAll(before + sql + after, createEncoder());
    let rows = 0;
    for (let at = 0; at < bytes.length; at += 1 + bytes.readInt32BE(at + 1), rows++) {
      expect(bytes.readInt32BE(at + 7)).toBe(bytes.readInt32BE(at + 1) - 10);
    }
    expect(rows).toBe(3000);
  });
});

describe('values that PostgreSQL 15 wrote', () => {
  const { values } = JSON.parse(readFileSync(new URL('../postgresql-15.json', import.meta.url), 'utf8')) as {
    values: { duckdb: string; text: string }[];
  };
  it('are the same where DuckDB puts rows together', async () => {
    let composed = 0;
    for (const { duckdb, text } of values) {
      const sql = `SELECT ${duckdb}`;
      const { types } = await described(sql);
      const composition = composeDataRows(types, settings);
      // The recorded texts are of another time zone; of large numbers see `doubleText`.
      if (composition === undefined || types[0]?.typeId === TIMESTAMPTZ.typeId || Number(text) >= 2 ** 53) continue;
      const bytes = await encodeAll(composition.before + sql + composition.after, composition.createEncoder());
      expect([duckdb, bytes.toString('utf8', 11)]).toEqual([duckdb, text]);
      composed++;
    }
    expect(composed).toBeGreaterThan(50);
  });
});

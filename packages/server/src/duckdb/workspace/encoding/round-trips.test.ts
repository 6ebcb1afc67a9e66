import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BLOB,
  DECIMAL,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBTimestampValue,
  INTEGER,
  LIST,
  TIMESTAMP,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { elementTypeOf } from '../../../model/pg-types.js';
import { writeBigNumeric, writeNumeric } from './binary/numeric-binary.js';
import { CopyIn } from './copy/copy-in.js';
import { copyFormatOf, type CopyOptions } from './copy/copy-options.js';
import { createCopyEncoder } from './copy/copy-out.js';
import { decodeValue } from './parameters/bind-parameter.js';
import { numericText, parseNumericText, readNumericBinary } from './parameters/numeric-input.js';
import { createRowEncoder } from './row-encoder.js';
import { WireBuffer } from './wire-buffer.js';
import { DEFAULT_WIRE_SETTINGS, type WireFormat } from './wire-settings.js';
import { wireTypeOf } from './wire-type.js';

let directory: string;
let connection: DuckDBConnection;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'round-trips-'));
  connection = await (await DuckDBInstance.create(':memory:')).connect();
});
afterAll(async () => {
  connection.closeSync();
  await rm(directory, { recursive: true });
});

/** DuckDB's text has every character but NUL, and no half of a pair. */
const texts = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...'\t\n\r\\"\',;{}[]N| x.'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 20,
});
const usableTexts = texts.filter((text) => !text.includes('\0'));

describe('numeric', () => {
  it('is the same number in binary, however it was written', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }),
        fc.integer({ min: 0, max: 38 }),
        (unscaled, scale) => {
          const out = new WireBuffer();
          writeBigNumeric(out, unscaled, scale);
          const bytes = out.take();
          expect(readNumericBinary(bytes)).toEqual({ unscaled, scale });
          if (unscaled > -(2n ** 53n) && unscaled < 2n ** 53n) {
            writeNumeric(out, Number(unscaled), scale);
            expect(out.take().equals(bytes)).toBe(true);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('takes the short way to the same bytes', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: 18 }), (unscaled, scale) => {
        const out = new WireBuffer();
        writeNumeric(out, unscaled, scale);
        const bytes = out.take();
        writeBigNumeric(out, BigInt(unscaled), scale);
        expect(out.take().toString('hex')).toBe(bytes.toString('hex'));
      }),
      { numRuns: 5_000 },
    );
  });

  it('is the same number in text', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.integer({ min: 0, max: 60 }), (unscaled, scale) => {
        const text = numericText({ unscaled, scale });
        expect(parseNumericText(text)).toEqual({ unscaled, scale });
      }),
    );
  });
});

async function encodeValue(value: DuckDBValue, type: DuckDBType, format: WireFormat): Promise<Buffer> {
  const statement = await connection.prepare('SELECT $1');
  statement.bindValue(1, value, type);
  const result = await statement.run();
  const out = new WireBuffer();
  createRowEncoder(result.columnTypes(), [format], DEFAULT_WIRE_SETTINGS).encode(result.getChunk(0), 0, 1, out);
  return out.take().subarray(11);
}

describe('arrays', () => {
  it.each<[string, DuckDBType, fc.Arbitrary<DuckDBValue>]>([
    ['text', VARCHAR, usableTexts],
    ['integer', INTEGER, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })],
    ['double', DOUBLE, fc.double()],
    ['bytes', BLOB, fc.uint8Array({ maxLength: 20 }).map((bytes) => new DuckDBBlobValue(bytes))],
    [
      'times',
      TIMESTAMP,
      fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }).map((micros) => new DuckDBTimestampValue(micros)),
    ],
  ])('of %s read back as they were written', async (_, elementType, element) => {
    const type = LIST(elementType);
    const { oid } = wireTypeOf(type);
    expect(elementTypeOf(oid)).toBeDefined();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(element), { maxLength: 6 }), async (items) => {
        for (const format of [0, 1] as const) {
          const bytes = await encodeValue(new DuckDBListValue(items), type, format);
          const read = decodeValue(oid, format, bytes, DEFAULT_WIRE_SETTINGS);
          expect((await encodeValue(read.value, read.type, format)).toString('hex')).toBe(bytes.toString('hex'));
        }
      }),
      { numRuns: 60 },
    );
  });
});

const COLUMNS: readonly (readonly [string, DuckDBType, fc.Arbitrary<DuckDBValue>])[] = [
  ['i', INTEGER, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })],
  ['t', VARCHAR, usableTexts],
  ['d', DOUBLE, fc.double()],
  [
    'n',
    DECIMAL(18, 4),
    fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n }).map((value) => new DuckDBDecimalValue(value, 18, 4)),
  ],
  ['ts', TIMESTAMP, fc.bigInt({ min: -(2n ** 58n), max: 2n ** 58n }).map((micros) => new DuckDBTimestampValue(micros))],
  ['b', BLOB, fc.uint8Array({ maxLength: 20 }).map((bytes) => new DuckDBBlobValue(bytes))],
  ['l', LIST(VARCHAR), fc.array(fc.option(usableTexts), { maxLength: 4 }).map((items) => new DuckDBListValue(items))],
];

/** The whole of COPY TO, as data without messages. */
async function copyOut(options: CopyOptions): Promise<Buffer[]> {
  const result = await connection.run('SELECT * FROM t ORDER BY row');
  const names = result.columnNames();
  const encoder = createCopyEncoder(
    result.columnTypes(),
    names,
    copyFormatOf(options, 'to', names),
    DEFAULT_WIRE_SETTINGS,
  );
  const out = new WireBuffer(1e9);
  encoder.begin(out);
  for (let index = 0; index < result.chunkCount; index++) {
    const chunk = result.getChunk(index);
    encoder.encode(chunk, 0, chunk.rowCount, out);
  }
  encoder.end(out);
  const data: Buffer[] = [];
  const messages = out.take();
  for (let at = 0; at < messages.length; at += 1 + messages.readInt32BE(at + 1)) {
    data.push(messages.subarray(at + 5, at + 1 + messages.readInt32BE(at + 1)));
  }
  return data;
}

describe('COPY TO and back', () => {
  it.each<CopyOptions>([
    { format: 'text' },
    { format: 'text', delimiter: '|', nullText: 'x' },
    { format: 'csv' },
    { format: 'csv', header: true, delimiter: ';', quote: "'", escape: '\\', nullText: 'N', forceQuote: ['t'] },
    { format: 'csv', forceQuote: '*' },
    { format: 'binary' },
  ])('gives the same rows: %j', async (options) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(...COLUMNS.map(([, , values]) => fc.option(values))), { maxLength: 8 }),
        async (rows) => {
          const columns = COLUMNS.map(([name, type]) => `${name} ${type.toString()}`).join(', ');
          await connection.run(`CREATE OR REPLACE TABLE t (row INTEGER, ${columns})`);
          const places = ['$1', ...COLUMNS.map((_, index) => `$${index + 2}`)].join(', ');
          for (const [index, row] of rows.entries()) {
            const statement = await connection.prepare(`INSERT INTO t VALUES (${places})`);
            statement.bindInteger(1, index);
            for (const [at, value] of row.entries()) {
              if (value === null) statement.bindNull(at + 2);
              else statement.bindValue(at + 2, value, COLUMNS[at]?.[1] ?? INTEGER);
            }
            await statement.run();
          }
          const data = await copyOut(options);
          await connection.run('DELETE FROM t');
          const target = {
            sql: 't',
            name: 't',
            columns: [{ name: 'row', type: INTEGER as DuckDBType }, ...COLUMNS.map(([name, type]) => ({ name, type }))],
          };
          const names = target.columns.map(({ name }) => name);
          const { forceQuote: _, ...inOptions } = options;
          const copyIn = new CopyIn(target, {
            format: copyFormatOf(inOptions, 'from', names),
            settings: DEFAULT_WIRE_SETTINGS,
            directory,
            run: (sql) => connection.run(sql),
          });
          for (const piece of data) await copyIn.write(piece);
          expect(await copyIn.finish()).toBe(rows.length);
          expect(Buffer.concat(await copyOut(options)).toString('latin1')).toBe(Buffer.concat(data).toString('latin1'));
        },
      ),
      { numRuns: 40 },
    );
  });
});

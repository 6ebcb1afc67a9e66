import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SqlError } from '../../../../errors/sql-error.js';
import { DEFAULT_WIRE_SETTINGS } from '../wire-settings.js';
import { WireBuffer } from '../wire-buffer.js';
import { CopyIn, type CopyTarget } from './copy-in.js';
import { copyFormatOf, type CopyOptions } from './copy-options.js';
import { createCopyEncoder } from './copy-out.js';

let directory: string;
let connection: DuckDBConnection;
let other: DuckDBConnection;
const settings = { ...DEFAULT_WIRE_SETTINGS, timeZone: 'Europe/Prague' };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'copy-in-'));
  const instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
  other = await instance.connect();
  await connection.run(`SET errors_as_json = true`);
  await connection.run(`CREATE TYPE mood AS ENUM ('sad', 'happy')`);
});
afterAll(async () => {
  connection.closeSync();
  other.closeSync();
  await rm(directory, { recursive: true });
});

async function targetOf(columns: string, chosen = '*'): Promise<CopyTarget> {
  await connection.run(`CREATE OR REPLACE TABLE t (${columns})`);
  const result = await connection.run(`SELECT ${chosen} FROM t LIMIT 0`);
  const types = result.columnTypes();
  return {
    sql: '"t"',
    name: 't',
    columns: result.columnNames().map((name, index) => ({ name, type: types[index] ?? expect.fail() })),
  };
}

/** The data come in pieces of `pieceBytes`. */
async function copy(
  target: CopyTarget,
  options: CopyOptions,
  data: string | Buffer,
  pieceBytes = 65_536,
  segmentBytes?: number,
): Promise<number> {
  const names = target.columns.map(({ name }) => name);
  const copyIn = new CopyIn(target, {
    format: copyFormatOf(options, 'from', names),
    settings,
    directory,
    run: (sql) => connection.run(sql),
    diagnose: (sql) => other.run(sql),
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
  });
  const bytes = Buffer.from(data);
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) await copyIn.write(bytes.subarray(at, at + pieceBytes));
    return await copyIn.finish();
  } catch (error) {
    await copyIn.abort();
    throw error;
  }
}

async function rows(sql = 'SELECT * FROM t'): Promise<unknown[]> {
  return (await connection.runAndReadAll(sql)).getRowsJson();
}

const text = { format: 'text' } as const;
const csv = { format: 'csv' } as const;

async function failure(promise: Promise<unknown>): Promise<Partial<SqlError>> {
  const error: unknown = await promise.then(
    () => expect.fail('it succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SqlError);
  const { sqlState, message, where } = error as SqlError;
  return { sqlState, message, where };
}

describe.each([1, 7, 65_536])('COPY FROM STDIN in pieces of %i bytes', (pieceBytes) => {
  it('reads text format', async () => {
    const target = await targetOf('a INTEGER, b VARCHAR, c DOUBLE');
    const data =
      '1\tplain\t1.5\n2\t\\N\tNaN\n3\t\t-Infinity\n4\ttab\\tnl\\nbs\\\\q"uo,te\\x41\\102\t\\N\n-5\t\\\\N\t1e300\n';
    expect(await copy(target, text, data, pieceBytes)).toBe(5);
    expect(await rows()).toEqual([
      [1, 'plain', 1.5],
      [2, null, 'NaN'],
      [3, '', '-Infinity'],
      [4, 'tab\tnl\nbs\\q"uo,teAB', null],
      [-5, '\\N', 1e300],
    ]);
  });

  it('reads csv', async () => {
    const target = await targetOf('a INTEGER, b VARCHAR, c VARCHAR');
    const data = 'x,y,z\r\n1,"a ""quoted"" b",\r\n2,"two\nlines",""\r\n3,mid"dle, q"uote, sp \r\n4,,last';
    expect(await copy(target, { ...csv, header: true }, data, pieceBytes)).toBe(4);
    expect(await rows()).toEqual([
      [1, 'a "quoted" b', null],
      [2, 'two\nlines', ''],
      [3, 'middle, quote', ' sp '],
      [4, null, 'last'],
    ]);
  });

  it('reads csv with characters of its own', async () => {
    const target = await targetOf('a VARCHAR, b VARCHAR, c VARCHAR');
    const options: CopyOptions = {
      format: 'csv',
      delimiter: ';',
      quote: "'",
      escape: '\\',
      nullText: 'nil',
      forceNull: ['b'],
      forceNotNull: ['c'],
    };
    expect(await copy(target, options, "'it\\'s \\\\ \\n';'nil';nil\n'nil';nil;''\n", pieceBytes)).toBe(2);
    expect(await rows()).toEqual([
      ["it's \\ \\n", null, 'nil'],
      ['nil', null, ''],
    ]);
  });

  it('ends at the end marker, and needs no newline before it', async () => {
    const target = await targetOf('a VARCHAR');
    expect(await copy(target, text, 'one\n\\N\n\n\\.\nnot read\n', pieceBytes)).toBe(3);
    expect(await rows()).toEqual([['one'], [null], ['']]);
    expect(await copy(await targetOf('a VARCHAR'), csv, '\n""\nx\n', pieceBytes)).toBe(3);
    expect(await rows()).toEqual([[null], [''], ['x']]);
  });

  it('tells line and column of what is wrong', async () => {
    const target = await targetOf('a INTEGER, b DATE, c DECIMAL(5,2)');
    expect(await failure(copy(target, text, '1\t2024-01-01\t1\n2\t2024-01-01\n', pieceBytes))).toEqual({
      sqlState: '22P04',
      message: 'missing data for column "c"',
      where: 'COPY t, line 2: "2\t2024-01-01"',
    });
    expect(await failure(copy(target, csv, '1,2024-01-01,1\n2,2024-01-01,3,4\n', pieceBytes))).toMatchObject({
      sqlState: '22P04',
      message: 'extra data after last expected column',
    });
    expect(await failure(copy(target, text, '1\t2024-01-01\t1\n1.5\t2024-01-01\t1\n', pieceBytes))).toEqual({
      sqlState: '22P02',
      message: 'invalid input syntax for type integer: "1.5"',
      where: 'COPY t, line 2, column a: "1.5"',
    });
    expect(await failure(copy(target, csv, 'h\n1,2024-01-01,1\n,2024-02-30,1\n', pieceBytes))).toMatchObject({
      where: 'COPY t, line 1, column a: "h"',
    });
    expect(
      await failure(copy(target, { ...csv, header: true }, 'h\n1,2024-01-01,1\n,2024-02-30,1\n', pieceBytes)),
    ).toEqual({
      sqlState: '22008',
      message: 'date/time field value out of range: "2024-02-30"',
      where: 'COPY t, line 3, column b: "2024-02-30"',
    });
    expect(await failure(copy(target, text, '1\t2024-01-01\t1\n99999999999\t2024-01-01\t1\n', pieceBytes))).toEqual({
      sqlState: '22003',
      message: 'value "99999999999" is out of range for type integer',
      where: 'COPY t, line 2, column a: "99999999999"',
    });
    expect(await failure(copy(target, text, '1\t2024-01-01\t1234.5\n', pieceBytes))).toMatchObject({
      sqlState: '22003',
      message: 'numeric field overflow',
      where: 'COPY t, line 1, column c: "1234.5"',
    });
    expect(await rows('SELECT count(*) FROM t')).toEqual([['0']]);
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('COPY FROM STDIN', () => {
  it('reads every type as PostgreSQL writes it', async () => {
    const target = await targetOf(
      'b BOOLEAN, i INTERVAL, d DATE, ts TIMESTAMP, tz TIMESTAMPTZ, x BLOB, u UUID, l INTEGER[], s VARCHAR[], bl BLOB[], ' +
        'j JSON, st STRUCT(a INTEGER, b VARCHAR[]), m mood, bits BIT, h HUGEINT, tt TIMETZ, ns TIMESTAMP_NS, ll INTEGER[][], big BIGNUM, js JSON[]',
    );
    const line = [
      'on',
      '1 year -2 days +03:04:05.5',
      '0044-03-15 BC',
      '0044-03-15 10:00:00 BC',
      '2024-07-01 12:00:00',
      '\\\\xdeadBEEF',
      '{A0EEBC99-9c0b4ef8bb6d6bb9bd380a11}',
      '{1,NULL,-3}',
      '{"a b",NULL,"","q\\\\"uote"}',
      '{"\\\\\\\\xdead",NULL}',
      '{"k": [1, null]}',
      '{"a": 1, "b": ["x"]}',
      'happy',
      '101',
      '170141183460469231731687303715884105727',
      '10:00:00+02:30',
      '2024-01-01 00:00:00.123456',
      '[[1],[2,3]]',
      '-123456789012345678901234567890123456789012',
      '{"{\\\\"a\\\\":1}"}',
    ].join('\t');
    expect(await copy(target, text, `${line}\n`)).toBe(1);
    const out = new WireBuffer();
    const result = await connection.run('SELECT * FROM t');
    const names = result.columnNames();
    createCopyEncoder(result.columnTypes(), names, copyFormatOf(csv, 'to', names), settings).encode(
      result.getChunk(0),
      0,
      1,
      out,
    );
    expect(out.take().subarray(5).toString()).toBe(
      't,1 year -2 days +03:04:05.5,0044-03-15 BC,0044-03-15 10:00:00 BC,2024-07-01 12:00:00+02,\\xdeadbeef,' +
        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,"{1,NULL,-3}","{""a b"",NULL,"""",""q\\""uote""}","{""\\\\xdead"",NULL}",' +
        '"{""k"": [1, null]}","{""a"":1,""b"":[""x""]}",happy,101,170141183460469231731687303715884105727,10:00:00+02:30,' +
        '2024-01-01 00:00:00.123456,"[[1],[2,3]]",-123456789012345678901234567890123456789012,"{""{\\""a\\"":1}""}"\n',
    );
  });

  it('finds the value that a cast refused', async () => {
    const target = await targetOf('a INTEGER, m mood, j JSON');
    expect(await failure(copy(target, text, '1\tsad\t{}\n2\tangry\t{}\n'))).toMatchObject({
      sqlState: '22P02',
      where: 'COPY t, line 2, column m: "angry"',
    });
    expect(await failure(copy(target, csv, '1,sad,{}\n2,sad,"{\n"\n3,sad,{}\n'))).toMatchObject({
      sqlState: '22P02',
      message: 'invalid input syntax for type json',
      where: 'COPY t, line 3, column j: "{\n"',
    });
  });

  it('compares the header when asked to', async () => {
    const target = await targetOf('a INTEGER, b INTEGER');
    const match: CopyOptions = { format: 'csv', header: 'match' };
    expect(await copy(target, match, 'a,b\n1,2\n')).toBe(1);
    expect(await failure(copy(target, match, 'a,c\n1,2\n'))).toEqual({
      sqlState: '22P04',
      message: 'column name mismatch in header line field 2: got "c", expected "b"',
      where: 'COPY t, line 1: "a,c"',
    });
    expect((await failure(copy(target, match, 'a\n1,2\n'))).message).toBe(
      'wrong number of fields in header line: got 1, expected 2',
    );
  });

  it('gives columns that are not named their defaults', async () => {
    const target = await targetOf("a INTEGER, b VARCHAR DEFAULT 'new', c INTEGER", 'c, a');
    expect(await copy(target, csv, '1,2\n')).toBe(1);
    expect(await rows()).toEqual([[2, 'new', 1]]);
  });

  it('leaves constraints to the engine, and puts in nothing', async () => {
    const target = await targetOf('a INTEGER PRIMARY KEY');
    await expect(copy(target, csv, '1\n2\n1\n')).rejects.toThrow(/[Dd]uplicate key/);
    expect(await rows()).toEqual([]);
  });

  it('takes a row of some megabytes', async () => {
    const target = await targetOf('a VARCHAR');
    expect(await copy(target, text, `${'x'.repeat(5_000_000)}\n`)).toBe(1);
    expect(await rows('SELECT length(a) FROM t')).toEqual([['5000000']]);
  });

  // A delimiter that the spool never has makes every record go the long way.
  it.each([
    [csv, ','],
    [{ ...text, delimiter: '|' }, '|'],
  ] as const)('copies records as they are only when that is the same: %j', async (options, delimiter) => {
    const target = await targetOf('a VARCHAR, b INTEGER, c VARCHAR');
    const odd = fc.string({
      unit: fc.constantFrom('a', '1', '-', '"', '""', '\\', '\\N', ' ', "'", 'é', '\r', '\n', ';'),
      maxLength: 4,
    });
    const usual = fc.constantFrom('', 'x', '"quoted"', '12', '""', '\\N');
    const field = fc.oneof({ weight: 1, arbitrary: odd }, { weight: 6, arbitrary: usual });
    const number = fc.oneof(
      { weight: 1, arbitrary: odd },
      { weight: 8, arbitrary: fc.constantFrom('', '7', '-12', '\\N') },
    );
    const record = fc.tuple(field, number, field);
    const outcome = async (data: string, chosen: CopyOptions): Promise<unknown> => {
      await connection.run('DELETE FROM t');
      try {
        await copy(target, chosen, data, 7);
        return await rows();
      } catch (error) {
        const { sqlState, message, where } = error as SqlError;
        return { sqlState, message, where };
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 6 }), async (records) => {
        const lines = (between: string): string => records.map((fields) => `${fields.join(between)}\n`).join('');
        // Within quotes a delimiter is data.
        const expected = JSON.stringify(await outcome(lines('~'), { ...options, delimiter: '~' }));
        const found = JSON.stringify(await outcome(lines(delimiter), options));
        expect(found).toBe(expected.replaceAll('~', JSON.stringify(delimiter).slice(1, -1)));
      }),
      { numRuns: 300 },
    );
  });

  it.each([csv, text])('takes an empty line of a table of one column as a row: %j', async (options) => {
    const target = await targetOf('a VARCHAR');
    expect(await copy(target, options, 'x\n\ny\n')).toBe(3);
    expect(await rows()).toEqual([['x'], [options === csv ? null : ''], ['y']]);
  });

  it('hands over segments while data come, in order, and leaves no file', async () => {
    const target = await targetOf('a INTEGER, b VARCHAR');
    const lines = Array.from({ length: 60_000 }, (_, row) => `${row},"row ${row}"\n`).join('');
    // A buffer of the spool is a quarter of a megabyte: every one is a segment.
    expect(await copy(target, csv, lines, 10_000, 1)).toBe(60_000);
    expect(await rows(`SELECT count(*), count(*) FILTER (b = 'row ' || a AND a = rowid), sum(a) FROM t`)).toEqual([
      ['60000', '60000', '1799970000'],
    ]);
    expect(await readdir(directory)).toEqual([]);
  });

  it('tells the line of a wrong value in a later segment, and the first of several', async () => {
    const target = await targetOf('a INTEGER, b VARCHAR');
    const line = (row: number): string => (row === 50_000 ? `9999999999,"two\nlines"\n` : `${row},"row ${row}"\n`);
    const lines = Array.from({ length: 60_000 }, (_, row) => (row === 59_000 ? 'x,y\n' : line(row))).join('');
    expect(await failure(copy(target, { ...csv, header: true }, `a,b\n${lines}`, 65_536, 1))).toMatchObject({
      sqlState: '22003',
      where: 'COPY t, line 50003, column a: "9999999999"',
    });
    expect(await readdir(directory)).toEqual([]);
  });

  it.each([
    ['a\rb\n', 'literal carriage return found in data'],
    ['a\r\nb\n', 'literal newline found in data'],
  ])('refuses line ends that are mixed: %j', async (data, message) => {
    const target = await targetOf('a VARCHAR');
    expect((await failure(copy(target, text, data))).message).toBe(message);
  });

  it('refuses a quote that does not end, and bytes that are no UTF-8', async () => {
    const target = await targetOf('a VARCHAR, b BLOB');
    expect((await failure(copy(target, csv, 'x,\n"abc,\n'))).message).toBe('unterminated CSV quoted field');
    await expect(copy(target, csv, Buffer.from('ff0a', 'hex'))).rejects.toThrow();
  });
});

import { statSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ImportFixture, shapeOf, type ImportOptions } from '../import/import.fixture.js';
import { describeError } from '../../errors/catalogue.js';

const fixture = new ImportFixture();
beforeAll(() => fixture.open());
afterAll(() => fixture.close());
afterEach(() => expect(fixture.leftovers()).toEqual([]));

const twoColumns = shapeOf(['a VARCHAR', 'b VARCHAR']);

describe('CSV texts', () => {
  const cases: [string, string | Uint8Array, (string | null)[][], ImportOptions?][] = [
    [
      'plain',
      'a,b\n1,2\n3,4\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['no final line end', 'a,b\n1,2', [['1', '2']]],
    ['header only', 'a,b\n', []],
    ['header only, no line end', 'a,b', []],
    ['CRLF', 'a,b\r\n1,2\r\n', [['1', '2']]],
    [
      'CR',
      'a,b\r1,2\r3,4\r',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['commas in quotes', 'a,b\n"1,5",2\n', [['1,5', '2']]],
    ['doubled quotes', 'a,b\n"say ""hi""",2\n', [['say "hi"', '2']]],
    [
      'line ends in quotes',
      'a,b\n"1\n2",3\n"4\r\n5",6\n',
      [
        ['1\n2', '3'],
        ['4\r\n5', '6'],
      ],
    ],
    ['JSON in quotes', 'a,b\n"{""x"": [1, ""y""]}",2\n', [['{"x": [1, "y"]}', '2']]],
    ['UTF-8', 'a,b\nžluťoučký,日本 ʤ\n', [['žluťoučký', '日本 ʤ']]],
    ['byte order mark', '\ufeffa,b\n1,2\n', [['1', '2']]],
    ['byte order mark and quoted header', '\ufeff"a","b"\r\n1,2\r\n', [['1', '2']]],
    [
      'empty fields',
      'a,b\n,2\n"",\n',
      [
        [null, '2'],
        [null, null],
      ],
    ],
    [
      'blank lines',
      'a,b\n1,2\n\n3,4\n\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['semicolons', 'a;b\n1,5;2\n', [['1,5', '2']]],
    ['tabs', 'a\tb\n1,5\t2\n', [['1,5', '2']]],
    ['bars', 'a|b\n1|2\n', [['1', '2']]],
    ['other order, other case', 'B,A\n2,1\n', [['1', '2']]],
    ['foreign header', 'x,y\n1,2\n', [['1', '2']]],
    ['no header', '1,2\n', [['1', '2']], { csv: { header: false } }],
    ['no header, semicolons', '1;2\n', [['1', '2']], { csv: { header: false } }],
    ['no header, blank first line', '\n1,2\n', [['1', '2']], { csv: { header: false } }],
    ['longer delimiter', 'a||b\n1|x||2\n', [['1|x', '2']], { csv: { delimiter: '||' } }],
    ['single quotes given', "a,b\n'1,''5',2\n", [["1,'5", '2']], { csv: { quote: "'" } }],
    [
      'single quotes found',
      "a,b\n'1,5',2\n'x',y\n",
      [
        ['1,5', '2'],
        ['x', 'y'],
      ],
    ],
    ['no quotes', 'a,b\n"1,2"\n', [['"1', '2"']], { csv: { quote: '' } }],
    [
      'backslash escapes',
      'a,b\n"say \\"hi\\", ""you""","c:\\temp\\\\x"\n',
      [['say "hi", "you"', 'c:\\temp\\x']],
      { csv: { escape: '\\' } },
    ],
    [
      'backslash escape found',
      'a,b\n"say \\"hi\\"",2\n"x \\", y",3\n',
      [
        ['say "hi"', '2'],
        ['x ", y', '3'],
      ],
    ],
    ['escape given, never used', 'a,b\n"say ""hi""",2\n', [['say "hi"', '2']], { csv: { escape: '\\' } }],
    [
      'all options given',
      "a;b\n'x''y';NULL\n;2\n",
      [
        ["x'y", null],
        ['', '2'],
      ],
      { csv: { delimiter: ';', quote: "'", escape: "'", header: true, nullString: 'NULL' } },
    ],
    [
      'mixed line ends',
      'a,b\r\n1,2\n3,"4\r\n5"\r6,7\r\n',
      [
        ['1', '2'],
        ['3', '4\r\n5'],
        ['6', '7'],
      ],
    ],
    ['UTF-16 by its mark', Buffer.from('\ufeffa,b\nž,2\n', 'utf16le'), [['ž', '2']]],
    ['UTF-16 given', Buffer.from('a,b\nž,2\n', 'utf16le'), [['ž', '2']], { csv: { encoding: 'utf-16' } }],
    ['Latin-1', Buffer.from('a,b\né,2\n', 'latin1'), [['é', '2']], { csv: { encoding: 'latin-1' } }],
    ['gzip', gzipSync('a,b\n1,2\n'), [['1', '2']]],
    [
      'two gzip members',
      Buffer.concat([gzipSync('a,b\n1,2\n'), gzipSync('3,4\n')]),
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['a line of 3 MB', `a,b\n1,${'x'.repeat(3e6)}\n`, [['1', 'x'.repeat(3e6)]]],
    ['comment-like values', 'a,b\n#1,2\n', [['#1', '2']]],
  ];
  test.each(cases)('%s', async (_, content, rows, options) => {
    const imported = await fixture.importText(twoColumns, content, options);
    expect(imported.rows).toEqual(rows);
    expect(imported).toMatchObject({
      rowCount: rows.length,
      sourceRows: rows.length,
      insertedRows: rows.length,
      rejectedCount: 0,
    });
    expect(imported.sizeBytes).toBe(statSync(imported.path).size);
  });

  test.each([3e6, 9e6, 15e6])('a line of %d bytes, in the middle and at the end, quoted and not', async (length) => {
    const long = 'ab'.repeat(length / 2);
    for (const line of [`1,${long}`, `1,"${long}"`]) {
      for (const [content, rows] of [
        [`a,b\n0,x\n${line}\n2,y\n`, 3],
        [`a,b\n0,x\n${line}\n`, 2],
        [`a,b\n${line}`, 1],
      ] as const) {
        const imported = await fixture.importText(twoColumns, content);
        expect(imported.rows.map(([, b]) => (b === long ? 'long' : b))).toEqual(
          ['x', 'long', 'y'].slice(rows === 1 ? 1 : 0, rows === 1 ? 2 : rows),
        );
      }
    }
  });

  test('one column: a blank line is an empty value', async () => {
    const { rows } = await fixture.importText(shapeOf(['a VARCHAR']), 'a\nx\n\ny\n');
    expect(rows).toEqual([['x'], [null], ['y']]);
  });

  test('empty stays empty text when null_string is something else', async () => {
    const { rows } = await fixture.importText(twoColumns, 'a,b\n,NULL\n', { csv: { nullString: 'NULL' } });
    expect(rows).toEqual([['', null]]);
  });
});

describe('full load', () => {
  const keyed = shapeOf(['id INTEGER', 'name VARCHAR', "state VARCHAR NOT NULL DEFAULT 'new'"], ['id']);

  test('replaces all rows', async () => {
    const base = await fixture.baseVersion(keyed, `VALUES (1, 'x', 'y'), (2, 'x', 'y')`);
    const imported = await fixture.importText(keyed, 'id,name,state\n7,a,b\n', { base });
    expect(imported.rows).toEqual([[7, 'a', 'b']]);
    expect(imported).toMatchObject({
      insertedRows: 1,
      updatedRows: 0,
      deletedRows: 2,
      rowCount: 1,
      blockSizeBytes: 16384,
    });
    expect(imported.checksum).toMatch(/^[0-9a-f]{64}$/);
  });

  test('the last row of a key wins, at its place', async () => {
    const imported = await fixture.importText(keyed, 'id,name,state\n1,a,x\n2,b,x\n1,c,x\n3,d,x\n2,e,x\n2,f,x\n');
    expect(imported.rows.map(([id, name]) => [id, name])).toEqual([
      [1, 'c'],
      [3, 'd'],
      [2, 'f'],
    ]);
    expect(imported).toMatchObject({ insertedRows: 3, sourceRows: 6, rowCount: 3 });
    expect(imported.warnings).toEqual(['3 rows with a repeated primary key were replaced by a later row.']);
  });

  test.each(['fail_on_duplicates', 'insert_duplicates'] as const)('%s refuses a repeated key', async (dedupMode) => {
    const error = await fixture.failure(fixture.importText(keyed, 'id,name,state\n1,a,x\n1,c,x\n', { dedupMode }));
    expect(error.code).toBe('duplicate_key');
    expect(error.details).toEqual({ primary_key: ['id'], examples: [{ id: '1' }] });
  });

  test('columns that are not loaded get their default, or NULL', async () => {
    const { rows } = await fixture.importText(keyed, 'id,ignored\n1,z\n', { columns: ['id'] });
    expect(rows).toEqual([[1, null, 'new']]);
  });

  test('a column that must have a value and gets none is refused', async () => {
    const shape = shapeOf(['a INTEGER', 'b INTEGER NOT NULL']);
    const error = await fixture.failure(fixture.importText(shape, 'a\n1\n', { columns: ['a'] }));
    expect([error.code, error.details['column']]).toEqual(['import_failed', 'b']);
  });

  test('columns of a file without a header', async () => {
    const { rows } = await fixture.importText(keyed, 'n,1\n', { columns: ['name', 'id'], csv: { header: false } });
    expect(rows).toEqual([[1, 'n', 'new']]);
  });

  test('not null and defaults are kept', async () => {
    const { path } = await fixture.importText(keyed, 'id,name,state\n7,a,b\n');
    const columns = await fixture.database.withVersion({ id: path, path }, (alias) =>
      fixture.query(
        `SELECT column_name, is_nullable, column_default FROM duckdb_columns() WHERE database_name = '${alias.slice(1, -1)}'`,
      ),
    );
    expect(columns).toEqual([
      ['id', false, null],
      ['name', true, null],
      ['state', false, "'new'"],
    ]);
  });

  test('a column called rowid', async () => {
    const shape = shapeOf(['rowid INTEGER', 'v0 VARCHAR'], ['rowid']);
    const { rows } = await fixture.importText(shape, 'rowid,v0\n5,a\n6,b\n5,c\n');
    expect(rows).toEqual([
      [6, 'b'],
      [5, 'c'],
    ]);
  });

  test('a path that looks like a pattern', async () => {
    const path = fixture.write('a,b\n1,2\n', '[x]*?.csv.gz');
    const { rows } = await fixture.run(fixture.request(twoColumns, path, await fixture.baseVersion(twoColumns)));
    expect(rows).toEqual([['1', '2']]);
  });
});

describe('bad files', () => {
  const shape = shapeOf(['id INTEGER', 'price DECIMAL(10,2)', 'name VARCHAR NOT NULL'], ['id']);
  const cases: [string, string | Uint8Array, string, Record<string, unknown>, ImportOptions?][] = [
    ['0 bytes', '', 'import_failed', { line: 1 }],
    ['only a byte order mark', '\ufeff', 'import_failed', { line: 1 }],
    ['only a line end', '\n', 'import_failed', { line: 1 }],
    ['empty header', '\nid,price,name\n', 'import_failed', { line: 1 }],
    [
      'bad value',
      'id,price,name\n1,1,a\n2,abc,b\n',
      'import_failed',
      { line: 3, column: 'price', value: 'abc', reason: "could not convert 'abc' to DECIMAL(10,2)" },
    ],
    [
      'bad value after line ends in quotes',
      'id,price,name\n1,1,"a\nb\r\nc"\n\nx,1,b\n',
      'import_failed',
      { line: 6, column: 'id', value: 'x' },
    ],
    [
      'a value that imitates a message',
      'id,price,name\n1,1,a\nx,1,"\nError when converting column ""c2"". Could not convert string ""q"" to \'INTEGER\'\n"\n',
      'import_failed',
      { line: 3, column: 'id', value: 'x' },
    ],
    [
      'number out of range',
      'id,price,name\n3000000000,1,a\n',
      'import_failed',
      { line: 2, column: 'id', value: '3000000000' },
    ],
    [
      'too few columns',
      'id,price,name\n1,1,a\n2,2\n',
      'import_failed',
      { line: 3, reason: 'expected 3 columns, found 2' },
    ],
    [
      'too many columns',
      'id,price,name\n1,1,a,b\n',
      'import_failed',
      { line: 2, reason: 'expected 3 columns, found 4' },
    ],
    [
      'empty NOT NULL value',
      'id,price,name\n1,1,"a\nb"\n2,2,\n',
      'import_failed',
      { line: 4, column: 'name', value: null },
    ],
    ['empty key', 'id,price,name\n1,1,a\n,2,b\n', 'import_failed', { line: 3, column: 'id' }],
    ['missing closing quote', 'id,price,name\n1,1,a\n2,2,"b\n3,3,c\n', 'import_failed', { line: 3 }],
    ['missing closing quote, 20 MB', `id,price,name\n1,1,"${'x,y\n'.repeat(5e6)}`, 'import_failed', { line: 2 }],
    ['text after a closing quote', 'id,price,name\n1,1,"a"b\n', 'import_failed', { line: 2 }],
    ['invalid UTF-8', Buffer.from('id,price,name\n1,1,\xff\xfe\n', 'latin1'), 'import_failed', { line: 2 }],
    [
      'invalid UTF-8 in the header',
      Buffer.from('id,price,\xff\n1,1,a\n', 'latin1'),
      'column_mismatch',
      { missing: ['name'] },
    ],
    ['a header of 17 MB', `id,price,${'x'.repeat(17 * 1024 * 1024)}\n`, 'import_failed', { line: 1 }],
    [
      '100,000 columns',
      `${Array.from({ length: 100_000 }, (_, index) => `c${index}`).join(',')}\n`,
      'column_mismatch',
      {},
    ],
    ['a last line of 17 MB', `id,price,name\n1,1,${'x'.repeat(17 * 1024 * 1024)}\n`, 'import_failed', {}],
    ['a last line of 40 MB', `id,price,name\n1,1,${'x'.repeat(40 * 1024 * 1024)}`, 'import_failed', {}],
    ['a line of 17 MB', `id,price,name\n1,1,${'x'.repeat(17 * 1024 * 1024)}\n2,2,b\n`, 'import_failed', { line: 2 }],
    ['a line of 40 MB', `id,price,name\n1,1,${'x'.repeat(40 * 1024 * 1024)}\n2,2,b\n`, 'import_failed', {}],
    [
      'a quoted line of 40 MB',
      `id,price,name\n1,1,"${'x'.repeat(40 * 1024 * 1024)}"\n2,2,b\n`,
      'import_failed',
      { line: 2 },
    ],
    [
      'mixed line ends and a bad value',
      'id,price,name\r\n1,1,a\n2,2,b\rx,3,c\r\n',
      'import_failed',
      { line: 4, value: 'x' },
    ],
    ['mixed line ends and a ragged row', 'id,price,name\r\n1,1,a\n2,2\r3,3,c\r\n', 'import_failed', { line: 3 }],
    ['NUL bytes', Buffer.alloc(5000), 'import_failed', { line: 1 }],
    [
      'random bytes',
      Buffer.from(Array.from({ length: 4000 }, (_, index) => (index * index * 31 + index * 7) % 256)),
      'import_failed',
      {},
    ],
    [
      'damaged gzip',
      gzipSync('id,price,name\n1,1,a\n'.repeat(100)).subarray(0, 40),
      'import_failed',
      { compression: 'gzip' },
    ],
    [
      'gzip with a wrong checksum',
      flipped(gzipSync('id,price,name\n1,1,a\n'), -6),
      'import_failed',
      { compression: 'gzip' },
    ],
    ['gzip bomb', gzipSync(Buffer.alloc(5_000_000)), 'inflated_too_large', {}, { maxInflatedBytes: 1_000_000 }],
    [
      'gzip bomb of many members',
      Buffer.concat(Array.from({ length: 20 }, () => gzipSync(Buffer.alloc(100_000)))),
      'inflated_too_large',
      {},
      { maxInflatedBytes: 1_000_000 },
    ],
    ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0]), 'invalid_compression', { compression: 'zstd' }],
    ['zip', Buffer.from('PK\x03\x04aaaaaaaa'), 'invalid_compression', { compression: 'zip' }],
    ['Parquet sent as CSV', Buffer.from('PAR1aaaaaaaaaaaaaaaaPAR1'), 'import_failed', {}],
    ['CSV sent as Parquet', 'id,price,name\n1,1,a\n', 'import_failed', {}, { format: 'parquet' }],
    ['nothing sent as Parquet', '', 'import_failed', {}, { format: 'parquet' }],
    ['cut Parquet', Buffer.from('PAR1aaaaaaaaaaaaaaaa'), 'import_failed', {}, { format: 'parquet' }],
    ['garbage Parquet', Buffer.from(`PAR1${'\x07'.repeat(300)}PAR1`), 'import_failed', {}, { format: 'parquet' }],
    ['repeated header name', 'id,price,id\n1,1,1\n', 'duplicate_column', { column: 'id' }],
    [
      'missing and unexpected columns',
      'id,prize,name\n1,1,a\n',
      'column_mismatch',
      {
        missing: ['price'],
        unexpected: ['prize'],
        file_columns: ['id', 'prize', 'name'],
        table_columns: ['id', 'price', 'name'],
      },
    ],
    ['a column short', 'id,price\n1,1\n', 'column_mismatch', { missing: ['name'], unexpected: [] }],
    ['no header, wrong count', '1,1\n', 'column_mismatch', { missing: ['name'] }, { csv: { header: false } }],
    ['no header, later rows longer', '1,1,a\n1,1,a,b\n', 'import_failed', { line: 2 }, { csv: { header: false } }],
    ['unknown column', 'id,price,name\n', 'unknown_column', { column: 'nope' }, { columns: ['id', 'nope'] }],
    ['column asked for twice', 'id,price,name\n', 'duplicate_column', {}, { columns: ['id', 'ID'] }],
    [
      'column asked for is not in the file',
      'id\n1\n',
      'column_mismatch',
      { missing: ['name'] },
      { columns: ['id', 'name'] },
    ],
    [
      'key not among the columns',
      'price,name\n1,a\n',
      'column_mismatch',
      { missing: ['id'] },
      { columns: ['price', 'name'] },
    ],
    ['quote equal to delimiter', 'id,price,name\n', 'invalid_request', {}, { csv: { quote: ',', delimiter: ',' } }],
    ['long quote', 'id,price,name\n', 'invalid_request', {}, { csv: { quote: 'ab' } }],
    ['delimiter with a line end', 'id,price,name\n', 'invalid_request', {}, { csv: { delimiter: '\n' } }],
    [
      'delimiter in null_string',
      'id,price,name\n',
      'invalid_request',
      {},
      { csv: { delimiter: ',', nullString: 'a,b' } },
    ],
    ['hostile options', 'id,price,name\n', 'invalid_request', {}, { csv: { delimiter: "', x='" } }],
    [
      'hostile null_string',
      "id,price,name\n1,1,'a'); DROP TABLE data; --\nx,1,a\n",
      'import_failed',
      { line: 3 },
      { csv: { nullString: "') --" } },
    ],
  ];
  test.each(cases)('%s', async (_, content, code, details, options) => {
    const base = await fixture.baseVersion(shape, `VALUES (1, 1, 'a')`);
    const error = await fixture.failure(fixture.importText(shape, content, { ...options, base }));
    expect(error.code, error.message).toBe(code);
    expect(error.details).toMatchObject(details);
    expect([400, 409, 413]).toContain(describeError(error.code).http);
    expect(error.message + JSON.stringify(error.details)).not.toContain(fixture.directory);
    expect(error.message.length + JSON.stringify(error.details).length).toBeLessThan(10_000);
    expect(await fixture.rowsOf(base.path)).toEqual([[1, '1.00', 'a']]);
  });

  test('the message names place and reason', async () => {
    const error = await fixture.failure(fixture.importText(shape, `id,price,name\n${'1,1,a\n'.repeat(15)}1,abc,a\n`));
    expect(error.message).toBe(
      `Failed to load file: line 17, column "price": could not convert 'abc' to DECIMAL(10,2)`,
    );
  });

  test('cancelled', async () => {
    const request = fixture.request(twoColumns, fixture.write('a,b\n1,2\n'), await fixture.baseVersion(twoColumns));
    expect((await fixture.failure(fixture.run(request, AbortSignal.abort()))).code).toBe('request_cancelled');
  });
});

function flipped(bytes: Buffer, position: number): Buffer {
  const index = bytes.length + position;
  bytes[index] = (bytes[index] ?? 0) ^ 0xff;
  return bytes;
}

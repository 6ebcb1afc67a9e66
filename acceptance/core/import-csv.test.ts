import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorCode, errorDetails, errorMessage, mustSucceed } from '../helpers/api.js';
import {
  createProjectWithBucket,
  createTable,
  importContent,
  importFile,
  rowsOf,
  uploadFile,
  type Content,
  type ImportRequest,
  type Project,
  type Table,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
let project: Project;
let bucket: string;

beforeAll(async () => {
  ({ project, bucket } = await createProjectWithBucket(server.admin));
});

const newTable = (columns: Record<string, string> = { id: 'INTEGER', name: 'VARCHAR' }): Promise<Table> =>
  createTable(project, bucket, columns);

/** Imports into a new table of `id INTEGER, name VARCHAR` and gives its rows. */
async function rowsAfter(content: Content, request: ImportRequest = {}): Promise<unknown[][]> {
  const table = await newTable();
  mustSucceed(await importContent(table, content, request));
  return await rowsOf(table);
}

const TWO_ROWS = [
  [1, 'a'],
  [2, 'b'],
];

describe('a full load', () => {
  it('reports what it did', async () => {
    const table = await newTable();
    const first = mustSucceed(await importContent(table, 'id,name\n1,a\n2,b\n'));
    expect(first).toMatchObject({
      imported_rows: 2,
      inserted_rows: 2,
      updated_rows: 0,
      deleted_rows: 0,
      rejected_count: 0,
      rejected_rows: [],
      table_rows_after: 2,
      warnings: [],
      duration_ms: expect.any(Number),
    });
    expect(first.table_size_bytes).toBeGreaterThan(0);

    const second = mustSucceed(await importContent(table, 'id,name\n3,c\n'));
    expect(second).toMatchObject({ imported_rows: 1, table_rows_after: 1, deleted_rows: 2 });
    expect(await rowsOf(table)).toEqual([[3, 'c']]);
  });

  it('empties the table when the file has a header only', async () => {
    const table = await newTable();
    mustSucceed(await importContent(table, 'id,name\n1,a\n'));
    const report = mustSucceed(await importContent(table, 'id,name\n'));
    expect(report).toMatchObject({ imported_rows: 0, table_rows_after: 0 });
    expect(await rowsOf(table)).toEqual([]);
  });

  it('takes one file for several tables', async () => {
    const file = await uploadFile(project, 'id,name\n1,a\n2,b\n');
    for (const table of [await newTable(), await newTable()]) {
      mustSucceed(await importFile(table, file.id));
      expect(await rowsOf(table)).toEqual(TWO_ROWS);
    }
  });
});

describe('dialects', () => {
  const gz = (text: string) => gzipSync(Buffer.from(text));
  it.each<[string, Content, unknown]>([
    ['CR LF', 'id,name\r\n1,a\r\n2,b\r\n', undefined],
    ['no newline at the end', 'id,name\n1,a\n2,b', undefined],
    ['BOM', '\uFEFFid,name\n1,a\n2,b\n', undefined],
    ['BOM and quoted header', '\uFEFF"id","name"\n1,a\n2,b\n', undefined],
    ['everything quoted', '"id","name"\n"1","a"\n"2","b"\n', undefined],
    ['semicolon, detected', 'id;name\n1;a\n2;b\n', undefined],
    ['tab, detected', 'id\tname\n1\ta\n2\tb\n', undefined],
    ['pipe, given', 'id|name\n1|a\n2|b\n', { delimiter: '|' }],
    ['semicolon, given', 'id;name\n1;a\n2;b\n', { delimiter: ';' }],
    ['single quotes', "id,name\n1,'a'\n'2','b'\n", { quote: "'" }],
    ['without header', '1,a\n2,b\n', { header: false }],
    ['without header, as text', '1,a\n2,b\n', { header: 'no' }],
    ['gzip', gz('id,name\n1,a\n2,b\n'), undefined],
    ['gzip in two members', Buffer.concat([gz('id,name\n1,a\n'), gz('2,b\n')]), undefined],
    ['gzip of semicolons', gz('id;name\n1;a\n2;b\n'), { delimiter: ';' }],
    ['latin-1', Buffer.from('id,name\n1,a\n2,b\n', 'latin1'), { encoding: 'latin-1' }],
  ])('%s', async (_, content, csvOptions) => {
    expect(await rowsAfter(content, csvOptions === undefined ? {} : { csv_options: csvOptions })).toEqual(TWO_ROWS);
  });

  it('latin-1 text arrives as the same characters', async () => {
    const content = Buffer.from('id,name\n1,žluťoučký\n'.replace(/[žťč]/g, 'ü'), 'latin1');
    expect(await rowsAfter(content, { csv_options: { encoding: 'latin-1' } })).toEqual([[1, 'üluüouüký']]);
  });

  const quoted = 'id,name\n1,"say ""hi"", twice\n2nd line"\n';
  it.each([
    ['no options', undefined],
    ['empty options', {}],
    ['the defaults of the reference', { delimiter: ',', quote: '"', escape: '\\', header: true, null_string: '' }],
    ['delimiter only', { delimiter: ',' }],
    ['escape is the quote', { escape: '"' }],
  ])('doubled quotes work with %s', async (_, csvOptions) => {
    const rows = await rowsAfter(quoted, csvOptions === undefined ? {} : { csv_options: csvOptions });
    expect(rows).toEqual([[1, 'say "hi", twice\n2nd line']]);
  });

  it('an escape by backslash works when it is asked for', async () => {
    const rows = await rowsAfter('id,name\n1,"say \\"hi\\""\n', { csv_options: { escape: '\\' } });
    expect(rows).toEqual([[1, 'say "hi"']]);
  });

  it.each([
    [
      'unless given, an empty field',
      'id,name\n1,\n2,NULL\n',
      undefined,
      [
        [1, null],
        [2, 'NULL'],
      ],
    ],
    [
      'NULL',
      'id,name\n1,\n2,NULL\n',
      'NULL',
      [
        [1, ''],
        [2, null],
      ],
    ],
    [
      '\\N',
      'id,name\n1,\\N\n2,\n',
      '\\N',
      [
        [1, null],
        [2, ''],
      ],
    ],
  ])('null is %s', async (_, content, nullString, rows) => {
    const options = nullString === undefined ? {} : { csv_options: { null_string: nullString } };
    expect(await rowsAfter(content, options)).toEqual(rows);
  });

  it('keeps blanks, commas, emoji and control characters in quoted fields', async () => {
    const value = ' a, "b" 🦆\t\u0001 ';
    const rows = await rowsAfter(`id,name\n1,"${value.replaceAll('"', '""')}"\n`);
    expect(rows).toEqual([[1, value]]);
  });
});

describe('columns', () => {
  it('are mapped by name, in any order', async () => {
    expect(await rowsAfter('name,id\na,1\nb,2\n')).toEqual(TWO_ROWS);
  });

  it('are mapped by name, whatever the case', async () => {
    expect(await rowsAfter('NAME,Id\na,1\nb,2\n')).toEqual(TWO_ROWS);
  });

  it('are mapped by position, with a warning, when no name matches and the counts agree', async () => {
    const table = await newTable();
    const report = mustSucceed(await importContent(table, 'x,y\n1,a\n2,b\n'));
    expect(report.warnings).toHaveLength(1);
    expect(report.warnings[0]).toMatch(/position/);
    expect(await rowsOf(table)).toEqual(TWO_ROWS);
  });

  it.each([
    ['one missing', 'id\n1\n', ['name'], []],
    ['one unexpected', 'id,name,extra\n1,a,x\n', [], ['extra']],
    ['one of each', 'id,title\n1,a\n', ['name'], ['title']],
    ['none matches and the counts differ', 'x,y,z\n1,a,b\n', ['id', 'name'], ['x', 'y', 'z']],
  ])('%s: 400 that names them', async (_, content, missing, unexpected) => {
    const table = await newTable();
    const refused = await importContent(table, content);
    expect([refused.status, errorCode(refused)]).toEqual([400, 'column_mismatch']);
    expect(errorDetails(refused)).toMatchObject({ missing, unexpected });
    for (const name of [...missing, ...unexpected]) expect(errorMessage(refused)).toContain(name);
  });

  it('twice in the header is a 400', async () => {
    const table = await newTable();
    const refused = await importContent(table, 'id,name,name\n1,a,b\n');
    expect(refused.status).toBe(400);
    expect(errorMessage(refused)).toContain('name');
  });

  it('without a header must be as many as the table has', async () => {
    const table = await newTable();
    const refused = await importContent(table, '1,a,x\n', { csv_options: { header: false } });
    expect(refused.status).toBe(400);
  });

  it('can be chosen with `columns`; the others take their default', async () => {
    const table = await createTable(project, bucket, [
      { name: 'id', type: 'INTEGER' },
      { name: 'name', type: 'VARCHAR', default: "'none'" },
      { name: 'n', type: 'INTEGER' },
    ]);
    const report = await importContent(table, 'n,id,other\n5,1,x\n', { import_options: { columns: ['id'] } });
    mustSucceed(report);
    expect(await rowsOf(table)).toEqual([[1, 'none', null]]);
  });

  it('of a file without header are those of `columns`, in that order', async () => {
    const rows = await rowsAfter('a,1\nb,2\n', {
      csv_options: { header: false },
      import_options: { columns: ['name', 'id'] },
    });
    expect(rows).toEqual(TWO_ROWS);
  });

  it.each([
    ['unknown to the table', ['id', 'nope'], 'unknown_column'],
    ['absent from the file', ['id', 'name'], 'column_mismatch'],
  ])('%s in `columns` is a 400', async (_, columns, code) => {
    const table = await newTable();
    const refused = await importContent(table, 'id\n1\n', { import_options: { columns } });
    expect([refused.status, errorCode(refused)]).toEqual([400, code]);
  });

  it('that are NOT NULL without a default must be loaded', async () => {
    const table = await createTable(project, bucket, [
      { name: 'id', type: 'INTEGER' },
      { name: 'must', type: 'INTEGER', nullable: false },
    ]);
    const refused = await importContent(table, 'id\n1\n', { import_options: { columns: ['id'] } });
    expect(refused.status).toBe(400);
    expect(errorMessage(refused)).toContain('must');
  });
});

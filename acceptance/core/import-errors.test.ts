import { beforeAll, describe, expect, it } from 'vitest';
import { errorCode, errorDetails, errorMessage, mustSucceed } from '../helpers/api.js';
import {
  createProject,
  createProjectWithBucket,
  createTable,
  importContent,
  importFile,
  rowsOf,
  uploadFile,
  type Content,
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

const TWO_ROWS = [
  [1, 'a'],
  [2, 'b'],
];

describe('a refused import', () => {
  it.each<[string, Content, Record<string, unknown>]>([
    ['a value of the wrong type', 'id,name\n1,a\n2,b\nx,c\n', { line: 4, column: 'id', value: 'x' }],
    ['too few fields', 'id,name\n1,a\n2\n', { line: 3 }],
    ['too many fields', 'id,name\n1,a\n2,b,c\n', { line: 3 }],
    ['an unclosed quote', 'id,name\n1,a\n2,"b\n3,c\n', {}],
    ['a number out of range', 'id,name\n1,a\n99999999999,b\n', { line: 3, column: 'id', value: '99999999999' }],
    ['a line after a quoted newline', 'id,name\n1,"a\nb"\nx,c\n', { column: 'id', value: 'x' }],
    ['invalid UTF-8', Buffer.from([...Buffer.from('id,name\n1,a\n2,'), 0xff, 0xfe, 0x0a]), {}],
  ])('%s: 400 with the place, and nothing changed', async (_, content, details) => {
    const table = await newTable();
    mustSucceed(await importContent(table, 'id,name\n1,a\n2,b\n'));
    for (const incremental of [false, true]) {
      const refused = await importContent(table, content, { import_options: { incremental } });
      expect([refused.status, errorCode(refused)]).toEqual([400, 'import_failed']);
      expect(errorMessage(refused)).toMatch(/^Failed to load file: /);
      expect(errorDetails(refused)).toMatchObject(details);
      expect(await rowsOf(table)).toEqual(TWO_ROWS);
    }
  });

  it('names a NULL in a NOT NULL column', async () => {
    const table = await createTable(project, bucket, [
      { name: 'id', type: 'INTEGER' },
      { name: 'must', type: 'VARCHAR', nullable: false },
    ]);
    const refused = await importContent(table, 'id,must\n1,a\n2,\n');
    expect([refused.status, errorCode(refused)]).toEqual([400, 'import_failed']);
    expect(errorDetails(refused)).toMatchObject({ line: 3, column: 'must' });
  });

  it('of an empty file is import_failed', async () => {
    const refused = await importContent(await newTable(), '');
    expect([refused.status, errorCode(refused)]).toEqual([400, 'import_failed']);
    expect(errorDetails(refused)).toMatchObject({ format: 'csv' });
  });

  it('of another format says which there are', async () => {
    for (const format of ['json', 'CSV', '']) {
      const refused = await importContent(await newTable(), 'id,name\n', { format });
      expect(refused.body).toEqual({
        detail: {
          error: 'invalid_format',
          message: `Unsupported format: ${format}. Use 'csv' or 'parquet'.`,
          details: { format },
        },
      });
      expect(refused.status).toBe(400);
    }
  });

  it('of an unknown file, or one of another project, is file_not_found', async () => {
    const table = await newTable();
    const other = await createProject(server.admin);
    const foreign = await uploadFile(other, 'id,name\n1,a\n');
    for (const fileId of ['122732a0-bfec-4016-a60e-0ae76f55f704', 'x', '', foreign.id]) {
      const refused = await importFile(table, fileId);
      expect([refused.status, errorCode(refused)]).toEqual([404, 'file_not_found']);
      expect(errorDetails(refused)).toEqual({ project_id: project.id, file_id: fileId });
    }
  });

  it('checks the table before the file', async () => {
    const refused = await importFile(
      { ...(await newTable()), path: `${project.bucketsPath}/${bucket}/tables/no` },
      'x',
    );
    expect([refused.status, errorCode(refused)]).toEqual([404, 'table_not_found']);
  });

  it.each([
    ['no file_id', {}, ['body', 'file_id']],
    ['options that are a list', { file_id: 'x', import_options: [] }, ['body', 'import_options']],
    [
      'incremental maybe',
      { file_id: 'x', import_options: { incremental: 'maybe' } },
      ['body', 'import_options', 'incremental'],
    ],
    [
      'max_bad_rows below zero',
      { file_id: 'x', import_options: { max_bad_rows: -1 } },
      ['body', 'import_options', 'max_bad_rows'],
    ],
    [
      'on_error of another kind',
      { file_id: 'x', import_options: { on_error: 'explode' } },
      ['body', 'import_options', 'on_error'],
    ],
  ])('%s is a 422', async (_, body, loc) => {
    const table = await newTable();
    const answer = await project.api.post(`${table.path}/import/file`, body);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ detail: [{ loc }] });
  });
});

describe('on_error: skip', () => {
  const BAD = 'id,name\n1,a\nx,b\n3,c\n4\n5,e,f\n6,g\n';

  it('loads the good rows and returns the bad ones', async () => {
    const table = await newTable();
    const report = mustSucceed(
      await importContent(table, BAD, { import_options: { on_error: 'skip', max_bad_rows: 3 } }),
    );
    expect(await rowsOf(table)).toEqual([
      [1, 'a'],
      [3, 'c'],
      [6, 'g'],
    ]);
    expect(report).toMatchObject({ imported_rows: 3, rejected_count: 3, table_rows_after: 3 });
    expect(report.rejected_rows.map(({ line }) => line)).toEqual([3, 5, 6]);
    expect(report.rejected_rows[0]).toMatchObject({ line: 3, column: 'id', reason: expect.stringContaining('x') });
    for (const row of report.rejected_rows) expect(row.reason).not.toBe('');
  });

  it('gives up beyond max_bad_rows and changes nothing', async () => {
    const table = await newTable();
    mustSucceed(await importContent(table, 'id,name\n1,a\n2,b\n'));
    const refused = await importContent(table, BAD, { import_options: { on_error: 'skip', max_bad_rows: 2 } });
    expect([refused.status, errorCode(refused)]).toEqual([400, 'too_many_bad_rows']);
    expect(await rowsOf(table)).toEqual(TWO_ROWS);
  });

  it('also skips rows without a key or a required value', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER', name: 'VARCHAR' }, { primaryKey: ['id'] });
    const report = mustSucceed(
      await importContent(table, 'id,name\n1,a\n,b\n2,c\n', { import_options: { on_error: 'skip', max_bad_rows: 9 } }),
    );
    expect(report.rejected_count).toBe(1);
    expect(report.rejected_rows[0]).toMatchObject({ line: 3, column: 'id' });
    expect(await rowsOf(table)).toEqual([
      [1, 'a'],
      [2, 'c'],
    ]);
  });

  it('shows at most the first rejected rows but counts all', async () => {
    const table = await newTable();
    const lines = Array.from({ length: 1000 }, (_, n) => (n % 2 === 0 ? `${n},ok` : `bad${n},x`));
    const report = mustSucceed(
      await importContent(table, `id,name\n${lines.join('\n')}\n`, {
        import_options: { on_error: 'skip', max_bad_rows: 500 },
      }),
    );
    expect(report).toMatchObject({ imported_rows: 500, rejected_count: 500, table_rows_after: 500 });
    expect(report.rejected_rows.length).toBeLessThanOrEqual(100);
    expect(report.rejected_rows[0]?.line).toBe(3);
  });
});

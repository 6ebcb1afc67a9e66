import { beforeAll, describe, expect, it } from 'vitest';
import { errorCode, mustSucceed } from '../helpers/api.js';
import {
  createProjectWithBucket,
  createTable,
  importContent,
  rowsOf,
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

const BASE = 'id,name\n1,a\n2,b\n3,c\n';

async function keyedTable(content = BASE): Promise<Table> {
  const table = await createTable(project, bucket, { id: 'INTEGER', name: 'VARCHAR' }, { primaryKey: ['id'] });
  mustSucceed(await importContent(table, content));
  return table;
}

const incremental = (dedupMode?: string) => ({
  import_options: { incremental: true, ...(dedupMode === undefined ? {} : { dedup_mode: dedupMode }) },
});

describe('an incremental load without a key', () => {
  it.each([undefined, 'update_duplicates', 'insert_duplicates', 'fail_on_duplicates'])('appends (%s)', async (mode) => {
    const table = await createTable(project, bucket, { id: 'INTEGER', name: 'VARCHAR' });
    mustSucceed(await importContent(table, BASE));
    const report = mustSucceed(await importContent(table, 'id,name\n1,a\n9,z\n', incremental(mode)));
    expect(report).toMatchObject({ imported_rows: 2, inserted_rows: 2, updated_rows: 0, table_rows_after: 5 });
    expect(await rowsOf(table)).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
      [1, 'a'],
      [9, 'z'],
    ]);
  });
});

describe('an incremental load with a key', () => {
  it('updates rows where they are and adds new ones at the end, in file order', async () => {
    const table = await keyedTable();
    const report = mustSucceed(await importContent(table, 'id,name\n9,i\n2,B\n7,g\n', incremental()));
    expect(report).toMatchObject({ imported_rows: 2, inserted_rows: 2, updated_rows: 1, table_rows_after: 5 });
    expect(await rowsOf(table)).toEqual([
      [1, 'a'],
      [2, 'B'],
      [3, 'c'],
      [9, 'i'],
      [7, 'g'],
    ]);
  });

  it('counts no imported row for pure updates', async () => {
    const table = await keyedTable();
    const report = mustSucceed(await importContent(table, 'id,name\n1,A\n3,C\n', incremental()));
    expect(report).toMatchObject({ imported_rows: 0, inserted_rows: 0, updated_rows: 2, table_rows_after: 3 });
  });

  it('lets the last row of a file win', async () => {
    const table = await keyedTable();
    mustSucceed(await importContent(table, 'id,name\n2,first\n8,x\n2,last\n8,y\n', incremental()));
    expect(await rowsOf(table)).toEqual([
      [1, 'a'],
      [2, 'last'],
      [3, 'c'],
      [8, 'y'],
    ]);
  });

  it('updates with null, and changes only loaded columns', async () => {
    const table = await createTable(
      project,
      bucket,
      { id: 'INTEGER', a: 'VARCHAR', b: 'VARCHAR' },
      { primaryKey: ['id'] },
    );
    mustSucceed(await importContent(table, 'id,a,b\n1,a1,b1\n2,a2,b2\n'));
    mustSucceed(
      await importContent(table, 'id,a\n1,\n3,a3\n', { import_options: { incremental: true, columns: ['id', 'a'] } }),
    );
    expect(await rowsOf(table)).toEqual([
      [1, null, 'b1'],
      [2, 'a2', 'b2'],
      [3, 'a3', null],
    ]);
  });

  it('does nothing to rows that are all key', async () => {
    const table = await createTable(project, bucket, { a: 'INTEGER', b: 'VARCHAR' }, { primaryKey: ['a', 'b'] });
    mustSucceed(await importContent(table, 'a,b\n1,x\n1,y\n'));
    const report = mustSucceed(await importContent(table, 'a,b\n1,y\n2,x\n', incremental()));
    expect(report).toMatchObject({ imported_rows: 1, table_rows_after: 3 });
    expect(await rowsOf(table)).toEqual([
      [1, 'x'],
      [1, 'y'],
      [2, 'x'],
    ]);
  });

  it('keeps the place of rows with nested values', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER', v: 'INTEGER[]' }, { primaryKey: ['id'] });
    mustSucceed(await importContent(table, 'id,v\n1,"[1]"\n2,"[2]"\n3,"[3]"\n'));
    mustSucceed(await importContent(table, 'id,v\n2,"[2,2]"\n4,"[4]"\n', incremental()));
    expect(await rowsOf(table)).toEqual([
      [1, [1]],
      [2, [2, 2]],
      [3, [3]],
      [4, [4]],
    ]);
  });
});

describe('repeated keys', () => {
  it('in a full load: the last row wins', async () => {
    const table = await keyedTable('id,name\n5,old\n1,a\n5,new\n');
    const rows = await rowsOf(table);
    expect(rows).toHaveLength(2);
    expect(rows).toContainEqual([5, 'new']);
    expect(rows).toContainEqual([1, 'a']);
  });

  it.each([
    ['fail_on_duplicates', false, 'id,name\n5,x\n5,y\n'],
    ['fail_on_duplicates', true, 'id,name\n5,x\n5,y\n'],
    ['fail_on_duplicates', true, 'id,name\n2,x\n'],
    ['insert_duplicates', false, 'id,name\n5,x\n5,y\n'],
    ['insert_duplicates', true, 'id,name\n2,x\n'],
  ])('%s (incremental: %s): 409, and nothing changed', async (mode, isIncremental, content) => {
    const table = await keyedTable();
    const before = await rowsOf(table);
    const refused = await importContent(table, content, {
      import_options: { incremental: isIncremental, dedup_mode: mode },
    });
    expect([refused.status, errorCode(refused)]).toEqual([409, 'duplicate_key']);
    expect(refused.body).toMatchObject({ detail: { details: { dedup_mode: mode } } });
    expect(await rowsOf(table)).toEqual(before);
  });

  it.each(['fail_on_duplicates', 'insert_duplicates'])('%s loads new keys', async (mode) => {
    const table = await keyedTable();
    mustSucceed(await importContent(table, 'id,name\n4,d\n', incremental(mode)));
    expect(await rowsOf(table)).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
      [4, 'd'],
    ]);
  });

  it('of several columns are compared together', async () => {
    const table = await createTable(
      project,
      bucket,
      { a: 'VARCHAR', b: 'DATE', v: 'INTEGER' },
      { primaryKey: ['a', 'b'] },
    );
    mustSucceed(await importContent(table, 'a,b,v\nx,2024-01-01,1\nx,2024-01-02,2\ny,2024-01-01,3\n'));
    mustSucceed(await importContent(table, 'b,a,v\n2024-01-02,x,20\n2024-01-02,y,4\n', incremental()));
    expect(await rowsOf(table)).toEqual([
      ['x', '2024-01-01', 1],
      ['x', '2024-01-02', 20],
      ['y', '2024-01-01', 3],
      ['y', '2024-01-02', 4],
    ]);
  });

  it('null in a key is a 400', async () => {
    const table = await keyedTable();
    for (const isIncremental of [false, true]) {
      const refused = await importContent(table, 'id,name\n,x\n', { import_options: { incremental: isIncremental } });
      expect([refused.status, errorCode(refused)]).toEqual([400, 'import_failed']);
    }
    expect(await rowsOf(table)).toHaveLength(3);
  });

  it('a key column that is not loaded is a 400', async () => {
    const table = await keyedTable();
    const refused = await importContent(table, 'name\nx\n', { import_options: { columns: ['name'] } });
    expect(refused.status).toBe(400);
    expect(await rowsOf(table)).toHaveLength(3);
  });
});

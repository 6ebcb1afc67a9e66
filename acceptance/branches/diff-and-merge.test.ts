import { beforeEach, describe, expect, it } from 'vitest';

import { errorCode, errorDetails, mustSucceed } from '../helpers/api.js';
import { createBranch, diffOf, inBranch, merge, type Branch } from '../helpers/branches.js';
import {
  createBucket,
  createProjectWithBucket,
  createTable,
  getTable,
  importContent,
  rowsOf,
  type Project,
  type Table,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
const incremental = { import_options: { incremental: true } };
let project: Project;
let bucket: string;
let branch: Branch;
let keyed: Table;
beforeEach(async () => {
  ({ project, bucket } = await createProjectWithBucket(server.admin));
  keyed = await createTable(project, bucket, { id: 'INTEGER', v: 'VARCHAR' }, { name: 'keyed', primaryKey: ['id'] });
  mustSucceed(await importContent(keyed, 'id,v\n1,a\n2,b\n3,c\n'));
  branch = await createBranch(project);
});

const differences = async (query = '') => mustSucceed(await diffOf(branch, query));
const snapshotsOfMain = async (type: string) =>
  mustSucceed(await project.api.get<{ total: number }>(`${project.path}/branches/default/snapshots?type=${type}`))
    .total;

describe('diff', () => {
  it('is empty for a branch that has written nothing', async () => {
    expect(await differences()).toEqual({ tables: [], total: 0 });
  });

  it('tells added, removed and changed tables, with rows by key', async () => {
    const dropped = await createTable(project, bucket, { id: 'INTEGER' }, { name: 'dropped' });
    mustSucceed(await importContent(inBranch(branch, keyed), 'id,v\n2,B\n4,d\n', incremental));
    const added = await createTable(branch.inside, bucket, { x: 'DATE' }, { name: 'added' });
    mustSucceed(await importContent(added, 'x\n2026-01-02\n'));
    mustSucceed(await project.api.delete(inBranch(branch, dropped).path));
    const { tables, total } = await differences();
    expect(total).toBe(3);
    expect(tables).toEqual([
      {
        bucket_name: bucket,
        table_name: 'added',
        change: 'added',
        conflict: false,
        rows_in_main: 0,
        rows_in_branch: 1,
        schema: null,
        rows: null,
      },
      {
        bucket_name: bucket,
        table_name: 'dropped',
        change: 'removed',
        conflict: false,
        rows_in_main: 0,
        rows_in_branch: 0,
        schema: null,
        rows: null,
      },
      {
        bucket_name: bucket,
        table_name: 'keyed',
        change: 'changed',
        conflict: false,
        rows_in_main: 3,
        rows_in_branch: 4,
        schema: null,
        rows: {
          by: 'key',
          compared_columns: ['id', 'v'],
          added: 1,
          removed: 0,
          changed: 1,
          examples: [
            { change: 'changed', before: { id: 2, v: 'b' }, after: { id: 2, v: 'B' } },
            { change: 'added', before: null, after: { id: 4, v: 'd' } },
          ],
        },
      },
    ]);
    expect(await differences('?limit=1&offset=2&rows=0')).toMatchObject({
      tables: [{ table_name: 'keyed', rows: { added: 1, examples: [] } }],
      total: 3,
    });
    expect((await differences('?table=ADDED')).total).toBe(1);
    expect((await differences('?bucket=none')).total).toBe(0);
  });

  it('says when main has changed as well, and when both came to the same', async () => {
    mustSucceed(await importContent(inBranch(branch, keyed), 'id,v\n1,x\n', incremental));
    mustSucceed(await importContent(keyed, 'id,v\n1,x\n', incremental));
    expect((await differences()).tables).toMatchObject([{ change: 'unchanged', conflict: true }]);
    mustSucceed(await importContent(keyed, 'id,v\n1,y\n', incremental));
    expect((await differences()).tables).toMatchObject([{ change: 'changed', conflict: true }]);
  });
});

describe('merge', () => {
  it('brings everything to main at once, and the branch reads main again', async () => {
    const dropped = await createTable(project, bucket, { id: 'INTEGER' }, { name: 'dropped' });
    const seen = inBranch(branch, keyed);
    mustSucceed(await importContent(seen, 'id,v\n2,B\n4,d\n', incremental));
    const added = await createTable(branch.inside, await createBucket(branch.inside, 'fresh'), { x: 'DATE' });
    mustSucceed(await importContent(added, 'x\n2026-01-02\n'));
    await createBucket(branch.inside, 'empty');
    mustSucceed(await project.api.delete(inBranch(branch, dropped).path));
    const merged = mustSucceed(await merge(branch));
    expect(merged).toEqual({
      tables: [
        { bucket_name: bucket, table_name: 'dropped', action: 'deleted', row_count: null },
        { bucket_name: bucket, table_name: 'keyed', action: 'replaced', row_count: 4 },
        { bucket_name: 'fresh', table_name: added.name, action: 'created', row_count: 1 },
      ],
      buckets_created: ['empty', 'fresh'],
      buckets_deleted: [],
    });
    expect(await rowsOf(keyed)).toEqual([
      [1, 'a'],
      [2, 'B'],
      [3, 'c'],
      [4, 'd'],
    ]);
    expect((await project.api.get(dropped.path)).status).toBe(404);
    expect((await getTable(seen)).source).toBe('main');
    expect(await differences()).toEqual({ tables: [], total: 0 });
    expect(await snapshotsOfMain('auto_premerge')).toBe(2);
    const versions = mustSucceed(
      await project.api.get<{ versions: { operation: string }[] }>(`${keyed.path}/versions`),
    );
    expect(versions.versions[0]?.operation).toBe('branch.merge');
    // The merged file is one of main now: it outlives the branch.
    mustSucceed(await project.api.delete(branch.path));
    expect(await rowsOf(keyed)).toHaveLength(4);
  });

  it('refuses what main has changed meanwhile, and changes nothing, until a strategy says which counts', async () => {
    const seen = inBranch(branch, keyed);
    mustSucceed(await importContent(seen, 'id,v\n1,ours\n', incremental));
    mustSucceed(await importContent(keyed, 'id,v\n1,theirs\n', incremental));
    const other = await createTable(branch.inside, bucket, { id: 'INTEGER' });
    const refused = await merge(branch);
    expect([refused.status, errorCode(refused)]).toEqual([409, 'merge_conflict']);
    expect(errorDetails(refused)).toMatchObject({ conflicts: [{ bucket_name: bucket, table_name: 'keyed' }] });
    expect((await project.api.get(other.path.replace(branch.id, 'default'))).status).toBe(404);
    const byRows = await merge(branch, { strategy: 'rows' });
    expect(errorDetails(byRows)).toMatchObject({
      conflicts: [{ table_name: 'keyed', conflicting_rows: 1, conflicting_keys: [{ id: '1' }] }],
    });
    expect(mustSucceed(await merge(branch, { strategy: 'ours' })).tables).toMatchObject([
      { table_name: 'keyed', action: 'replaced' },
      { action: 'created' },
    ]);
    expect((await rowsOf(keyed))[0]).toEqual([1, 'ours']);
  });

  it('keeps main when the strategy is theirs', async () => {
    const seen = inBranch(branch, keyed);
    mustSucceed(await importContent(seen, 'id,v\n1,ours\n', incremental));
    mustSucceed(await importContent(keyed, 'id,v\n1,theirs\n', incremental));
    expect(mustSucceed(await merge(branch, { strategy: 'theirs' })).tables).toMatchObject([{ action: 'kept' }]);
    expect((await rowsOf(keyed))[0]).toEqual([1, 'theirs']);
    expect((await rowsOf(seen))[0]).toEqual([1, 'theirs']);
  });

  it('takes the rows of both when they differ in different keys', async () => {
    mustSucceed(await importContent(inBranch(branch, keyed), 'id,v\n1,ours\n5,ours\n', incremental));
    mustSucceed(await importContent(keyed, 'id,v\n2,theirs\n6,theirs\n', incremental));
    expect(mustSucceed(await merge(branch, { strategy: 'rows' })).tables).toEqual([
      { bucket_name: bucket, table_name: 'keyed', action: 'rows_merged', row_count: 5 },
    ]);
    expect(await rowsOf(keyed)).toEqual([
      [1, 'ours'],
      [2, 'theirs'],
      [3, 'c'],
      [6, 'theirs'],
      [5, 'ours'],
    ]);
  });

  it('of rows is refused without a key', async () => {
    const bag = await createTable(project, bucket, { id: 'INTEGER' }, { name: 'bag' });
    mustSucceed(await importContent(inBranch(branch, bag), 'id\n1\n'));
    mustSucceed(await importContent(bag, 'id\n2\n'));
    const refused = await merge(branch, { strategy: 'rows' });
    expect(errorCode(refused)).toBe('merge_conflict');
    expect(JSON.stringify(errorDetails(refused))).toContain('no primary key');
  });

  it('of some tables leaves the others', async () => {
    const second = await createTable(project, bucket, { id: 'INTEGER' }, { name: 'second' });
    mustSucceed(await importContent(inBranch(branch, keyed), 'id,v\n9,x\n'));
    mustSucceed(await importContent(inBranch(branch, second), 'id\n1\n'));
    mustSucceed(await merge(branch, { tables: [{ bucket, table: 'SECOND' }] }));
    expect(await rowsOf(second)).toEqual([[1]]);
    expect(await rowsOf(keyed)).toHaveLength(3);
    expect((await differences()).tables).toMatchObject([{ table_name: 'keyed' }]);
    const absent = await merge(branch, { tables: [{ bucket, table: 'second' }] });
    expect([absent.status, errorCode(absent)]).toEqual([404, 'table_not_found']);
  });

  it('deletes a bucket that the branch deleted, unless main has put something new into it', async () => {
    const doomed = await createBucket(project, 'doomed');
    await createTable(project, doomed, { id: 'INTEGER' }, { name: 'old' });
    mustSucceed(await project.api.delete(`${branch.inside.bucketsPath}/${doomed}`));
    await createTable(project, doomed, { id: 'INTEGER' }, { name: 'new' });
    const refused = await merge(branch);
    expect(errorDetails(refused)).toMatchObject({ conflicts: [{ bucket_name: 'doomed', table_name: 'new' }] });
    expect(mustSucceed(await merge(branch, { strategy: 'ours' }))).toMatchObject({ buckets_deleted: ['doomed'] });
    expect((await project.api.get(`${project.bucketsPath}/${doomed}`)).status).toBe(404);
  });

  it('is one moment for the readers of main', async () => {
    const tables: Table[] = [];
    for (const name of ['a', 'b', 'c']) {
      tables.push(await createTable(project, bucket, { id: 'INTEGER' }, { name }));
    }
    for (const table of tables) mustSucceed(await importContent(inBranch(branch, table), 'id\n1\n'));
    let merging = true;
    const seen = new Set<string>();
    const reader = (async () => {
      while (merging) {
        const list = mustSucceed(
          await project.api.get<{ tables: { name: string; row_count: number }[] }>(
            `${project.bucketsPath}/${bucket}/tables`,
          ),
        );
        seen.add(list.tables.flatMap(({ name, row_count: rows }) => (name === 'keyed' ? [] : [rows])).join(''));
      }
    })();
    mustSucceed(await merge(branch));
    merging = false;
    await reader;
    expect([...seen].filter((rows) => rows !== '000' && rows !== '111')).toEqual([]);
  });
});

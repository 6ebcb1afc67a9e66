import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { errorCode, errorDetails, errorMessage, mustSucceed, uniqueName } from '../helpers/api.js';
import { branchOf, createBranch, inBranch, pull } from '../helpers/branches.js';
import {
  createBucket,
  createProject,
  createProjectWithBucket,
  createTable,
  getTable,
  importContent,
  rowsOf,
  type Project,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
let project: Project;
let bucket: string;
beforeAll(async () => {
  ({ project, bucket } = await createProjectWithBucket(server.admin));
});

const branchesPath = (): string => `${project.path}/branches`;
const duckdb = (...parts: string[]): string => join(server.process.dataDir, 'duckdb', ...parts);

describe('a branch', () => {
  it('is made with an id of eight characters, and an empty directory', async () => {
    const created = await project.api.post<Record<string, unknown>>(branchesPath(), {
      name: 'feature/analytics',
      description: 'try it',
    });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
      project_id: project.id,
      name: 'feature/analytics',
      created_at: expect.any(String) as string,
      created_by: expect.any(String) as string,
      description: 'try it',
      table_count: 0,
      size_bytes: 0,
    });
    const { id } = created.body as { id: string };
    expect(readdirSync(duckdb(`project_${project.id}_branch_${id}`))).toEqual([]);
    const got = mustSucceed(await project.api.get<Record<string, unknown>>(`${branchesPath()}/${id}`));
    expect(got).toEqual({ ...created.body, copied_tables: [] });
  });

  it.each(['', ' x', 'default', 'DEFAULT', 'a\nb', 'x'.repeat(256)])('is refused the name %j', async (name) => {
    const refused = await project.api.post(branchesPath(), { name });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ detail: [{ loc: ['body', 'name'] }] });
  });

  it('has a name of its own in the project', async () => {
    const name = uniqueName('same-name');
    await createBranch(project, name);
    const again = await project.api.post(branchesPath(), { name });
    expect([again.status, errorCode(again), errorMessage(again)]).toEqual([
      409,
      'branch_name_exists',
      `Branch with name '${name}' already exists`,
    ]);
    expect(errorDetails(again)).toEqual({ project_id: project.id, name });
    const other = await createProject(server.admin);
    await createBranch(other, name);
  });

  it('can be renamed and described', async () => {
    const branch = await createBranch(project);
    const name = uniqueName('renamed');
    const updated = mustSucceed(await project.api.put(branch.path, { name, description: 'x' }));
    expect(updated).toMatchObject({ id: branch.id, name, description: 'x' });
    expect(mustSucceed(await project.api.put(branch.path, {}))).toEqual(updated);
    const foreign = { id: 'x', project_id: 'y', created_by: 'z', 'no such member': 1 };
    expect(mustSucceed(await project.api.put(branch.path, foreign))).toEqual(updated);
    const other = await createBranch(project);
    expect(errorCode(await project.api.put(other.path, { name }))).toBe('branch_name_exists');
  });

  it('is listed newest first, a page at a time', async () => {
    const listed = await createProject(server.admin);
    const made = [await createBranch(listed), await createBranch(listed), await createBranch(listed)];
    const list = async (query: string) =>
      mustSucceed(
        await listed.api.get<{ branches: { id: string }[]; count: number; total: number }>(
          `${listed.path}/branches${query}`,
        ),
      );
    expect((await list('')).branches.map(({ id }) => id)).toEqual(made.map(({ id }) => id).reverse());
    expect(await list('?limit=2&offset=2')).toMatchObject({ branches: [{ id: made[0]?.id }], count: 1, total: 3 });
    expect(await list('?offset=9')).toMatchObject({ branches: [], count: 0 });
  });

  it.each(['none', 'default'])('%s is no branch to get, change, pull, compare, merge or delete', async (id) => {
    const { path } = branchOf(project, id);
    const requests: [string, string, unknown?][] = [
      ['GET', path],
      ['PUT', path, {}],
      ['DELETE', path],
      ['POST', `${path}/pull`],
      ['POST', `${path}/buckets/${bucket}/pull`],
      ['POST', `${path}/tables/${bucket}/t/pull`],
      ['GET', `${path}/diff`],
      ['POST', `${path}/merge`, {}],
    ];
    for (const [method, at, json] of requests) {
      const refused = await project.api.request(method, at, json === undefined ? {} : { json });
      expect([refused.status, errorCode(refused)], `${method} ${at}`).toEqual([404, 'branch_not_found']);
    }
  });

  it('goes with all it has, and main stays', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    mustSucceed(await importContent(table, 'id\n1\n'));
    const branch = await createBranch(project);
    mustSucceed(await importContent(inBranch(branch, table), 'id\n2\n3\n'));
    mustSucceed(await project.api.post(`${branch.inside.bucketsPath}`, { name: 'only_here' }));
    const directory = duckdb(`project_${project.id}_branch_${branch.id}`);
    expect(existsSync(join(directory, bucket, `${table.name}.duckdb`))).toBe(true);
    expect((await project.api.delete(branch.path)).status).toBe(204);
    expect(existsSync(directory)).toBe(false);
    expect((await project.api.get(branch.path)).status).toBe(404);
    expect((await project.api.get(inBranch(branch, table).path)).status).toBe(404);
    expect(await rowsOf(table)).toEqual([[1]]);
    expect((await project.api.delete(branch.path)).status).toBe(404);
  });

  it('does not keep its project from being deleted', async () => {
    const doomed = await createProject(server.admin);
    const branch = await createBranch(doomed);
    const table = await createTable(branch.inside, await createBucket(branch.inside), { id: 'INTEGER' });
    mustSucceed(await importContent(table, 'id\n1\n'));
    expect((await server.admin.delete(doomed.path)).status).toBe(204);
    expect(readdirSync(duckdb()).filter((name) => name.startsWith(`project_${doomed.id}`))).toEqual([]);
  });
});

describe('reading in a branch', () => {
  it('is a live view of main until the branch writes; the timeline of the plan', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER', v: 'VARCHAR' }, { primaryKey: ['id'] });
    const incremental = { import_options: { incremental: true } };
    mustSucceed(await importContent(table, 'id,v\n1,main\n'));
    const branch = await createBranch(project);
    const seen = inBranch(branch, table);
    expect(await rowsOf(seen)).toEqual([[1, 'main']]);
    expect((await getTable(seen)).source).toBe('main');

    mustSucceed(await importContent(table, 'id,v\n2,grown\n', incremental));
    expect(await rowsOf(seen)).toHaveLength(2);

    mustSucceed(await importContent(seen, 'id,v\n3,branch\n', incremental));
    expect(await rowsOf(seen)).toEqual([
      [1, 'main'],
      [2, 'grown'],
      [3, 'branch'],
    ]);
    expect((await getTable(seen)).source).toBe('branch');
    expect(await rowsOf(table)).toHaveLength(2);
    expect((await getTable(table)).source).toBe('main');
    expect(mustSucceed(await project.api.get(branch.path))).toMatchObject({
      table_count: 1,
      copied_tables: [{ bucket_name: bucket, table_name: table.name }],
    });

    mustSucceed(await importContent(table, 'id,v\n4,later\n', incremental));
    expect(await rowsOf(seen)).toHaveLength(3);
    expect(await rowsOf(table)).toHaveLength(3);

    const pulled = mustSucceed(await pull(branch, table));
    expect(pulled).toEqual({
      bucket_name: bucket,
      table_name: table.name,
      message: 'Table now reads from main (live view)',
      was_local: true,
    });
    expect(await rowsOf(seen)).toEqual(await rowsOf(table));
    expect(mustSucceed(await pull(branch, table))).toMatchObject({
      was_local: false,
      message: 'Table was already reading from main',
    });
  });

  it('merges the lists of main and branch, and says where each item lives', async () => {
    const { project: own, bucket: shared } = await createProjectWithBucket(server.admin);
    const [kept, written, dropped] = [
      await createTable(own, shared, { id: 'INTEGER' }, { name: 'kept' }),
      await createTable(own, shared, { id: 'INTEGER' }, { name: 'written' }),
      await createTable(own, shared, { id: 'INTEGER' }, { name: 'dropped' }),
    ];
    const gone = await createBucket(own, 'gone');
    await createTable(own, gone, { id: 'INTEGER' });
    const branch = await createBranch(own);
    mustSucceed(await importContent(inBranch(branch, written), 'id\n1\n'));
    mustSucceed(await own.api.delete(inBranch(branch, dropped).path));
    await createTable(branch.inside, shared, { id: 'INTEGER' }, { name: 'only_here' });
    mustSucceed(await own.api.delete(`${branch.inside.bucketsPath}/${gone}`));
    await createBucket(branch.inside, 'new_bucket');

    const listTables = async (of: Project, query = '') =>
      mustSucceed(
        await own.api.get<{ tables: { name: string; source: string }[]; total: number }>(
          `${of.bucketsPath}/${shared}/tables${query}`,
        ),
      );
    const inside = await listTables(branch.inside);
    expect(inside.tables.map(({ name, source }) => `${name} ${source}`)).toEqual([
      'kept main',
      'only_here branch_only',
      'written branch',
    ]);
    expect(inside.total).toBe(3);
    expect(await listTables(branch.inside, '?limit=1&offset=1')).toMatchObject({
      tables: [{ name: 'only_here' }],
      total: 3,
    });
    expect((await listTables(own)).tables.map(({ name }) => name)).toEqual(['dropped', 'kept', 'written']);

    const listBuckets = async (of: Project) =>
      mustSucceed(
        await own.api.get<{ buckets: { name: string; source: string; table_count: number }[]; total: number }>(
          of.bucketsPath,
        ),
      );
    expect(await listBuckets(branch.inside)).toMatchObject({
      buckets: [
        { name: shared, source: 'branch', table_count: 3 },
        { name: 'new_bucket', source: 'branch_only', table_count: 0 },
      ].sort((a, b) => (a.name < b.name ? -1 : 1)),
      total: 2,
    });
    expect((await listBuckets(own)).total).toBe(2);
    expect((await own.api.get(inBranch(branch, dropped).path)).status).toBe(404);
    expect((await own.api.get(`${branch.inside.bucketsPath}/${gone}`)).status).toBe(404);
    expect((await getTable(dropped)).name).toBe('dropped');
    expect((await getTable(inBranch(branch, kept))).source).toBe('main');
  });

  it('shows what main makes later, unless the branch has deleted that name', async () => {
    const branch = await createBranch(project);
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    expect((await getTable(inBranch(branch, table))).source).toBe('main');
    mustSucceed(await project.api.delete(inBranch(branch, table).path));
    expect((await project.api.get(inBranch(branch, table).path)).status).toBe(404);
    const again = await createTable(branch.inside, bucket, { other: 'VARCHAR' }, { name: table.name });
    expect((await getTable(again)).columns.map(({ name }) => name)).toEqual(['other']);
    expect((await getTable(table)).columns.map(({ name }) => name)).toEqual(['id']);
    mustSucceed(await project.api.delete(again.path));
    expect((await project.api.get(again.path)).status).toBe(404);
    expect(mustSucceed(await pull(branch, table)).was_local).toBe(true);
    expect((await getTable(inBranch(branch, table))).source).toBe('main');
  });
});

describe('pull', () => {
  it('keeps what the branch gives up as a snapshot, unless it is discarded', async () => {
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const branch = await createBranch(project);
    const seen = inBranch(branch, table);
    const snapshots = async () =>
      mustSucceed(
        await project.api.get<{ total: number; snapshots: { id: string }[] }>(
          `${branch.path}/snapshots?table=${table.name}&type=auto_prepull`,
        ),
      );
    mustSucceed(await importContent(seen, 'id\n1\n2\n'));
    mustSucceed(await pull(branch, table, '?discard=true'));
    expect((await snapshots()).total).toBe(0);
    mustSucceed(await importContent(seen, 'id\n1\n2\n3\n'));
    mustSucceed(await pull(branch, table));
    const { total, snapshots: taken } = await snapshots();
    expect(total).toBe(1);
    mustSucceed(await project.api.post(`${branch.path}/snapshots/${taken[0]?.id}/restore`, {}));
    expect(await rowsOf(seen)).toHaveLength(3);
    expect(await rowsOf(table)).toEqual([]);
  });

  it('of a bucket and of the branch takes all tables of main back, and leaves those of the branch alone', async () => {
    const { project: own, bucket: first } = await createProjectWithBucket(server.admin);
    const second = await createBucket(own);
    const tables = [
      await createTable(own, first, { id: 'INTEGER' }),
      await createTable(own, first, { id: 'INTEGER' }),
      await createTable(own, second, { id: 'INTEGER' }),
    ];
    const branch = await createBranch(own);
    for (const table of tables) mustSucceed(await importContent(inBranch(branch, table), 'id\n1\n'));
    const mine = await createTable(branch.inside, first, { id: 'INTEGER' });
    const pulled = mustSucceed(
      await own.api.post<{ tables: unknown[]; total: number }>(`${branch.inside.bucketsPath}/${first}/pull`),
    );
    expect(pulled).toMatchObject({ total: 2 });
    const sources = await Promise.all(tables.map(async (table) => (await getTable(inBranch(branch, table))).source));
    expect(sources).toEqual(['main', 'main', 'branch']);
    mustSucceed(await own.api.delete(`${branch.inside.bucketsPath}/${second}`));
    expect(mustSucceed(await own.api.post(`${branch.path}/pull`))).toMatchObject({ total: 1 });
    expect((await getTable(inBranch(branch, tables[2] as never))).source).toBe('main');
    expect((await getTable(mine)).source).toBe('branch_only');
    const absent = await own.api.post(`${branch.inside.bucketsPath}/none/pull`);
    expect([absent.status, errorCode(absent)]).toEqual([404, 'bucket_not_found']);
  });

  it('of a table that main does not have is a 404 that says so', async () => {
    const branch = await createBranch(project);
    const mine = await createTable(branch.inside, bucket, { id: 'INTEGER' });
    const refused = await pull(branch, mine);
    expect([refused.status, errorCode(refused), errorMessage(refused)]).toEqual([
      404,
      'table_not_found',
      `Table ${bucket}.${mine.name} not found in main project`,
    ]);
    expect(errorDetails(refused)).toEqual({ project_id: project.id, bucket_name: bucket, table_name: mine.name });
  });
});

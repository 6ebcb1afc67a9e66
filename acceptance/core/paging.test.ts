import { beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../helpers/api.js';
import {
  createBucket,
  createProject,
  createTable,
  tablesPath,
  uploadFile,
  type FileObject,
  type Project,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
const names = ['zeta', 'Beta', 'alpha', 'a.1', 'a-1', '9nine'];
/** By bytes, not by language. */
const sorted = [...names].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));

let project: Project;

beforeAll(async () => {
  project = await createProject(server.admin, 'p1');
  for (const id of ['p2', 'p3', 'p4', 'p5']) await createProject(server.admin, id);
  mustSucceed(await server.admin.delete('/projects/p4'));
  for (const name of names) await createBucket(project, name);
  for (const name of names) await createTable(project, 'alpha', { id: 'INTEGER' }, { name });
  for (const name of ['f1', 'f2', 'f3']) await uploadFile(project, name, { filename: name });
});

interface Projects {
  readonly projects: readonly { id: string; status: string }[];
  readonly total: number;
}

async function projects(query: string): Promise<[string, number]> {
  const list = mustSucceed(await server.admin.get<Projects>(`/projects${query}`));
  return [list.projects.map(({ id }) => id).join(' '), list.total];
}

describe('the list of projects', () => {
  it.each([
    ['', 'p5 p4 p3 p2 p1', 5],
    ['?limit=2', 'p5 p4', 5],
    ['?limit=2&offset=3', 'p2 p1', 5],
    ['?offset=100', '', 5],
    ['?status=active', 'p5 p3 p2 p1', 4],
    ['?status=deleted', 'p4', 1],
    ['?status=active&limit=1&offset=1', 'p3', 4],
    ['?status=nonsense', '', 0],
  ])('%s: newest first, total counts all that match', async (query, ids, total) => {
    expect(await projects(query)).toEqual([ids, total]);
  });
});

describe('the list of files', () => {
  it.each([
    ['', 'f3 f2 f1'],
    ['?limit=2', 'f3 f2'],
    ['?limit=2&offset=2', 'f1'],
    ['?offset=9', ''],
    ['?include_staged=true', 'f3 f2 f1'],
  ])('%s: newest first, total counts all', async (query, expected) => {
    const list = mustSucceed(
      await project.api.get<{ files: FileObject[]; total: number }>(`${project.filesPath}${query}`),
    );
    expect(list.files.map(({ name }) => name).join(' ')).toBe(expected);
    expect(list.total).toBe(3);
  });
});

describe('buckets and tables', () => {
  it('are listed by name in byte order, all of them', async () => {
    const buckets = mustSucceed(
      await project.api.get<{ buckets: { name: string }[]; total: number }>(project.bucketsPath),
    );
    expect(buckets.buckets.map(({ name }) => name)).toEqual(sorted);
    expect(buckets.total).toBe(names.length);
    const tables = mustSucceed(
      await project.api.get<{ tables: { name: string }[]; total: number }>(tablesPath(project, 'alpha')),
    );
    expect(tables.tables.map(({ name }) => name)).toEqual(sorted);
    expect(tables.total).toBe(names.length);
  });

  it('can be paged as well', async () => {
    const page = mustSucceed(
      await project.api.get<{ tables: { name: string }[]; total: number }>(
        `${tablesPath(project, 'alpha')}?limit=2&offset=1`,
      ),
    );
    expect(page.tables.map(({ name }) => name)).toEqual(sorted.slice(1, 3));
    expect(page.total).toBe(names.length);
  });
});

describe('limits of paging', () => {
  const outside = [
    ['limit=0', 'greater_than_equal'],
    ['limit=1001', 'less_than_equal'],
    ['limit=-1', 'greater_than_equal'],
    ['offset=-1', 'greater_than_equal'],
    ['limit=x', 'int_parsing'],
    ['limit=', 'int_parsing'],
    ['limit=1.5', 'int_parsing'],
    ['limit=99999999999999999999', 'less_than_equal'],
  ] as const;

  it.each(outside)('%s is a 422 of type %s', async (query, type) => {
    for (const path of ['/projects', `${project.filesPath}`]) {
      const answer = await server.admin.get<{ detail: { type: string; loc: string[] }[] }>(`${path}?${query}`);
      expect(answer.status, path).toBe(422);
      expect(answer.body.detail[0]).toMatchObject({ loc: ['query', query.split('=')[0]] });
      if (!query.includes('999999')) expect(answer.body.detail[0]?.type, path).toBe(type);
    }
  });

  it.each(['limit=1000', 'limit=1', 'offset=0'])('%s is fine', async (query) => {
    expect((await server.admin.get(`/projects?${query}`)).status).toBe(200);
  });
});

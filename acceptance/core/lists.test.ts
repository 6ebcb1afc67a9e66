import { beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../helpers/api.js';
import {
  createBucket,
  createProject,
  createTable,
  getTable,
  importContent,
  tablesPath,
  type Project,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

interface Item {
  readonly name: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly last_imported_at?: string | null;
  readonly size_bytes: number;
  readonly row_count?: number;
  readonly table_count?: number;
}

let project: Project;

/** Made in this order; a later one has more rows, and `untouched` was never imported into. */
const TABLES = ['order_items', 'Orders', 'untouched', 'a_order'];

beforeAll(async () => {
  project = await createProject(server.admin);
  await createBucket(project, 'in_c_main');
  await createBucket(project, 'out_c_main');
  await createBucket(project, 'in_c_empty');
  for (const [index, name] of TABLES.entries()) {
    const table = await createTable(project, 'in_c_main', { id: 'INTEGER' }, { name });
    if (name === 'untouched') continue;
    const rows = Array.from({ length: 10 - index }, (_, row) => row).join('\n');
    mustSucceed(await importContent(table, `id\n${rows}\n`));
  }
  await createTable(project, 'out_c_main', { id: 'INTEGER' });
});

async function tables(query: string): Promise<[string, number]> {
  const path = tablesPath(project, 'in_c_main');
  const list = mustSucceed(await project.api.get<{ tables: Item[]; total: number }>(`${path}${query}`));
  return [list.tables.map(({ name }) => name).join(' '), list.total];
}

async function buckets(query: string): Promise<[string, number]> {
  const list = mustSucceed(await project.api.get<{ buckets: Item[]; total: number }>(`${project.bucketsPath}${query}`));
  return [list.buckets.map(({ name }) => name).join(' '), list.total];
}

describe('the list of tables', () => {
  it.each([
    ['', 'Orders a_order order_items untouched', 4],
    ['?sort=name', 'Orders a_order order_items untouched', 4],
    ['?order=desc', 'untouched order_items a_order Orders', 4],
    ['?prefix=ORDER', 'Orders order_items', 2],
    ['?prefix=order_&limit=1', 'order_items', 1],
    ['?search=order', 'Orders a_order order_items', 3],
    ['?search=ORDER&limit=1&offset=1', 'a_order', 3],
    ['?search=%25', '', 0],
    ['?search=_', 'a_order order_items', 2],
    ['?prefix=a&search=order', 'a_order', 1],
    ['?sort=created_at', 'order_items Orders untouched a_order', 4],
    ['?sort=updated_at&order=desc', 'a_order untouched Orders order_items', 4],
    ['?sort=row_count', 'untouched a_order Orders order_items', 4],
    ['?sort=row_count&order=desc&limit=2', 'order_items Orders', 4],
    ['?sort=last_imported_at', 'untouched order_items Orders a_order', 4],
    ['?sort=last_imported_at&order=desc&search=order', 'a_order Orders order_items', 3],
    ['?prefix=', 'Orders a_order order_items untouched', 4],
  ])('%s', async (query, names, total) => {
    expect(await tables(query)).toEqual([names, total]);
  });

  it('sorts by size', async () => {
    const { tables: sorted } = mustSucceed(
      await project.api.get<{ tables: Item[] }>(`${tablesPath(project, 'in_c_main')}?sort=size_bytes`),
    );
    const sizes = sorted.map(({ size_bytes: size }) => size);
    expect(sizes).toEqual(sizes.toSorted((left, right) => left - right));
  });

  it('shows the same table objects as a single request', async () => {
    const list = mustSucceed(
      await project.api.get<{ tables: Item[] }>(`${tablesPath(project, 'in_c_main')}?search=s&sort=row_count`),
    );
    for (const item of list.tables) {
      expect(
        await getTable({
          project,
          bucket: 'in_c_main',
          name: item.name,
          path: `${tablesPath(project, 'in_c_main')}/${item.name}`,
        }),
      ).toEqual(item);
      expect(Date.parse(item.updated_at)).toBeGreaterThanOrEqual(Date.parse(item.created_at));
    }
  });
});

describe('the list of buckets', () => {
  it.each([
    ['', 'in_c_empty in_c_main out_c_main', 3],
    ['?prefix=in_c_', 'in_c_empty in_c_main', 2],
    ['?search=MAIN&order=desc', 'out_c_main in_c_main', 2],
    ['?sort=table_count&order=desc', 'in_c_main out_c_main in_c_empty', 3],
    ['?sort=created_at', 'in_c_main out_c_main in_c_empty', 3],
    ['?sort=size_bytes&limit=1', 'in_c_empty', 3],
    ['?sort=updated_at&order=desc&offset=1', 'in_c_main in_c_empty', 3],
  ])('%s', async (query, names, total) => {
    expect(await buckets(query)).toEqual([names, total]);
  });
});

describe('what a list cannot do', () => {
  it.each([
    ['sort=color', 'sort'],
    ['order=up', 'order'],
    ['sort=', 'sort'],
  ])('?%s is a 422', async (query, parameter) => {
    for (const path of [project.bucketsPath, tablesPath(project, 'in_c_main')]) {
      const answer = await project.api.get(`${path}?${query}`);
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({ detail: [{ type: 'literal_error', loc: ['query', parameter] }] });
    }
  });

  it('buckets have no rows to sort by', async () => {
    expect((await project.api.get(`${project.bucketsPath}?sort=row_count`)).status).toBe(422);
  });
});

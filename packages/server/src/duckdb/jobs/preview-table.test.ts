import { afterAll, beforeAll, expect, test } from 'vitest';
import { isDomainError } from '../../errors/domain-error.js';
import type { TableShape } from '../../model/columns.js';
import type { PreviewRequest } from '../../workers/messages.js';
import { column, JobFixture } from './jobs.fixture.js';
import { previewTable } from './preview-table.js';

let fixture: JobFixture;
let request: PreviewRequest;

const shape: TableShape = {
  columns: [column('id', 'INTEGER'), column('Name', 'VARCHAR'), column('price', 'DECIMAL(10,2)')],
  primaryKey: ['id'],
};

beforeAll(async () => {
  fixture = await JobFixture.open();
  const version = await fixture.makeVersion(
    'v1',
    shape,
    `SELECT range, 'n' || (range % 10), range / 4 FROM range(5000)`,
  );
  request = { version, shape, columns: null, filter: null, orderBy: null, limit: 2 };
});
afterAll(() => fixture.close());

const preview = async (change: Partial<PreviewRequest>): Promise<unknown> => {
  const { rowsJson, rowCount } = await previewTable({ ...request, ...change }, fixture.context);
  const rows = JSON.parse(rowsJson) as unknown[];
  expect(rows).toHaveLength(rowCount);
  return rows;
};

test('the first rows in physical order', async () => {
  expect(await preview({})).toEqual([
    { id: 0, Name: 'n0', price: '0.00' },
    { id: 1, Name: 'n1', price: '0.25' },
  ]);
  expect(await preview({ limit: null })).toHaveLength(5000);
  expect(await preview({ limit: 0 })).toEqual([]);
});

test('chosen columns, condition and order', async () => {
  expect(
    await preview({ columns: ['name', 'ID'], filter: `"name" = 'n3' and price > 10`, orderBy: 'price desc' }),
  ).toEqual([
    { Name: 'n3', id: 4993 },
    { Name: 'n3', id: 4983 },
  ]);
});

test('pages: every row once, in physical order or in the wanted order', async () => {
  expect(await preview({ offset: 4998, limit: 10 })).toMatchObject([{ id: 4998 }, { id: 4999 }]);
  expect(await preview({ offset: 5000 })).toEqual([]);
  expect(await preview({ offset: 1, filter: `"name" = 'n3'` })).toMatchObject([{ id: 13 }, { id: 23 }]);
  const seen: number[] = [];
  for (let offset = 0; offset < 5000; offset += 500) {
    const page = (await preview({ orderBy: 'name', limit: 500, offset })) as { id: number }[];
    seen.push(...page.map(({ id }) => id));
  }
  expect(new Set(seen).size).toBe(5000);
  expect(seen.slice(0, 3)).toEqual([0, 10, 20]);
});

test('concurrent previews of one version', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, (_, index) => preview({ filter: `id = ${index}` })));
  expect(all.map((rows) => (rows as { id: number }[])[0]?.id)).toEqual(Array.from({ length: 20 }, (_, index) => index));
});

test.each<[string, Partial<PreviewRequest>, string]>([
  ['unknown_column', { columns: ['nope'] }, `no column 'nope'`],
  ['invalid_request', { columns: ['id', 'ID'] }, 'chosen twice'],
  ['invalid_request', { columns: [] }, 'at least one column'],
  ['invalid_request', { limit: -1 }, 'zero or more'],
  ['invalid_request', { limit: 1.5 }, 'whole number'],
  ['invalid_request', { offset: -1 }, 'offset must be'],
  ['invalid_where_clause', { filter: 'id = (select 1)' }, 'subqueries'],
  ['invalid_where_clause', { filter: `id = 'abc'` }, `Could not convert string 'abc'`],
  ['invalid_where_clause', { filter: `lower(id, 1) = 'a'` }, 'Invalid WHERE clause: No function matches'],
  ['invalid_order_by', { orderBy: 'nope' }, 'no column'],
])('%s: %j', async (code, change, message) => {
  const failure: unknown = await preview(change).catch((error: unknown) => error);
  expect(isDomainError(failure) && failure.code).toBe(code);
  expect(String(failure)).toContain(message);
  expect(String(failure)).not.toMatch(/version_\d|LINE 1/);
});

test('a cancelled job', async () => {
  await expect(previewTable(request, fixture.cancelledContext())).rejects.toSatisfy((error) =>
    isDomainError(error, 'request_cancelled'),
  );
});

import fc from 'fast-check';
import { expect, it } from 'vitest';

import { BUCKET_SORTS, TABLE_SORTS } from '../../model/list-query.js';
import type { BucketRecord, TableRecord } from '../records.js';
import type { MetadataStore } from '../metadata-store.js';
import { at, bucket, project, publishing, startWithBucket, table, version } from './records.conformance.js';

const tableQuery = fc.record(
  {
    limit: fc.nat({ max: 8 }),
    offset: fc.nat({ max: 8 }),
    prefix: fc.constantFrom('', 'a', 'A_', 'ord', 'x', '%', '_'),
    search: fc.constantFrom('', 'a', 'B', '_', '%', '.', 'der'),
    sort: fc.constantFrom(...TABLE_SORTS),
    order: fc.constantFrom('asc' as const, 'desc' as const),
  },
  { requiredKeys: [] },
);

interface Named {
  readonly name: string;
}
interface Query {
  readonly limit?: number;
  readonly offset?: number;
  readonly prefix?: string;
  readonly search?: string;
  readonly order?: 'asc' | 'desc';
}

/** What a list must answer, in the simplest words. */
function expected<T extends Named>(all: readonly T[], query: Query, value: (item: T) => string | number | null) {
  const rank = (left: string | number, right: string | number): number => (left < right ? -1 : left > right ? 1 : 0);
  const sign = query.order === 'desc' ? -1 : 1;
  const matching = all
    .filter(({ name }) => name.toLowerCase().startsWith((query.prefix ?? '').toLowerCase()))
    .filter(({ name }) => name.toLowerCase().includes((query.search ?? '').toLowerCase()))
    .sort((left, right) => {
      const [a, b] = [value(left), value(right)];
      const byValue = a === null || b === null ? Number(a !== null) - Number(b !== null) : rank(a, b);
      return byValue === 0 ? rank(left.name, right.name) : sign * byValue;
    });
  const start = query.offset ?? 0;
  const page = matching.slice(start, query.limit === undefined ? undefined : start + query.limit);
  return { names: page.map(({ name }) => name), total: matching.length };
}

const TABLE_VALUES: Readonly<Record<(typeof TABLE_SORTS)[number], (table: TableRecord) => string | number | null>> = {
  name: ({ name }) => name,
  created_at: ({ createdAt }) => createdAt.getTime(),
  updated_at: ({ updatedAt }) => updatedAt.getTime(),
  row_count: ({ current }) => current.rowCount,
  size_bytes: ({ current }) => current.sizeBytes,
  last_imported_at: ({ lastImportedAt }) => lastImportedAt?.getTime() ?? null,
};

const BUCKET_VALUES: Readonly<Record<(typeof BUCKET_SORTS)[number], (bucket: BucketRecord) => string | number>> = {
  name: ({ name }) => name,
  created_at: ({ createdAt }) => createdAt.getTime(),
  updated_at: ({ updatedAt }) => updatedAt.getTime(),
  table_count: ({ tableCount }) => tableCount,
  size_bytes: ({ sizeBytes }) => sizeBytes,
};

const NAMES = ['orders', 'Order_items', 'a', 'A_b', 'a.b', 'Zoo', '0', 'ab', 'aB_c', 'x-y', 'ORD'];

export function describeLists(store: () => MetadataStore): void {
  it('finds, sorts and pages tables as asked, and counts all that match', async () => {
    const { bucketId } = await startWithBucket(store());
    await store().transaction(async (tx) => {
      for (const [index, name] of NAMES.entries()) {
        const about = { rowCount: index % 4, sizeBytes: 1000 + (index % 3) };
        await tx.insertTable({ ...table(bucketId, name, about), createdAt: at(index % 5) });
        if (index % 2 === 0) continue;
        const id = `${name}-2`;
        const next = version(id, `table-${name}`, { rowCount: index % 4, sizeBytes: 2000 - index });
        await tx.publishVersion(next, `${name}-1`, publishing(10 + (index % 4), index % 3 === 0));
      }
    });
    const all = (await store().listTables(bucketId)).items;
    expect(all).toHaveLength(NAMES.length);
    await fc.assert(
      fc.asyncProperty(tableQuery, async (query) => {
        const { items, total } = await store().listTables(bucketId, query);
        const wanted = expected(all, query, TABLE_VALUES[query.sort ?? 'name']);
        expect({ names: items.map(({ name }) => name), total }).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  });

  it('does the same for buckets, linked ones among them', async () => {
    await store().transaction(async (tx) => {
      await tx.insertProject(project('p1'));
      await tx.insertProject(project('p2'));
      for (const [index, name] of NAMES.entries()) {
        const { id } = bucket('p1', name);
        await tx.insertBucket(bucket('p1', name, { createdAt: at(index % 5) }));
        for (let count = 0; count < index % 4; count += 1) {
          await tx.insertTable(table(id, `t${index}_${count}`, { sizeBytes: 100 * index }));
        }
        const link = { sourceBucketId: id, throughShare: false, createdBy: 'admin' };
        if (index % 3 === 0) await tx.insertBucket(bucket('p1', `l_${name}`, { link, createdAt: at(index) }));
      }
    });
    const all = (await store().listBuckets('p1')).items;
    expect(all).toHaveLength(NAMES.length + Math.ceil(NAMES.length / 3));
    const bucketQuery = fc.tuple(tableQuery, fc.constantFrom(...BUCKET_SORTS)).map(([query, sort]) => ({
      ...query,
      sort,
    }));
    await fc.assert(
      fc.asyncProperty(bucketQuery, async (query) => {
        const { items, total } = await store().listBuckets('P1', query);
        const wanted = expected(all, query, BUCKET_VALUES[query.sort]);
        expect({ names: items.map(({ name }) => name), total }).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  });

  it('lists more tables than it reads at a time in any order, each once', async () => {
    const { bucketId } = await startWithBucket(store());
    const names = Array.from({ length: 250 }, (_, index) => `t${String(index).padStart(3, '0')}`);
    await store().transaction(async (tx) => {
      for (const [index, name] of names.entries()) await tx.insertTable(table(bucketId, name, { rowCount: index }));
    });
    const { items, total } = await store().listTables(bucketId, { sort: 'row_count', order: 'desc' });
    expect(items.map((item) => item.name)).toEqual(names.toReversed());
    expect(total).toBe(250);
  });
}

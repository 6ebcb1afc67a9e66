import { sql, type Expression, type ExpressionBuilder, type SqlBool } from 'kysely';

import { nameKey } from '../../model/columns.js';
import type { BucketListQuery, TableListQuery } from '../../model/list-query.js';
import { DEFAULT_BRANCH_ID, type BranchRef } from '../../model/refs.js';
import type { BucketLayers, Listed } from '../metadata-store.js';
import type { BucketRecord, TableRecord } from '../records.js';
import { bucketSortValue, ofProject, selectBuckets, toBucket, type BucketAndSource } from './bucket-queries.js';
import type { Database } from './database.js';
import { pageOf, readInTurns } from './list-in-turns.js';
import { nameMatches } from './name-filter.js';
import { isHome, selectTables, toTable, type TableAndBucket } from './table-queries.js';

/**
 * Lists as a branch shows them: its own rows, and those of main that it neither has under the same name nor has deleted. In
 * one statement, so that a page is a page whichever layer its rows come from.
 */
export async function listBucketsOfBranch(
  db: Database,
  branch: BranchRef,
  query: BucketListQuery = {},
): Promise<Listed<BucketRecord>> {
  const page = pageOf(query);
  const visible = db
    .selectFrom('buckets as b')
    .leftJoin('buckets as s', 's.id', 'b.source_bucket_id')
    .where(ofProject(branch.projectId))
    .where(isBucketVisible(branch.branchId))
    .where(nameMatches('b', query));
  const ids = await visible
    .select('b.id')
    .orderBy(bucketSortValue(query.sort ?? 'name'), query.order ?? 'asc')
    .orderBy('b.name')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  const { total } = await visible.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const rows = await readInTurns(
    ids.map(({ id }) => id),
    async (wanted) => (await selectBuckets(db).where('b.id', 'in', wanted).execute()).map(toBucket),
  );
  const items: BucketRecord[] = [];
  for (const row of rows) items.push(await inLayers(db, branch, row));
  return { items, total };
}

async function inLayers(db: Database, { branchId }: BranchRef, row: BucketRecord): Promise<BucketRecord> {
  if (row.branchId === DEFAULT_BRANCH_ID) return { ...row, branchId, ownId: null, mainId: row.id };
  // A linked bucket shows its source and nothing of main.
  if (row.linkedFrom !== null) return row;
  const main = await db
    .selectFrom('buckets as m')
    .select('m.id')
    .where('m.project_id', '=', row.projectId)
    .where('m.branch_id', '=', DEFAULT_BRANCH_ID)
    .where('m.name_key', '=', nameKey(row.name))
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('branch_deletions as d')
            .select('d.bucket_key')
            .whereRef('d.project_id', '=', 'm.project_id')
            .where('d.branch_id', '=', branchId)
            .whereRef('d.bucket_key', '=', 'm.name_key')
            .where('d.table_key', '=', ''),
        ),
      ),
    )
    .executeTakeFirst();
  if (main === undefined) return row;
  const layers = { branchId, ownId: row.id, mainId: main.id };
  return { ...row, source: 'branch', mainId: main.id, ...(await sumVisibleTables(db, layers)) };
}

/** `b` is the branch's own, or one of main that the branch shows as it is. */
function isBucketVisible(branchId: string) {
  return (eb: ExpressionBuilder<BucketAndSource, 'b'>): Expression<SqlBool> =>
    eb.or([
      eb('b.branch_id', '=', branchId),
      eb.and([
        eb('b.branch_id', '=', DEFAULT_BRANCH_ID),
        eb.not(
          eb.exists(
            eb
              .selectFrom('buckets as o')
              .select('o.id')
              .whereRef('o.project_id', '=', 'b.project_id')
              .where('o.branch_id', '=', branchId)
              .whereRef('o.name_key', '=', 'b.name_key'),
          ),
        ),
        eb.not(
          eb.exists(
            eb
              .selectFrom('branch_deletions as d')
              .select('d.bucket_key')
              .whereRef('d.project_id', '=', 'b.project_id')
              .where('d.branch_id', '=', branchId)
              .whereRef('d.bucket_key', '=', 'b.name_key')
              .where('d.table_key', '=', ''),
          ),
        ),
      ]),
    ]);
}

/** Of a bucket with two layers. */
export async function listTablesOfLayers(
  db: Database,
  layers: BucketLayers,
  query: TableListQuery = {},
): Promise<Listed<TableRecord>> {
  const page = pageOf(query);
  const visible = db.selectFrom('tables as t').where(isTableVisible(db, layers)).where(nameMatches('t', query));
  const ids = await visible
    .select('t.id')
    .orderBy(`t.${query.sort ?? 'name'}`, query.order ?? 'asc')
    .orderBy('t.name')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  const { total } = await visible.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const items = await readInTurns(
    ids.map(({ id }) => id),
    async (wanted) => (await selectTables(db, isHome).where('t.id', 'in', wanted).execute()).map(toTable),
  );
  const inMain = await namesInMain(db, layers);
  return {
    items: items.map((table) => {
      if (table.branchId === DEFAULT_BRANCH_ID) return { ...table, branchId: layers.branchId, source: 'main' };
      return { ...table, source: inMain.has(nameKey(table.name)) ? 'branch' : 'branch_only' };
    }),
    total,
  };
}

/** Tables of main whose names the branch has as well, and has not deleted before. */
async function namesInMain(db: Database, { ownId, mainId }: BucketLayers): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('tables as m')
    .innerJoin('tables as o', 'o.name_key', 'm.name_key')
    .select('m.name_key')
    .where('m.bucket_id', '=', mainId)
    .where('o.bucket_id', '=', ownId)
    .where((eb) => eb.not(eb.exists(deletionOf(db, ownId, 'm.name_key'))))
    .execute();
  return new Set(rows.map(({ name_key: key }) => key));
}

export async function sumVisibleTables(
  db: Database,
  layers: BucketLayers,
): Promise<{ tableCount: number; sizeBytes: number }> {
  return await db
    .selectFrom('tables as t')
    .innerJoin('versions as v', 'v.id', 't.current_version_id')
    .where(isTableVisible(db, layers))
    .select((eb) => [
      eb.fn.countAll<number>().as('tableCount'),
      eb.fn.coalesce(eb.fn.sum<number>('v.size_bytes'), eb.lit(0)).as('sizeBytes'),
    ])
    .executeTakeFirstOrThrow();
}

function isTableVisible(db: Database, { ownId, mainId }: BucketLayers) {
  return (eb: ExpressionBuilder<TableAndBucket, 't'>): Expression<SqlBool> =>
    eb.or([
      eb('t.bucket_id', '=', ownId),
      eb.and([
        eb('t.bucket_id', '=', mainId),
        eb.not(
          eb.exists(
            eb
              .selectFrom('tables as o')
              .select('o.id')
              .where('o.bucket_id', '=', ownId)
              .whereRef('o.name_key', '=', 't.name_key'),
          ),
        ),
        eb.not(eb.exists(deletionOf(db, ownId, 't.name_key'))),
      ]),
    ]);
}

/** That the branch whose own bucket this is has deleted main's table of a name. */
function deletionOf(db: Database, ownId: string, tableKey: string) {
  return db
    .selectFrom('branch_deletions as d')
    .innerJoin('buckets as ob', (join) =>
      join
        .onRef('ob.project_id', '=', 'd.project_id')
        .onRef('ob.branch_id', '=', 'd.branch_id')
        .onRef('ob.name_key', '=', 'd.bucket_key'),
    )
    .select('d.table_key')
    .where('ob.id', '=', ownId)
    .where('d.table_key', '=', sql.ref<string>(tableKey));
}

import type { MetadataTotals } from '../metadata-store.js';
import type { Database } from './database.js';

/**
 * For metrics: sums the projects' counters, see `counters.ts`; nothing grows with the number of tables. Snapshots are
 * counted in an index.
 */
export async function totals(db: Database): Promise<MetadataTotals> {
  const projects = await db
    .selectFrom('projects')
    .where('status', '=', 'active')
    .select((eb) => [
      eb.fn.countAll<number>().as('activeProjects'),
      eb.fn.coalesce(eb.fn.sum<number>('bucket_count'), eb.lit(0)).as('buckets'),
      eb.fn.coalesce(eb.fn.sum<number>('table_count'), eb.lit(0)).as('tables'),
      eb.fn.coalesce(eb.fn.sum<number>('size_bytes'), eb.lit(0)).as('tableBytes'),
      eb.fn.coalesce(eb.fn.sum<number>('file_count'), eb.lit(0)).as('files'),
      eb.fn.coalesce(eb.fn.sum<number>('file_bytes'), eb.lit(0)).as('fileBytes'),
    ])
    .executeTakeFirstOrThrow();
  const uploads = await db
    .selectFrom('uploads')
    .select((eb) => [
      eb.fn.count<number>('uploaded_size_bytes').as('stagedFiles'),
      eb.fn.coalesce(eb.fn.sum<number>('uploaded_size_bytes'), eb.lit(0)).as('stagedBytes'),
    ])
    .executeTakeFirstOrThrow();
  const sharing = await db
    .selectNoFrom((eb) => [
      eb
        .selectFrom('bucket_shares')
        .select((count) => count.fn.countAll<number>().as('n'))
        .as('bucketShares'),
      eb
        .selectFrom('buckets')
        .where('source_bucket_id', 'is not', null)
        .select((count) => count.fn.countAll<number>().as('n'))
        .as('bucketLinks'),
    ])
    .executeTakeFirstOrThrow();
  const idempotency = await db
    .selectFrom('idempotency_records')
    .select((eb) => eb.fn.countAll<number>().as('idempotencyRecords'))
    .executeTakeFirstOrThrow();
  const workspaces = await db
    .selectFrom('workspaces')
    .select((eb) => [
      eb.fn.countAll<number>().as('workspaces'),
      eb.fn.coalesce(eb.fn.sum<number>('size_bytes'), eb.lit(0)).as('workspaceBytes'),
    ])
    .executeTakeFirstOrThrow();
  const snapshots = await db
    .selectFrom('snapshots')
    .select((eb) => ['type', eb.fn.countAll<number>().as('count'), eb.fn.sum<number>('size_bytes').as('bytes')])
    .groupBy('type')
    .execute();
  const { bucketShares, bucketLinks } = sharing;
  return {
    ...projects,
    bucketShares: bucketShares ?? 0,
    bucketLinks: bucketLinks ?? 0,
    ...uploads,
    ...idempotency,
    ...workspaces,
    snapshots,
  };
}

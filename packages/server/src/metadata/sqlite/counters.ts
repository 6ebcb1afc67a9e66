import { DEFAULT_BRANCH_ID } from '../../model/refs.js';
import type { Database } from './database.js';

/**
 * Invariant: after every transaction
 *
 *     buckets.table_count, size_bytes             = number and current bytes of the bucket's tables
 *     projects.bucket_count, table_count, size_bytes = the same over the project's buckets of main
 *     projects.file_count, file_bytes             = number and bytes of the project's registered files
 *
 * so that a list of ten thousand tables, the project page and the metrics read a number instead of counting. Whoever
 * inserts or deletes one of the counted rows, or changes its size, says so here in the same transaction.
 */
export interface BucketDifference {
  readonly tables: number;
  readonly bytes: number;
}

export interface ProjectDifference {
  readonly buckets?: number;
  readonly tables?: number;
  readonly bytes?: number;
  readonly files?: number;
  readonly fileBytes?: number;
}

/** Counts on the bucket and, in main, on its project. */
export async function countTables(
  db: Database,
  place: { readonly bucketId: string; readonly projectId: string },
  difference: BucketDifference,
  updatedAt: Date | undefined,
): Promise<void> {
  const bucket = await db
    .updateTable('buckets')
    .set((eb) => ({
      table_count: eb('table_count', '+', difference.tables),
      size_bytes: eb('size_bytes', '+', difference.bytes),
      ...(updatedAt === undefined ? {} : { updated_at: updatedAt.getTime() }),
    }))
    .where('id', '=', place.bucketId)
    .returning('branch_id')
    .executeTakeFirst();
  if (bucket?.branch_id === DEFAULT_BRANCH_ID) await countInProject(db, place.projectId, difference);
}

/** `projectId` in its stored spelling. */
export async function countInProject(db: Database, projectId: string, difference: ProjectDifference): Promise<void> {
  await db
    .updateTable('projects')
    .set((eb) => ({
      bucket_count: eb('bucket_count', '+', difference.buckets ?? 0),
      table_count: eb('table_count', '+', difference.tables ?? 0),
      size_bytes: eb('size_bytes', '+', difference.bytes ?? 0),
      file_count: eb('file_count', '+', difference.files ?? 0),
      file_bytes: eb('file_bytes', '+', difference.fileBytes ?? 0),
    }))
    .where('id', '=', projectId)
    .execute();
}

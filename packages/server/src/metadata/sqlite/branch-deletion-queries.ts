import { nameKey } from '../../model/columns.js';
import type { BranchRef, BucketRef } from '../../model/refs.js';
import type { BranchDeletion } from '../records.js';
import { isProject, type Database } from './database.js';
import { mustBeActiveProject } from './project-queries.js';

/** The whole bucket has no table name, which no table can have. */
const WHOLE_BUCKET = '';

const keyOf = (tableName: string | null): string => (tableName === null ? WHOLE_BUCKET : nameKey(tableName));

export async function isDeletedInBranch(db: Database, ref: BucketRef, tableName: string | null): Promise<boolean> {
  const row = await db
    .selectFrom('branch_deletions')
    .select('bucket_key')
    .where(isProject(ref.projectId))
    .where('branch_id', '=', ref.branchId)
    .where('bucket_key', '=', nameKey(ref.bucketName))
    .where('table_key', '=', keyOf(tableName))
    .executeTakeFirst();
  return row !== undefined;
}

export async function listBranchDeletions(
  db: Database,
  projectId: string,
  branchId: string,
): Promise<readonly BranchDeletion[]> {
  const rows = await db
    .selectFrom('branch_deletions')
    .select(['bucket_key', 'table_key', 'main_version_id'])
    .where(isProject(projectId))
    .where('branch_id', '=', branchId)
    .orderBy('bucket_key')
    .orderBy('table_key')
    .execute();
  return rows.map((row) => ({
    bucketName: row.bucket_key,
    tableName: row.table_key === WHOLE_BUCKET ? null : row.table_key,
    mainVersionId: row.main_version_id,
  }));
}

export async function insertBranchDeletion(
  db: Database,
  branch: BranchRef,
  deletion: BranchDeletion & { readonly createdAt: Date; readonly createdBy: string },
): Promise<void> {
  await db
    .insertInto('branch_deletions')
    .values({
      project_id: await mustBeActiveProject(db, branch.projectId),
      branch_id: branch.branchId,
      bucket_key: nameKey(deletion.bucketName),
      table_key: keyOf(deletion.tableName),
      main_version_id: deletion.mainVersionId,
      created_at: deletion.createdAt.getTime(),
      created_by: deletion.createdBy,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['project_id', 'branch_id', 'bucket_key', 'table_key'])
        .doUpdateSet({ main_version_id: deletion.mainVersionId, created_at: deletion.createdAt.getTime() }),
    )
    .execute();
}

export async function deleteBranchDeletion(db: Database, ref: BucketRef, tableName: string | null): Promise<void> {
  await db
    .deleteFrom('branch_deletions')
    .where(isProject(ref.projectId))
    .where('branch_id', '=', ref.branchId)
    .where('bucket_key', '=', nameKey(ref.bucketName))
    .where('table_key', '=', keyOf(tableName))
    .execute();
}

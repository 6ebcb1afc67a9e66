import { DomainError } from '../../errors/domain-error.js';
import { nameKey } from '../../model/columns.js';
import type { Listed, NewBranch, Page } from '../metadata-store.js';
import type { BranchRecord } from '../records.js';
import type { WorkspaceRecord } from '../workspace-records.js';
import { deleteBucket } from './bucket-queries.js';
import { isProject, type Database } from './database.js';
import { mustBeActiveProject } from './project-queries.js';
import type { BranchRow } from './schema.js';
import { deleteWorkspacesOf } from './workspace-removal-queries.js';

/** What a branch has of its own is counted by its buckets, see `counters.ts`. */
function selectBranches(db: Database) {
  return db
    .selectFrom('branches as r')
    .leftJoin('buckets as b', (join) =>
      join.onRef('b.project_id', '=', 'r.project_id').onRef('b.branch_id', '=', 'r.id'),
    )
    .selectAll('r')
    .select((eb) => [
      eb.fn.coalesce(eb.fn.sum<number>('b.table_count'), eb.lit(0)).as('table_count'),
      eb.fn.coalesce(eb.fn.sum<number>('b.size_bytes'), eb.lit(0)).as('size_bytes'),
    ])
    .groupBy(['r.project_id', 'r.id']);
}

export async function getBranch(db: Database, projectId: string, branchId: string): Promise<BranchRecord | undefined> {
  const row = await selectBranches(db)
    .innerJoin('projects as p', 'p.id', 'r.project_id')
    .where('p.id_key', '=', nameKey(projectId))
    .where('r.id', '=', branchId)
    .executeTakeFirst();
  return row && toBranch(row);
}

/** Newest first. */
export async function listBranches(db: Database, projectId: string, page: Page): Promise<Listed<BranchRecord>> {
  const rows = await selectBranches(db)
    .innerJoin('projects as p', 'p.id', 'r.project_id')
    .where('p.id_key', '=', nameKey(projectId))
    .orderBy('r.created_at', 'desc')
    .orderBy('r.id', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  const { total } = await db
    .selectFrom('branches')
    .where(isProject(projectId))
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return { items: rows.map(toBranch), total };
}

export async function insertBranch(db: Database, branch: NewBranch): Promise<void> {
  const projectId = await mustBeActiveProject(db, branch.projectId);
  const inserted = await db
    .insertInto('branches')
    .values({
      id: branch.id,
      project_id: projectId,
      name: branch.name,
      description: branch.description,
      created_at: branch.createdAt.getTime(),
      created_by: branch.createdBy,
    })
    .onConflict((conflict) => conflict.columns(['project_id', 'name']).doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows === 1n) return;
  throw new DomainError('branch_name_exists', `Branch with name '${branch.name}' already exists`, {
    project_id: projectId,
    name: branch.name,
  });
}

export async function updateBranch(
  db: Database,
  projectId: string,
  branchId: string,
  change: { readonly name?: string; readonly description?: string | null },
): Promise<void> {
  if (change.name !== undefined) {
    const taken = await db
      .selectFrom('branches')
      .select('id')
      .where(isProject(projectId))
      .where('name', '=', change.name)
      .where('id', '!=', branchId)
      .executeTakeFirst();
    if (taken !== undefined) {
      throw new DomainError('branch_name_exists', `Branch with name '${change.name}' already exists`, {
        project_id: projectId,
        name: change.name,
      });
    }
  }
  const given = {
    ...(change.name === undefined ? {} : { name: change.name }),
    ...(change.description === undefined ? {} : { description: change.description }),
  };
  if (Object.keys(given).length === 0) return;
  await db.updateTable('branches').set(given).where(isProject(projectId)).where('id', '=', branchId).execute();
}

export async function deleteBranch(
  db: Database,
  projectId: string,
  branchId: string,
  now: Date,
): Promise<readonly WorkspaceRecord[]> {
  const workspaces = await deleteWorkspacesOf(db, projectId, branchId);
  const buckets = db.selectFrom('buckets').select('id').where(isProject(projectId)).where('branch_id', '=', branchId);
  for (const { id } of await buckets.execute()) await deleteBucket(db, id, now);
  for (const table of ['snapshots', 'api_keys', 'branch_deletions'] as const) {
    await db.deleteFrom(table).where(isProject(projectId)).where('branch_id', '=', branchId).execute();
  }
  await db.deleteFrom('branches').where(isProject(projectId)).where('id', '=', branchId).execute();
  return workspaces;
}

function toBranch(row: BranchRow & { table_count: number; size_bytes: number }): BranchRecord {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    description: row.description,
    createdAt: new Date(row.created_at),
    createdBy: row.created_by,
    tableCount: row.table_count,
    sizeBytes: row.size_bytes,
  };
}

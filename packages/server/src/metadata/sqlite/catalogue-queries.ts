import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { sql, type SqlBool } from 'kysely';

import type { ColumnDescriptions } from '../../model/column-descriptions.js';
import { nameKey, type ColumnDefinition } from '../../model/columns.js';
import { DEFAULT_BRANCH_ID, type BranchRef } from '../../model/refs.js';
import type { StoredCatalogue, StoredCatalogueTable } from '../workspace-records.js';
import { isProject, type Database } from './database.js';

/** A few milliseconds of reading: what the event loop can spare at a time. */
const TABLES_PER_TURN = 500;

/** Of main, and of the branch where it is another one. */
function bucketsOf(db: Database, { projectId, branchId }: BranchRef) {
  return db
    .selectFrom('buckets as b')
    .where((eb) =>
      eb('b.project_id', '=', eb.selectFrom('projects').select('id').where('id_key', '=', nameKey(projectId))),
    )
    .where('b.branch_id', 'in', [...new Set([DEFAULT_BRANCH_ID, branchId])]);
}

export async function listBucketNames(db: Database, branch: BranchRef, key: string): Promise<readonly string[]> {
  const rows = await bucketsOf(db, branch)
    .select('b.name')
    .distinct()
    .where(sql<string>`replace(replace(b.name_key, '-', '_'), '.', '_')`, '=', key)
    .orderBy('b.name')
    .execute();
  return rows.map(({ name }) => name);
}

/** SQLite counts, for each connection, the commits of all others; reads and writes here have connections of their own. */
export async function stateToken(db: Database): Promise<string> {
  const { rows } = await sql<{ data_version: number }>`pragma data_version`.execute(db);
  return String(rows[0]?.data_version ?? '');
}

/**
 * Everything that a catalogue is made of has an id and a time or a version that move with it; the database puts them together, and
 * only their hash leaves it. 5,000 tables take some milliseconds.
 */
export async function catalogueFingerprint(db: Database, branch: BranchRef): Promise<string> {
  const buckets = await bucketsOf(db, branch)
    .leftJoin('buckets as s', 's.id', 'b.source_bucket_id')
    .select(['b.id', 'b.name', 'b.updated_at'])
    .orderBy('b.id')
    .execute();
  const tables = await db
    .selectFrom(
      bucketsOf(db, branch)
        .innerJoin('tables as t', (join) =>
          join.on((eb) => eb('t.bucket_id', '=', eb.fn.coalesce('b.source_bucket_id', 'b.id'))),
        )
        .select(sql<string>`b.id || t.id || t.current_version_id || t.updated_at`.as('state'))
        .orderBy('b.id')
        .orderBy('t.id')
        .as('states'),
    )
    .select(sql<string | null>`group_concat(state)`.as('states'))
    .executeTakeFirst();
  const deletions = await deletionsOf(db, branch);
  return createHash('sha256')
    .update(JSON.stringify([buckets, tables?.states ?? '', deletions]))
    .digest('hex')
    .slice(0, 32);
}

export async function readCatalogue(db: Database, branch: BranchRef): Promise<StoredCatalogue> {
  const buckets = await bucketsOf(db, branch)
    .select(['b.id', 'b.branch_id', 'b.name', 'b.description', 'b.source_bucket_id'])
    .orderBy('b.name')
    .execute();
  const tables = new Map<string, StoredCatalogueTable[]>(buckets.map(({ id }) => [id, []]));
  let after: { readonly bucketId: string; readonly name: string } | undefined;
  for (;;) {
    const page = await nextTables(db, branch, after);
    for (const row of page) {
      tables.get(row.bucket_id)?.push({
        name: row.name,
        description: row.description,
        columnDescriptions: JSON.parse(row.column_descriptions) as ColumnDescriptions,
        columns: JSON.parse(row.columns) as ColumnDefinition[],
        primaryKey: JSON.parse(row.primary_key) as string[],
        rowCount: row.row_count,
      });
    }
    const last = page.at(-1);
    if (last === undefined || page.length < TABLES_PER_TURN) break;
    after = { bucketId: last.bucket_id, name: last.name };
    await nextTurn();
  }
  return {
    buckets: buckets.map((bucket) => ({
      branchId: bucket.branch_id,
      name: bucket.name,
      description: bucket.description,
      isLinked: bucket.source_bucket_id !== null,
      tables: tables.get(bucket.id) ?? [],
    })),
    deletions: await deletionsOf(db, branch),
  };
}

async function nextTables(
  db: Database,
  branch: BranchRef,
  after: { readonly bucketId: string; readonly name: string } | undefined,
) {
  return await bucketsOf(db, branch)
    .innerJoin('tables as t', (join) =>
      join.on((eb) => eb('t.bucket_id', '=', eb.fn.coalesce('b.source_bucket_id', 'b.id'))),
    )
    .innerJoin('versions as v', 'v.id', 't.current_version_id')
    .select([
      'b.id as bucket_id',
      't.name',
      't.description',
      't.column_descriptions',
      'v.columns',
      'v.primary_key',
      'v.row_count',
    ])
    .$if(after !== undefined, (query) =>
      query.where(sql<SqlBool>`(b.id, t.name) > (${after?.bucketId}, ${after?.name})`),
    )
    .orderBy('b.id')
    .orderBy('t.name')
    .limit(TABLES_PER_TURN)
    .execute();
}

async function deletionsOf(db: Database, { projectId, branchId }: BranchRef): Promise<StoredCatalogue['deletions']> {
  if (branchId === DEFAULT_BRANCH_ID) return [];
  return await db
    .selectFrom('branch_deletions')
    .select(['bucket_key as bucketKey', 'table_key as tableKey'])
    .where(isProject(projectId))
    .where('branch_id', '=', branchId)
    .orderBy('bucket_key')
    .orderBy('table_key')
    .execute();
}

import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';

import { DomainError } from '../../errors/domain-error.js';
import type { ColumnDescriptions } from '../../model/column-descriptions.js';
import { nameKey } from '../../model/columns.js';
import type { TableListQuery } from '../../model/list-query.js';
import { DEFAULT_BRANCH_ID } from '../../model/refs.js';
import type { Listed, MetadataReader } from '../metadata-store.js';
import type { TableRecord } from '../records.js';
import { linkSourceOf } from './bucket-queries.js';
import type { Database } from './database.js';
import { isFiltered, isPlain, listInTurns, pageOf, readInTurns } from './list-in-turns.js';
import { nameMatches } from './name-filter.js';
import type { BucketRow, MetadataSchema, TableRow, VersionRow } from './schema.js';
import { toVersion } from './version-queries.js';

type LiveTable = Awaited<ReturnType<MetadataReader['listLiveTables']>>[number];
export type TableAndBucket = MetadataSchema & { t: TableRow; b: BucketRow };

/**
 * A table with the bucket it is seen in and its current version; what both rows call the same keeps the version's meaning. `seen`
 * says which bucket that is: its own, or a linked one.
 */
export function selectTables(
  db: Database,
  seen: (eb: ExpressionBuilder<TableAndBucket, 't' | 'b'>) => Expression<SqlBool>,
) {
  return db
    .selectFrom('tables as t')
    .innerJoin('buckets as b', (join) => join.on(seen))
    .innerJoin('versions as v', 'v.id', 't.current_version_id')
    .leftJoin('buckets as s', 's.id', 'b.source_bucket_id')
    .selectAll('v')
    .select([
      'b.project_id as seen_project_id',
      'b.id as seen_bucket_id',
      'b.name as bucket_name',
      'b.branch_id',
      'b.source_bucket_id',
      's.project_id as source_project_id',
      's.name as source_name',
      't.base_version_id',
      't.name',
      't.description as t_description',
      't.column_descriptions',
      't.created_at as t_created_at',
      't.updated_at',
      't.last_imported_at',
    ]);
}

/** The bucket itself, or the source of a linked one. */
function homeOf(eb: ExpressionBuilder<TableAndBucket, 't' | 'b'>): Expression<SqlBool> {
  return eb('t.bucket_id', '=', eb.fn.coalesce('b.source_bucket_id', 'b.id'));
}

/** The bucket that the table is in. */
export function isHome(eb: ExpressionBuilder<TableAndBucket, 't' | 'b'>): Expression<SqlBool> {
  return eb('b.id', '=', eb.ref('t.bucket_id'));
}

export async function getTable(
  db: Database,
  projectId: string,
  bucketName: string,
  tableName: string,
): Promise<TableRecord | undefined> {
  const row = await selectTables(db, homeOf)
    .innerJoin('projects as p', 'p.id', 'b.project_id')
    .where('p.id_key', '=', nameKey(projectId))
    .where('b.branch_id', '=', DEFAULT_BRANCH_ID)
    .where('b.name_key', '=', nameKey(bucketName))
    .where('t.name_key', '=', nameKey(tableName))
    .executeTakeFirst();
  return row && toTable(row);
}

export async function getTableOfBucket(
  db: Database,
  bucketId: string,
  tableName: string,
): Promise<TableRecord | undefined> {
  const row = await selectTables(db, homeOf)
    .where('b.id', '=', bucketId)
    .where('t.name_key', '=', nameKey(tableName))
    .executeTakeFirst();
  return row && toTable(row);
}

export async function listBranchTables(
  db: Database,
  projectId: string,
  branchId: string,
): Promise<readonly TableRecord[]> {
  const rows = await selectTables(db, isHome)
    .innerJoin('projects as p', 'p.id', 'b.project_id')
    .where('p.id_key', '=', nameKey(projectId))
    .where('b.branch_id', '=', branchId)
    .orderBy('b.name')
    .orderBy('t.name')
    .execute();
  return rows.map(toTable);
}

export async function getTableById(db: Database, tableId: string): Promise<TableRecord | undefined> {
  const row = await selectTables(db, isHome).where('t.id', '=', tableId).executeTakeFirst();
  return row && toTable(row);
}

export async function listTables(
  db: Database,
  bucketId: string,
  query: TableListQuery = {},
): Promise<Listed<TableRecord>> {
  // The bucket that has the tables: the source of a linked one.
  const home = await db
    .selectFrom('buckets as b')
    .innerJoin('buckets as home', (join) =>
      join.on((eb) => eb('home.id', '=', eb.fn.coalesce('b.source_bucket_id', 'b.id'))),
    )
    .select(['home.id', 'home.table_count'])
    .where('b.id', '=', bucketId)
    .executeTakeFirst();
  if (home === undefined) return { items: [], total: 0 };
  const inBucket = selectTables(db, (eb) => eb('b.id', '=', bucketId));
  if (isPlain(query)) {
    const items = await listInTurns(pageOf(query), async ({ afterName, limit, offset }) => {
      // Cut from the index alone: rows that are skipped are not joined with their versions first.
      const cut = db
        .selectFrom('tables')
        .select('id')
        .where('bucket_id', '=', home.id)
        .where('name', '>', afterName ?? '')
        .orderBy('name')
        .limit(limit)
        .offset(offset);
      const rows = await inBucket.where('t.id', 'in', cut).orderBy('t.name').execute();
      return rows.map(toTable);
    });
    return { items, total: home.table_count };
  }
  const { ids, total } = await findInOrder(db, home, query);
  const items = await readInTurns(ids, async (wanted) =>
    (await inBucket.where('t.id', 'in', wanted).execute()).map(toTable),
  );
  return { items, total };
}

async function findInOrder(
  db: Database,
  home: { readonly id: string; readonly table_count: number },
  query: TableListQuery,
): Promise<{ ids: readonly string[]; total: number }> {
  const page = pageOf(query);
  const matching = db.selectFrom('tables as t').where('t.bucket_id', '=', home.id).where(nameMatches('t', query));
  const rows = await matching
    .select('t.id')
    .orderBy(`t.${query.sort ?? 'name'}`, query.order ?? 'asc')
    .orderBy('t.name')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  const total = isFiltered(query)
    ? (await matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()).total
    : home.table_count;
  return { ids: rows.map(({ id }) => id), total };
}

export async function updateTable(
  db: Database,
  tableId: string,
  change: { description?: string | null; columnDescriptions?: ColumnDescriptions; updatedAt: Date },
): Promise<void> {
  const updated = await db
    .updateTable('tables')
    .set({
      updated_at: change.updatedAt.getTime(),
      ...(change.description === undefined ? {} : { description: change.description }),
      ...(change.columnDescriptions === undefined
        ? {}
        : { column_descriptions: JSON.stringify(change.columnDescriptions) }),
    })
    .where('id', '=', tableId)
    .executeTakeFirst();
  if (updated.numUpdatedRows === 0n) {
    throw new DomainError(
      'table_not_found',
      'The table was deleted while the request was running; nothing was changed.',
    );
  }
}

export async function listLiveTables(
  db: Database,
  afterId: string | undefined,
  limit: number,
): Promise<readonly LiveTable[]> {
  return db
    .selectFrom('tables as t')
    .innerJoin('buckets as b', 'b.id', 't.bucket_id')
    .innerJoin('versions as v', 'v.id', 't.current_version_id')
    .select([
      't.id as tableId',
      't.project_id as projectId',
      'b.branch_id as branchId',
      'b.name as bucketName',
      't.name as tableName',
      'v.file_id as fileId',
    ])
    .where('t.id', '>', afterId ?? '')
    .orderBy('t.id')
    .limit(limit)
    .execute();
}

type SelectedTable = VersionRow & {
  seen_project_id: string;
  seen_bucket_id: string;
  bucket_name: string;
  branch_id: string;
  source_bucket_id: string | null;
  source_project_id: string | null;
  source_name: string | null;
  t_description: string | null;
  t_created_at: number;
} & Pick<TableRow, 'base_version_id' | 'column_descriptions' | 'name' | 'updated_at' | 'last_imported_at'>;

export function toTable(row: SelectedTable): TableRecord {
  return {
    id: row.table_id,
    projectId: row.seen_project_id,
    branchId: row.branch_id,
    source: row.branch_id === DEFAULT_BRANCH_ID ? 'main' : row.base_version_id === null ? 'branch_only' : 'branch',
    baseVersionId: row.base_version_id,
    bucketId: row.seen_bucket_id,
    bucketName: row.bucket_name,
    linkedFrom: linkSourceOf(row.source_bucket_id, row),
    name: row.name,
    description: row.t_description,
    columnDescriptions: JSON.parse(row.column_descriptions) as ColumnDescriptions,
    createdAt: new Date(row.t_created_at),
    updatedAt: new Date(row.updated_at),
    lastImportedAt: row.last_imported_at === null ? null : new Date(row.last_imported_at),
    current: toVersion(row),
  };
}

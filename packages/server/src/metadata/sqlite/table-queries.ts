import { nameKey } from '../../model/columns.js';
import type { Listed, MetadataReader, Page } from '../metadata-store.js';
import type { TableRecord } from '../records.js';
import type { Database } from './database.js';
import { listInTurns } from './list-in-turns.js';
import type { MetadataSchema, TableRow, VersionRow } from './schema.js';
import { toVersion } from './version-queries.js';

type LiveTable = Awaited<ReturnType<MetadataReader['listLiveTables']>>[number];

/** A table with its bucket's name and its current version; what both rows call the same keeps the version's meaning. */
function selectTables(db: Database) {
  return db
    .selectFrom('tables as t')
    .innerJoin('buckets as b', 'b.id', 't.bucket_id')
    .innerJoin('versions as v', 'v.id', 't.current_version_id')
    .selectAll('v')
    .select([
      't.project_id as t_project_id',
      't.bucket_id',
      'b.name as bucket_name',
      't.name',
      't.description as t_description',
      't.column_descriptions',
      't.created_at as t_created_at',
      't.updated_at',
      't.last_imported_at',
    ]);
}

export async function getTable(
  db: Database,
  projectId: string,
  bucketName: string,
  tableName: string,
): Promise<TableRecord | undefined> {
  const row = await selectTables(db)
    .innerJoin('projects as p', 'p.id', 'b.project_id')
    .where('p.id_key', '=', nameKey(projectId))
    .where('b.name_key', '=', nameKey(bucketName))
    .where('t.name_key', '=', nameKey(tableName))
    .executeTakeFirst();
  return row && toTable(row);
}

export async function getTableById(db: Database, tableId: string): Promise<TableRecord | undefined> {
  const row = await selectTables(db).where('t.id', '=', tableId).executeTakeFirst();
  return row && toTable(row);
}

export async function listTables(db: Database, bucketId: string, page?: Page): Promise<Listed<TableRecord>> {
  const items = await listInTurns(page, async ({ afterName, limit, offset }) => {
    // Cut from the index alone: rows that are skipped are not joined with their versions first.
    const cut = db
      .selectFrom('tables')
      .select('id')
      .where('bucket_id', '=', bucketId)
      .where('name', '>', afterName ?? '')
      .orderBy('name')
      .limit(limit)
      .offset(offset);
    const rows = await selectTables(db).where('t.id', 'in', cut).orderBy('t.name').execute();
    return rows.map(toTable);
  });
  const bucket = await db.selectFrom('buckets').select('table_count').where('id', '=', bucketId).executeTakeFirst();
  return { items, total: bucket?.table_count ?? 0 };
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
  t_project_id: MetadataSchema['tables']['project_id'];
  bucket_name: string;
  t_description: string | null;
  t_created_at: number;
} & Pick<TableRow, 'bucket_id' | 'column_descriptions' | 'name' | 'updated_at' | 'last_imported_at'>;

function toTable(row: SelectedTable): TableRecord {
  return {
    id: row.table_id,
    projectId: row.t_project_id,
    bucketId: row.bucket_id,
    bucketName: row.bucket_name,
    name: row.name,
    description: row.t_description,
    columnDescriptions: JSON.parse(row.column_descriptions) as Readonly<Record<string, string>>,
    createdAt: new Date(row.t_created_at),
    updatedAt: new Date(row.updated_at),
    lastImportedAt: row.last_imported_at === null ? null : new Date(row.last_imported_at),
    current: toVersion(row),
  };
}

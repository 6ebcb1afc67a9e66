import { sql, type CreateTableBuilder, type Kysely } from 'kysely';

import type { Migration } from './migration.js';

/** Projects, branches, buckets, tables, versions, snapshots, files, keys, idempotency and the audit. */
export const initialMigration: Migration = {
  number: 1,
  name: 'initial',
  async up(db) {
    await createCatalogue(db);
    await createBranches(db);
    await createSnapshots(db);
    await createFiles(db);
    await createAccess(db);
    await createAudit(db);
  },
};

async function createCatalogue(db: Kysely<unknown>): Promise<void> {
  await withCounters(db.schema.createTable('projects'), [
    'bucket_count',
    'table_count',
    'size_bytes',
    'file_count',
    'file_bytes',
  ])
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('id_key', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text')
    .addColumn('description', 'text')
    .addColumn('status', 'text', (column) => column.notNull().check(sql`status in ('active', 'deleted')`))
    .addColumn('settings', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('projects_newest').on('projects').columns(['created_at', 'id']).execute();

  await withCounters(db.schema.createTable('buckets'), ['table_count', 'size_bytes'])
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('description', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    // A linked bucket has no tables of its own: it shows those of this bucket, which cannot go while the link is there.
    .addColumn('source_bucket_id', 'text', (column) => column.references('buckets.id'))
    .addColumn('link_through_share', 'integer')
    .addColumn('link_created_by', 'text')
    .addColumn('readonly_granted', 'integer', (column) => column.notNull().defaultTo(0))
    // `default`, or the branch that wrote into the bucket, or made it.
    .addColumn('branch_id', 'text', (column) => column.notNull().defaultTo('default'))
    .addUniqueConstraint('buckets_unique_name', ['project_id', 'branch_id', 'name_key'])
    .execute();
  await db.schema.createIndex('buckets_by_name').on('buckets').columns(['project_id', 'branch_id', 'name']).execute();
  await db.schema
    .createIndex('buckets_by_source')
    .on('buckets')
    .column('source_bucket_id')
    .where(sql.ref('source_bucket_id'), 'is not', null)
    .execute();

  await db.schema
    .createTable('bucket_shares')
    .addColumn('bucket_id', 'text', (column) => column.notNull().references('buckets.id'))
    .addColumn('target_project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('bucket_shares_key', ['bucket_id', 'target_project_id'])
    .execute();
  await db.schema.createIndex('bucket_shares_by_target').on('bucket_shares').column('target_project_id').execute();

  await db.schema
    .createTable('versions')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    // No foreign keys: a retired version outlives its table until its file is removed.
    .addColumn('table_id', 'text', (column) => column.notNull())
    .addColumn('project_id', 'text', (column) => column.notNull())
    // Several rows may share a file: a restore is a new row over the file of an old one.
    .addColumn('file_id', 'text', (column) => column.notNull())
    .addColumn('parent_id', 'text')
    .addColumn('columns', 'text', (column) => column.notNull())
    .addColumn('primary_key', 'text', (column) => column.notNull())
    .addColumn('row_count', 'bigint', (column) => column.notNull())
    .addColumn('size_bytes', 'bigint', (column) => column.notNull())
    .addColumn('checksum', 'text', (column) => column.notNull())
    .addColumn('block_size_bytes', 'bigint', (column) => column.notNull())
    .addColumn('operation', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('retired_at', 'bigint')
    .addColumn('dispensable', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createIndex('versions_retired')
    .on('versions')
    .columns(['dispensable', 'retired_at', 'id'])
    .where(sql.ref('retired_at'), 'is not', null)
    .execute();
  await db.schema.createIndex('versions_by_table').on('versions').columns(['table_id', 'id']).execute();
  await db.schema.createIndex('versions_by_file').on('versions').column('file_id').execute();

  await db.schema
    .createTable('tables')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('bucket_id', 'text', (column) => column.notNull().references('buckets.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('description', 'text')
    .addColumn('column_descriptions', 'text', (column) => column.notNull().defaultTo('{}'))
    // Unique: a version belongs to one table. The reference keeps a current version from being forgotten.
    .addColumn('current_version_id', 'text', (column) => column.notNull().unique().references('versions.id'))
    // Of a branch's own table that began as one of main: how it began. The reference keeps that version.
    .addColumn('base_version_id', 'text', (column) => column.references('versions.id'))
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addColumn('last_imported_at', 'bigint')
    // Those of the current version, for lists that are sorted by them.
    .addColumn('row_count', 'bigint', (column) => column.notNull())
    .addColumn('size_bytes', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('tables_unique_name', ['bucket_id', 'name_key'])
    .execute();
  // Everything that lists look for and sort by, so that they find their page in the index alone.
  await db.schema
    .createIndex('tables_in_lists')
    .on('tables')
    .columns([
      'bucket_id',
      'name',
      'name_key',
      'created_at',
      'updated_at',
      'last_imported_at',
      'row_count',
      'size_bytes',
      'id',
    ])
    .execute();
  await db.schema.createIndex('tables_by_base').on('tables').column('base_version_id').execute();
  await db.schema.createIndex('tables_by_project').on('tables').column('project_id').execute();
}

async function createBranches(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('branches')
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('description', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('branches_key', ['project_id', 'id'])
    .addUniqueConstraint('branches_unique_name', ['project_id', 'name'])
    .execute();
  await db.schema.createIndex('branches_newest').on('branches').columns(['project_id', 'created_at', 'id']).execute();

  // What a branch has deleted of main: a bucket (`table_key` is empty), or a table.
  await db.schema
    .createTable('branch_deletions')
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('branch_id', 'text', (column) => column.notNull())
    .addColumn('bucket_key', 'text', (column) => column.notNull())
    .addColumn('table_key', 'text', (column) => column.notNull())
    // The version that the branch saw when it deleted the table: a merge asks whether main has moved on.
    .addColumn('main_version_id', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('branch_deletions_key', ['project_id', 'branch_id', 'bucket_key', 'table_key'])
    .execute();
}

async function createSnapshots(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('snapshots')
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('branch_id', 'text', (column) => column.notNull().defaultTo('default'))
    // Names as they were: a snapshot outlives its table and its bucket.
    .addColumn('bucket_name', 'text', (column) => column.notNull())
    .addColumn('table_name', 'text', (column) => column.notNull())
    .addColumn('table_description', 'text')
    .addColumn('column_descriptions', 'text', (column) => column.notNull().defaultTo('{}'))
    // The reference keeps the version from being forgotten.
    .addColumn('version_id', 'text', (column) => column.notNull().references('versions.id'))
    .addColumn('size_bytes', 'bigint', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('description', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('snapshots_key', ['project_id', 'id'])
    .execute();
  await db.schema
    .createIndex('snapshots_newest')
    .on('snapshots')
    .columns(['project_id', 'branch_id', 'created_at', 'id'])
    .execute();
  await db.schema.createIndex('snapshots_by_expiry').on('snapshots').column('expires_at').execute();
  // Covers the figures of the metrics.
  await db.schema.createIndex('snapshots_by_type').on('snapshots').columns(['type', 'size_bytes']).execute();
  await db.schema.createIndex('snapshots_by_version').on('snapshots').column('version_id').execute();

  await db.schema
    .createTable('snapshot_settings')
    .addColumn('owner_kind', 'text', (column) =>
      column.notNull().check(sql`owner_kind in ('project', 'bucket', 'table')`),
    )
    // Id of a project, a bucket or a table, so that a renamed owner keeps its settings and a new one inherits nothing.
    .addColumn('owner_id', 'text', (column) => column.notNull())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('settings', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('snapshot_settings_key', ['owner_kind', 'owner_id'])
    .execute();
  await db.schema.createIndex('snapshot_settings_by_project').on('snapshot_settings').column('project_id').execute();
}

async function createFiles(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('files')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    // Unique: removing one file must never take the bytes of another.
    .addColumn('path', 'text', (column) => column.notNull().unique())
    .addColumn('size_bytes', 'bigint', (column) => column.notNull())
    .addColumn('content_type', 'text')
    .addColumn('checksum_sha256', 'text', (column) => column.notNull())
    .addColumn('tags', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .execute();
  await db.schema.createIndex('files_newest').on('files').columns(['project_id', 'created_at', 'id']).execute();

  await db.schema
    .createTable('uploads')
    .addColumn('key', 'text', (column) => column.primaryKey().notNull())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('file_name', 'text', (column) => column.notNull())
    .addColumn('content_type', 'text')
    .addColumn('declared_size_bytes', 'bigint')
    .addColumn('declared_sha256', 'text')
    .addColumn('tags', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('uploaded_path', 'text', (column) => column.unique())
    .addColumn('uploaded_size_bytes', 'bigint')
    .addColumn('uploaded_sha256', 'text')
    .execute();
  await db.schema.createIndex('uploads_by_project').on('uploads').column('project_id').execute();
  await db.schema.createIndex('uploads_by_expiry').on('uploads').column('expires_at').execute();
}

async function createAccess(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('api_keys')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('key_hash', 'text', (column) => column.notNull().unique())
    .addColumn('key_prefix', 'text', (column) => column.notNull())
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('branch_id', 'text')
    .addColumn('description', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('last_used_at', 'bigint')
    .addColumn('expires_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .execute();
  await db.schema.createIndex('api_keys_by_project').on('api_keys').columns(['project_id', 'created_at']).execute();

  await db.schema
    .createTable('idempotency_records')
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('method', 'text', (column) => column.notNull())
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('body_hash', 'text')
    .addColumn('answer_status', 'bigint')
    .addColumn('answer_body', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('idempotency_records_key', ['scope', 'key'])
    .execute();
  await db.schema.createIndex('idempotency_by_expiry').on('idempotency_records').column('expires_at').execute();
}

async function createAudit(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('operations')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('logged_at', 'bigint', (column) => column.notNull())
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('project_id', 'text')
    .addColumn('project_key', 'text')
    .addColumn('operation', 'text', (column) => column.notNull())
    .addColumn('resource_type', 'text', (column) => column.notNull())
    .addColumn('resource_id', 'text')
    .addColumn('resource_key', 'text')
    .addColumn('actor', 'text')
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('error_code', 'text')
    .addColumn('error_message', 'text')
    .addColumn('details', 'text')
    .addColumn('duration_ms', 'bigint', (column) => column.notNull())
    .execute();
  // Each in the order of the list, so that a page is the end of an index and never sorted.
  for (const column of ['project_key', 'resource_key', 'actor', 'operation', 'request_id']) {
    await db.schema
      .createIndex(`operations_by_${column}`)
      .on('operations')
      .columns([column, 'logged_at', 'id'])
      .execute();
  }
  await db.schema
    .createIndex('operations_by_error_code')
    .on('operations')
    .columns(['error_code', 'logged_at', 'id'])
    .where(sql.ref('error_code'), 'is not', null)
    .execute();
  await db.schema.createIndex('operations_by_time').on('operations').columns(['logged_at', 'id']).execute();
}

/** Counters start at zero, and a change that would make one negative fails instead of being believed. */
function withCounters(table: CreateTableBuilder<string>, names: readonly string[]): CreateTableBuilder<string, string> {
  let built: CreateTableBuilder<string, string> = table;
  for (const name of names) {
    built = built.addColumn(name, 'bigint', (column) =>
      column
        .notNull()
        .defaultTo(0)
        .check(sql`${sql.ref(name)} >= 0`),
    );
  }
  return built;
}

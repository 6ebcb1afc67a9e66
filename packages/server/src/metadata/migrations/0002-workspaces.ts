import { sql, type Kysely } from 'kysely';

import type { Migration } from './migration.js';

/** Workspaces, the sessions of PostgreSQL clients, and the query log. */
export const workspacesMigration: Migration = {
  number: 2,
  name: 'workspaces',
  async up(db) {
    await createWorkspaces(db);
    await createWireSessions(db);
    await createQueries(db);
  },
};

async function createWorkspaces(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('workspaces')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('branch_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('size_limit_bytes', 'bigint', (column) => column.notNull())
    .addColumn('size_bytes', 'bigint', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull().check(sql`status in ('active', 'error')`))
    .addColumn('username', 'text', (column) => column.notNull().unique())
    .addColumn('password_verifier', 'text')
    .execute();
  await db.schema
    .createIndex('workspaces_newest')
    .on('workspaces')
    .columns(['project_id', 'created_at', 'id'])
    .execute();
  await db.schema
    .createIndex('workspaces_by_expiry')
    .on('workspaces')
    .column('expires_at')
    .where(sql.ref('expires_at'), 'is not', null)
    .execute();
}

async function createWireSessions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('wire_sessions')
    .addColumn('session_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('workspace_id', 'text', (column) => column.notNull().references('workspaces.id'))
    .addColumn('client_ip', 'text')
    .addColumn('application_name', 'text')
    .addColumn('encrypted', 'integer', (column) => column.notNull())
    .addColumn('connected_at', 'bigint', (column) => column.notNull())
    .addColumn('last_activity_at', 'bigint', (column) => column.notNull())
    .addColumn('query_count', 'bigint', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('ended_at', 'bigint')
    .execute();
  await db.schema
    .createIndex('wire_sessions_of_workspace')
    .on('wire_sessions')
    .columns(['workspace_id', 'connected_at', 'session_id'])
    .execute();
  await db.schema
    .createIndex('wire_sessions_newest')
    .on('wire_sessions')
    .columns(['connected_at', 'session_id'])
    .execute();
  await db.schema
    .createIndex('wire_sessions_by_end')
    .on('wire_sessions')
    .column('ended_at')
    .where(sql.ref('ended_at'), 'is not', null)
    .execute();
}

async function createQueries(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('queries')
    // It sorts by the start, so that the newest come last in every index.
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    // No reference: the log outlives the workspace.
    .addColumn('workspace_id', 'text', (column) => column.notNull())
    .addColumn('session_id', 'text')
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('statement', 'text', (column) => column.notNull())
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('sql_state', 'text')
    .addColumn('error_message', 'text')
    .addColumn('row_count', 'bigint')
    .addColumn('result_bytes', 'bigint')
    .addColumn('duration_ms', 'bigint')
    .execute();
  for (const column of ['project_id', 'workspace_id', 'session_id', 'actor']) {
    await db.schema.createIndex(`queries_by_${column}`).on('queries').columns([column, 'started_at', 'id']).execute();
  }
  await db.schema.createIndex('queries_by_time').on('queries').columns(['started_at', 'id']).execute();
  await db.schema
    .createIndex('queries_running')
    .on('queries')
    .column('outcome')
    .where('outcome', '=', sql.lit('running'))
    .execute();
}

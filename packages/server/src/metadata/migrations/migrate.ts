import type { Kysely } from 'kysely';

import { initialMigration } from './0001-initial.js';
import { workspacesMigration } from './0002-workspaces.js';
import { auditBranchesMigration } from './0003-audit-branches.js';
import type { Migration } from './migration.js';

/** In order, numbered from 1 without gaps. */
export const MIGRATIONS: readonly Migration[] = [initialMigration, workspacesMigration, auditBranchesMigration];

type MigrationSchema = {
  schema_migrations: { number: number; name: string; applied_at: number };
};

/** The database was written by a newer build. Nothing was changed in it. */
export class NewerSchemaError extends Error {
  override readonly name = 'NewerSchemaError';

  constructor(
    readonly found: number,
    readonly known: number,
  ) {
    super(
      `The metadata database has schema ${found}, and this build knows schemas up to ${known}: it was opened by a newer ` +
        'build before. Start that build again, or restore a backup made with this one.',
    );
  }
}

/** The database needs a migration, and this caller must not write. */
export class OlderSchemaError extends Error {
  override readonly name = 'OlderSchemaError';

  constructor(
    readonly found: number,
    readonly known: number,
  ) {
    super(
      `The metadata database has schema ${found}, and this build reads schema ${known}. ` +
        'Start the service once with this build: it migrates the database.',
    );
  }
}

/**
 * Brings the schema up to this build, each step in a transaction of its own together with the row that records it, so
 * that a crash in the middle continues where it stopped. The caller makes sure that nobody else migrates meanwhile.
 */
export async function migrate(
  db: Kysely<unknown>,
  now: Date,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx.schema
      .createTable('schema_migrations')
      .ifNotExists()
      .addColumn('number', 'integer', (column) => column.primaryKey().notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('applied_at', 'bigint', (column) => column.notNull())
      .execute();
  });
  const applied = await db.transaction().execute(appliedSchema);
  const known = migrations.length;
  if (applied > known) throw new NewerSchemaError(applied, known);
  for (const migration of migrations.slice(applied)) {
    await db.transaction().execute(async (tx) => {
      await migration.up(tx);
      await tx
        .withTables<MigrationSchema>()
        .insertInto('schema_migrations')
        .values({ number: migration.number, name: migration.name, applied_at: now.getTime() })
        .execute();
    });
  }
}

/** For callers that only read: throws unless the schema is exactly this build's. */
export async function mustHaveCurrentSchema(db: Kysely<unknown>): Promise<void> {
  const applied = await appliedSchema(db);
  if (applied > MIGRATIONS.length) throw new NewerSchemaError(applied, MIGRATIONS.length);
  if (applied < MIGRATIONS.length) throw new OlderSchemaError(applied, MIGRATIONS.length);
}

async function appliedSchema(db: Kysely<unknown>): Promise<number> {
  const row = await db
    .withTables<MigrationSchema>()
    .selectFrom('schema_migrations')
    .select((eb) => eb.fn.max('number').as('number'))
    .executeTakeFirst();
  return Number(row?.number ?? 0);
}

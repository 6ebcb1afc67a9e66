import type { SelectQueryBuilder } from 'kysely';

import type { LocalSnapshotSettings } from '../../model/snapshot-settings.js';
import type { SettingsOwner } from '../records.js';
import { slices, type Database } from './database.js';
import { mustBeActiveProject } from './project-queries.js';
import type { MetadataSchema } from './schema.js';

export async function getSnapshotSettings(
  db: Database,
  owner: SettingsOwner,
): Promise<LocalSnapshotSettings | undefined> {
  const row = await db
    .selectFrom('snapshot_settings')
    .select('settings')
    .where('owner_kind', '=', owner.kind)
    .where('owner_id', '=', owner.id)
    .executeTakeFirst();
  return row && (JSON.parse(row.settings) as LocalSnapshotSettings);
}

export async function findSnapshotSettings(
  db: Database,
  kind: SettingsOwner['kind'],
  ids: readonly string[],
): Promise<ReadonlyMap<string, LocalSnapshotSettings>> {
  const found = new Map<string, LocalSnapshotSettings>();
  for (const slice of slices(ids)) {
    const rows = await db
      .selectFrom('snapshot_settings')
      .select(['owner_id', 'settings'])
      .where('owner_kind', '=', kind)
      .where('owner_id', 'in', slice)
      .execute();
    for (const row of rows) found.set(row.owner_id, JSON.parse(row.settings) as LocalSnapshotSettings);
  }
  return found;
}

export async function putSnapshotSettings(
  db: Database,
  owner: SettingsOwner & { readonly projectId: string },
  settings: LocalSnapshotSettings | null,
  now: Date,
): Promise<void> {
  if (settings === null) return await deleteSettings(db, owner);
  const text = JSON.stringify(settings);
  await db
    .insertInto('snapshot_settings')
    .values({
      owner_kind: owner.kind,
      owner_id: owner.id,
      project_id: await mustBeActiveProject(db, owner.projectId),
      settings: text,
      created_at: now.getTime(),
      updated_at: now.getTime(),
    })
    .onConflict((conflict) =>
      conflict.columns(['owner_kind', 'owner_id']).doUpdateSet({ settings: text, updated_at: now.getTime() }),
    )
    .execute();
}

export async function deleteSettings(db: Database, owner: SettingsOwner): Promise<void> {
  await db
    .deleteFrom('snapshot_settings')
    .where('owner_kind', '=', owner.kind)
    .where('owner_id', '=', owner.id)
    .execute();
}

/** `tables` selects those that the same transaction deletes next. */
export async function deleteSettingsOfTables(
  db: Database,
  tables: SelectQueryBuilder<MetadataSchema, 'tables', { id: string }>,
): Promise<void> {
  await db.deleteFrom('snapshot_settings').where('owner_kind', '=', 'table').where('owner_id', 'in', tables).execute();
}

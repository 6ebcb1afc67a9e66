import type { MetadataReader, MetadataTransaction } from '../metadata/metadata-store.js';
import type { SettingsOwner, SnapshotRecord, TableRecord } from '../metadata/records.js';
import {
  effectiveSnapshotSettings,
  type EffectiveSnapshotSettings,
  type LocalSnapshotSettings,
  type SnapshotSettingSource,
  type SnapshotTrigger,
  type SnapshotType,
} from '../model/snapshot-settings.js';
import type { Change } from './change.js';
import { newSnapshotId } from './snapshot-ids.js';

const DAY_MS = 86_400_000;

const KINDS: Readonly<Record<SnapshotTrigger, { readonly type: SnapshotType; readonly description: string }>> = {
  drop_table: { type: 'auto_predrop', description: 'Auto-backup before DROP TABLE' },
  truncate_table: { type: 'auto_pretruncate', description: 'Auto-backup before TRUNCATE TABLE' },
  delete_all_rows: { type: 'auto_pretruncate', description: 'Auto-backup before DELETE FROM' },
  drop_column: { type: 'auto_predrop_column', description: 'Auto-backup before DROP COLUMN' },
};

/** A change that loses data. */
export interface Loss {
  readonly trigger: SnapshotTrigger;
  /** What is lost, for instance `sales.orders`. */
  readonly subject: string;
}

/**
 * Snapshots that the settings ask for before data is lost. A snapshot is a row that holds a version, so it is taken in the
 * metadata transaction of the change itself: both happen, or neither.
 */
export class AutoSnapshots {
  /** Takes a snapshot of the table as it is now, if the effective settings say so. */
  async before(
    tx: MetadataTransaction,
    change: Change<never>,
    table: TableRecord,
    loss: Loss,
  ): Promise<SnapshotRecord['id'] | undefined> {
    const { values } = await settingsOfTable(tx, table);
    if (!values.enabled || !values[`auto_snapshot_triggers.${loss.trigger}`]) return undefined;
    return await takeSnapshot(tx, change, table, {
      type: KINDS[loss.trigger].type,
      description: `${KINDS[loss.trigger].description} ${loss.subject}`,
      retentionDays: values['retention.auto_days'],
    });
  }
}

export async function takeSnapshot(
  tx: MetadataTransaction,
  change: Change<never>,
  table: TableRecord,
  snapshot: { readonly type: SnapshotType; readonly description: string | null; readonly retentionDays: number },
): Promise<SnapshotRecord['id']> {
  const id = await newSnapshotId(tx, table, change.now);
  await tx.insertSnapshot(
    {
      id,
      projectId: table.projectId,
      bucketName: table.bucketName,
      tableName: table.name,
      type: snapshot.type,
      description: snapshot.description,
      createdAt: change.now,
      createdBy: change.principal.actor,
      expiresAt: new Date(change.now.getTime() + snapshot.retentionDays * DAY_MS),
    },
    table.current.id,
  );
  return id;
}

export function settingsOfTable(reader: MetadataReader, table: TableRecord): Promise<EffectiveSnapshotSettings> {
  return effectiveSettings(reader, [
    { kind: 'project', id: table.projectId },
    { kind: 'bucket', id: table.bucketId },
    { kind: 'table', id: table.id },
  ]);
}

/** `owners` from the outermost to the innermost. */
export async function effectiveSettings(
  reader: MetadataReader,
  owners: readonly SettingsOwner[],
): Promise<EffectiveSnapshotSettings> {
  const levels: { source: SnapshotSettingSource; settings: LocalSnapshotSettings }[] = [];
  for (const owner of owners) {
    const settings = await reader.getSnapshotSettings(owner);
    if (settings !== undefined) levels.push({ source: owner.kind, settings });
  }
  return effectiveSnapshotSettings(levels);
}

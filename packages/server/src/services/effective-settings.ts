import type { MetadataReader } from '../metadata/metadata-store.js';
import type { SettingsOwner, TableRecord } from '../metadata/records.js';
import {
  effectiveSnapshotSettings,
  type EffectiveSnapshotSettings,
  type LocalSnapshotSettings,
  type SnapshotSettingSource,
} from '../model/snapshot-settings.js';

interface Level {
  readonly source: SnapshotSettingSource;
  readonly settings: LocalSnapshotSettings;
}

export async function settingsOfTable(reader: MetadataReader, table: TableRecord): Promise<EffectiveSnapshotSettings> {
  return effectiveSnapshotSettings(await localSettings(reader, ownersOfTable(table)));
}

/** From the outermost to the innermost, as everywhere. */
export function ownersOfTable(table: TableRecord): readonly SettingsOwner[] {
  return [
    { kind: 'project', id: table.projectId },
    { kind: 'bucket', id: table.bucketId },
    { kind: 'table', id: table.id },
  ];
}

/** What each owner says itself; those that say nothing are left out. */
export async function localSettings(reader: MetadataReader, owners: readonly SettingsOwner[]): Promise<Level[]> {
  const levels: Level[] = [];
  for (const owner of owners) {
    const settings = await reader.getSnapshotSettings(owner);
    if (settings !== undefined) levels.push({ source: owner.kind, settings });
  }
  return levels;
}

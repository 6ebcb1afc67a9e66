/** Why a snapshot exists: somebody asked for it, or it was taken before a change that loses data. */
export type SnapshotType =
  | 'manual'
  | 'auto_predrop'
  | 'auto_pretruncate'
  | 'auto_predrop_column'
  | 'auto_prerestore'
  | 'auto_prepull'
  | 'auto_premerge';

export type SnapshotTrigger = 'drop_table' | 'truncate_table' | 'delete_all_rows' | 'drop_column';

/** The settings by their dotted names, with the built-in values. Days: whole numbers from 1 to 3650. */
export const DEFAULT_SNAPSHOT_SETTINGS = {
  'auto_snapshot_triggers.drop_table': true,
  'auto_snapshot_triggers.truncate_table': false,
  'auto_snapshot_triggers.delete_all_rows': false,
  'auto_snapshot_triggers.drop_column': false,
  'retention.manual_days': 90,
  'retention.auto_days': 7,
  enabled: true,
} as const;

type Widened<T> = T extends boolean ? boolean : number;

/** Every setting with its value. */
export type SnapshotSettings = {
  readonly [N in keyof typeof DEFAULT_SNAPSHOT_SETTINGS]: Widened<(typeof DEFAULT_SNAPSHOT_SETTINGS)[N]>;
};
/** What one level says itself. */
export type LocalSnapshotSettings = Partial<SnapshotSettings>;
export type SnapshotSettingName = keyof SnapshotSettings;
export type SnapshotSettingSource = 'system' | 'project' | 'bucket' | 'table';

export interface EffectiveSnapshotSettings {
  readonly values: SnapshotSettings;
  /** The level each value comes from. */
  readonly sources: Readonly<Record<SnapshotSettingName, SnapshotSettingSource>>;
}

export const SNAPSHOT_SETTING_NAMES = Object.keys(DEFAULT_SNAPSHOT_SETTINGS) as readonly SnapshotSettingName[];

/** Each setting comes from the most specific level that gives it. `levels` go from the outermost to the innermost. */
export function effectiveSnapshotSettings(
  levels: readonly { readonly source: SnapshotSettingSource; readonly settings: LocalSnapshotSettings }[],
): EffectiveSnapshotSettings {
  let values: SnapshotSettings = DEFAULT_SNAPSHOT_SETTINGS;
  const sources = Object.fromEntries(SNAPSHOT_SETTING_NAMES.map((name) => [name, 'system'])) as Record<
    SnapshotSettingName,
    SnapshotSettingSource
  >;
  for (const { source, settings } of levels) {
    values = { ...values, ...settings };
    for (const name of Object.keys(settings) as SnapshotSettingName[]) sources[name] = source;
  }
  return { values, sources };
}

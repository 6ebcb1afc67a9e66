import { Type, type Static } from 'typebox';
import {
  DEFAULT_SNAPSHOT_SETTINGS,
  SNAPSHOT_SETTING_NAMES,
  type LocalSnapshotSettings,
} from '../../../model/snapshot-settings.js';
import type { SettingsReport } from '../services.js';
import { Nullable, OneOf, Shared } from './nullable.js';

/** A misspelt member would leave data unprotected, so there are no others. */
const strict = { additionalProperties: false } as const;

const optional = {
  trigger: (when: string, preset: boolean) =>
    Type.Optional(Nullable(Type.Boolean({ description: `Take a snapshot before ${when}; ${preset} unless given` }))),
  days: (kind: string, preset: number) =>
    Type.Optional(
      Nullable(Type.Integer({ description: `Days ${kind} snapshots are kept, 1 to 3650; ${preset} unless given` })),
    ),
};
const preset = DEFAULT_SNAPSHOT_SETTINGS;

const TriggersBody = Type.Object(
  {
    drop_table: optional.trigger('a table, or its bucket, is dropped', preset['auto_snapshot_triggers.drop_table']),
    truncate_table: optional.trigger('a full import', preset['auto_snapshot_triggers.truncate_table']),
    delete_all_rows: optional.trigger('every row is deleted', preset['auto_snapshot_triggers.delete_all_rows']),
    drop_column: optional.trigger('a column is dropped', preset['auto_snapshot_triggers.drop_column']),
  },
  { $id: 'SnapshotTriggers', ...strict },
);

const RetentionBody = Type.Object(
  {
    manual_days: optional.days('manual', preset['retention.manual_days']),
    auto_days: optional.days('automatic', preset['retention.auto_days']),
  },
  { $id: 'SnapshotRetention', ...strict },
);

/** Null means "not given", at every level. */
export const SnapshotSettingsBody = Type.Object(
  {
    auto_snapshot_triggers: Type.Optional(Nullable(Shared(TriggersBody))),
    retention: Type.Optional(Nullable(Shared(RetentionBody))),
    enabled: Type.Optional(
      Nullable(Type.Boolean({ description: 'False: no snapshots at all, neither manual nor automatic' })),
    ),
  },
  { $id: 'PutSnapshotSettings', ...strict },
);

const EffectiveSettingsSchema = Type.Object(
  {
    auto_snapshot_triggers: Type.Object({
      drop_table: Type.Boolean(),
      truncate_table: Type.Boolean(),
      delete_all_rows: Type.Boolean(),
      drop_column: Type.Boolean(),
    }),
    retention: Type.Object({ manual_days: Type.Integer(), auto_days: Type.Integer() }),
    enabled: Type.Boolean(),
  },
  { $id: 'EffectiveSnapshotSettings' },
);

const source = OneOf(['system', 'project', 'bucket', 'table']);

export const SnapshotSettingsSchema = Type.Object(
  {
    effective_config: Shared(EffectiveSettingsSchema),
    inheritance: Type.Object(Object.fromEntries(SNAPSHOT_SETTING_NAMES.map((name) => [name, source])), {
      description: 'The level each effective value comes from',
    }),
    local_config: Nullable(
      Type.Object({}, { additionalProperties: true, description: 'What this level says itself; null when nothing' }),
    ),
  },
  { $id: 'SnapshotSettings' },
);

export const snapshotSettingsSchemas = [
  TriggersBody,
  RetentionBody,
  SnapshotSettingsBody,
  EffectiveSettingsSchema,
  SnapshotSettingsSchema,
];

export function settingsInput(body: Static<typeof SnapshotSettingsBody>): LocalSnapshotSettings {
  const given = SNAPSHOT_SETTING_NAMES.map((name) => [name, memberOf(body, name)] as const);
  return Object.fromEntries(given.filter(([, value]) => value != null));
}

export function renderSettings(report: SettingsReport) {
  return {
    effective_config: nested(report.effective.values),
    inheritance: report.effective.sources,
    local_config: report.local === null ? null : nested(report.local),
  };
}

/** `retention.auto_days` of `{ retention: { auto_days: 3 } }`. */
function memberOf(body: object, name: string): unknown {
  return name
    .split('.')
    .reduce<unknown>((value, member) => (value as Record<string, unknown> | null | undefined)?.[member], body);
}

/** The other way round, in the order of the contract. */
function nested(settings: LocalSnapshotSettings): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const name of SNAPSHOT_SETTING_NAMES) {
    const value = settings[name];
    if (value === undefined) continue;
    const [group = name, member] = name.split('.');
    if (member === undefined) result[group] = value;
    else result[group] = { ...(result[group] as object | undefined), [member]: value };
  }
  return result;
}

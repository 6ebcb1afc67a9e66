import type { MetadataTransaction } from '../metadata/metadata-store.js';
import type { BucketRecord, SnapshotRecord, TableRecord } from '../metadata/records.js';
import { effectiveSnapshotSettings, type SnapshotSettings, type SnapshotType } from '../model/snapshot-settings.js';
import { listTables } from './branch-view.js';
import type { Change } from './change.js';
import { localSettings, settingsOfTable } from './effective-settings.js';
import { newSnapshotIds } from './snapshot-ids.js';
import type { LossTrigger, SnapshotObserver } from './snapshot-observer.js';
import { resourceIdOf } from './table-names.js';

const DAY_MS = 86_400_000;

/** Tables of a bucket that are looked at together: a few statements for all of them, and little memory. */
const TABLES_PER_ROUND = 500;

const KINDS: Readonly<Record<LossTrigger, { readonly type: SnapshotType; readonly description: string }>> = {
  drop_table: { type: 'auto_predrop', description: 'Auto-backup before DROP TABLE' },
  truncate_table: { type: 'auto_pretruncate', description: 'Auto-backup before TRUNCATE TABLE' },
  delete_all_rows: { type: 'auto_pretruncate', description: 'Auto-backup before DELETE FROM' },
  drop_column: { type: 'auto_predrop_column', description: 'Auto-backup before DROP COLUMN' },
  restore: { type: 'auto_prerestore', description: 'Auto-backup before RESTORE' },
  pull: { type: 'auto_prepull', description: 'Auto-backup before PULL' },
  merge: { type: 'auto_premerge', description: 'Auto-backup before MERGE' },
};

/** A change that loses data. */
export interface Loss {
  readonly trigger: LossTrigger;
  /** What is lost, for instance `sales.orders`. */
  readonly subject: string;
}

/**
 * Snapshots that the settings ask for before data is lost. A snapshot is a row that holds a version, so it is taken in the
 * metadata transaction of the change itself: both happen, or neither.
 */
export class AutoSnapshots {
  constructor(private readonly observer?: Pick<SnapshotObserver, 'created'>) {}

  /** Takes a snapshot of the table as it is now, if the effective settings say so. */
  async before(
    tx: MetadataTransaction,
    change: Change<never>,
    table: TableRecord,
    loss: Loss,
  ): Promise<SnapshotRecord['id'] | undefined> {
    const { values } = await settingsOfTable(tx, table);
    const [id] = await this.#take(tx, change, loss.trigger, [{ table, settings: values, subject: loss.subject }]);
    return id;
  }

  /** The same before a bucket is dropped, for each of its tables; returns how many snapshots it took. */
  async beforeDropOf(tx: MetadataTransaction, change: Change<never>, bucket: BucketRecord): Promise<number> {
    const outer = await localSettings(tx, [
      { kind: 'project', id: bucket.projectId },
      { kind: 'bucket', id: bucket.id },
    ]);
    let taken = 0;
    for (let offset = 0; ; offset += TABLES_PER_ROUND) {
      const { items } = await listTables(tx, bucket, { limit: TABLES_PER_ROUND, offset });
      if (items.length === 0) return taken;
      const own = await tx.findSnapshotSettings(
        'table',
        items.map(({ id }) => id),
      );
      const candidates = items.map((table) => {
        const settings = own.get(table.id);
        const levels = settings === undefined ? outer : [...outer, { source: 'table' as const, settings }];
        return { table, settings: effectiveSnapshotSettings(levels).values, subject: resourceIdOf(table) };
      });
      taken += (await this.#take(tx, change, 'drop_table', candidates)).length;
    }
  }

  /** One that somebody asked for, whatever the triggers say. */
  async take(
    tx: MetadataTransaction,
    change: Change<never>,
    table: TableRecord,
    input: { readonly description: string | null; readonly settings: SnapshotSettings },
  ): Promise<SnapshotRecord['id']> {
    const [id = ''] = await newSnapshotIds(tx, table.projectId, [table.name], change.now);
    const retentionDays = input.settings['retention.manual_days'];
    await tx.insertSnapshots([
      snapshotOf(change, table, { id, type: 'manual', description: input.description, retentionDays }),
    ]);
    change.whenDone(() => this.observer?.created('manual', 'manual'));
    return id;
  }

  async #take(
    tx: MetadataTransaction,
    change: Change<never>,
    trigger: LossTrigger,
    candidates: readonly {
      readonly table: TableRecord;
      readonly settings: SnapshotSettings;
      readonly subject: string;
    }[],
  ): Promise<readonly string[]> {
    const chosen = candidates.filter(({ settings }) => settings.enabled && asksFor(settings, trigger));
    const [first] = chosen;
    if (first === undefined) return [];
    const names = chosen.map(({ table }) => table.name);
    const ids = await newSnapshotIds(tx, first.table.projectId, names, change.now);
    const { type, description } = KINDS[trigger];
    await tx.insertSnapshots(
      chosen.map(({ table, settings, subject }, index) =>
        snapshotOf(change, table, {
          id: ids[index] ?? '',
          type,
          description: `${description} ${subject}`,
          retentionDays: settings['retention.auto_days'],
        }),
      ),
    );
    change.whenDone(() => {
      for (const _ of chosen) this.observer?.created(type, trigger);
    });
    return ids;
  }
}

/** Deleting every row empties the table as truncating does, so either of the two triggers protects it. */
function asksFor(settings: SnapshotSettings, trigger: LossTrigger): boolean {
  if (trigger === 'restore' || trigger === 'pull' || trigger === 'merge') return true;
  if (trigger === 'delete_all_rows' && settings['auto_snapshot_triggers.truncate_table']) return true;
  return settings[`auto_snapshot_triggers.${trigger}`];
}

function snapshotOf(
  change: Change<never>,
  table: TableRecord,
  input: {
    readonly id: string;
    readonly type: SnapshotType;
    readonly description: string | null;
    readonly retentionDays: number;
  },
): Parameters<MetadataTransaction['insertSnapshots']>[0][number] {
  const now = change.now;
  return {
    id: input.id,
    projectId: table.projectId,
    branchId: table.branchId,
    bucketName: table.bucketName,
    tableName: table.name,
    tableDescription: table.description,
    columnDescriptions: table.columnDescriptions,
    type: input.type,
    description: input.description,
    createdAt: now,
    createdBy: change.principal.actor,
    expiresAt: new Date(now.getTime() + input.retentionDays * DAY_MS),
    version: table.current,
  };
}

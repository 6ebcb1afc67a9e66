import { DomainError } from '../errors/domain-error.js';
import type { MetadataReader, MetadataStore, MetadataTransaction } from '../metadata/metadata-store.js';
import type { SettingsOwner } from '../metadata/records.js';
import type { BucketRef, TableRef } from '../model/refs.js';
import {
  effectiveSnapshotSettings,
  type EffectiveSnapshotSettings,
  type LocalSnapshotSettings,
} from '../model/snapshot-settings.js';
import { ownBucketId, ownTable } from './branch-writes.js';
import type { Change } from './change.js';
import { localSettings, ownersOfTable } from './effective-settings.js';
import { requireBucket, requireBucketToChange, requireTable, requireTableToChange } from './require-bucket.js';
import { requireActiveProject } from './require-project.js';
import { resourceIdOf } from './table-names.js';

/** Whose settings: those of a project, of one of its buckets, or of a table. */
export type SettingsRef =
  | { readonly level: 'project'; readonly projectId: string }
  | ({ readonly level: 'bucket' } & BucketRef)
  | ({ readonly level: 'table' } & TableRef);

export interface SettingsReport {
  readonly effective: EffectiveSnapshotSettings;
  /** What this level says itself; null when it says nothing. */
  readonly local: LocalSnapshotSettings | null;
}

interface Resolved {
  readonly projectId: string;
  /** From the outermost to the one that is asked for. */
  readonly owners: readonly SettingsOwner[];
  readonly owner: SettingsOwner;
  readonly resourceId: string;
}

const MAX_RETENTION_DAYS = 3650;

/** What the four triggers, the retention and the switch are, level by level: the most specific one that is given wins. */
export class SnapshotSettingsService {
  constructor(private readonly metadata: MetadataStore) {}

  async get(ref: SettingsRef): Promise<SettingsReport> {
    return await report(this.metadata, await resolve(this.metadata, ref));
  }

  /** Replaces what this level says; what is not given is inherited again. */
  async put(
    change: Change<SettingsReport>,
    ref: SettingsRef,
    settings: LocalSnapshotSettings,
  ): Promise<SettingsReport> {
    mustHaveValidRetention(settings);
    const stored = Object.keys(settings).length === 0 ? null : settings;
    return await this.metadata.transaction(async (tx) => {
      const found = await resolveOwn(tx, change, ref);
      await tx.putSnapshotSettings({ ...found.owner, projectId: found.projectId }, stored, change.now);
      const result = await report(tx, found);
      const { projectId, resourceId } = found;
      await change.commit(tx, { projectId, resourceId, details: { settings } }, result);
      return result;
    });
  }

  async reset(change: Change<void>, ref: SettingsRef): Promise<void> {
    await this.metadata.transaction(async (tx) => {
      const { owner, projectId, resourceId } = await resolveOwn(tx, change, ref);
      await tx.putSnapshotSettings({ ...owner, projectId }, null, change.now);
      await change.commit(tx, { projectId, resourceId }, undefined);
    });
  }
}

async function report(reader: MetadataReader, { owners, owner }: Resolved): Promise<SettingsReport> {
  const levels = await localSettings(reader, owners);
  const own = levels.find(({ source }) => source === owner.kind);
  return { effective: effectiveSnapshotSettings(levels), local: own?.settings ?? null };
}

/** In a branch, settings belong to what the branch has of its own: main's stay as they are. */
async function resolveOwn(tx: MetadataTransaction, change: Change<never>, ref: SettingsRef): Promise<Resolved> {
  if (ref.level === 'bucket') await ownBucketId(tx, change, await requireBucketToChange(tx, ref));
  if (ref.level === 'table') await ownTable(tx, change, await requireTableToChange(tx, ref));
  return await resolve(tx, ref);
}

async function resolve(reader: MetadataReader, ref: SettingsRef): Promise<Resolved> {
  if (ref.level === 'project') {
    const { id } = await requireActiveProject(reader, ref.projectId);
    const owner = { kind: 'project', id } as const;
    return { projectId: id, owners: [owner], owner, resourceId: id };
  }
  if (ref.level === 'bucket') {
    const bucket = await requireBucket(reader, ref);
    const owner = { kind: 'bucket', id: bucket.id } as const;
    const { projectId, name } = bucket;
    return { projectId, owners: [{ kind: 'project', id: projectId }, owner], owner, resourceId: name };
  }
  const table = await requireTable(reader, ref);
  return {
    projectId: table.projectId,
    owners: ownersOfTable(table),
    owner: { kind: 'table', id: table.id },
    resourceId: resourceIdOf(table),
  };
}

function mustHaveValidRetention(settings: LocalSnapshotSettings): void {
  const errors = (['manual_days', 'auto_days'] as const).flatMap((name) => {
    const days = settings[`retention.${name}`];
    if (days === undefined) return [];
    if (days < 1) return [`Retention ${name} must be a positive integer`];
    return days > MAX_RETENTION_DAYS ? [`Retention ${name} cannot exceed ${MAX_RETENTION_DAYS} days`] : [];
  });
  if (errors.length > 0) throw new DomainError('invalid_config', 'Invalid snapshot configuration', { errors });
}

import type { TableEngine } from '../engine/table-engine.js';
import type { TableLocks } from '../engine/table-lock.js';
import type { VersionCollector } from '../engine/version-collector.js';
import { DomainError, isDomainError } from '../errors/domain-error.js';
import type { Listed, MetadataReader, MetadataStore, Page, SnapshotFilter } from '../metadata/metadata-store.js';
import type { OperationLogEntry, SnapshotRecord, TableRecord } from '../metadata/records.js';
import { nameKey } from '../model/columns.js';
import { mustBeValidTableName } from '../model/names.js';
import { DEFAULT_BRANCH_ID, type BranchRef, type TableRef } from '../model/refs.js';
import type { AutoSnapshots } from './auto-snapshots.js';
import { findTable } from './branch-view.js';
import type { Change } from './change.js';
import { settingsOfTable } from './effective-settings.js';
import { requireBranch, requireBucketToChange, requireTableToChange } from './require-bucket.js';
import type { SnapshotObserver } from './snapshot-observer.js';
import { lockOf, resourceIdOf } from './table-names.js';
import { tableExists, type TablePublisher } from './table-publisher.js';
import { repeatedVersion } from './table-versions.js';

const SNAPSHOTS_PER_TRANSACTION = 200;

export interface RestoreTarget {
  readonly bucketName: string | null;
  readonly tableName: string | null;
}

/**
 * Names for states of tables, kept until they expire or are deleted. A snapshot is a row that holds a version, so that
 * taking and restoring one costs a metadata transaction, whatever the size. It outlives its table and its bucket.
 */
export class Snapshots {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly engine: TableEngine,
    private readonly locks: TableLocks,
    private readonly publisher: TablePublisher,
    private readonly autoSnapshots: AutoSnapshots,
    private readonly collector: VersionCollector,
    private readonly observer?: SnapshotObserver,
  ) {}

  async create(
    change: Change<SnapshotRecord>,
    ref: TableRef,
    input: { readonly description: string | null },
  ): Promise<SnapshotRecord> {
    const startedAt = performance.now();
    const snapshot = await this.metadata.transaction(async (tx) => {
      const table = await requireTableToChange(tx, ref);
      const { values: settings } = await settingsOfTable(tx, table);
      if (!settings.enabled) throw snapshotsDisabled(table);
      const id = await this.autoSnapshots.take(tx, change, table, { ...input, settings });
      const created = await requireSnapshot(tx, ref, id);
      const { projectId } = created;
      const details = { table: resourceIdOf(table), version_id: created.version.id };
      await change.commit(tx, { projectId, resourceId: id, details }, created);
      return created;
    });
    this.observer?.taken(performance.now() - startedAt);
    return snapshot;
  }

  /** Newest first. */
  async list(branch: BranchRef, filter: SnapshotFilter, page: Page): Promise<Listed<SnapshotRecord>> {
    await requireBranch(this.metadata, branch);
    return await this.metadata.listSnapshots(branch, filter, page);
  }

  get(branch: BranchRef, snapshotId: string): Promise<SnapshotRecord> {
    return requireSnapshot(this.metadata, branch, snapshotId);
  }

  async delete(change: Change<void>, branch: BranchRef, snapshotId: string): Promise<void> {
    await this.metadata.transaction(async (tx) => {
      const snapshot = await requireSnapshot(tx, branch, snapshotId);
      if (snapshot.branchId !== branch.branchId) throw snapshotNotFound(branch, snapshotId);
      const { id, projectId, bucketName, tableName, type } = snapshot;
      await tx.deleteSnapshot(projectId, id);
      const details = { table: `${bucketName}.${tableName}`, type };
      await change.commit(tx, { projectId, resourceId: id, details }, undefined);
    });
    this.collector.schedule();
  }

  /** Lets go of those past their time; returns how many. The version goes when nothing else needs it. */
  async expire(now: Date): Promise<number> {
    let expired = 0;
    for (;;) {
      const candidates = await this.metadata.listExpiredSnapshots(now, SNAPSHOTS_PER_TRANSACTION);
      if (candidates.length === 0) break;
      expired += await this.metadata.transaction(async (tx) => {
        const removed: SnapshotRecord[] = [];
        for (const snapshot of candidates) {
          if (await tx.deleteSnapshot(snapshot.projectId, snapshot.id)) removed.push(snapshot);
        }
        await tx.logOperations(removed.map((snapshot) => expiryEntry(snapshot, now)));
        return removed.length;
      });
    }
    if (expired > 0) {
      this.observer?.expired(expired);
      this.collector.schedule();
    }
    return expired;
  }

  /**
   * Gives the table, or another one, the state of the snapshot: a new version over the same file. Where a table is
   * replaced, a snapshot of it is taken first; a table that was dropped is made again. The snapshot stays.
   */
  async restore(
    change: Change<TableRecord>,
    branch: BranchRef,
    snapshotId: string,
    target: RestoreTarget,
  ): Promise<TableRecord> {
    const startedAt = performance.now();
    const table = await this.engine.withPinned(
      async () => {
        const snapshot = await requireSnapshot(this.metadata, branch, snapshotId);
        return { snapshot, current: snapshot.version };
      },
      ({ snapshot }) => this.#restore(change, branch, snapshot, target),
    );
    this.observer?.restored(performance.now() - startedAt);
    return table;
  }

  async #restore(
    change: Change<TableRecord>,
    branch: BranchRef,
    snapshot: SnapshotRecord,
    target: RestoreTarget,
  ): Promise<TableRecord> {
    const bucketName = target.bucketName ?? snapshot.bucketName;
    const tableName = target.tableName ?? snapshot.tableName;
    const ref: TableRef = { ...branch, bucketName, tableName };
    mustBeValidTableName(tableName);
    const bucket = await requireTargetBucket(this.metadata, ref);
    const details = { restored_snapshot_id: snapshot.id };
    const found = await findTable(this.metadata, ref);
    if (found === undefined) {
      return await this.publisher.publishFirst(change, ref, bucket, {
        version: (tableId) => ({ ...repeatedVersion(change, snapshot.version), tableId, parentId: null }),
        description: snapshot.tableDescription,
        columnDescriptions: snapshot.columnDescriptions,
        result: (table) => table,
        details,
      });
    }
    const isOriginalPlace =
      nameKey(bucketName) === nameKey(snapshot.bucketName) && nameKey(tableName) === nameKey(snapshot.tableName);
    if (!isOriginalPlace) throw tableExists(ref);
    return await this.locks.runExclusive(lockOf(found), undefined, async () => {
      const base = await requireTableToChange(this.metadata, ref);
      return await this.publisher.republish(change, ref, base, snapshot.version, {
        result: (table) => table,
        details,
        loses: { trigger: 'restore', subject: resourceIdOf(base) },
      });
    });
  }
}

/** Of the branch, or of main: what production was can be looked at, and restored, in a branch. */
export async function requireSnapshot(
  reader: MetadataReader,
  branch: BranchRef,
  snapshotId: string,
): Promise<SnapshotRecord> {
  await requireBranch(reader, branch);
  const snapshot = await reader.getSnapshot(branch.projectId, snapshotId);
  if (snapshot?.branchId === branch.branchId || snapshot?.branchId === DEFAULT_BRANCH_ID) return snapshot;
  throw snapshotNotFound(branch, snapshotId);
}

function snapshotNotFound(branch: BranchRef, snapshotId: string): DomainError {
  return new DomainError('snapshot_not_found', `Snapshot ${snapshotId} not found`, {
    project_id: branch.projectId,
    snapshot_id: snapshotId,
  });
}

async function requireTargetBucket(reader: MetadataReader, ref: TableRef) {
  try {
    return await requireBucketToChange(reader, ref);
  } catch (error) {
    if (!isDomainError(error, 'bucket_not_found')) throw error;
    throw new DomainError('bucket_not_found', `Target bucket ${ref.bucketName} not found`, error.details);
  }
}

/** Nobody asked for it, but somebody will look for it. */
function expiryEntry(snapshot: SnapshotRecord, now: Date): OperationLogEntry {
  const { projectId, branchId, id, bucketName, tableName, type } = snapshot;
  return {
    timestamp: now,
    requestId: 'maintenance',
    projectId,
    branchId,
    operation: 'snapshot.delete',
    resourceId: id,
    actor: 'system',
    outcome: 'success',
    errorCode: null,
    errorMessage: null,
    details: { table: `${bucketName}.${tableName}`, type, reason: 'expired' },
    durationMs: 0,
  };
}

function snapshotsDisabled(table: TableRecord): DomainError {
  return new DomainError('snapshots_disabled', `Snapshots are disabled for table ${resourceIdOf(table)}`, {
    project_id: table.projectId,
    bucket_name: table.bucketName,
    table_name: table.name,
  });
}

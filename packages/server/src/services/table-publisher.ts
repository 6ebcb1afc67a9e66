import type { LiveTree } from '../engine/live-tree.js';
import type { TableLocks } from '../engine/table-lock.js';
import type { VersionCollector } from '../engine/version-collector.js';
import type { StagedVersion } from '../engine/version-writer.js';
import { DomainError } from '../errors/domain-error.js';
import type { MetadataStore, MetadataTransaction } from '../metadata/metadata-store.js';
import type { BucketRecord, JsonObject, TableRecord, VersionRecord } from '../metadata/records.js';
import { newSortableId } from '../model/ids.js';
import type { TableRef } from '../model/refs.js';
import type { AutoSnapshots, Loss } from './auto-snapshots.js';
import type { Change } from './change.js';
import { findTable } from './branch-view.js';
import { ownBucketId, ownTable } from './branch-writes.js';
import { requireBucketToChange, requireTableToChange } from './require-bucket.js';
import { builtVersion, repeatedVersion } from './table-versions.js';
import { lockOf, resourceIdOf } from './table-names.js';

export interface Publication<R> {
  /** What the change answers, from the table as it is afterwards. */
  readonly result: (table: TableRecord) => R;
  /** For the audit. */
  readonly details?: JsonObject;
  /** What the audit calls the subject, when it is not the table as a whole. */
  readonly resourceId?: string;
  /** The rows came from an import. */
  readonly imported?: boolean;
  /** Data that this version no longer has: a snapshot of the present is taken first if the settings say so. */
  readonly loses?: Loss;
  /** More that belongs to the same transaction; done before `result` looks at the table. */
  readonly also?: (tx: MetadataTransaction, published: TableRecord) => Promise<void>;
}

/** A table that begins with this version. */
export interface FirstPublication<R> {
  readonly version: (tableId: string) => VersionRecord;
  readonly description?: string | null;
  readonly columnDescriptions?: Readonly<Record<string, string>>;
  readonly result: (table: TableRecord) => R;
  readonly details?: JsonObject;
}

/**
 * Makes a version the current one of its table: one transaction with the snapshot before it, the audit row and the kept
 * answer; then the live tree follows. Publish the next version of a table while holding the table's lock.
 */
export class TablePublisher {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly autoSnapshots: AutoSnapshots,
    private readonly locks: TableLocks,
    private readonly disk: { readonly liveTree: LiveTree; readonly collector: VersionCollector },
    private readonly history: { readonly maxVersions: number },
  ) {}

  /** Makes the table of this name; `table_exists` when somebody else was faster. */
  async publishFirst<R>(
    change: Change<R>,
    ref: TableRef,
    bucket: BucketRecord,
    publication: FirstPublication<R>,
  ): Promise<R> {
    const now = change.now;
    const tableId = newSortableId(now);
    const result = await this.metadata.transaction(async (tx) => {
      const bucketId = await ownBucketId(tx, change, await requireBucketToChange(tx, ref));
      if ((await findTable(tx, ref)) !== undefined) throw tableExists(ref);
      await tx.insertTable({
        id: tableId,
        projectId: bucket.projectId,
        bucketId,
        name: ref.tableName,
        description: publication.description ?? null,
        columnDescriptions: publication.columnDescriptions ?? {},
        createdAt: now,
        version: publication.version(tableId),
      });
      const created = await requireTableToChange(tx, ref);
      const answer = publication.result(created);
      const details = publication.details === undefined ? {} : { details: publication.details };
      await change.commit(tx, { projectId: created.projectId, resourceId: resourceIdOf(created), ...details }, answer);
      return answer;
    });
    await this.#linkFirst(tableId);
    return result;
  }

  /** Under the lock: somebody may have published a newer version already, or deleted the table. */
  async #linkFirst(tableId: string): Promise<void> {
    const made = await this.metadata.getTableById(tableId);
    if (made === undefined) return;
    await this.locks.runExclusive(lockOf(made), undefined, async () => {
      const table = await this.metadata.getTableById(tableId);
      if (table !== undefined) await this.#link(table, table.current);
    });
  }

  async #link(table: TableRecord, version: VersionRecord): Promise<void> {
    await this.disk.liveTree.refresh({
      projectId: table.projectId,
      branchId: table.branchId,
      bucketName: table.bucketName,
      tableName: table.name,
      fileId: version.fileId,
    });
  }

  /** A version that a worker built from `base`. */
  publish<R>(
    change: Change<R>,
    ref: TableRef,
    base: TableRecord,
    staged: StagedVersion,
    publication: Publication<R>,
  ): Promise<R> {
    return this.#publish(change, ref, base, (own) => builtVersion(change, own, staged), publication);
  }

  /** The state of an earlier version, of this table or another one of the project: a new version over the same file. */
  republish<R>(
    change: Change<R>,
    ref: TableRef,
    base: TableRecord,
    earlier: VersionRecord,
    publication: Publication<R>,
  ): Promise<R> {
    const versionOf = (own: TableRecord): VersionRecord => ({
      ...repeatedVersion(change, earlier),
      tableId: own.id,
      parentId: own.current.id,
    });
    return this.#publish(change, ref, base, versionOf, publication);
  }

  async #publish<R>(
    change: Change<R>,
    ref: TableRef,
    base: TableRecord,
    versionOf: (own: TableRecord) => VersionRecord,
    publication: Publication<R>,
  ): Promise<R> {
    const { result, version, isLinked } = await this.metadata.transaction(async (tx) => {
      const before = await requireTableToChange(tx, ref);
      const snapshotId =
        publication.loses === undefined
          ? undefined
          : await this.autoSnapshots.before(tx, change, before, publication.loses);
      // A branch takes the table as it was when the version was begun, so that what main did since then is a conflict and not lost.
      const own = await ownTable(tx, change, { ...before, current: base.current });
      const version = versionOf(own);
      await tx.publishVersion(version, own.current.id, {
        now: change.now,
        imported: publication.imported ?? false,
        keepVersions: this.history.maxVersions,
      });
      await publication.also?.(tx, await requireTableToChange(tx, ref));
      const published = await requireTableToChange(tx, ref);
      const answer = publication.result(published);
      const details = {
        version_id: version.id,
        rows: version.rowCount,
        ...publication.details,
        ...(snapshotId === undefined ? {} : { snapshot_id: snapshotId }),
      };
      const resourceId = publication.resourceId ?? resourceIdOf(base);
      await change.commit(tx, { projectId: base.projectId, resourceId, details }, answer);
      // The file that is linked already is left alone: half a link to it would not be told from one that is being made.
      const isLinked = own.id === before.id && version.fileId === own.current.fileId;
      return { result: answer, version, isLinked };
    });
    if (!isLinked) await this.#link(base, version);
    this.disk.collector.schedule();
    return result;
  }
}

export function tableExists(ref: TableRef): DomainError {
  return new DomainError('table_exists', `Table ${ref.tableName} already exists in bucket ${ref.bucketName}`, {
    project_id: ref.projectId,
    bucket_name: ref.bucketName,
    table_name: ref.tableName,
  });
}

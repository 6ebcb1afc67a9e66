import type { LiveTree } from '../engine/live-tree.js';
import type { VersionCollector } from '../engine/version-collector.js';
import type { StagedVersion } from '../engine/version-writer.js';
import type { MetadataStore, MetadataTransaction } from '../metadata/metadata-store.js';
import type { JsonObject, TableRecord, VersionRecord } from '../metadata/records.js';
import { newSortableId } from '../model/ids.js';
import type { TableRef } from '../model/refs.js';
import type { AutoSnapshots, Loss } from './auto-snapshots.js';
import type { Change } from './change.js';
import { requireTableToChange } from './require-bucket.js';
import { resourceIdOf } from './table-names.js';

export interface Publication<R> {
  /** What the change answers, from the table as it is afterwards. */
  readonly result: (table: TableRecord) => R;
  /** For the audit. */
  readonly details?: JsonObject;
  /** The rows came from an import. */
  readonly imported?: boolean;
  /** Data that this version no longer has: a snapshot of the present is taken first if the settings say so. */
  readonly loses?: Loss;
  /** More that belongs to the same transaction. */
  readonly also?: (tx: MetadataTransaction, published: TableRecord) => Promise<void>;
}

/**
 * Makes a version the current one of its table: one transaction with the snapshot before it, the audit row and the kept
 * answer; then the live tree follows. Call it while holding the table's lock.
 */
export class TablePublisher {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly autoSnapshots: AutoSnapshots,
    private readonly disk: { readonly liveTree: LiveTree; readonly collector: VersionCollector },
    private readonly history: { readonly maxVersions: number },
  ) {}

  /** A version that a worker built from `base`. */
  publish<R>(
    change: Change<R>,
    ref: TableRef,
    base: TableRecord,
    staged: StagedVersion,
    publication: Publication<R>,
  ): Promise<R> {
    return this.#publish(change, ref, base, builtVersion(change, base, staged), publication);
  }

  /** The state of an earlier version, of this table or another one of the project: a new version over the same file. */
  republish<R>(
    change: Change<R>,
    ref: TableRef,
    base: TableRecord,
    earlier: VersionRecord,
    publication: Publication<R>,
  ): Promise<R> {
    const version = { ...repeatedVersion(change, earlier), tableId: base.id, parentId: base.current.id };
    return this.#publish(change, ref, base, version, publication);
  }

  async #publish<R>(
    change: Change<R>,
    ref: TableRef,
    base: TableRecord,
    version: VersionRecord,
    publication: Publication<R>,
  ): Promise<R> {
    const result = await this.metadata.transaction(async (tx) => {
      const before = await requireTableToChange(tx, ref);
      const snapshotId =
        publication.loses === undefined
          ? undefined
          : await this.autoSnapshots.before(tx, change, before, publication.loses);
      await tx.publishVersion(version, base.current.id, {
        now: change.now,
        imported: publication.imported ?? false,
        keepVersions: this.history.maxVersions,
      });
      const published = await requireTableToChange(tx, ref);
      await publication.also?.(tx, published);
      const answer = publication.result(published);
      const details = {
        version_id: version.id,
        rows: version.rowCount,
        ...publication.details,
        ...(snapshotId === undefined ? {} : { snapshot_id: snapshotId }),
      };
      await change.commit(tx, { projectId: base.projectId, resourceId: resourceIdOf(base), details }, answer);
      return answer;
    });
    await this.disk.liveTree.refresh({
      projectId: base.projectId,
      bucketName: base.bucketName,
      tableName: base.name,
      fileId: version.fileId,
    });
    this.disk.collector.schedule();
    return result;
  }
}

/** The row of a version that a worker built; `base` is absent for the first one of a table. */
export function builtVersion(
  change: Change<never>,
  base: { readonly id: string; readonly projectId: string; readonly current?: VersionRecord },
  staged: StagedVersion,
): VersionRecord {
  return {
    id: staged.id,
    tableId: base.id,
    projectId: base.projectId,
    fileId: staged.id,
    parentId: base.current?.id ?? null,
    columns: staged.shape.columns,
    primaryKey: staged.shape.primaryKey,
    rowCount: staged.rowCount,
    sizeBytes: staged.sizeBytes,
    checksum: staged.checksum,
    blockSizeBytes: staged.blockSizeBytes,
    operation: change.operation,
    createdAt: change.now,
    createdBy: change.principal.actor,
  };
}

/** A new version with the file of an earlier one; the caller says which table it belongs to. */
export function repeatedVersion(change: Change<never>, earlier: VersionRecord): VersionRecord {
  return {
    ...earlier,
    id: newSortableId(change.now),
    operation: change.operation,
    createdAt: change.now,
    createdBy: change.principal.actor,
  };
}

import type { TableEngine } from '../engine/table-engine.js';
import type { TableLocks } from '../engine/table-lock.js';
import type { Listed, MetadataStore, Page } from '../metadata/metadata-store.js';
import type { TableRecord } from '../metadata/records.js';
import type { TableRef } from '../model/refs.js';
import type { Change } from './change.js';
import { requireTable, requireTableToChange } from './require-bucket.js';
import type { HistoryEntry, TableHistory } from './table-history.js';
import { lockOf, resourceIdOf } from './table-names.js';
import type { TablePublisher } from './table-publisher.js';

export interface RestoredVersion {
  /** The table as it is afterwards. */
  readonly table: TableRecord;
  /** The version whose state it has. */
  readonly restoredVersionId: string;
}

/** Undo: the states a table had, and back to one of them. */
export class Versions {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly engine: TableEngine,
    private readonly locks: TableLocks,
    private readonly history: TableHistory,
    private readonly publisher: TablePublisher,
  ) {}

  /** Newest first. */
  async list(ref: TableRef, page: Page): Promise<Listed<HistoryEntry>> {
    return await this.history.list(await requireTable(this.metadata, ref), page);
  }

  /**
   * Makes an earlier state the current one: a new version over the same file, so that this can be undone as well. To
   * restore the current version changes nothing.
   */
  async restore(change: Change<RestoredVersion>, ref: TableRef, versionId: string): Promise<RestoredVersion> {
    const found = await requireTableToChange(this.metadata, ref);
    return await this.locks.runExclusive(lockOf(found), undefined, () =>
      this.engine.withPinned(
        () => this.history.requireTable({ ...ref, at: { versionId } }),
        async ({ current: earlier }) => {
          const base = await requireTableToChange(this.metadata, ref);
          const resultOf = (table: TableRecord): RestoredVersion => ({ table, restoredVersionId: earlier.id });
          if (base.current.id === earlier.id) return await this.#leave(change, base, resultOf(base));
          return await this.publisher.republish(change, ref, base, earlier, {
            result: resultOf,
            details: { restored_version_id: earlier.id },
          });
        },
      ),
    );
  }

  async #leave(change: Change<RestoredVersion>, table: TableRecord, result: RestoredVersion): Promise<RestoredVersion> {
    const details = { version_id: table.current.id, restored_version_id: table.current.id };
    await this.metadata.transaction((tx) =>
      change.commit(tx, { projectId: table.projectId, resourceId: resourceIdOf(table), details }, result),
    );
    return result;
  }
}

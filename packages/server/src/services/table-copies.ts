import type { TableEngine } from '../engine/table-engine.js';
import type { TableLocks } from '../engine/table-lock.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { TableRecord } from '../metadata/records.js';
import { mustBeValidTableName } from '../model/names.js';
import type { TableRef, TableVersionRef } from '../model/refs.js';
import { findTable } from './branch-view.js';
import type { Change } from './change.js';
import { bucketIsLinked, requireBucketToChange, requireTableToChange } from './require-bucket.js';
import type { TableHistory } from './table-history.js';
import { lockOf, resourceIdOf } from './table-names.js';
import { tableExists, type TablePublisher } from './table-publisher.js';
import { repeatedVersion } from './table-versions.js';

export interface CopyOptions {
  /** A table of the target's name gets the rows and columns of the source; otherwise its name must be free. */
  readonly replace: boolean;
  /** Without it the copy has no primary key. */
  readonly keepsKey: boolean;
}

/**
 * A table with the state that another one has, or had: a version over the same file, whatever its size. Only within one project,
 * where the files are.
 */
export class TableCopies {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly engine: TableEngine,
    private readonly locks: TableLocks,
    private readonly history: TableHistory,
    private readonly publisher: TablePublisher,
  ) {}

  async copy(
    change: Change<TableRecord>,
    source: TableVersionRef,
    target: TableRef,
    options: CopyOptions,
  ): Promise<TableRecord> {
    mustBeValidTableName(target.tableName);
    const bucket = await requireBucketToChange(this.metadata, target);
    return await this.engine.withPinned(
      () => this.history.requireTable(source),
      async ({ current, linkedFrom, ...found }) => {
        if (linkedFrom !== null && current.projectId !== bucket.projectId) {
          throw bucketIsLinked(found.projectId, found.bucketName, linkedFrom);
        }
        const earlier = options.keepsKey ? current : { ...current, primaryKey: [] };
        const details = { copied_version_id: current.id };
        const existing = await findTable(this.metadata, target);
        if (existing === undefined) {
          return await this.publisher.publishFirst(change, target, bucket, {
            version: (tableId) => ({
              ...repeatedVersion(change, earlier),
              tableId,
              projectId: bucket.projectId,
              parentId: null,
            }),
            result: (table) => table,
            details,
          });
        }
        if (!options.replace) throw tableExists(target);
        return await this.locks.runExclusive(lockOf(existing), undefined, async () => {
          const base = await requireTableToChange(this.metadata, target);
          return await this.publisher.republish(change, target, base, earlier, {
            result: (table) => table,
            details,
            loses: { trigger: 'truncate_table', subject: resourceIdOf(base) },
          });
        });
      },
    );
  }
}

import type { TableEngine } from '../engine/table-engine.js';
import type { TableLocks } from '../engine/table-lock.js';
import type { StagedVersion } from '../engine/version-writer.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { TableRecord, VersionRecord } from '../metadata/records.js';
import type { TableRef } from '../model/refs.js';
import type { RowCondition, RowReference } from '../model/row-condition.js';
import type { Change } from './change.js';
import type { DiskGuard } from './disk-guard.js';
import { requireTable, requireTableToChange } from './require-bucket.js';
import { lockOf, resourceIdOf } from './table-names.js';
import type { TablePublisher } from './table-publisher.js';

export interface DeletedRows {
  readonly deletedRows: number;
  readonly tableRowsAfter: number;
  readonly tableSizeBytesAfter: number;
}

/** Which rows go: by a text or by parts, and by what is (not) in other tables. */
export interface DeletionChoice {
  readonly condition: string | RowCondition;
  readonly references?: readonly RowReference<TableRef>[];
}

/** The audit shows the beginning of a condition. */
const CONDITION_EXCERPT_LENGTH = 200;

/** Row deletion by a condition over the columns of the table. */
export class TableRows {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly engine: TableEngine,
    private readonly locks: TableLocks,
    private readonly publisher: TablePublisher,
    private readonly diskGuard: DiskGuard,
  ) {}

  async deleteRows(change: Change<DeletedRows>, ref: TableRef, choice: DeletionChoice): Promise<DeletedRows> {
    const condition = typeof choice.condition === 'string' ? choice.condition : JSON.stringify(choice.condition);
    const found = await requireTableToChange(this.metadata, ref);
    return await this.locks.runExclusive(lockOf(found), undefined, () =>
      this.engine.withPinned(
        () => requireTableToChange(this.metadata, ref),
        async (table) => {
          await this.diskGuard.mustHaveRoom(table.current.sizeBytes);
          const references = await this.#versionsOf(choice.references ?? []);
          const versions = references.map((reference) => reference.table);
          return await this.engine.withVersionsPinned(versions, () =>
            this.engine.deleteRows(table.current, { condition: choice.condition, references }, (result, staged) => {
              const details = {
                deleted_rows: result.deletedRows,
                where_clause: condition.slice(0, CONDITION_EXCERPT_LENGTH),
              };
              return staged === null
                ? this.#commitUnchanged(change, ref, details)
                : this.#publish(change, ref, table, staged, details);
            }),
          );
        },
      ),
    );
  }

  #versionsOf(references: readonly RowReference<TableRef>[]): Promise<RowReference<VersionRecord>[]> {
    return Promise.all(
      references.map(async (one) => ({ ...one, table: (await requireTable(this.metadata, one.table)).current })),
    );
  }

  /** A table that ends up empty has lost all its rows, whatever the condition looked like. */
  #publish(
    change: Change<DeletedRows>,
    ref: TableRef,
    table: TableRecord,
    staged: StagedVersion,
    details: { readonly deleted_rows: number; readonly where_clause: string },
  ): Promise<DeletedRows> {
    const losesAll = staged.rowCount === 0 && table.current.rowCount > 0;
    return this.publisher.publish(change, ref, table, staged, {
      result: () => ({
        deletedRows: details.deleted_rows,
        tableRowsAfter: staged.rowCount,
        tableSizeBytesAfter: staged.sizeBytes,
      }),
      details,
      ...(losesAll ? { loses: { trigger: 'delete_all_rows', subject: resourceIdOf(table) } } : {}),
    });
  }

  /** No row was meant, so there is no new version. */
  #commitUnchanged(
    change: Change<DeletedRows>,
    ref: TableRef,
    details: { readonly deleted_rows: number; readonly where_clause: string },
  ): Promise<DeletedRows> {
    return this.metadata.transaction(async (tx) => {
      const { projectId, current, ...table } = await requireTableToChange(tx, ref);
      const result = { deletedRows: 0, tableRowsAfter: current.rowCount, tableSizeBytesAfter: current.sizeBytes };
      await change.commit(
        tx,
        { projectId, resourceId: resourceIdOf(table), details: { version_id: current.id, ...details } },
        result,
      );
      return result;
    });
  }
}

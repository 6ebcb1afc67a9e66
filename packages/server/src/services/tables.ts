import type { LiveTree } from '../engine/live-tree.js';
import type { TableEngine } from '../engine/table-engine.js';
import type { TableLocks } from '../engine/table-lock.js';
import type { VersionCollector } from '../engine/version-collector.js';
import { DomainError } from '../errors/domain-error.js';
import type { Listed, MetadataStore } from '../metadata/metadata-store.js';
import type { TableRecord } from '../metadata/records.js';
import { withColumnDescription, type ColumnDescriptions } from '../model/column-descriptions.js';
import { nameKey, type ColumnDefinition } from '../model/columns.js';
import type { TableListQuery } from '../model/list-query.js';
import { mustBeValidTableName } from '../model/names.js';
import type { BucketRef, TableRef, TableVersionRef } from '../model/refs.js';
import type { PreviewRequest } from '../workers/messages.js';
import type { AutoSnapshots } from './auto-snapshots.js';
import { findTable, listTables } from './branch-view.js';
import { deleteTable, ownTable } from './branch-writes.js';
import type { Change } from './change.js';
import type { DiskGuard } from './disk-guard.js';
import { requireBucket, requireBucketToChange, requireTable, requireTableToChange } from './require-bucket.js';
import type { TableHistory } from './table-history.js';
import { lockOf, resourceIdOf } from './table-names.js';
import { tableExists, type TablePublisher } from './table-publisher.js';
import { mustBeConsistentShape } from './table-shapes.js';
import { builtVersion } from './table-versions.js';

export interface NewTableInput {
  readonly name: string;
  readonly description: string | null;
  readonly columnDescriptions: ColumnDescriptions;
  readonly columns: readonly ColumnDefinition[];
  readonly primaryKey: readonly string[];
}

export interface TablePreview {
  readonly table: TableRecord;
  /** A JSON array of row objects, as text. */
  readonly rowsJson: string;
  readonly rowCount: number;
}

export class Tables {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly engine: TableEngine,
    private readonly locks: TableLocks,
    private readonly history: TableHistory,
    private readonly publisher: TablePublisher,
    private readonly autoSnapshots: AutoSnapshots,
    private readonly liveTree: LiveTree,
    private readonly collector: VersionCollector,
    private readonly diskGuard: DiskGuard,
  ) {}

  async create(change: Change<TableRecord>, bucketRef: BucketRef, input: NewTableInput): Promise<TableRecord> {
    const bucket = await requireBucketToChange(this.metadata, bucketRef);
    mustBeValidTableName(input.name);
    const ref = { ...bucketRef, tableName: input.name };
    if ((await findTable(this.metadata, ref)) !== undefined) throw tableExists(ref);
    const shape = mustBeConsistentShape(input);
    await this.diskGuard.mustHaveRoom();
    return await this.engine.create(bucket.projectId, shape, (staged) =>
      this.publisher.publishFirst(change, ref, bucket, {
        version: (tableId) => builtVersion(change, { id: tableId, projectId: bucket.projectId }, staged),
        description: input.description,
        columnDescriptions: input.columnDescriptions,
        result: (table) => table,
      }),
    );
  }

  async list(ref: BucketRef, query?: TableListQuery): Promise<Listed<TableRecord>> {
    const bucket = await requireBucket(this.metadata, ref);
    return await listTables(this.metadata, bucket, query);
  }

  get(ref: TableRef): Promise<TableRecord> {
    return requireTable(this.metadata, ref);
  }

  /** Changes what is said about the table and its columns: metadata only, no version is made. Null removes a description. */
  async update(
    change: Change<TableRecord>,
    ref: TableRef,
    input: { description?: string | null; columnDescriptions?: Readonly<Record<string, string | null>> },
  ): Promise<TableRecord> {
    return await this.metadata.transaction(async (tx) => {
      const before = await ownTable(tx, change, await requireTableToChange(tx, ref));
      const { description } = input;
      await tx.updateTable(before.id, {
        ...(description === undefined ? {} : { description }),
        ...(input.columnDescriptions === undefined
          ? {}
          : { columnDescriptions: describedColumns(before, input.columnDescriptions) }),
        updatedAt: change.now,
      });
      const table = await requireTable(tx, ref);
      await change.commit(tx, { projectId: table.projectId, resourceId: resourceIdOf(table) }, table);
      return table;
    });
  }

  async delete(change: Change<void>, ref: TableRef): Promise<void> {
    const found = await requireTableToChange(this.metadata, ref);
    await this.locks.runExclusive(lockOf(found), undefined, async () => {
      const table = await this.metadata.transaction(async (tx) => {
        const current = await requireTableToChange(tx, ref);
        const snapshotId = await this.autoSnapshots.before(tx, change, current, {
          trigger: 'drop_table',
          subject: resourceIdOf(current),
        });
        await deleteTable(tx, change, current);
        const details = snapshotId === undefined ? {} : { details: { snapshot_id: snapshotId } };
        await change.commit(tx, { projectId: ref.projectId, resourceId: resourceIdOf(current), ...details }, undefined);
        return current;
      });
      await this.liveTree.remove({
        projectId: table.projectId,
        branchId: table.branchId,
        bucketName: table.bucketName,
        tableName: table.name,
      });
    });
    this.collector.schedule();
  }

  async preview(
    ref: TableVersionRef,
    selection: Omit<PreviewRequest, 'version' | 'shape'>,
    signal?: AbortSignal,
  ): Promise<TablePreview> {
    return await this.engine.withPinned(
      () => this.history.requireTable(ref),
      async (table) => ({ table, ...(await this.engine.preview(table.current, selection, signal)) }),
    );
  }
}

/** The descriptions of the table with some of them changed, each under its column's spelling. */
function describedColumns(table: TableRecord, changes: Readonly<Record<string, string | null>>): ColumnDescriptions {
  const columns = new Map(table.current.columns.map(({ name }) => [nameKey(name), name]));
  let described = table.columnDescriptions;
  for (const [name, text] of Object.entries(changes)) {
    const column = columns.get(nameKey(name));
    if (column === undefined) throw columnNotFound(table, name);
    described = withColumnDescription(described, column, text);
  }
  return described;
}

function columnNotFound(table: TableRecord, column: string): DomainError {
  const columns = table.current.columns.map(({ name }) => name);
  return new DomainError(
    'column_not_found',
    `Column ${column} not found in table ${table.name}. It has: ${columns.join(', ')}`,
    {
      project_id: table.projectId,
      bucket_name: table.bucketName,
      table_name: table.name,
      column_name: column,
      columns,
    },
  );
}

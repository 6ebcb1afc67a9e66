import type { LiveTree } from '../engine/live-tree.js';
import type { TableEngine } from '../engine/table-engine.js';
import type { TableLocks } from '../engine/table-lock.js';
import type { VersionCollector } from '../engine/version-collector.js';
import { DomainError } from '../errors/domain-error.js';
import type { Listed, MetadataStore, Page } from '../metadata/metadata-store.js';
import type { BucketRecord, TableRecord } from '../metadata/records.js';
import { nameKey, type ColumnDefinition, type TableShape } from '../model/columns.js';
import { newSortableId } from '../model/ids.js';
import { mustBeValidColumnName, mustBeValidTableName } from '../model/names.js';
import type { BucketRef, TableRef, TableVersionRef } from '../model/refs.js';
import type { RowSelection } from '../workers/messages.js';
import type { AutoSnapshots } from './auto-snapshots.js';
import type { Change } from './change.js';
import type { DiskGuard } from './disk-guard.js';
import { requireBucket, requireBucketToChange, requireTable, requireTableToChange } from './require-bucket.js';
import type { TableHistory } from './table-history.js';
import { lockOf, resourceIdOf } from './table-names.js';
import { builtVersion } from './table-publisher.js';

export interface NewTableInput {
  readonly name: string;
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
    private readonly autoSnapshots: AutoSnapshots,
    private readonly liveTree: LiveTree,
    private readonly collector: VersionCollector,
    private readonly diskGuard: DiskGuard,
  ) {}

  async create(change: Change<TableRecord>, bucketRef: BucketRef, input: NewTableInput): Promise<TableRecord> {
    const bucket = await requireBucketToChange(this.metadata, bucketRef);
    mustBeValidTableName(input.name);
    const ref = { ...bucketRef, tableName: input.name };
    if ((await this.metadata.getTable(ref.projectId, ref.bucketName, ref.tableName)) !== undefined) {
      throw tableExists(ref);
    }
    const shape = mustBeConsistentShape(input);
    await this.diskGuard.mustHaveRoom();
    const table = await this.engine.create(bucket.projectId, shape, (staged) =>
      this.#publishFirstVersion(change, ref, bucket, staged),
    );
    await this.locks.runExclusive(lockOf(table), undefined, () => this.#refreshLink(table.id));
    return table;
  }

  async list(ref: BucketRef, page?: Page): Promise<Listed<TableRecord>> {
    const bucket = await requireBucket(this.metadata, ref);
    return await this.metadata.listTables(bucket.id, page);
  }

  get(ref: TableRef): Promise<TableRecord> {
    return requireTable(this.metadata, ref);
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
        await tx.deleteTable(current.id, current.current.id, change.now);
        const details = snapshotId === undefined ? {} : { details: { snapshot_id: snapshotId } };
        await change.commit(tx, { projectId: ref.projectId, resourceId: resourceIdOf(current), ...details }, undefined);
        return current;
      });
      await this.liveTree.remove({
        projectId: table.projectId,
        bucketName: table.bucketName,
        tableName: table.name,
      });
    });
    this.collector.schedule();
  }

  async preview(ref: TableVersionRef, selection: RowSelection, signal?: AbortSignal): Promise<TablePreview> {
    return await this.engine.withPinned(
      () => this.history.requireTable(ref),
      async (table) => ({ table, ...(await this.engine.preview(table.current, selection, signal)) }),
    );
  }

  #publishFirstVersion(
    change: Change<TableRecord>,
    ref: TableRef,
    bucket: BucketRecord,
    staged: Parameters<Parameters<TableEngine['create']>[2]>[0],
  ): Promise<TableRecord> {
    const now = change.now;
    const tableId = newSortableId(now);
    return this.metadata.transaction(async (tx) => {
      await requireBucketToChange(tx, ref);
      await tx.insertTable({
        id: tableId,
        projectId: bucket.projectId,
        bucketId: bucket.id,
        name: ref.tableName,
        description: null,
        columnDescriptions: {},
        createdAt: now,
        version: builtVersion(change, { id: tableId, projectId: bucket.projectId }, staged),
      });
      const created = await requireTable(tx, ref);
      await change.commit(tx, { projectId: ref.projectId, resourceId: resourceIdOf(created) }, created);
      return created;
    });
  }

  /** Under the table's lock: an import may have published a newer version already, or a delete removed the table. */
  async #refreshLink(tableId: string): Promise<void> {
    const table = await this.metadata.getTableById(tableId);
    if (table === undefined) return;
    await this.liveTree.refresh({
      projectId: table.projectId,
      bucketName: table.bucketName,
      tableName: table.name,
      fileId: table.current.fileId,
    });
  }
}

function tableExists(ref: TableRef): DomainError {
  return new DomainError('table_exists', `Table ${ref.tableName} already exists in bucket ${ref.bucketName}`, {
    project_id: ref.projectId,
    bucket_name: ref.bucketName,
    table_name: ref.tableName,
  });
}

/** Names of columns and key; the worker checks types and defaults. Key names take the spelling of their columns. */
function mustBeConsistentShape(input: NewTableInput): TableShape {
  const byKey = new Map<string, ColumnDefinition>();
  for (const column of input.columns) {
    mustBeValidColumnName(column.name);
    const twin = byKey.get(nameKey(column.name));
    if (twin !== undefined) {
      throw new DomainError(
        'duplicate_column',
        `Columns '${twin.name}' and '${column.name}' have the same name; names are compared without case`,
        { columns: [twin.name, column.name] },
      );
    }
    byKey.set(nameKey(column.name), column);
  }
  const primaryKey: string[] = [];
  for (const name of input.primaryKey) {
    const column = byKey.get(nameKey(name));
    if (column === undefined || primaryKey.includes(column.name)) {
      throw new DomainError(
        'invalid_primary_key',
        column === undefined
          ? `Primary key column '${name}' not found in columns`
          : `Primary key column '${name}' is named twice`,
        { primary_key: input.primaryKey, columns: input.columns.map((each) => each.name) },
      );
    }
    primaryKey.push(column.name);
  }
  return {
    columns: input.columns.map((column) =>
      primaryKey.includes(column.name) ? { ...column, nullable: false } : column,
    ),
    primaryKey,
  };
}

import type { TableEngine } from '../engine/table-engine.js';
import type { TableLocks } from '../engine/table-lock.js';
import { DomainError, isDomainError } from '../errors/domain-error.js';
import type { FileStore } from '../files/file-store.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { FileRecord, TableRecord, VersionRecord } from '../metadata/records.js';
import { nameKey, type TableShape } from '../model/columns.js';
import type { TableRef } from '../model/refs.js';
import { TIMESTAMP_COLUMN, type RowCondition } from '../model/row-condition.js';
import type { FileRows, LoadResult, UnloadedRows, VersionRows } from '../workers/messages.js';
import type { Change } from './change.js';
import type { DiskGuard } from './disk-guard.js';
import { requireTable, requireTableToChange } from './require-bucket.js';
import { lockOf, resourceIdOf } from './table-names.js';
import type { TablePublisher } from './table-publisher.js';

export interface LoadOptions {
  readonly incremental: boolean;
  /** Empty: the table's own key. */
  readonly identifiedBy: readonly string[];
  readonly onDuplicates: 'replace' | 'fail';
  readonly textual: boolean;
  readonly emptyAsNull: readonly string[];
  /** Whether `_timestamp` says when a row was written: `now` writes it, `source` takes it from the source, `none` leaves it alone. */
  readonly timeOfChange: 'now' | 'source' | 'none';
}

export interface FileLoad extends LoadOptions {
  /** In this order, as if they were one. */
  readonly files: readonly FileRecord[];
  readonly format: Omit<FileRows, 'kind' | 'paths'>;
}

export interface TableLoad extends LoadOptions {
  readonly source: TableRef;
  /** Empty: every column, under its name. */
  readonly columns: readonly { readonly from: string; readonly to: string }[];
  readonly filter: RowCondition | null;
  readonly limit: number | null;
}

export interface LoadReport {
  /** What the source had; of an incremental load by a key, the rows that differ in it. */
  readonly importedRows: number;
  readonly tableRowsAfter: number;
  readonly tableSizeBytes: number;
  readonly importedColumns: readonly string[];
  readonly durationMs: number;
}

/**
 * Loads by the rules of the storage driver, which differ from those of an import: columns by position, text without NULL, rows that
 * do not change keep their time of change.
 */
export class TableLoads {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly engine: TableEngine,
    private readonly locks: TableLocks,
    private readonly publisher: TablePublisher,
    private readonly disk: { readonly fileStore: FileStore; readonly guard: DiskGuard },
    private readonly limits: { readonly maxInflatedBytes: number },
  ) {}

  async loadFiles(change: Change<LoadReport>, ref: TableRef, load: FileLoad): Promise<LoadReport> {
    const { fileStore } = this.disk;
    const files = load.files.map(({ path, sizeBytes }) => ({ path: fileStore.localPath(path), sizeBytes }));
    return await this.loadPaths(change, ref, load, files);
  }

  /** Files anywhere on this machine, by their paths; they are read before this resolves. */
  async loadPaths(
    change: Change<LoadReport>,
    ref: TableRef,
    load: Omit<FileLoad, 'files'>,
    files: readonly { readonly path: string; readonly sizeBytes: number }[],
  ): Promise<LoadReport> {
    const sourceBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    const paths = files.map(({ path }) => path);
    if (load.timeOfChange === 'source') mustHaveTimeOfChange(load.format.columns);
    return await this.#load(change, ref, load, sourceBytes, { ...load.format, kind: 'files', paths });
  }

  /** The source is read as it is when the load begins. */
  async loadTable(change: Change<LoadReport>, ref: TableRef, load: TableLoad): Promise<LoadReport> {
    return await this.engine.withPinned(
      () => requireTable(this.metadata, load.source),
      async ({ current: from }) => {
        const columns = load.columns.length > 0 ? load.columns : ownColumns(from, load);
        if (load.timeOfChange === 'source') mustHaveTimeOfChange(columns.map(({ to }) => to));
        const { filter, limit } = load;
        const rows = { kind: 'version', from, columns, filter, limit } as const;
        return await this.#load(change, ref, load, from.sizeBytes, rows);
      },
    );
  }

  /** Rows that a workspace unloaded; the file is read before this resolves. */
  async loadUnloaded(
    change: Change<LoadReport>,
    ref: TableRef,
    load: Omit<TableLoad, 'source'>,
    unloaded: Pick<UnloadedRows, 'path' | 'sizeBytes' | 'shape'>,
  ): Promise<LoadReport> {
    const columns = load.columns.length > 0 ? load.columns : ownColumns(unloaded.shape, load);
    if (load.timeOfChange === 'source') mustHaveTimeOfChange(columns.map(({ to }) => to));
    const { filter, limit } = load;
    return await this.#load(change, ref, load, unloaded.sizeBytes, {
      ...unloaded,
      kind: 'unloaded',
      columns,
      filter,
      limit,
    });
  }

  async #load(
    change: Change<LoadReport>,
    ref: TableRef,
    options: LoadOptions,
    sourceBytes: number,
    rows: FileRows | UnloadedRows | (Omit<VersionRows, 'from'> & { readonly from: VersionRecord }),
  ): Promise<LoadReport> {
    const startedAt = performance.now();
    const found = await requireTableToChange(this.metadata, ref);
    return await this.locks.runExclusive(lockOf(found), undefined, () =>
      this.engine.withPinned(
        () => requireTableToChange(this.metadata, ref),
        async (table) => {
          const { incremental, textual, emptyAsNull, onDuplicates, timeOfChange } = options;
          await this.disk.guard.mustHaveRoom(sourceBytes + (incremental ? table.current.sizeBytes : 0));
          if (!textual && rows.kind !== 'files') {
            mustHaveSameTypes(rows.columns, rows.kind === 'version' ? rows.from : rows.shape, table);
          }
          const identifiedBy = identityOf(table, options.identifiedBy);
          const request = {
            rows,
            incremental,
            identifiedBy,
            onDuplicates,
            textual,
            emptyAsNull,
            changedAt: timeOfChange === 'now' ? change.now.toISOString().slice(0, 19).replace('T', ' ') : null,
            maxInflatedBytes: this.limits.maxInflatedBytes,
          };
          try {
            return await this.engine.load(table.current, request, (staged) =>
              this.#publish(change, ref, table, staged, { incremental, byKey: identifiedBy.length > 0, startedAt }),
            );
          } catch (error) {
            if (isDomainError(error, 'duplicate_key')) throw error.withDetails({ dedup_mode: onDuplicates });
            throw error;
          }
        },
      ),
    );
  }

  #publish(
    change: Change<LoadReport>,
    ref: TableRef,
    base: TableRecord,
    staged: LoadResult & { readonly id: string },
    load: { readonly incremental: boolean; readonly byKey: boolean; readonly startedAt: number },
  ): Promise<LoadReport> {
    const { insertedRows, updatedRows, unchangedRows, sourceRows } = staged;
    const report: LoadReport = {
      importedRows: load.incremental && load.byKey ? insertedRows + updatedRows + unchangedRows : sourceRows,
      tableRowsAfter: staged.rowCount,
      tableSizeBytes: staged.sizeBytes,
      importedColumns: staged.loadedColumns,
      durationMs: Math.round(performance.now() - load.startedAt),
    };
    return this.publisher.publish(change, ref, base, staged, {
      result: () => report,
      imported: true,
      details: { imported_rows: report.importedRows },
      ...(load.incremental ? {} : { loses: { trigger: 'truncate_table', subject: resourceIdOf(base) } }),
    });
  }
}

/** A key is guaranteed, so that rows cannot be told apart by anything else where there is one. */
function identityOf(table: TableRecord, wanted: readonly string[]): readonly string[] {
  const { primaryKey, columns } = table.current;
  if (wanted.length === 0) return primaryKey;
  const names = wanted.map((name) => {
    const column = columns.find((each) => nameKey(each.name) === nameKey(name));
    if (column !== undefined) return column.name;
    throw new DomainError('unknown_column', `Table ${table.name} has no column ${name} to identify rows by`, {
      column: name,
      table_columns: columns.map((each) => each.name),
    });
  });
  const differs = primaryKey.length > 0 && [...names].sort().join('\0') !== [...primaryKey].sort().join('\0');
  if (!differs) return names;
  throw new DomainError(
    'invalid_request',
    `Rows of table ${table.name} are identified by its primary key (${primaryKey.join(', ')}), not by (${names.join(', ')})`,
    { primary_key: primaryKey, dedup_columns: names },
  );
}

/** What a source gives when nobody says which columns: all, but for the time of change that is written anew. */
function ownColumns(from: Pick<TableShape, 'columns'>, { timeOfChange }: LoadOptions) {
  return from.columns
    .filter(({ name }) => timeOfChange === 'source' || nameKey(name) !== TIMESTAMP_COLUMN)
    .map(({ name }) => ({ from: name, to: name }));
}

function mustHaveTimeOfChange(columns: readonly string[]): void {
  if (columns.some((name) => nameKey(name) === TIMESTAMP_COLUMN)) return;
  throw new DomainError(
    'invalid_request',
    `The time of change comes from the source, which has no ${TIMESTAMP_COLUMN}`,
    {
      columns,
    },
  );
}

function mustHaveSameTypes(
  columns: TableLoad['columns'],
  sourceShape: Pick<TableShape, 'columns'>,
  table: TableRecord,
): void {
  for (const { from, to } of columns) {
    const source = sourceShape.columns.find(({ name }) => nameKey(name) === nameKey(from));
    const target = table.current.columns.find(({ name }) => nameKey(name) === nameKey(to));
    if (source === undefined || target === undefined || source.type === target.type) continue;
    throw new DomainError(
      'column_mismatch',
      `Column ${from} of the source is ${source.type}, and column ${to} of table ${table.name} is ${target.type}`,
      { source_column: from, source_type: source.type, column: to, type: target.type },
    );
  }
}

import type { TableEngine } from '../engine/table-engine.js';
import type { TableLocks } from '../engine/table-lock.js';
import { DomainError, isDomainError } from '../errors/domain-error.js';
import type { FileStore } from '../files/file-store.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { FileRecord, JsonObject, TableRecord } from '../metadata/records.js';
import type { TableShape } from '../model/columns.js';
import { newPublicId } from '../model/ids.js';
import { mustBeValidTableName } from '../model/names.js';
import type { TableRef, TableVersionRef } from '../model/refs.js';
import type { CsvOptions, ExportResult, ImportResult, RejectedRow, RowSelection } from '../workers/messages.js';
import type { Change } from './change.js';
import type { DiskGuard } from './disk-guard.js';
import { finalFileKey } from './file-keys.js';
import type { FileQuota } from './file-quota.js';
import { requireBucketToChange, requireTableToChange } from './require-bucket.js';
import type { TableHistory } from './table-history.js';
import { lockOf, resourceIdOf } from './table-names.js';
import type { TablePublisher } from './table-publisher.js';
import { builtVersion } from './table-versions.js';

export interface ImportInput {
  readonly fileId: string;
  readonly format: string;
  /** Null: a header is expected, everything else is detected. */
  readonly csv: CsvOptions | null;
  readonly incremental: boolean;
  readonly dedupMode: 'update_duplicates' | 'insert_duplicates' | 'fail_on_duplicates';
  readonly columns: readonly string[] | null;
  readonly onError: 'fail' | 'skip';
  readonly maxBadRows: number;
}

export interface ImportReport {
  /** Rows that the table gained: all of them after a full load, the new ones after an incremental load. */
  readonly importedRows: number;
  readonly insertedRows: number;
  readonly updatedRows: number;
  readonly deletedRows: number;
  readonly rejectedCount: number;
  readonly rejected: readonly RejectedRow[];
  readonly tableRowsAfter: number;
  readonly tableSizeBytes: number;
  readonly warnings: readonly string[];
  readonly durationMs: number;
  /** Of the file, as it is stored. */
  readonly sourceBytes: number;
}

export interface ExportInput extends RowSelection {
  readonly format: string;
  readonly compression: string | null;
}

export interface ExportReport {
  readonly file: FileRecord;
  readonly rowsExported: number;
}

/** A file on the disk of the service. */
export interface ImportSource {
  readonly path: string;
  readonly format: Format;
  readonly sizeBytes: number;
}

export interface ImportAnswer<R> {
  readonly report: (report: ImportReport) => R;
  /** For the audit. */
  readonly details?: JsonObject;
}

type Format = 'csv' | 'parquet';
type Compression = 'gzip' | 'zstd' | 'snappy' | null;

const VALID_COMPRESSION: Record<Format, readonly Compression[]> = {
  csv: [null, 'gzip'],
  parquet: [null, 'gzip', 'zstd', 'snappy'],
};

/** Moves rows between files of the Files API and tables. */
export class Transfers {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly engine: TableEngine,
    private readonly locks: TableLocks,
    private readonly history: TableHistory,
    private readonly publisher: TablePublisher,
    private readonly disk: {
      readonly fileStore: FileStore;
      readonly guard: DiskGuard;
      readonly quota: FileQuota;
    },
    private readonly limits: { readonly maxInflatedBytes: number },
  ) {}

  /**
   * Builds the table's next version from a file and publishes it at once: readers see the old rows until then. Once it
   * started, an import runs to its end even when the client leaves; a retry with the same idempotency key gets the answer.
   */
  async importFile(change: Change<ImportReport>, ref: TableRef, input: ImportInput): Promise<ImportReport> {
    const startedAt = performance.now();
    await requireTableToChange(this.metadata, ref);
    const file = await this.#requireFile(ref.projectId, input.fileId);
    const format = mustBeFormat(input.format);
    const source = { path: this.disk.fileStore.localPath(file.path), format, sizeBytes: file.sizeBytes };
    try {
      return await this.#import(change, ref, source, input, { startedAt, report: (report) => report });
    } catch (error) {
      throw namingTheImport(error, input);
    }
  }

  /** The same from a file that is nobody's: the caller removes it afterwards. */
  importFrom<R>(
    change: Change<R>,
    ref: TableRef,
    source: ImportSource,
    input: Pick<ImportInput, 'incremental' | 'dedupMode' | 'columns'>,
    answer: ImportAnswer<R>,
  ): Promise<R> {
    const all = { ...input, csv: null, onError: 'fail', maxBadRows: 0 } as const;
    return this.#import(change, ref, source, all, { ...answer, startedAt: performance.now() });
  }

  /** A new table whose first version has the rows of the file already: nobody ever sees it empty. */
  async createFrom<R>(
    change: Change<R>,
    ref: TableRef,
    source: ImportSource,
    shape: TableShape,
    answer: ImportAnswer<R>,
  ): Promise<R> {
    const startedAt = performance.now();
    const bucket = await requireBucketToChange(this.metadata, ref);
    mustBeValidTableName(ref.tableName);
    await this.disk.guard.mustHaveRoom(source.sizeBytes);
    const request = {
      source,
      csv: {},
      columns: null,
      incremental: false,
      dedupMode: 'fail_on_duplicates',
      onError: 'fail',
      maxBadRows: 0,
      maxInflatedBytes: this.limits.maxInflatedBytes,
    } as const;
    return await this.engine.createFrom(bucket.projectId, shape, request, (staged) =>
      this.publisher.publishFirst(change, ref, bucket, {
        version: (tableId) => builtVersion(change, { id: tableId, projectId: bucket.projectId }, staged),
        result: () => answer.report(reportOf(staged, { startedAt, sourceBytes: source.sizeBytes })),
        ...(answer.details === undefined ? {} : { details: answer.details }),
      }),
    );
  }

  async #import<R>(
    change: Change<R>,
    ref: TableRef,
    source: ImportSource,
    input: Omit<ImportInput, 'fileId' | 'format'>,
    answer: ImportAnswer<R> & { readonly startedAt: number },
  ): Promise<R> {
    const found = await requireTableToChange(this.metadata, ref);
    return await this.locks.runExclusive(lockOf(found), undefined, async () => {
      return await this.engine.withPinned(
        () => requireTableToChange(this.metadata, ref),
        async (table) => {
          await this.disk.guard.mustHaveRoom(source.sizeBytes + (input.incremental ? table.current.sizeBytes : 0));
          const request = {
            source: { path: source.path, format: source.format },
            csv: input.csv ?? {},
            columns: input.columns,
            incremental: input.incremental,
            dedupMode: input.dedupMode,
            onError: input.onError,
            maxBadRows: input.maxBadRows,
            maxInflatedBytes: this.limits.maxInflatedBytes,
          };
          return await this.engine.import(table.current, request, undefined, (staged) => {
            const report = reportOf(staged, { startedAt: answer.startedAt, sourceBytes: source.sizeBytes });
            return this.publisher.publish(change, ref, table, staged, {
              result: () => answer.report(report),
              imported: true,
              details: { rejected_rows: staged.rejectedCount, ...answer.details },
              ...(input.incremental ? {} : { loses: { trigger: 'truncate_table', subject: resourceIdOf(table) } }),
            });
          });
        },
      );
    });
  }

  /** Writes the selected rows to a new file of the Files API, in one pass. */
  async exportTable(
    change: Change<ExportReport>,
    ref: TableVersionRef,
    input: ExportInput,
    signal?: AbortSignal,
  ): Promise<ExportReport> {
    await this.history.requireTable(ref);
    const format = mustBeFormat(input.format);
    const compression = mustBeCompression(format, input.compression);
    await this.disk.guard.mustHaveRoom();
    await this.disk.quota.mustAllow(ref.projectId, 0);
    return await this.engine.withPinned(
      () => this.history.requireTable(ref),
      async (table) => {
        const id = newPublicId();
        const name = exportName(table.name, change.now, format, compression);
        const key = finalFileKey(ref.projectId, id, name, change.now);
        const targetPath = await this.disk.fileStore.stagePath(key);
        try {
          const result = await this.engine.export(
            table.current,
            {
              targetPath,
              format,
              compression,
              columns: input.columns,
              filter: input.filter,
              orderBy: input.orderBy,
              limit: input.limit === 0 ? null : input.limit,
            },
            signal,
          );
          await this.disk.quota.mustAllow(ref.projectId, result.sizeBytes);
          await this.disk.fileStore.adopt(targetPath, key);
          return await this.#publishExport(change, table, { id, name, path: key, format }, result);
        } catch (error) {
          await this.disk.fileStore.discard(targetPath);
          throw error;
        }
      },
    );
  }

  async #publishExport(
    change: Change<ExportReport>,
    table: TableRecord,
    target: { id: string; name: string; path: string; format: Format },
    result: ExportResult,
  ): Promise<ExportReport> {
    const file: FileRecord = {
      id: target.id,
      projectId: table.projectId,
      name: target.name,
      path: target.path,
      sizeBytes: result.sizeBytes,
      contentType: target.format === 'csv' ? 'text/csv' : 'application/x-parquet',
      checksumSha256: result.checksum,
      tags: { type: 'export', table: resourceIdOf(table) },
      createdAt: change.now,
      expiresAt: null,
    };
    const report = { file, rowsExported: result.rowCount };
    await this.metadata.transaction(async (tx) => {
      await tx.insertFile(file);
      await change.commit(
        tx,
        {
          projectId: table.projectId,
          resourceId: resourceIdOf(table),
          details: { file_id: file.id, version_id: table.current.id },
        },
        report,
      );
    });
    return report;
  }

  async #requireFile(projectId: string, fileId: string): Promise<FileRecord> {
    const file = await this.metadata.getFile(projectId, fileId);
    if (file === undefined) {
      throw new DomainError('file_not_found', `File ${fileId} not found in project ${projectId}`, {
        project_id: projectId,
        file_id: fileId,
      });
    }
    if ((await this.disk.fileStore.stat(file.path)) === undefined) {
      throw new DomainError('file_content_not_found', `The content of file ${fileId} is gone from the disk`, {
        file_id: fileId,
      });
    }
    return file;
  }
}

function reportOf(
  staged: ImportResult,
  load: { readonly startedAt: number; readonly sourceBytes: number },
): ImportReport {
  return {
    importedRows: staged.insertedRows,
    insertedRows: staged.insertedRows,
    updatedRows: staged.updatedRows,
    deletedRows: staged.deletedRows,
    rejectedCount: staged.rejectedCount,
    rejected: staged.rejected,
    tableRowsAfter: staged.rowCount,
    tableSizeBytes: staged.sizeBytes,
    warnings: staged.warnings,
    durationMs: Math.round(performance.now() - load.startedAt),
    sourceBytes: load.sourceBytes,
  };
}

/** The worker knows rows and columns; which file and mode it was is known here. */
function namingTheImport(error: unknown, input: ImportInput): unknown {
  if (isDomainError(error, 'import_failed')) return error.withDetails({ file_id: input.fileId, format: input.format });
  if (isDomainError(error, 'duplicate_key')) return error.withDetails({ dedup_mode: input.dedupMode });
  return error;
}

function mustBeFormat(format: string): Format {
  if (format === 'csv' || format === 'parquet') return format;
  throw new DomainError('invalid_format', `Unsupported format: ${format}. Use 'csv' or 'parquet'.`, { format });
}

function mustBeCompression(format: Format, compression: string | null): Compression {
  const valid = VALID_COMPRESSION[format].find((each) => each === compression);
  if (valid !== undefined) return valid;
  throw new DomainError('invalid_compression', `Invalid compression for ${format}: ${compression ?? 'null'}`, {
    format,
    valid_compression: VALID_COMPRESSION[format],
  });
}

/** `export_orders_20261123_163700.csv`; gzip inside Parquet does not make it a gzip file, so the name does not say so. */
function exportName(tableName: string, now: Date, format: Format, compression: Compression): string {
  const stamp = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');
  return `export_${tableName}_${stamp}.${format}${format === 'csv' && compression === 'gzip' ? '.gz' : ''}`;
}

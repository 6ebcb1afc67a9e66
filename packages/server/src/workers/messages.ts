import type { ErrorCode } from '../errors/catalogue.js';
import type { ErrorDetails } from '../errors/domain-error.js';
import type { TableAlteration, TableShape } from '../model/columns.js';
import type { RowCondition, RowOrder, RowReference } from '../model/row-condition.js';
import type { ProfileMode, ProfileSample, TableMeasurements } from '../model/table-profile.js';

/**
 * What the service asks of an engine worker and what comes back. One message is one job. The worker does DuckDB and
 * nothing else durable: it builds a file under a staging path, checkpoints, detaches, makes sure no log is left, and
 * reports; the service syncs, renames and publishes. Counts are plain numbers (below 2^53).
 */
export interface WorkerJobs {
  /** A new, empty table file. */
  createTable: { request: CreateTableRequest; result: BuiltVersion };
  /** A new, empty workspace file. */
  createWorkspace: { request: { readonly stagingPath: string }; result: { readonly sizeBytes: number } };
  /** A new version from the base version and a file. */
  importFile: { request: ImportRequest; result: ImportResult };
  /** A new version from the base version and rows of files or of another version, by the rules of the storage driver. */
  loadRows: { request: LoadRequest; result: LoadResult };
  /** A new version with other columns or another key than the base version. */
  alterTable: { request: AlterTableRequest; result: AlterTableResult };
  /** A new version without the rows that a condition selects. */
  deleteRows: { request: DeleteRowsRequest; result: DeleteRowsResult };
  /** Rows of a version to a CSV or Parquet file. */
  exportTable: { request: ExportRequest; result: ExportResult };
  /** The first rows of a version as JSON text. */
  previewTable: { request: PreviewRequest; result: PreviewResult };
  /** What the columns of a version hold, measured. */
  profileTable: { request: ProfileRequest; result: TableMeasurements };
  /** How the rows of a table differ between two versions. */
  compareVersions: { request: CompareRequest; result: ComparedRows };
  /** A new version from one version with the changes between two others applied: a merge of three by key. */
  mergeVersions: { request: MergeRequest; result: MergeResult };
  /** Opens a version and reads it through: for `doctor`. */
  verifyVersion: { request: { path: string }; result: { rowCount: number; checksum: string; shape: TableShape } };
}

export type JobKind = keyof WorkerJobs;
export type JobRequest<K extends JobKind> = WorkerJobs[K]['request'];
export type JobResult<K extends JobKind> = WorkerJobs[K]['result'];

/** A finished file in staging: checkpointed, detached, without a log; not yet synced by the service. */
export interface BuiltVersion {
  readonly shape: TableShape;
  readonly rowCount: number;
  readonly sizeBytes: number;
  /** SHA-256 of the file, 64 hex digits. */
  readonly checksum: string;
  readonly blockSizeBytes: number;
}

export interface CreateTableRequest {
  readonly stagingPath: string;
  readonly shape: TableShape;
}

export interface BaseVersion {
  readonly path: string;
  readonly rowCount: number;
  readonly sizeBytes: number;
  readonly blockSizeBytes: number;
}

/** A base version that is read before anything is copied. */
export interface IdentifiedBaseVersion extends BaseVersion {
  readonly id: string;
}

/** What a job found that may leave the file as it is. */
export interface MaybeBuilt {
  /** Null: nothing was staged, the file of the base version serves as it is. */
  readonly built: BuiltVersion | null;
}

export interface AlterTableRequest {
  readonly stagingPath: string;
  readonly base: IdentifiedBaseVersion;
  readonly shape: TableShape;
  readonly alteration: TableAlteration;
}

export interface AlterTableResult extends MaybeBuilt {
  /** The shape afterwards; without a file built, it differs from the one before at most in the key. */
  readonly shape: TableShape;
}

export interface DeleteRowsRequest {
  readonly stagingPath: string;
  readonly base: IdentifiedBaseVersion;
  readonly shape: TableShape;
  /** As the user wrote it, which the worker parses, checks and rebuilds; or in parts. */
  readonly condition: string | RowCondition;
  /** More conditions in terms of other tables; all hold at once. */
  readonly references?: readonly RowReference<ShapedVersion>[];
}

export interface DeleteRowsResult extends MaybeBuilt {
  readonly deletedRows: number;
}

export interface CsvOptions {
  /** Absent members are detected; `header` defaults to true, `nullString` to the empty text. */
  readonly delimiter?: string;
  readonly quote?: string;
  readonly escape?: string;
  readonly header?: boolean;
  readonly nullString?: string;
  readonly encoding?: 'utf-8' | 'utf-16' | 'latin-1';
  /** The header line is passed over, and `columns` say what the columns of the file are. */
  readonly ignoresHeader?: boolean;
}

export interface ImportRequest {
  readonly stagingPath: string;
  readonly base: BaseVersion;
  readonly shape: TableShape;
  /** `compression` is found from the content (magic bytes), never from the name. */
  readonly source: { readonly path: string; readonly format: 'csv' | 'parquet' };
  readonly csv: CsvOptions;
  /** Only these table columns are loaded; null means all. Without a header: the file's columns, in this order. */
  readonly columns: readonly string[] | null;
  readonly incremental: boolean;
  readonly dedupMode: 'update_duplicates' | 'insert_duplicates' | 'fail_on_duplicates';
  readonly onError: 'fail' | 'skip';
  readonly maxBadRows: number;
  /** A gzip source may inflate to this many bytes at most. */
  readonly maxInflatedBytes: number;
  /** Known rows are left alone when nothing but these columns differs; absent: they are always updated. */
  readonly keepUnchangedBut?: readonly string[];
}

/** Rows that come from files, one after the other as if they were one. */
export interface FileRows {
  readonly kind: 'files';
  readonly paths: readonly string[];
  readonly format: 'csv' | 'parquet';
  /** Of CSV: what the columns of the file are, in its order. Of Parquet: those to load; empty for all. */
  readonly columns: readonly string[];
  readonly delimiter: string;
  /** Empty: nothing is quoted. */
  readonly quote: string;
  /** Empty: a quote inside quotes is doubled. */
  readonly escape: string;
  /** Left out at the beginning of every file. */
  readonly skippedLines: number;
  /** Texts that stand for NULL. Without any, an empty text is an empty text. */
  readonly nullTexts: readonly string[];
}

/** Rows that come from a version of another table. */
export interface VersionRows {
  readonly kind: 'version';
  readonly from: ShapedVersion;
  readonly columns: readonly { readonly from: string; readonly to: string }[];
  readonly filter: RowCondition | null;
  readonly limit: number | null;
}

/** Rows that a workspace left in a Parquet file. */
export interface UnloadedRows {
  readonly kind: 'unloaded';
  readonly path: string;
  readonly sizeBytes: number;
  readonly shape: TableShape;
  readonly columns: readonly { readonly from: string; readonly to: string }[];
  readonly filter: RowCondition | null;
  readonly limit: number | null;
}

export interface LoadRequest {
  readonly stagingPath: string;
  readonly base: BaseVersion;
  readonly shape: TableShape;
  readonly rows: FileRows | VersionRows | UnloadedRows;
  readonly incremental: boolean;
  /** Columns that tell whether two rows are the same one; empty: every row is a new one. */
  readonly identifiedBy: readonly string[];
  readonly onDuplicates: 'replace' | 'fail';
  /** Columns of text have no NULL: it becomes an empty text. Values go through their text on the way to another type. */
  readonly textual: boolean;
  /** With `textual`: columns whose empty texts become NULL. */
  readonly emptyAsNull: readonly string[];
  /** Written into `_timestamp` of new rows and of those that changed: `2026-11-23 16:37:00`, UTC. Null: left alone. */
  readonly changedAt: string | null;
  readonly maxInflatedBytes: number;
}

export interface LoadResult extends BuiltVersion {
  readonly sourceRows: number;
  readonly insertedRows: number;
  readonly updatedRows: number;
  /** Rows that were there already, the same in every column. */
  readonly unchangedRows: number;
  /** In the order of the source, without the time of change. */
  readonly loadedColumns: readonly string[];
}

export interface RejectedRow {
  /** 1-based line of the file (CSV) or row number (Parquet). */
  readonly line: number;
  readonly column: string | null;
  readonly value: string | null;
  readonly reason: string;
}

export interface ImportResult extends BuiltVersion {
  /** Data rows found in the file, rejected ones included. */
  readonly sourceRows: number;
  readonly insertedRows: number;
  readonly updatedRows: number;
  readonly deletedRows: number;
  readonly rejectedCount: number;
  /** The first 100 of them. */
  readonly rejected: readonly RejectedRow[];
  readonly warnings: readonly string[];
}

export interface RowSelection {
  /** Output columns in order; null means all. */
  readonly columns: readonly string[] | null;
  /** A condition as the user wrote it, which the worker parses, checks and rebuilds; or in parts. */
  readonly filter: string | RowCondition | null;
  /** `column [asc|desc] [nulls first|last], …` as the user wrote it; or in parts. */
  readonly orderBy: string | readonly RowOrder[] | null;
  readonly limit: number | null;
  /** Rows passed over first; 0 when absent. */
  readonly offset?: number;
}

export interface ExportRequest extends RowSelection {
  readonly version: { readonly id: string; readonly path: string };
  readonly shape: TableShape;
  readonly targetPath: string;
  readonly format: 'csv' | 'parquet';
  readonly compression: 'gzip' | 'zstd' | 'snappy' | null;
  /** CSV: whether the first line names the columns; true when absent. */
  readonly header?: boolean;
}

export interface ExportResult {
  readonly rowCount: number;
  readonly sizeBytes: number;
  readonly checksum: string;
}

export interface PreviewRequest extends RowSelection {
  readonly version: { readonly id: string; readonly path: string };
  readonly shape: TableShape;
  /** Every value as text that people and other backends write, cut after so many characters; absent: JSON of the value's type. */
  readonly asText?: { readonly maxCharacters: number };
}

export interface PreviewResult {
  /** A JSON array of row objects, keys in column order; values as chapter 3.3 of the API contract says. */
  readonly rowsJson: string;
  readonly rowCount: number;
}

export interface ProfileRequest {
  readonly version: { readonly id: string; readonly path: string };
  readonly shape: TableShape;
  /** Columns to profile, in order; null means all. */
  readonly columns: readonly string[] | null;
  readonly mode: ProfileMode;
  /** Null: every row. */
  readonly sample: ProfileSample | null;
  /** Smallest and largest values as text for every type, or as JSON of their type. */
  readonly valueForm: 'text' | 'native';
}

/** A published version with what is in it. */
export interface ShapedVersion {
  readonly version: { readonly id: string; readonly path: string };
  readonly shape: TableShape;
}

export interface CompareRequest {
  readonly before: ShapedVersion;
  readonly after: ShapedVersion;
  /** Of the rows that differ, how many are shown. */
  readonly maxRows: number;
}

export interface ComparedRows {
  /** `row`: there is no common key, so a changed row counts as removed and added. */
  readonly by: 'key' | 'row';
  /** Columns of the same name and type in both. */
  readonly comparedColumns: readonly string[];
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** A JSON array of `{change, before, after}`; the rows are objects, or null where there is none. */
  readonly rowsJson: string;
}

/** All three have the same columns and the same key. */
export interface MergeRequest {
  readonly stagingPath: string;
  readonly shape: TableShape;
  /** Where both began. */
  readonly origin: ShapedVersion['version'];
  /** Whose changes since the origin are applied … */
  readonly changed: ShapedVersion['version'];
  /** … to these rows. */
  readonly target: BaseVersion;
}

export interface MergeResult extends BuiltVersion {
  readonly insertedRows: number;
  readonly updatedRows: number;
  readonly deletedRows: number;
}

/** Service to worker. */
export type ToWorker =
  | { readonly type: 'run'; readonly jobId: number; readonly kind: JobKind; readonly request: unknown }
  | { readonly type: 'cancel'; readonly jobId: number }
  | { readonly type: 'stop' };

/** Worker to service. */
export type FromWorker =
  | { readonly type: 'ready'; readonly duckdbVersion: string }
  | { readonly type: 'done'; readonly jobId: number; readonly result: unknown }
  | { readonly type: 'failed'; readonly jobId: number; readonly error: WireError; readonly instanceBroken: boolean };

/** A DomainError on its way between processes. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly httpStatus: number | null;
  /** What lies behind it, as text: for the service's log only. */
  readonly cause: string | null;
}

/** Start parameters of a worker, handed over as one JSON argument; the environment of a worker is empty. */
export interface WorkerSettings {
  readonly memoryLimit: string;
  readonly threads: number;
  /** A directory of its own for spilling; made by the pool, removed when the worker ends. */
  readonly tempDirectory: string;
  readonly maxTempBytes: number | null;
  /** Versions kept attached for reads. */
  readonly attachedVersions: number;
}

import type { Readable } from 'node:stream';
import type { Authenticator } from '../../auth/authenticator.js';
import type { Principal } from '../../auth/principal.js';
import type { OperationName } from '../../model/operations.js';
import type { Listed, Page } from '../../metadata/metadata-store.js';
import type {
  ApiKeyRecord,
  ApiKeyScope,
  BranchRecord,
  BucketRecord,
  FileRecord,
  JsonObject,
  KeptVersionRecord,
  ProjectRecord,
  SharedBucketRecord,
  SnapshotRecord,
  TableRecord,
  UploadRecord,
} from '../../metadata/records.js';
import type { ColumnChanges } from '../../model/columns.js';
import type { BranchRef, BucketRef, TableRef, TableVersionRef } from '../../model/refs.js';
import type { BucketListQuery, TableListQuery } from '../../model/list-query.js';
import type { EffectiveSnapshotSettings, LocalSnapshotSettings } from '../../model/snapshot-settings.js';
import type { AuditTrail } from '../../services/audit-trail.js';
import type { BranchDiff } from '../../services/branch-diff.js';
import type { BranchMerge } from '../../services/branch-merge.js';
import type { BranchPull } from '../../services/branch-pull.js';
import type { ChangeRunner } from '../../services/change-runner.js';
import type { Change } from '../../services/change.js';
import type { RateLimiter } from '../../services/rate-limiter.js';
import type { BucketSharing } from '../../services/sharing.js';
import type { TableProfiles } from '../../services/table-profiles.js';
import type { CsvOptions, ImportRequest, RejectedRow, RowSelection } from '../../workers/messages.js';
import type { PoolStatus } from '../../workers/worker-pool.js';
import type { PgwireInternal } from '../../services/pgwire-internal.js';
import type { QueryLog } from '../../services/query-log.js';
import type { WorkspaceQueries } from '../../services/workspace-queries.js';
import type { WorkspaceSessions } from '../../services/workspace-sessions.js';
import type { WorkspaceUnload } from '../../services/workspace-unload.js';
import type { Workspaces } from '../../services/workspaces.js';

export type { InternalLogin } from '../../services/pgwire-internal.js';
export type { QueryAnswer } from '../../services/workspace-queries.js';
export type { UnloadInput, UnloadReport } from '../../services/workspace-unload.js';
export type { LoadedTable, LoadInput, LoadReport } from '../../services/workspace-load.js';
export type { IssuedWorkspace, ShownWorkspace, WorkspaceDetail } from '../../services/workspaces.js';

/**
 * What this door asks of the services, declared by the door itself: the composition root joins them, and tests of
 * pure protocol details replace them.
 */
export interface HttpServices {
  readonly backend: BackendService;
  readonly backups: BackupService;
  readonly projects: ProjectService;
  readonly apiKeys: ApiKeyService;
  readonly branches: BranchService;
  readonly branchDiff: Pick<BranchDiff, 'diff'>;
  readonly branchPull: Pick<BranchPull, 'pullTable' | 'pullBucket' | 'pullBranch'>;
  readonly branchMerge: Pick<BranchMerge, 'merge'>;
  readonly buckets: BucketService;
  readonly sharing: SharingService;
  readonly tables: TableService;
  readonly schemas: SchemaService;
  readonly rows: RowService;
  readonly profiles: Pick<TableProfiles, 'profile'>;
  readonly transfers: TransferService;
  readonly versions: VersionService;
  readonly snapshots: SnapshotService;
  readonly snapshotDownloads: SnapshotDownloadService;
  readonly snapshotSettings: SnapshotSettingsService;
  readonly files: FileService;
  readonly workspaces: Pick<
    Workspaces,
    'create' | 'list' | 'get' | 'delete' | 'clear' | 'dropObject' | 'load' | 'resetCredentials'
  >;
  readonly workspaceQueries: Pick<WorkspaceQueries, 'run'>;
  readonly workspaceUnload: Pick<WorkspaceUnload, 'unload'>;
  readonly workspaceSessions: Pick<WorkspaceSessions, 'list' | 'listAll' | 'end' | 'endAny'>;
  readonly queryLog: Pick<QueryLog, 'list'>;
  readonly pgwireInternal: Pick<
    PgwireInternal,
    'authenticate' | 'openSession' | 'listSessions' | 'getSession' | 'noteActivity' | 'closeSession' | 'closeIdle'
  >;
  readonly changes: Pick<ChangeRunner, 'run' | 'refused' | 'refusedRead'>;
  readonly audit: Pick<AuditTrail, 'list' | 'listOfProject'>;
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly rateLimiter: Pick<RateLimiter, 'mustBeWithinRate'>;
}

export type StorageDirectory = 'data_dir' | 'duckdb_dir' | 'files_dir' | 'snapshots_dir';

export interface HealthReport {
  readonly healthy: boolean;
  readonly directories: Readonly<Record<StorageDirectory, boolean>>;
  readonly disk: {
    readonly availableBytes: number;
    readonly totalBytes: number;
    readonly reserveBytes: number;
    readonly writable: boolean;
  };
  readonly metadata: { readonly ok: boolean; readonly latencyMs: number };
  readonly workers: PoolStatus;
}

export interface InitReport {
  readonly created: readonly string[];
  readonly storagePaths: Readonly<Record<StorageDirectory, string>>;
}

export interface BackendService {
  health(): Promise<HealthReport>;
  init(change: Change<InitReport>): Promise<InitReport>;
  remove(change: Change<void>): Promise<void>;
}

export interface Backup {
  readonly name: string;
  readonly createdAt: Date;
  readonly durationMs: number;
  readonly serviceVersion: string;
  readonly path: string;
  readonly metadata: { readonly sizeBytes: number; readonly checksumSha256: string };
  readonly counts: {
    readonly projects: number;
    readonly buckets: number;
    readonly tables: number;
    readonly versionFiles: number;
    readonly files: number;
  };
  readonly bytes: { readonly versionFiles: number; readonly files: number };
  readonly linkedFiles: number;
  readonly copiedFiles: number;
  readonly hasAdminKey: boolean;
  readonly workspaces: readonly { readonly files: readonly { readonly sizeBytes: number }[] }[];
  readonly skippedWorkspaceIds: readonly string[];
}

export interface BackupService {
  create(change: Change<Backup>, input: { name: string | null }): Promise<Backup>;
  list(page: Page): Promise<Listed<Backup>>;
  get(name: string): Promise<Backup>;
  delete(change: Change<void>, name: string): Promise<void>;
}

export interface CreatedProject {
  readonly project: ProjectRecord;
  readonly apiKey: string;
}

export interface ProjectService {
  create(
    change: Change<CreatedProject>,
    input: { id: string; name: string | null; description: string | null; settings: JsonObject | null },
  ): Promise<CreatedProject>;
  list(filter: { status?: string | undefined; limit: number; offset: number }): Promise<Listed<ProjectRecord>>;
  get(projectId: string): Promise<ProjectRecord>;
  update(
    change: Change<ProjectRecord>,
    projectId: string,
    input: { name?: string; description?: string | null; settings?: JsonObject },
  ): Promise<ProjectRecord>;
  delete(change: Change<void>, projectId: string, options: { force: boolean }): Promise<void>;
  stats(projectId: string): Promise<ProjectRecord>;
}

export interface IssuedApiKey {
  readonly key: ApiKeyRecord;
  /** The key itself; shown here and never again. */
  readonly text: string;
}

export interface ApiKeyService {
  create(
    change: Change<IssuedApiKey>,
    projectId: string,
    input: {
      scope: ApiKeyScope;
      branchId: string | null;
      description: string;
      expiresInDays: number | null;
    },
  ): Promise<IssuedApiKey>;
  list(projectId: string): Promise<readonly ApiKeyRecord[]>;
  get(projectId: string, keyId: string): Promise<ApiKeyRecord>;
  revoke(change: Change<void>, projectId: string, keyId: string): Promise<void>;
  rotate(change: Change<IssuedApiKey>, projectId: string, keyId: string): Promise<IssuedApiKey>;
}

export interface BranchService {
  create(
    change: Change<BranchRecord>,
    input: { projectId: string; name: string; description: string | null },
  ): Promise<BranchRecord>;
  list(projectId: string, page: Page): Promise<Listed<BranchRecord>>;
  get(branch: BranchRef): Promise<{ branch: BranchRecord; tables: readonly TableRecord[] }>;
  update(
    change: Change<BranchRecord>,
    branch: BranchRef,
    input: { name?: string; description?: string | null },
  ): Promise<BranchRecord>;
  delete(change: Change<void>, branch: BranchRef): Promise<void>;
}

export interface BucketService {
  create(
    change: Change<BucketRecord>,
    input: BranchRef & { name: string; description: string | null },
  ): Promise<BucketRecord>;
  list(branch: BranchRef, query: BucketListQuery): Promise<Listed<BucketRecord>>;
  get(bucket: BucketRef): Promise<BucketRecord>;
  update(
    change: Change<BucketRecord>,
    bucket: BucketRef,
    input: { description?: string | null },
  ): Promise<BucketRecord>;
  delete(change: Change<void>, bucket: BucketRef, options: { cascade: boolean; force: boolean }): Promise<void>;
}

export interface SharingService {
  share(
    change: Change<{ bucket: BucketRecord; sharedWith: readonly string[] }>,
    bucket: BucketRef,
    targetProjectId: string,
  ): Promise<{ bucket: BucketRecord; sharedWith: readonly string[] }>;
  unshare(change: Change<void>, bucket: BucketRef, targetProjectId: string): Promise<void>;
  link(
    change: Change<BucketRecord>,
    bucket: BucketRef,
    source: { sourceProjectId: string; sourceBucketName: string },
  ): Promise<BucketRecord>;
  unlink(change: Change<void>, bucket: BucketRef): Promise<void>;
  grantReadonly(change: Change<BucketRecord>, bucket: BucketRef): Promise<BucketRecord>;
  revokeReadonly(change: Change<void>, bucket: BucketRef): Promise<void>;
  listShares(bucket: BucketRef, page?: Page): Promise<BucketSharing>;
  listSharedWith(projectId: string, page?: Page): Promise<Listed<SharedBucketRecord>>;
  /** Throws unless the caller may run the operation on what is in the bucket, which may be a linked one. */
  mustMayRead(principal: Principal, operation: OperationName, bucket: BucketRef): Promise<void>;
}

export interface NewColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly default: string | null;
}

export interface TableService {
  create(
    change: Change<TableRecord>,
    bucket: BucketRef,
    input: {
      name: string;
      description: string | null;
      columns: readonly NewColumn[];
      columnDescriptions: Readonly<Record<string, string>>;
      primaryKey: readonly string[];
    },
  ): Promise<TableRecord>;
  list(bucket: BucketRef, query: TableListQuery): Promise<Listed<TableRecord>>;
  get(table: TableRef): Promise<TableRecord>;
  update(
    change: Change<TableRecord>,
    table: TableRef,
    input: { description?: string | null; columnDescriptions?: Readonly<Record<string, string | null>> },
  ): Promise<TableRecord>;
  delete(change: Change<void>, table: TableRef): Promise<void>;
  preview(
    table: TableVersionRef,
    selection: RowSelection,
    signal: AbortSignal,
  ): Promise<{ table: TableRecord; rowsJson: string; rowCount: number }>;
}

/** Every change is one version of the table. */
export interface SchemaService {
  addColumn(
    change: Change<TableRecord>,
    table: TableRef,
    column: NewColumn,
    description: string | null,
  ): Promise<TableRecord>;
  alterColumn(
    change: Change<TableRecord>,
    table: TableRef,
    columnName: string,
    changes: ColumnChanges,
  ): Promise<TableRecord>;
  dropColumn(change: Change<TableRecord>, table: TableRef, columnName: string): Promise<TableRecord>;
  addPrimaryKey(change: Change<TableRecord>, table: TableRef, columnNames: readonly string[]): Promise<TableRecord>;
  dropPrimaryKey(change: Change<TableRecord>, table: TableRef): Promise<TableRecord>;
}

export interface DeletedRows {
  readonly deletedRows: number;
  readonly tableRowsAfter: number;
  readonly tableSizeBytesAfter: number;
}

export interface RowService {
  deleteRows(
    change: Change<DeletedRows>,
    table: TableRef,
    choice: { readonly condition: string },
  ): Promise<DeletedRows>;
}

export interface ImportInput {
  readonly fileId: string;
  readonly format: string;
  readonly csv: CsvOptions | null;
  readonly incremental: boolean;
  readonly dedupMode: ImportRequest['dedupMode'];
  readonly columns: readonly string[] | null;
  readonly onError: 'fail' | 'skip';
  readonly maxBadRows: number;
}

export interface ImportReport {
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
}

export interface ExportInput extends RowSelection {
  readonly format: string;
  readonly compression: string | null;
}

export interface ExportReport {
  readonly file: FileRecord;
  readonly rowsExported: number;
}

export interface TransferService {
  importFile(change: Change<ImportReport>, table: TableRef, input: ImportInput): Promise<ImportReport>;
  exportTable(
    change: Change<ExportReport>,
    table: TableVersionRef,
    input: ExportInput,
    signal: AbortSignal,
  ): Promise<ExportReport>;
}

/** A version that the history of a table keeps; both times are null while it is current. */
export interface HistoryEntry extends KeptVersionRecord {
  readonly expiresAt: Date | null;
}

export interface RestoredVersion {
  readonly table: TableRecord;
  readonly restoredVersionId: string;
}

export interface VersionService {
  list(table: TableRef, page: Page): Promise<Listed<HistoryEntry>>;
  restore(change: Change<RestoredVersion>, table: TableRef, versionId: string): Promise<RestoredVersion>;
}

export interface SnapshotService {
  create(
    change: Change<SnapshotRecord>,
    table: TableRef,
    input: { description: string | null },
  ): Promise<SnapshotRecord>;
  list(
    branch: BranchRef,
    filter: { bucketName?: string | undefined; tableName?: string | undefined; type?: string | undefined },
    page: Page,
  ): Promise<Listed<SnapshotRecord>>;
  get(branch: BranchRef, snapshotId: string): Promise<SnapshotRecord>;
  delete(change: Change<void>, branch: BranchRef, snapshotId: string): Promise<void>;
  restore(
    change: Change<TableRecord>,
    branch: BranchRef,
    snapshotId: string,
    target: { bucketName: string | null; tableName: string | null },
  ): Promise<TableRecord>;
}

export interface SnapshotDownload {
  readonly snapshot: SnapshotRecord;
  readonly sizeBytes: number;
  readonly content: Readable;
}

export interface SnapshotDownloadService {
  open(branch: BranchRef, snapshotId: string, signal: AbortSignal): Promise<SnapshotDownload>;
}

export type SettingsRef =
  | { readonly level: 'project'; readonly projectId: string }
  | ({ readonly level: 'bucket' } & BucketRef)
  | ({ readonly level: 'table' } & TableRef);

export interface SettingsReport {
  readonly effective: EffectiveSnapshotSettings;
  readonly local: LocalSnapshotSettings | null;
}

export interface SnapshotSettingsService {
  get(owner: SettingsRef): Promise<SettingsReport>;
  put(change: Change<SettingsReport>, owner: SettingsRef, settings: LocalSnapshotSettings): Promise<SettingsReport>;
  reset(change: Change<void>, owner: SettingsRef): Promise<void>;
}

export interface UploadResult {
  readonly uploadKey: string;
  readonly stagingPath: string;
  readonly sizeBytes: number;
  readonly checksumSha256: string;
}

export interface FileDownload {
  readonly file: FileRecord;
  readonly modifiedAt: Date;
  /** Both ends inclusive. */
  read(range?: { start: number; end: number }): Readable;
}

export interface FileService {
  prepare(
    change: Change<UploadRecord>,
    projectId: string,
    input: {
      fileName: string;
      contentType: string | null;
      sizeBytes: number | null;
      sha256: string | null;
      tags: Readonly<Record<string, string>> | null;
    },
  ): Promise<UploadRecord>;
  upload(
    change: Change<UploadResult>,
    projectId: string,
    uploadKey: string,
    source: Readable,
    options: { signal: AbortSignal },
  ): Promise<UploadResult>;
  register(
    change: Change<FileRecord>,
    projectId: string,
    input: { uploadKey: string; name?: string; tags?: Readonly<Record<string, string>> },
  ): Promise<FileRecord>;
  list(projectId: string, page: Page): Promise<Listed<FileRecord>>;
  get(projectId: string, fileId: string): Promise<FileRecord>;
  delete(change: Change<void>, projectId: string, fileId: string): Promise<void>;
  openDownload(projectId: string, fileId: string): Promise<FileDownload>;
}

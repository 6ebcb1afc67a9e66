import type { ColumnDescriptions } from '../model/column-descriptions.js';
import type { BucketListQuery, TableListQuery } from '../model/list-query.js';
import type { OperationName } from '../model/operations.js';
import type { LocalSnapshotSettings, SnapshotType } from '../model/snapshot-settings.js';
import type { BranchRef, BucketRef } from '../model/refs.js';
import type {
  ApiKeyRecord,
  BranchDeletion,
  BranchRecord,
  BucketLinkRecord,
  BucketRecord,
  BucketShareRecord,
  FileRecord,
  IdempotencyRecord,
  JsonObject,
  KeptVersionRecord,
  OperationLogEntry,
  ProjectRecord,
  SettingsOwner,
  SharedBucketRecord,
  SnapshotRecord,
  TableRecord,
  UploadRecord,
  VersionOnFile,
  VersionRecord,
} from './records.js';
import type { WorkspaceRecord } from './workspace-records.js';
import type { WorkspaceReader, WorkspaceWriter } from './workspace-store.js';

/**
 * What is current. Bytes are elsewhere: a file that no row here points to is garbage, a file that a row points to is
 * complete and synced. SQLite is the first implementation, PostgreSQL the second; both pass
 * `metadata-store.conformance.ts`. Names are unique without regard to ASCII case, and are found that way too.
 *
 * Reads on the store see committed state and never wait for a writer. Reads inside a transaction see its own writes.
 */
export interface MetadataStore extends MetadataReader {
  /**
   * Runs `work` in one serialisable write transaction: all of it is durable when the promise resolves, none of it when it
   * rejects. Only metadata calls belong inside; never wait for an engine, a file or a client here.
   */
  transaction<T>(work: (tx: MetadataTransaction) => Promise<T>): Promise<T>;
  /**
   * Writes everything that is committed at one moment to a new file at `path` and opens it for reading. Readers and writers
   * go on meanwhile. The caller syncs the file; it must not exist before. When this rejects, what was written may be there.
   */
  copyTo(path: string): Promise<ReadOnlyMetadata>;
  /** Answers within a moment, or throws: for the health endpoint. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface ReadOnlyMetadata extends MetadataReader {
  close(): Promise<void>;
}

export interface Page {
  readonly limit: number;
  readonly offset: number;
}

export interface Listed<T> {
  readonly items: readonly T[];
  /** All that match, not only this page. */
  readonly total: number;
}

export interface MetadataTotals {
  readonly activeProjects: number;
  /** Linked ones included. */
  readonly buckets: number;
  readonly bucketShares: number;
  readonly bucketLinks: number;
  readonly tables: number;
  /** Bytes of the current versions of all tables. */
  readonly tableBytes: number;
  readonly files: number;
  readonly fileBytes: number;
  /** Uploaded and not registered yet. */
  readonly stagedFiles: number;
  readonly stagedBytes: number;
  readonly idempotencyRecords: number;
  /** Expired ones whose files are still there included. */
  readonly workspaces: number;
  /** As they were measured last. */
  readonly workspaceBytes: number;
  /** `bytes` are those of the versions they hold, once for every snapshot. Types without a snapshot are absent. */
  readonly snapshots: readonly { readonly type: SnapshotType; readonly count: number; readonly bytes: number }[];
}

export interface MetadataReader extends WorkspaceReader {
  /** Deleted projects are found too; look at `status`. */
  getProject(projectId: string): Promise<ProjectRecord | undefined>;
  /** Newest first. */
  listProjects(filter: { status?: string | undefined }, page: Page): Promise<Listed<ProjectRecord>>;

  getBranch(projectId: string, branchId: string): Promise<BranchRecord | undefined>;
  /** Newest first. */
  listBranches(projectId: string, page: Page): Promise<Listed<BranchRecord>>;
  /** What the branch has deleted of main, buckets before their tables. */
  listBranchDeletions(projectId: string, branchId: string): Promise<readonly BranchDeletion[]>;
  /** Has the branch deleted main's bucket of this name, or (with a table name) main's table? */
  isDeletedInBranch(ref: BucketRef, tableName: string | null): Promise<boolean>;
  /** The bucket that the branch has of its own; main's is not looked for. */
  getBranchBucket(ref: BucketRef): Promise<BucketRecord | undefined>;
  /** A table of exactly this bucket, whatever else its branch shows under that name. */
  getTableOfBucket(bucketId: string, tableName: string): Promise<TableRecord | undefined>;
  /** The branch's own buckets, by name. */
  listBranchBuckets(projectId: string, branchId: string): Promise<readonly BucketRecord[]>;
  /** Number and bytes of the tables a branch shows in a bucket of its own that lies over one of main. */
  sumVisibleTables(layers: BucketLayers): Promise<{ tableCount: number; sizeBytes: number }>;
  /** Every table that the branch has of its own, by bucket and name. */
  listBranchTables(projectId: string, branchId: string): Promise<readonly TableRecord[]>;
  /** Main's. */
  getBucket(projectId: string, bucketName: string): Promise<BucketRecord | undefined>;
  /** Main's. */
  listBuckets(projectId: string, query?: BucketListQuery): Promise<Listed<BucketRecord>>;
  /** What a development branch shows: its own, and main's that it has not deleted. */
  listBucketsOfBranch(branch: BranchRef, query?: BucketListQuery): Promise<Listed<BucketRecord>>;

  /** With whom a bucket is shared, by project id. */
  listBucketShares(bucketId: string): Promise<readonly BucketShareRecord[]>;
  isBucketSharedWith(bucketId: string, projectId: string): Promise<boolean>;
  /** Who has linked a bucket, by project id and name. */
  listBucketLinks(bucketId: string): Promise<readonly BucketLinkRecord[]>;
  /** Links that other projects have to buckets of this one. */
  listForeignLinks(projectId: string): Promise<readonly BucketLinkRecord[]>;
  /** What is shared with a project, by project id and name of the source; no page means all. */
  listSharedBuckets(projectId: string, page?: Page): Promise<Listed<SharedBucketRecord>>;

  /** Main's. Found in a linked bucket too; see `TableRecord`. */
  getTable(projectId: string, bucketName: string, tableName: string): Promise<TableRecord | undefined>;
  getTableById(tableId: string): Promise<TableRecord | undefined>;
  /** Those of its source when the bucket is a linked one. Never opens a table file. */
  listTables(bucketId: string, query?: TableListQuery): Promise<Listed<TableRecord>>;
  /** Of a branch's own bucket that lies over one of main. */
  listTablesOfLayers(layers: BucketLayers, query?: TableListQuery): Promise<Listed<TableRecord>>;

  getVersion(versionId: string): Promise<VersionRecord | undefined>;
  /** Current, kept and not yet collected versions, in id order after `afterId`. */
  listVersions(afterId: string | undefined, limit: number): Promise<readonly VersionRecord[]>;
  /** Every file that a version stands on, once, in file id order after `afterFileId`: for backups and `doctor`. */
  listVersionFiles(afterFileId: string | undefined, limit: number): Promise<readonly VersionRecord[]>;
  /** Every version that stands on a file, and what keeps it. */
  listVersionsOnFile(fileId: string): Promise<readonly VersionOnFile[]>;
  /**
   * The current version of a table and those its history keeps, newest first. History ends with what was replaced at
   * `replacedSince`, whether older versions are still there or not.
   */
  listTableVersions(tableId: string, replacedSince: Date, page: Page): Promise<Listed<KeptVersionRecord>>;
  /** One of these versions. */
  getTableVersion(tableId: string, versionId: string, replacedSince: Date): Promise<KeptVersionRecord | undefined>;
  /** The one that was current at a moment; undefined when history does not reach back that far. */
  getTableVersionAt(tableId: string, moment: Date, replacedSince: Date): Promise<KeptVersionRecord | undefined>;
  /**
   * Versions that neither a table, a snapshot nor history needs, oldest first: dispensable ones, and those that were
   * retired before `retiredBefore`.
   */
  listCollectableVersions(retiredBefore: Date, limit: number): Promise<readonly VersionRecord[]>;
  /** What a version file is for: a table is at it, or it is kept for another reason; undefined when nothing needs it. */
  useOfVersionFile(fileId: string): Promise<'current' | 'kept' | undefined>;
  /** Current file and live path parts of every table, in table id order after `afterId`: for the live tree. */
  listLiveTables(
    afterId: string | undefined,
    limit: number,
  ): Promise<
    readonly {
      tableId: string;
      projectId: string;
      branchId: string;
      bucketName: string;
      tableName: string;
      fileId: string;
    }[]
  >;

  getSnapshot(projectId: string, snapshotId: string): Promise<SnapshotRecord | undefined>;
  /** Newest first. */
  listSnapshots(branch: BranchRef, filter: SnapshotFilter, page: Page): Promise<Listed<SnapshotRecord>>;
  listExpiredSnapshots(now: Date, limit: number): Promise<readonly SnapshotRecord[]>;
  /** Which of these ids are in use in the project. */
  findSnapshotIds(projectId: string, snapshotIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** What the owner says itself; undefined when it says nothing. */
  getSnapshotSettings(owner: SettingsOwner): Promise<LocalSnapshotSettings | undefined>;
  /** The same for many owners of one kind, by id; those that say nothing are absent. */
  findSnapshotSettings(
    kind: SettingsOwner['kind'],
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, LocalSnapshotSettings>>;

  getFile(projectId: string, fileId: string): Promise<FileRecord | undefined>;
  /** Newest first. */
  listFiles(projectId: string, page: Page): Promise<Listed<FileRecord>>;
  /** The newest file that has this name, or whose bytes are at this path. */
  findFile(projectId: string, nameOrPath: string): Promise<FileRecord | undefined>;
  /** What counts against the quota: registered files and uploads that wait to be registered. */
  fileUsage(projectId: string): Promise<{ files: number; bytes: number }>;
  /** What every registered file and waiting upload promises, in path order after `afterPath`: for `doctor`. */
  listFileContents(
    afterPath: string | undefined,
    limit: number,
  ): Promise<readonly { path: string; sizeBytes: number; checksumSha256: string }[]>;
  /** True when a file or an upload points to this key of the file store. */
  isFilePathUsed(path: string): Promise<boolean>;

  getUpload(uploadKey: string): Promise<UploadRecord | undefined>;
  listExpiredUploads(now: Date, limit: number): Promise<readonly UploadRecord[]>;

  findApiKeyByHash(keyHash: string): Promise<ApiKeyRecord | undefined>;
  /** Revoked keys are found, too. */
  getApiKey(projectId: string, keyId: string): Promise<ApiKeyRecord | undefined>;
  /** Newest first, expired ones included, revoked ones not. */
  listApiKeys(projectId: string): Promise<readonly ApiKeyRecord[]>;
  /** Ids are unique across projects: audit and idempotency name callers by them. */
  isApiKeyIdUsed(keyId: string): Promise<boolean>;

  /** An expired record (by `now`) is as good as absent. */
  getIdempotencyRecord(scope: string, key: string, now: Date): Promise<IdempotencyRecord | undefined>;

  /** The audit, newest first. */
  listOperations(filter: OperationFilter, page: Page): Promise<ListedOperations>;
  totals(): Promise<MetadataTotals>;
}

/** Exact names, without regard to case. */
export interface SnapshotFilter {
  readonly bucketName?: string | undefined;
  readonly tableName?: string | undefined;
  readonly type?: string | undefined;
}

/** Everything given must hold. Names of projects and resources match without regard to case, the rest exactly. */
export interface OperationFilter {
  readonly projectId?: string | undefined;
  readonly branchId?: string | undefined;
  readonly operation?: OperationName | undefined;
  readonly resourceType?: string | undefined;
  readonly resourceId?: string | undefined;
  readonly actor?: string | undefined;
  readonly outcome?: OperationLogEntry['outcome'] | undefined;
  readonly errorCode?: string | undefined;
  readonly requestId?: string | undefined;
  /** Inclusive. */
  readonly since?: Date | undefined;
  /** Exclusive. */
  readonly until?: Date | undefined;
}

/** The audit may be huge: counting ends some way behind the page, and `total` is then what was seen until there. */
export interface ListedOperations extends Listed<OperationLogEntry> {
  readonly totalIsExact: boolean;
}

/** A branch's own bucket, and the bucket of main that it lies over. */
export interface BucketLayers {
  readonly branchId: string;
  readonly ownId: string;
  readonly mainId: string;
}

export interface PublishOptions {
  readonly now: Date;
  /** Sets `lastImportedAt` as well. */
  readonly imported: boolean;
  /** How many replaced versions the table's history keeps at most; older ones become dispensable. */
  readonly keepVersions: number;
}

export type NewProject = Pick<ProjectRecord, 'id' | 'name' | 'settings' | 'createdAt'> & {
  readonly description?: string | null;
};
export type NewBranch = Omit<BranchRecord, 'tableCount' | 'sizeBytes'>;

export type NewBucket = Pick<BucketRecord, 'id' | 'projectId' | 'branchId' | 'name' | 'description' | 'createdAt'> & {
  /** Makes it a linked bucket. The source must not be one. */
  readonly link?: NewLink;
};
export interface NewLink {
  readonly sourceBucketId: string;
  readonly throughShare: boolean;
  readonly createdBy: string;
}
export interface NewTable {
  readonly id: string;
  readonly projectId: string;
  readonly bucketId: string;
  readonly name: string;
  readonly description: string | null;
  readonly columnDescriptions: ColumnDescriptions;
  readonly createdAt: Date;
  /** The first version; its `tableId` is this table. */
  readonly version: VersionRecord;
  /** True when that version is how main's table was when the branch took it; it is kept as long as the table. */
  readonly isBase?: boolean;
}

export interface NewSnapshot extends Omit<SnapshotRecord, 'version'> {
  readonly version: Pick<VersionRecord, 'id' | 'sizeBytes'>;
}

export interface MetadataTransaction extends MetadataReader, WorkspaceWriter {
  /** Throws `project_exists` (details project_id, status) when the id is used, also by a deleted project. */
  insertProject(project: NewProject): Promise<void>;
  updateProject(
    projectId: string,
    change: { name?: string | null; description?: string | null; settings?: JsonObject | null; updatedAt: Date },
  ): Promise<void>;
  /**
   * Marks the project deleted and removes its buckets, tables, shares, snapshots, settings, uploads, files, keys, workspaces
   * and query log, and the links of other projects to its buckets; its versions become dispensable.
   * Returns the file-store keys nobody points to any more, and the workspaces that are gone.
   */
  deleteProject(
    projectId: string,
    now: Date,
  ): Promise<{ releasedFilePaths: readonly string[]; workspaces: readonly WorkspaceRecord[] }>;

  /** Throws `branch_name_exists` (details project_id, name). */
  insertBranch(branch: NewBranch): Promise<void>;
  /** Throws `branch_name_exists`. */
  updateBranch(
    projectId: string,
    branchId: string,
    change: { readonly name?: string; readonly description?: string | null },
  ): Promise<void>;
  /**
   * Removes the branch with its own buckets, tables, deletions, snapshots, keys and workspaces; its versions become dispensable.
   * Returns the workspaces that are gone.
   */
  deleteBranch(projectId: string, branchId: string, now: Date): Promise<readonly WorkspaceRecord[]>;
  /** Main's bucket, or (with a table name) main's table, is hidden in the branch from now on. Repeating it is fine. */
  insertBranchDeletion(
    branch: BranchRef,
    deletion: BranchDeletion & { readonly createdAt: Date; readonly createdBy: string },
  ): Promise<void>;
  /** Shows main's bucket or table in the branch again; of a bucket, with null, what was deleted inside stays deleted. */
  deleteBranchDeletion(ref: BucketRef, tableName: string | null): Promise<void>;

  /** Throws `bucket_exists` (details project_id, bucket_name). */
  insertBucket(bucket: NewBucket): Promise<void>;
  updateBucket(bucketId: string, change: { description: string | null; updatedAt: Date }): Promise<void>;
  /**
   * Removes the bucket, its tables, their settings, its shares and the links to it; the versions become dispensable. Of a
   * linked bucket only the link is removed.
   */
  deleteBucket(bucketId: string, now: Date): Promise<void>;

  /** False when it is shared with this project already. */
  insertBucketShare(bucketId: string, share: BucketShareRecord): Promise<boolean>;
  /** Removes the share and the links that were made through it, and returns these; undefined when there was no share. */
  deleteBucketShare(bucketId: string, targetProjectId: string): Promise<readonly BucketLinkRecord[] | undefined>;
  setReadonlyGrant(bucketId: string, granted: boolean): Promise<void>;

  /**
   * Inserts table and first version. Throws `table_exists` (details project_id, bucket_name, table_name), or
   * `bucket_not_found` when the bucket was deleted meanwhile.
   */
  insertTable(table: NewTable): Promise<void>;
  /** Says something about a table; its version stays. Absent members stay as they are. */
  updateTable(
    tableId: string,
    change: { description?: string | null; columnDescriptions?: ColumnDescriptions; updatedAt: Date },
  ): Promise<void>;
  /**
   * Compare-and-set: the table must still be at this version, else `version_conflict`. Its versions become dispensable, its
   * settings are removed.
   */
  deleteTable(tableId: string, expectedVersionId: string, now: Date): Promise<void>;
  /**
   * Compare-and-set publication: makes `version` current if the table is still at `expectedVersionId`, else throws
   * `version_conflict`. The replaced version becomes retired.
   */
  publishVersion(version: VersionRecord, expectedVersionId: string, options: PublishOptions): Promise<void>;
  /**
   * Forgets retired versions that no snapshot holds, and returns the files that no version needs any more: they may be
   * removed afterwards. Ids that are current or held are left alone.
   */
  forgetVersions(versionIds: readonly string[]): Promise<readonly { projectId: string; fileId: string }[]>;

  /**
   * The versions must exist. Throws `snapshot_exists` (details project_id, snapshot_id) when the project has a snapshot of
   * such an id.
   */
  insertSnapshots(snapshots: readonly NewSnapshot[]): Promise<void>;
  /** False when there was none. */
  deleteSnapshot(projectId: string, snapshotId: string): Promise<boolean>;
  /** Replaces what the owner says; null removes it. */
  putSnapshotSettings(
    owner: SettingsOwner & { readonly projectId: string },
    settings: LocalSnapshotSettings | null,
    now: Date,
  ): Promise<void>;

  insertFile(file: FileRecord): Promise<void>;
  /** Returns the removed row, undefined when there was none. */
  deleteFile(projectId: string, fileId: string): Promise<FileRecord | undefined>;
  insertUpload(upload: UploadRecord): Promise<void>;
  /** Replaces what arrived; returns the path it replaced, if any. False when the session is gone. */
  completeUpload(
    uploadKey: string,
    uploaded: NonNullable<UploadRecord['uploaded']>,
  ): Promise<{ found: boolean; replacedPath: string | null }>;
  deleteUpload(uploadKey: string): Promise<void>;

  insertApiKey(key: ApiKeyRecord): Promise<void>;
  /** A key that is revoked already keeps its time. */
  revokeApiKey(keyId: string, now: Date): Promise<void>;
  /** Sets `lastUsedAt` of several keys at once; never moves it backwards. */
  touchApiKeys(used: readonly { keyId: string; at: Date }[]): Promise<void>;

  /** Reserves the key. False when a live record exists (an expired one is replaced). */
  reserveIdempotencyKey(record: Omit<IdempotencyRecord, 'answer'>): Promise<boolean>;
  completeIdempotencyKey(scope: string, key: string, answer: { status: number; body: string }): Promise<void>;
  /** Drops a reservation whose request ended without an answer worth keeping. */
  releaseIdempotencyKey(scope: string, key: string): Promise<void>;
  /** Forgets this very answer; one that took its place meanwhile stays. */
  forgetIdempotencyAnswer(record: IdempotencyRecord): Promise<void>;
  /** Forgets the answers whose key begins so; what runs is left alone. */
  forgetIdempotencyAnswers(scope: string, keyPrefix: string): Promise<void>;
  deleteExpiredIdempotencyKeys(now: Date): Promise<number>;
  /** At start: requests that were running when the process ended will never answer. */
  deleteRunningIdempotencyKeys(): Promise<number>;

  logOperations(entries: readonly OperationLogEntry[]): Promise<void>;
  /** Forgets the oldest entries from before a moment, at most `limit`; returns how many there were. */
  deleteOperationsBefore(moment: Date, limit: number): Promise<number>;
}

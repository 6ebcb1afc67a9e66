import type { ColumnDescriptions } from '../../model/column-descriptions.js';
import type { BranchRef, BucketRef } from '../../model/refs.js';
import type { LocalSnapshotSettings } from '../../model/snapshot-settings.js';
import type {
  MetadataTransaction,
  NewBranch,
  NewBucket,
  NewProject,
  NewSnapshot,
  NewTable,
  PublishOptions,
} from '../metadata-store.js';
import type {
  ApiKeyRecord,
  BranchDeletion,
  BucketLinkRecord,
  BucketShareRecord,
  FileRecord,
  IdempotencyRecord,
  JsonObject,
  OperationLogEntry,
  SettingsOwner,
  UploadRecord,
  VersionRecord,
} from '../records.js';
import type { QueryRecord, WireSessionRecord, WorkspaceRecord } from '../workspace-records.js';
import type { WorkspaceWriter } from '../workspace-store.js';
import * as apiKeys from './api-key-queries.js';
import * as branchDeletions from './branch-deletion-queries.js';
import * as branches from './branch-queries.js';
import * as buckets from './bucket-queries.js';
import * as files from './file-queries.js';
import * as idempotency from './idempotency-queries.js';
import * as operations from './operation-queries.js';
import * as projects from './project-queries.js';
import * as queryLog from './query-log-queries.js';
import * as publication from './publication-queries.js';
import * as snapshots from './snapshot-queries.js';
import * as snapshotSettings from './snapshot-settings-queries.js';
import * as shares from './share-queries.js';
import { SqliteMetadataReader } from './sqlite-metadata-reader.js';
import * as tables from './table-queries.js';
import * as uploads from './upload-queries.js';
import * as versions from './version-queries.js';
import * as wireSessions from './wire-session-queries.js';
import * as workspaces from './workspace-queries.js';
import * as workspaceRemoval from './workspace-removal-queries.js';

/** All writes, and reads that see them, over one transaction of the write thread. */
export class SqliteMetadataTransaction extends SqliteMetadataReader implements MetadataTransaction {
  insertProject(project: NewProject): Promise<void> {
    return projects.insertProject(this.db, project);
  }

  updateProject(
    projectId: string,
    change: { name?: string | null; description?: string | null; settings?: JsonObject | null; updatedAt: Date },
  ): Promise<void> {
    return projects.updateProject(this.db, projectId, change);
  }

  deleteProject(projectId: string, now: Date): ReturnType<MetadataTransaction['deleteProject']> {
    return projects.deleteProject(this.db, projectId, now);
  }

  insertBranch(branch: NewBranch): Promise<void> {
    return branches.insertBranch(this.db, branch);
  }

  updateBranch(
    projectId: string,
    branchId: string,
    change: { readonly name?: string; readonly description?: string | null },
  ): Promise<void> {
    return branches.updateBranch(this.db, projectId, branchId, change);
  }

  deleteBranch(projectId: string, branchId: string, now: Date): Promise<readonly WorkspaceRecord[]> {
    return branches.deleteBranch(this.db, projectId, branchId, now);
  }

  insertBranchDeletion(
    branch: BranchRef,
    deletion: BranchDeletion & { readonly createdAt: Date; readonly createdBy: string },
  ): Promise<void> {
    return branchDeletions.insertBranchDeletion(this.db, branch, deletion);
  }

  deleteBranchDeletion(ref: BucketRef, tableName: string | null): Promise<void> {
    return branchDeletions.deleteBranchDeletion(this.db, ref, tableName);
  }

  insertBucket(bucket: NewBucket): Promise<void> {
    return buckets.insertBucket(this.db, bucket);
  }

  updateBucket(bucketId: string, change: { description: string | null; updatedAt: Date }): Promise<void> {
    return buckets.updateBucket(this.db, bucketId, change);
  }

  deleteBucket(bucketId: string, now: Date): Promise<void> {
    return buckets.deleteBucket(this.db, bucketId, now);
  }

  insertBucketShare(bucketId: string, share: BucketShareRecord): Promise<boolean> {
    return shares.insertBucketShare(this.db, bucketId, share);
  }

  deleteBucketShare(bucketId: string, targetProjectId: string): Promise<readonly BucketLinkRecord[] | undefined> {
    return shares.deleteBucketShare(this.db, bucketId, targetProjectId);
  }

  setReadonlyGrant(bucketId: string, granted: boolean): Promise<void> {
    return shares.setReadonlyGrant(this.db, bucketId, granted);
  }

  insertTable(table: NewTable): Promise<void> {
    return publication.insertTable(this.db, table);
  }

  updateTable(
    tableId: string,
    change: { description?: string | null; columnDescriptions?: ColumnDescriptions; updatedAt: Date },
  ): Promise<void> {
    return tables.updateTable(this.db, tableId, change);
  }

  deleteTable(tableId: string, expectedVersionId: string, now: Date): Promise<void> {
    return publication.deleteTable(this.db, tableId, expectedVersionId, now);
  }

  publishVersion(version: VersionRecord, expectedVersionId: string, options: PublishOptions): Promise<void> {
    return publication.publishVersion(this.db, version, expectedVersionId, options);
  }

  forgetVersions(versionIds: readonly string[]): Promise<readonly { projectId: string; fileId: string }[]> {
    return versions.forgetVersions(this.db, versionIds);
  }

  insertSnapshots(added: readonly NewSnapshot[]): Promise<void> {
    return snapshots.insertSnapshots(this.db, added);
  }

  deleteSnapshot(projectId: string, snapshotId: string): Promise<boolean> {
    return snapshots.deleteSnapshot(this.db, projectId, snapshotId);
  }

  putSnapshotSettings(
    owner: SettingsOwner & { readonly projectId: string },
    settings: LocalSnapshotSettings | null,
    now: Date,
  ): Promise<void> {
    return snapshotSettings.putSnapshotSettings(this.db, owner, settings, now);
  }

  insertFile(file: FileRecord): Promise<void> {
    return files.insertFile(this.db, file);
  }

  deleteFile(projectId: string, fileId: string): Promise<FileRecord | undefined> {
    return files.deleteFile(this.db, projectId, fileId);
  }

  insertUpload(upload: UploadRecord): Promise<void> {
    return uploads.insertUpload(this.db, upload);
  }

  completeUpload(
    uploadKey: string,
    uploaded: NonNullable<UploadRecord['uploaded']>,
  ): Promise<{ found: boolean; replacedPath: string | null }> {
    return uploads.completeUpload(this.db, uploadKey, uploaded);
  }

  deleteUpload(uploadKey: string): Promise<void> {
    return uploads.deleteUpload(this.db, uploadKey);
  }

  insertApiKey(key: ApiKeyRecord): Promise<void> {
    return apiKeys.insertApiKey(this.db, key);
  }

  revokeApiKey(keyId: string, now: Date): Promise<void> {
    return apiKeys.revokeApiKey(this.db, keyId, now);
  }

  touchApiKeys(used: readonly { keyId: string; at: Date }[]): Promise<void> {
    return apiKeys.touchApiKeys(this.db, used);
  }

  reserveIdempotencyKey(record: Omit<IdempotencyRecord, 'answer'>): Promise<boolean> {
    return idempotency.reserveIdempotencyKey(this.db, record);
  }

  completeIdempotencyKey(scope: string, key: string, answer: { status: number; body: string }): Promise<void> {
    return idempotency.completeIdempotencyKey(this.db, scope, key, answer);
  }

  releaseIdempotencyKey(scope: string, key: string): Promise<void> {
    return idempotency.releaseIdempotencyKey(this.db, scope, key);
  }

  forgetIdempotencyAnswer(record: IdempotencyRecord): Promise<void> {
    return idempotency.forgetIdempotencyAnswer(this.db, record);
  }

  forgetIdempotencyAnswers(scope: string, keyPrefix: string): Promise<void> {
    return idempotency.forgetIdempotencyAnswers(this.db, scope, keyPrefix);
  }

  deleteExpiredIdempotencyKeys(now: Date): Promise<number> {
    return idempotency.deleteExpiredIdempotencyKeys(this.db, now);
  }

  deleteRunningIdempotencyKeys(): Promise<number> {
    return idempotency.deleteRunningIdempotencyKeys(this.db);
  }

  logOperations(entries: readonly OperationLogEntry[]): Promise<void> {
    return operations.logOperations(this.db, entries);
  }

  deleteOperationsBefore(moment: Date, limit: number): Promise<number> {
    return operations.deleteOperationsBefore(this.db, moment, limit);
  }

  insertWorkspace(workspace: WorkspaceRecord): Promise<void> {
    return workspaces.insertWorkspace(this.db, workspace);
  }

  updateWorkspace(workspaceId: string, change: Parameters<WorkspaceWriter['updateWorkspace']>[1]): Promise<void> {
    return workspaces.updateWorkspace(this.db, workspaceId, change);
  }

  deleteWorkspace(workspaceId: string): Promise<boolean> {
    return workspaceRemoval.deleteWorkspace(this.db, workspaceId);
  }

  putWireSessions(sessions: readonly WireSessionRecord[]): Promise<void> {
    return wireSessions.putWireSessions(this.db, sessions);
  }

  endActiveWireSessions(status: string, now: Date): Promise<number> {
    return wireSessions.endActiveWireSessions(this.db, status, now);
  }

  deleteWireSessionsEndedBefore(moment: Date, limit: number): Promise<number> {
    return wireSessions.deleteWireSessionsEndedBefore(this.db, moment, limit);
  }

  putQueries(queries: readonly QueryRecord[]): Promise<void> {
    return queryLog.putQueries(this.db, queries);
  }

  loseRunningQueries(): Promise<number> {
    return queryLog.loseRunningQueries(this.db);
  }

  deleteQueriesBefore(moment: Date, limit: number): Promise<number> {
    return queryLog.deleteQueriesBefore(this.db, moment, limit);
  }
}

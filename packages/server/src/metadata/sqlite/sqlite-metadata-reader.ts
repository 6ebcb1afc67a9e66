import type { BucketListQuery, TableListQuery } from '../../model/list-query.js';
import type { LocalSnapshotSettings } from '../../model/snapshot-settings.js';
import type {
  BucketLayers,
  Listed,
  MetadataReader,
  MetadataTotals,
  Page,
  SnapshotFilter,
  ListedOperations,
  OperationFilter,
} from '../metadata-store.js';
import type { BranchRef, BucketRef } from '../../model/refs.js';
import type {
  ApiKeyRecord,
  BranchDeletion,
  BranchRecord,
  BucketLinkRecord,
  BucketRecord,
  BucketShareRecord,
  FileRecord,
  IdempotencyRecord,
  KeptVersionRecord,
  ProjectRecord,
  SettingsOwner,
  SharedBucketRecord,
  SnapshotRecord,
  TableRecord,
  UploadRecord,
  VersionOnFile,
  VersionRecord,
} from '../records.js';
import type { QueryFilter, ListedQueries, WireSessionFilter, WorkspaceReader } from '../workspace-store.js';
import type { StoredCatalogue, WireSessionRecord, WorkspaceRecord } from '../workspace-records.js';
import * as apiKeys from './api-key-queries.js';
import * as branchDeletions from './branch-deletion-queries.js';
import * as branches from './branch-queries.js';
import * as branchViews from './branch-view-queries.js';
import * as buckets from './bucket-queries.js';
import * as catalogue from './catalogue-queries.js';
import type { Database } from './database.js';
import * as files from './file-queries.js';
import * as idempotency from './idempotency-queries.js';
import * as links from './link-queries.js';
import * as operations from './operation-queries.js';
import * as projects from './project-queries.js';
import * as queryLog from './query-log-queries.js';
import * as shares from './share-queries.js';
import * as snapshots from './snapshot-queries.js';
import * as snapshotSettings from './snapshot-settings-queries.js';
import * as tables from './table-queries.js';
import { totals } from './totals-query.js';
import * as uploads from './upload-queries.js';
import * as versionFiles from './version-file-queries.js';
import * as versions from './version-queries.js';
import * as wireSessions from './wire-session-queries.js';
import * as workspaces from './workspace-queries.js';

/** All reads, over the read-only connection or over a transaction; the statements are in the `*-queries` files. */
export class SqliteMetadataReader implements MetadataReader {
  constructor(protected readonly db: Database) {}

  getProject(projectId: string): Promise<ProjectRecord | undefined> {
    return projects.getProject(this.db, projectId);
  }

  listProjects(filter: { status?: string | undefined }, page: Page): Promise<Listed<ProjectRecord>> {
    return projects.listProjects(this.db, filter, page);
  }

  getBucket(projectId: string, bucketName: string): Promise<BucketRecord | undefined> {
    return buckets.getBucket(this.db, projectId, bucketName);
  }

  listBuckets(projectId: string, query?: BucketListQuery): Promise<Listed<BucketRecord>> {
    return buckets.listBuckets(this.db, projectId, query);
  }

  listBucketsOfBranch(branch: BranchRef, query?: BucketListQuery): Promise<Listed<BucketRecord>> {
    return branchViews.listBucketsOfBranch(this.db, branch, query);
  }

  getBranch(projectId: string, branchId: string): Promise<BranchRecord | undefined> {
    return branches.getBranch(this.db, projectId, branchId);
  }

  listBranches(projectId: string, page: Page): Promise<Listed<BranchRecord>> {
    return branches.listBranches(this.db, projectId, page);
  }

  listBranchDeletions(projectId: string, branchId: string): Promise<readonly BranchDeletion[]> {
    return branchDeletions.listBranchDeletions(this.db, projectId, branchId);
  }

  isDeletedInBranch(ref: BucketRef, tableName: string | null): Promise<boolean> {
    return branchDeletions.isDeletedInBranch(this.db, ref, tableName);
  }

  getBranchBucket(ref: BucketRef): Promise<BucketRecord | undefined> {
    return buckets.getBucket(this.db, ref.projectId, ref.bucketName, ref.branchId);
  }

  listBranchBuckets(projectId: string, branchId: string): Promise<readonly BucketRecord[]> {
    return buckets.listBranchBuckets(this.db, projectId, branchId);
  }

  getTableOfBucket(bucketId: string, tableName: string): Promise<TableRecord | undefined> {
    return tables.getTableOfBucket(this.db, bucketId, tableName);
  }

  listBranchTables(projectId: string, branchId: string): Promise<readonly TableRecord[]> {
    return tables.listBranchTables(this.db, projectId, branchId);
  }

  sumVisibleTables(layers: BucketLayers): Promise<{ tableCount: number; sizeBytes: number }> {
    return branchViews.sumVisibleTables(this.db, layers);
  }

  listBucketShares(bucketId: string): Promise<readonly BucketShareRecord[]> {
    return shares.listBucketShares(this.db, bucketId);
  }

  isBucketSharedWith(bucketId: string, projectId: string): Promise<boolean> {
    return shares.isBucketSharedWith(this.db, bucketId, projectId);
  }

  listBucketLinks(bucketId: string): Promise<readonly BucketLinkRecord[]> {
    return links.listBucketLinks(this.db, bucketId);
  }

  listForeignLinks(projectId: string): Promise<readonly BucketLinkRecord[]> {
    return links.listForeignLinks(this.db, projectId);
  }

  listSharedBuckets(projectId: string, page?: Page): Promise<Listed<SharedBucketRecord>> {
    return shares.listSharedBuckets(this.db, projectId, page);
  }

  getTable(projectId: string, bucketName: string, tableName: string): Promise<TableRecord | undefined> {
    return tables.getTable(this.db, projectId, bucketName, tableName);
  }

  getTableById(tableId: string): Promise<TableRecord | undefined> {
    return tables.getTableById(this.db, tableId);
  }

  listTables(bucketId: string, query?: TableListQuery): Promise<Listed<TableRecord>> {
    return tables.listTables(this.db, bucketId, query);
  }

  listTablesOfLayers(layers: BucketLayers, query?: TableListQuery): Promise<Listed<TableRecord>> {
    return branchViews.listTablesOfLayers(this.db, layers, query);
  }
  getVersion(versionId: string): Promise<VersionRecord | undefined> {
    return versions.getVersion(this.db, versionId);
  }

  listVersions(afterId: string | undefined, limit: number): Promise<readonly VersionRecord[]> {
    return versions.listVersions(this.db, afterId, limit);
  }

  listVersionFiles(afterFileId: string | undefined, limit: number): Promise<readonly VersionRecord[]> {
    return versionFiles.listVersionFiles(this.db, afterFileId, limit);
  }

  listVersionsOnFile(fileId: string): Promise<readonly VersionOnFile[]> {
    return versionFiles.listVersionsOnFile(this.db, fileId);
  }

  listTableVersions(tableId: string, replacedSince: Date, page: Page): Promise<Listed<KeptVersionRecord>> {
    return versions.listTableVersions(this.db, tableId, replacedSince, page);
  }

  getTableVersion(tableId: string, versionId: string, replacedSince: Date): Promise<KeptVersionRecord | undefined> {
    return versions.getTableVersion(this.db, tableId, versionId, replacedSince);
  }

  getTableVersionAt(tableId: string, moment: Date, replacedSince: Date): Promise<KeptVersionRecord | undefined> {
    return versions.getTableVersionAt(this.db, tableId, moment, replacedSince);
  }

  listCollectableVersions(retiredBefore: Date, limit: number): Promise<readonly VersionRecord[]> {
    return versions.listCollectableVersions(this.db, retiredBefore, limit);
  }

  useOfVersionFile(fileId: string): Promise<'current' | 'kept' | undefined> {
    return versions.useOfVersionFile(this.db, fileId);
  }

  listLiveTables(afterId: string | undefined, limit: number): ReturnType<MetadataReader['listLiveTables']> {
    return tables.listLiveTables(this.db, afterId, limit);
  }

  getSnapshot(projectId: string, snapshotId: string): Promise<SnapshotRecord | undefined> {
    return snapshots.getSnapshot(this.db, projectId, snapshotId);
  }

  listSnapshots(branch: BranchRef, filter: SnapshotFilter, page: Page): Promise<Listed<SnapshotRecord>> {
    return snapshots.listSnapshots(this.db, branch, filter, page);
  }

  listExpiredSnapshots(now: Date, limit: number): Promise<readonly SnapshotRecord[]> {
    return snapshots.listExpiredSnapshots(this.db, now, limit);
  }

  findSnapshotIds(projectId: string, snapshotIds: readonly string[]): Promise<ReadonlySet<string>> {
    return snapshots.findSnapshotIds(this.db, projectId, snapshotIds);
  }

  getSnapshotSettings(owner: SettingsOwner): Promise<LocalSnapshotSettings | undefined> {
    return snapshotSettings.getSnapshotSettings(this.db, owner);
  }

  findSnapshotSettings(
    kind: SettingsOwner['kind'],
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, LocalSnapshotSettings>> {
    return snapshotSettings.findSnapshotSettings(this.db, kind, ids);
  }

  getFile(projectId: string, fileId: string): Promise<FileRecord | undefined> {
    return files.getFile(this.db, projectId, fileId);
  }

  listFiles(projectId: string, page: Page): Promise<Listed<FileRecord>> {
    return files.listFiles(this.db, projectId, page);
  }

  findFile(projectId: string, nameOrPath: string): Promise<FileRecord | undefined> {
    return files.findFile(this.db, projectId, nameOrPath);
  }

  fileUsage(projectId: string): Promise<{ files: number; bytes: number }> {
    return files.fileUsage(this.db, projectId);
  }

  listFileContents(afterPath: string | undefined, limit: number): ReturnType<MetadataReader['listFileContents']> {
    return files.listFileContents(this.db, afterPath, limit);
  }

  isFilePathUsed(path: string): Promise<boolean> {
    return files.isFilePathUsed(this.db, path);
  }

  getUpload(uploadKey: string): Promise<UploadRecord | undefined> {
    return uploads.getUpload(this.db, uploadKey);
  }

  listExpiredUploads(now: Date, limit: number): Promise<readonly UploadRecord[]> {
    return uploads.listExpiredUploads(this.db, now, limit);
  }

  findApiKeyByHash(keyHash: string): Promise<ApiKeyRecord | undefined> {
    return apiKeys.findApiKeyByHash(this.db, keyHash);
  }

  getApiKey(projectId: string, keyId: string): Promise<ApiKeyRecord | undefined> {
    return apiKeys.getApiKey(this.db, projectId, keyId);
  }

  isApiKeyIdUsed(keyId: string): Promise<boolean> {
    return apiKeys.isApiKeyIdUsed(this.db, keyId);
  }

  listApiKeys(projectId: string): Promise<readonly ApiKeyRecord[]> {
    return apiKeys.listApiKeys(this.db, projectId);
  }

  getIdempotencyRecord(scope: string, key: string, now: Date): Promise<IdempotencyRecord | undefined> {
    return idempotency.getIdempotencyRecord(this.db, scope, key, now);
  }

  listOperations(filter: OperationFilter, page: Page): Promise<ListedOperations> {
    return operations.listOperations(this.db, filter, page);
  }

  totals(): Promise<MetadataTotals> {
    return totals(this.db);
  }

  getWorkspace(projectId: string, workspaceId: string): Promise<WorkspaceRecord | undefined> {
    return workspaces.getWorkspace(this.db, projectId, workspaceId);
  }

  getWorkspaceById(workspaceId: string): Promise<WorkspaceRecord | undefined> {
    return workspaces.getWorkspaceById(this.db, workspaceId);
  }

  findWorkspaceOfUser(username: string): Promise<WorkspaceRecord | undefined> {
    return workspaces.findWorkspaceOfUser(this.db, username);
  }

  listWorkspaces(
    projectId: string,
    filter: Parameters<WorkspaceReader['listWorkspaces']>[1],
    page: Page,
  ): Promise<Listed<WorkspaceRecord>> {
    return workspaces.listWorkspaces(this.db, projectId, filter, page);
  }

  listWorkspacesExpiredBy(moment: Date, limit: number): Promise<readonly WorkspaceRecord[]> {
    return workspaces.listWorkspacesExpiredBy(this.db, moment, limit);
  }

  listAllWorkspaces(afterId: string | undefined, limit: number): Promise<readonly WorkspaceRecord[]> {
    return workspaces.listAllWorkspaces(this.db, afterId, limit);
  }

  getWireSession(sessionId: string): Promise<WireSessionRecord | undefined> {
    return wireSessions.getWireSession(this.db, sessionId);
  }

  listWireSessions(filter: WireSessionFilter, page: Page): Promise<Listed<WireSessionRecord>> {
    return wireSessions.listWireSessions(this.db, filter, page);
  }

  listIdleWireSessions(moment: Date, limit: number): Promise<readonly WireSessionRecord[]> {
    return wireSessions.listIdleWireSessions(this.db, moment, limit);
  }

  listQueries(projectId: string, filter: QueryFilter, page: Page): Promise<ListedQueries> {
    return queryLog.listQueries(this.db, projectId, filter, page);
  }

  listBucketNames(branch: BranchRef, schemaKey: string): Promise<readonly string[]> {
    return catalogue.listBucketNames(this.db, branch, schemaKey);
  }

  stateToken(): Promise<string> {
    return catalogue.stateToken(this.db);
  }

  catalogueFingerprint(branch: BranchRef): Promise<string> {
    return catalogue.catalogueFingerprint(this.db, branch);
  }

  readCatalogue(branch: BranchRef): Promise<StoredCatalogue> {
    return catalogue.readCatalogue(this.db, branch);
  }
}

import { join } from 'node:path';

import { DEFAULT_BRANCH_ID, type BranchRef } from '../model/refs.js';

export interface StorageDirectories {
  readonly dataDir: string;
  readonly duckdbDir: string;
  readonly filesDir: string;
  readonly snapshotsDir: string;
}

const VERSIONS = '_versions';
const STAGING = '_staging';
const EXPORTS = '_exports';
const WORKSPACES = '_workspaces';
const PROJECT_MARK = 'project_';
/** No project id contains it, see `model/names.ts`. */
const BRANCH_MARK = '_branch_';

/**
 * Ids to paths: the only code that builds paths of tables. Names reach it validated (`model/names.ts`), so a bucket can
 * never be called `_versions` and nothing can climb out of its directory.
 *
 *     {duckdbDir}/project_{p}/_versions/{file}.duckdb     the immutable files, what metadata points to
 *     {duckdbDir}/project_{p}/{bucket}/{table}.duckdb        live tree: hard links for people, derived
 *     {duckdbDir}/project_{p}_branch_{b}/…                   the same for what a branch has of its own
 *     {duckdbDir}/project_{p}/_workspaces/{w}/{w}.duckdb   a workspace, with its log, in a directory of its own
 *     {duckdbDir}/_staging/{version}.duckdb                  being built; emptied at start
 *     {snapshotsDir}/_exports/{export}.parquet               a download that is being built; emptied at start
 */
export class Layout {
  constructor(readonly directories: StorageDirectories) {}

  projectDirectoryName(projectId: string): string {
    return `${PROJECT_MARK}${projectId}`;
  }

  projectDirectory(projectId: string): string {
    return join(this.directories.duckdbDir, this.projectDirectoryName(projectId));
  }

  /** Of `default` it is the directory of the project. */
  branchDirectory({ projectId, branchId }: BranchRef): string {
    if (branchId === DEFAULT_BRANCH_ID) return this.projectDirectory(projectId);
    return join(this.directories.duckdbDir, `${this.projectDirectoryName(projectId)}${BRANCH_MARK}${branchId}`);
  }

  /** The branch whose live tree a directory of `duckdbDir` holds; undefined for directories that are none. */
  branchOfDirectory(directoryName: string): BranchRef | undefined {
    if (!directoryName.startsWith(PROJECT_MARK)) return undefined;
    const [projectId = '', branchId = DEFAULT_BRANCH_ID] = directoryName.slice(PROJECT_MARK.length).split(BRANCH_MARK);
    return { projectId, branchId };
  }

  bucketDirectory(branch: BranchRef, bucketName: string): string {
    return join(this.branchDirectory(branch), bucketName);
  }

  liveTablePath(branch: BranchRef, bucketName: string, tableName: string): string {
    return join(this.bucketDirectory(branch, bucketName), `${tableName}.duckdb`);
  }

  versionsDirectory(projectId: string): string {
    return join(this.projectDirectory(projectId), VERSIONS);
  }

  versionPath(projectId: string, fileId: string): string {
    return join(this.versionsDirectory(projectId), `${fileId}.duckdb`);
  }

  /** The id of a version file in a `_versions` directory; undefined for anything else. */
  versionFileId(fileName: string): string | undefined {
    return /^([0-9a-f]{32})\.duckdb$/.exec(fileName)?.[1];
  }

  /** Those of branches, too: a branch has nothing on the disk that would go with it unasked but links. */
  workspacesDirectory(projectId: string): string {
    return join(this.projectDirectory(projectId), WORKSPACES);
  }

  /** Of one workspace alone: its worker may write in it, under a user id of its own, and must not see the neighbours. */
  workspaceDirectory(projectId: string, workspaceId: string): string {
    return join(this.workspacesDirectory(projectId), workspaceId);
  }

  workspacePath(projectId: string, workspaceId: string): string {
    return join(this.workspaceDirectory(projectId, workspaceId), `${workspaceId}.duckdb`);
  }

  /** The id of a workspace in a `_workspaces` directory; undefined for anything else. */
  workspaceIdOf(directoryName: string): string | undefined {
    return /^ws_[0-9a-f]{8}$/.test(directoryName) ? directoryName : undefined;
  }

  get stagingDirectory(): string {
    return join(this.directories.duckdbDir, STAGING);
  }

  stagingPath(versionId: string): string {
    return join(this.stagingDirectory, `${versionId}.duckdb`);
  }

  /** Snapshots on their way to somebody who downloads them; emptied at the start. */
  get snapshotExportsDirectory(): string {
    return join(this.directories.snapshotsDir, EXPORTS);
  }

  snapshotExportPath(exportId: string): string {
    return join(this.snapshotExportsDirectory, `${exportId}.parquet`);
  }

  /** Attach, exchange and spill directories of the workspaces that are open; on the file system of the versions, for hard links. */
  get openWorkspacesDirectory(): string {
    return join(this.stagingDirectory, 'workspaces');
  }

  /** Spill space of engine workers. */
  get workerTempDirectory(): string {
    return join(this.stagingDirectory, 'workers');
  }
}

import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { errnoOf } from '../errors/storage-failure.js';
import type { FileSystem } from '../lib/file-system.js';
import type { Logger } from '../lib/logger.js';
import type { Removals } from '../lib/removal-gate.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import { DEFAULT_BRANCH_ID, type BranchRef } from '../model/refs.js';
import type { Layout } from './layout.js';
import type { LiveTree } from './live-tree.js';
import type { VersionWriter } from './version-writer.js';
import type { WorkspaceFiles } from './workspace-files.js';

const REPAIR_PAGE = 500;

export interface SweepReport {
  readonly orphansRemoved: number;
  readonly linksRepaired: number;
}

/**
 * Makes disk agree with metadata after any kind of end. `prepareDisk` runs before the doors open and takes the same short
 * time for ten tables and ten thousand; `sweep` walks the directories afterwards, in the background, beside writers.
 */
export class Recovery {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly fileSystem: FileSystem,
    private readonly layout: Layout,
    private readonly parts: {
      readonly liveTree: LiveTree;
      readonly writer: VersionWriter;
      readonly workspaces: Pick<WorkspaceFiles, 'sweep'>;
    },
    private readonly removals: Removals,
    private readonly logger: Logger,
  ) {}

  /**
   * Removes version files and workspaces without a row, and repairs the live tree. Safe while the service works: metadata answers at once, so between
   * two questions the event loop gets its turn, or ten thousand of them would keep every request waiting.
   */
  async sweep(signal: AbortSignal): Promise<SweepReport> {
    let orphansRemoved = 0;
    for (const entry of await this.fileSystem.list(this.layout.directories.duckdbDir)) {
      const branch = this.layout.branchOfDirectory(entry.name);
      if (branch === undefined || !entry.isDirectory() || signal.aborted) continue;
      if (branch.branchId === DEFAULT_BRANCH_ID) orphansRemoved += await this.#sweepProject(branch, signal);
      else await this.#sweepBranch(branch, signal);
    }
    const linksRepaired = await this.#repairLinks(signal);
    if (orphansRemoved + linksRepaired > 0) {
      this.logger.info({ orphansRemoved, linksRepaired }, 'disk reconciled with metadata');
    }
    return { orphansRemoved, linksRepaired };
  }

  async #sweepProject(main: BranchRef, signal: AbortSignal): Promise<number> {
    const { projectId } = main;
    const directory = this.layout.versionsDirectory(projectId);
    let removed = 0;
    for (const entry of await this.#listIfPresent(directory)) {
      if (signal.aborted) return removed;
      await nextTurn();
      const fileId = this.layout.versionFileId(entry.name);
      // The order matters: a version leaves `inFlight` only after its row is committed.
      if (fileId === undefined || this.parts.writer.isInFlight(fileId)) continue;
      if ((await this.metadata.useOfVersionFile(fileId)) !== undefined) continue;
      await this.removals.remove({ kind: 'version', fileId }, () =>
        this.fileSystem.remove(join(directory, entry.name)),
      );
      removed += 1;
    }
    removed += await this.parts.workspaces.sweep(projectId, signal);
    await this.#removeStrayLinks(main, signal);
    const project = await this.metadata.getProject(projectId);
    if (project?.status === 'deleted' && (await this.#listIfPresent(directory)).length === 0) {
      await this.removals.remove({ kind: 'project', projectId }, () =>
        this.fileSystem.removeTree(this.layout.projectDirectory(projectId)),
      );
    }
    return removed;
  }

  /** A branch has no version files of its own, only links; they go with it. */
  async #sweepBranch(branch: BranchRef, signal: AbortSignal): Promise<void> {
    if ((await this.metadata.getBranch(branch.projectId, branch.branchId)) === undefined) {
      await this.parts.liveTree.removeBranch(branch);
    } else {
      await this.#removeStrayLinks(branch, signal);
    }
  }

  /** Directories and links of buckets and tables that were deleted just before the process ended. */
  async #removeStrayLinks(branch: BranchRef, signal: AbortSignal): Promise<void> {
    for (const bucket of await this.#listIfPresent(this.layout.branchDirectory(branch))) {
      if (!bucket.isDirectory() || bucket.name.startsWith('_') || signal.aborted) continue;
      const own = await this.metadata.getBranchBucket({ ...branch, bucketName: bucket.name });
      // A linked bucket has no directory; one of its name is left of an earlier bucket.
      if (own === undefined || own.linkedFrom !== null) {
        await this.parts.liveTree.removeBucket(branch, bucket.name);
        continue;
      }
      for (const link of await this.#listIfPresent(this.layout.bucketDirectory(branch, bucket.name))) {
        if (signal.aborted) return;
        await nextTurn();
        const linking = this.parts.liveTree.halfLink(link.name);
        if (linking !== undefined) {
          const { fileId, tableName } = linking;
          const table = await this.metadata.getTableOfBucket(own.id, tableName);
          // That of a current version is either being made right now, or `#repairLinks` makes it whole.
          if (table?.current.fileId !== fileId)
            await this.parts.liveTree.removeHalfLink({ ...branch, bucketName: bucket.name, tableName, fileId });
          continue;
        }
        const tableName = link.name.replace(/\.duckdb$/, '');
        if ((await this.metadata.getTableOfBucket(own.id, tableName)) !== undefined) continue;
        await this.parts.liveTree.remove({ ...branch, bucketName: bucket.name, tableName });
      }
    }
  }

  async #listIfPresent(directory: string) {
    try {
      return await this.fileSystem.list(directory);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  async #repairLinks(signal: AbortSignal): Promise<number> {
    let repaired = 0;
    let after: string | undefined;
    while (!signal.aborted) {
      const page = await this.parts.liveTree.repair(this.metadata, after, REPAIR_PAGE);
      repaired += page.repaired;
      if (page.lastTableId === undefined) break;
      after = page.lastTableId;
    }
    return repaired;
  }
}

import { join } from 'node:path';
import { errnoOf } from '../errors/storage-failure.js';
import type { FileSystem } from '../lib/file-system.js';
import type { Logger } from '../lib/logger.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import type { BranchRef } from '../model/refs.js';
import type { Layout } from './layout.js';

interface LiveTable extends BranchRef {
  readonly bucketName: string;
  readonly tableName: string;
  readonly fileId: string;
}

/**
 * `project_{p}/{bucket}/{table}.duckdb`: hard links to the current versions, for people, backups and
 * `duckdb -readonly`. Derived: the service never reads it, so a failure here is logged and never fails a request, and
 * `repair` makes it right again at start.
 */
export class LiveTree {
  constructor(
    private readonly fileSystem: FileSystem,
    private readonly layout: Layout,
    private readonly logger: Logger,
  ) {}

  async addBucket(branch: BranchRef, bucketName: string): Promise<void> {
    await this.#derive(() => this.fileSystem.makeDirectory(this.layout.bucketDirectory(branch, bucketName)));
  }

  async removeBucket(branch: BranchRef, bucketName: string): Promise<void> {
    await this.#derive(() => this.fileSystem.removeTree(this.layout.bucketDirectory(branch, bucketName)));
  }

  /** An empty directory says that the branch is there and has nothing of its own. */
  async addBranch(branch: BranchRef): Promise<void> {
    await this.#derive(() => this.fileSystem.makeDirectory(this.layout.branchDirectory(branch)));
  }

  async removeBranch(branch: BranchRef): Promise<void> {
    await this.#derive(() => this.fileSystem.removeTree(this.layout.branchDirectory(branch)));
  }

  /** Call it while holding the table's lock, so that an older version never replaces a newer one. */
  async refresh(table: LiveTable): Promise<void> {
    await this.#derive(async () => {
      const directory = this.layout.bucketDirectory(table, table.bucketName);
      const versionPath = this.layout.versionPath(table.projectId, table.fileId);
      const temporaryPath = join(directory, halfLinkName(table));
      await this.fileSystem.remove(temporaryPath);
      try {
        await this.fileSystem.link(versionPath, temporaryPath);
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
        await this.fileSystem.makeDirectory(directory);
        await this.fileSystem.link(versionPath, temporaryPath);
      }
      await this.fileSystem.rename(temporaryPath, this.layout.liveTablePath(table, table.bucketName, table.tableName));
      // Renaming one link over another link of the same file does nothing; what stays would keep a retired file on the disk.
      await this.fileSystem.remove(temporaryPath);
    });
  }

  /** The table and the file of a link that is being made, or that a crash left half made; undefined for other names. */
  halfLink(name: string): Pick<LiveTable, 'tableName' | 'fileId'> | undefined {
    const [, fileId, tableName] = /^\.([0-9a-f]{32})\.(.+)\.linking$/.exec(name) ?? [];
    return fileId === undefined || tableName === undefined ? undefined : { fileId, tableName };
  }

  async removeHalfLink(table: LiveTable): Promise<void> {
    const path = join(this.layout.bucketDirectory(table, table.bucketName), halfLinkName(table));
    await this.#derive(() => this.fileSystem.remove(path));
  }

  async remove(table: Omit<LiveTable, 'fileId'>): Promise<void> {
    await this.#derive(() =>
      this.fileSystem.remove(this.layout.liveTablePath(table, table.bucketName, table.tableName)),
    );
  }

  /**
   * Makes every link of one page of tables point to its current version; returns the page's last table id, undefined at
   * the end. `isCurrent` is asked just before a link changes, since writers go on meanwhile.
   */
  async repair(
    metadata: MetadataReader,
    afterTableId: string | undefined,
    limit: number,
  ): Promise<{ lastTableId: string | undefined; repaired: number }> {
    const tables = await metadata.listLiveTables(afterTableId, limit);
    let repaired = 0;
    for (const table of tables) {
      const [live, version] = await Promise.all([
        this.fileSystem.stat(this.layout.liveTablePath(table, table.bucketName, table.tableName)),
        this.fileSystem.stat(this.layout.versionPath(table.projectId, table.fileId)),
      ]);
      if (version === undefined || live?.ino === version.ino) continue;
      const now = await metadata.getTableById(table.tableId);
      if (now?.current.fileId !== table.fileId) continue;
      await this.refresh(table);
      repaired += 1;
    }
    return { lastTableId: tables.at(-1)?.tableId, repaired };
  }

  async #derive(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.warn({ err: error }, 'the live tree could not be updated; it is repaired at the next start');
    }
  }
}

/** With the name of the table: several tables of a bucket may stand on one file. */
function halfLinkName({ fileId, tableName }: Pick<LiveTable, 'tableName' | 'fileId'>): string {
  return `.${fileId}.${tableName}.linking`;
}

import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';
import { errnoOf } from '../../errors/storage-failure.js';
import type { FileSystem } from '../../lib/file-system.js';
import { MANIFEST_NAME, ManifestError, parseManifest, type BackupManifest } from './backup-manifest.js';

const UNFINISHED = '_unfinished';

/**
 * The folder of the backups, one directory each:
 *
 *     {directory}/{name}/                a backup, complete and synced
 *     {directory}/_unfinished/{uuid}/    on its way in or out
 *
 * A backup gets its name by one rename, when everything in it is on the disk, and loses it by another one, before the first
 * of its files goes. So what has a name is whole, at every instant.
 */
export class BackupFolder {
  /** Names in `_unfinished` that belong to work of this process. */
  readonly #unfinished = new Set<string>();

  constructor(
    readonly directory: string,
    private readonly fileSystem: FileSystem,
  ) {}

  pathOf(name: string): string {
    return join(this.directory, name);
  }

  /** Newest first. A directory without a readable manifest was not made here and is no backup. */
  async list(): Promise<readonly BackupManifest[]> {
    const found: BackupManifest[] = [];
    for (const entry of await this.#entries(this.directory)) {
      if (!entry.isDirectory() || entry.name === UNFINISHED) continue;
      const manifest = await this.get(entry.name);
      if (manifest !== undefined) found.push(manifest);
    }
    return found.sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.name < b.name ? 1 : -1));
  }

  async get(name: string): Promise<BackupManifest | undefined> {
    const path = join(this.pathOf(name), MANIFEST_NAME);
    try {
      return { ...parseManifest((await this.fileSystem.readFile(path)).toString('utf8'), path), name };
    } catch (error) {
      if (error instanceof ManifestError || ABSENT.has(errnoOf(error) ?? '')) return undefined;
      throw error;
    }
  }

  /** The directory of this name, compared without case, backup or not. */
  async find(name: string): Promise<string | undefined> {
    const key = name.toLowerCase();
    return (await this.#entries(this.directory)).find((entry) => entry.name.toLowerCase() === key)?.name;
  }

  /** A new, empty directory for a backup that is being made. `settle` it in the end. */
  async begin(): Promise<string> {
    const name = randomUUID();
    this.#unfinished.add(name);
    const path = join(this.directory, UNFINISHED, name);
    await this.fileSystem.makeDirectory(path);
    return path;
  }

  /** Everything in `unfinishedPath` must be synced, its directories included. When this rejects, it is there again. */
  async publish(unfinishedPath: string, name: string): Promise<void> {
    try {
      await this.fileSystem.rename(unfinishedPath, this.pathOf(name));
      await this.fileSystem.syncDirectory(this.directory);
    } catch (error) {
      // The disk may have done it and say that it did not; a backup that nobody was told of must not have a name.
      await this.fileSystem.rename(this.pathOf(name), unfinishedPath).catch(() => undefined);
      throw error;
    }
  }

  /** Takes a backup out of sight; returns where it is now. `settle` removes it. */
  async withdraw(name: string): Promise<string> {
    const unfinished = randomUUID();
    this.#unfinished.add(unfinished);
    await this.fileSystem.makeDirectory(join(this.directory, UNFINISHED));
    const path = join(this.directory, UNFINISHED, unfinished);
    await this.fileSystem.rename(this.pathOf(name), path);
    await this.fileSystem.syncDirectory(this.directory);
    return path;
  }

  /** Removes what `begin` or `withdraw` gave, if it is still there. */
  async settle(unfinishedPath: string): Promise<void> {
    try {
      await this.fileSystem.removeTree(unfinishedPath);
    } finally {
      this.#unfinished.delete(basename(unfinishedPath));
    }
  }

  /** Removes what an earlier process left; returns how many. */
  async removeUnfinished(): Promise<number> {
    let removed = 0;
    for (const { name } of await this.#entries(join(this.directory, UNFINISHED))) {
      if (this.#unfinished.has(name)) continue;
      await this.fileSystem.removeTree(join(this.directory, UNFINISHED, name));
      removed += 1;
    }
    return removed;
  }

  async #entries(directory: string): ReturnType<FileSystem['list']> {
    try {
      return await this.fileSystem.list(directory);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
  }
}

const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

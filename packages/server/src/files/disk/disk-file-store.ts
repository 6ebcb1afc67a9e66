import { randomUUID } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { errnoOf, toStorageFailure } from '../../errors/storage-failure.js';
import type { FileSystem } from '../../lib/file-system.js';
import { immediateRemovals, type Removals } from '../../lib/removal-gate.js';
import type { FileStat, FileStore, StoredBytes, WriteLimits } from '../file-store.js';
import { DurableDirectories } from './durable-directories.js';
import { pathOfKey, UNFINISHED_DIRECTORY } from './key-path.js';
import { copyMeasured } from './measured-copy.js';

/**
 * The file store on a local disk: a key is a path below the root.
 *
 * Everything starts under a unique name in `_unfinished` and moves to its key when complete:
 *
 *     create and write → fsync → rename to the key → fsync of the key's directory → resolved
 *
 * A crash before the rename leaves a file in `_unfinished`, which no other process uses and the next start clears; one
 * after it leaves a complete file under a key that metadata does not know, which the orphan collection removes. An fsync
 * error is final: the kernel may have dropped the pages, so the file goes and the write fails.
 */
export class DiskFileStore implements FileStore {
  readonly #root: string;
  readonly #fileSystem: FileSystem;
  readonly #directories: DurableDirectories;
  readonly #removals: Removals;
  /** Names in `_unfinished` that belong to work of this process. */
  readonly #unfinished = new Set<string>();
  /** Targets on their way to a key, so that no second one can slip in between the check and the rename. */
  readonly #entering = new Set<string>();

  constructor(root: string, fileSystem: FileSystem, removals: Removals = immediateRemovals) {
    this.#root = resolve(root);
    this.#fileSystem = fileSystem;
    this.#removals = removals;
    this.#directories = new DurableDirectories(this.#root, fileSystem);
  }

  async write(key: string, source: Readable, limits: WriteLimits): Promise<StoredBytes> {
    // A sender may break off while directories are made; without a listener that would end the process.
    source.on('error', ignoreUntilRead);
    try {
      const target = pathOfKey(this.#root, key);
      const temporary = await this.#newUnfinished();
      try {
        const stored = await this.#fill(temporary, source, limits);
        await this.#publish(temporary, target);
        return stored;
      } finally {
        this.#unfinished.delete(basename(temporary));
      }
    } catch (error) {
      source.destroy();
      throw toStorageFailure(error, 'stored');
    }
  }

  async stagePath(key: string): Promise<string> {
    pathOfKey(this.#root, key);
    try {
      return await this.#newUnfinished();
    } catch (error) {
      throw toStorageFailure(error, 'stored');
    }
  }

  async adopt(stagedPath: string, key: string): Promise<void> {
    const target = pathOfKey(this.#root, key);
    this.#mustBeStaged(stagedPath);
    try {
      await this.#droppingOnFailure(stagedPath, () => this.#fileSystem.syncFile(stagedPath));
      await this.#publish(stagedPath, target);
    } catch (error) {
      throw toStorageFailure(error, 'stored');
    } finally {
      this.#unfinished.delete(basename(stagedPath));
    }
  }

  async discard(stagedPath: string): Promise<void> {
    this.#mustBeStaged(stagedPath);
    try {
      await this.#fileSystem.remove(stagedPath);
    } catch (error) {
      throw toStorageFailure(error, 'removed');
    } finally {
      this.#unfinished.delete(basename(stagedPath));
    }
  }

  async link(from: string, to: string): Promise<boolean> {
    const [source, target] = [pathOfKey(this.#root, from), pathOfKey(this.#root, to)];
    try {
      await this.#enter(target, () => this.#fileSystem.link(source, target));
      return true;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' && (await this.stat(from)) === undefined) return false;
      throw toStorageFailure(error, 'stored');
    }
  }

  async stat(key: string): Promise<FileStat | undefined> {
    try {
      const stats = await this.#fileSystem.stat(pathOfKey(this.#root, key));
      if (stats === undefined || !stats.isFile()) return undefined;
      return { sizeBytes: stats.size, modifiedAt: stats.mtime };
    } catch (error) {
      throw toStorageFailure(error, 'read');
    }
  }

  read(key: string, range?: { start: number; end: number }): Readable {
    return this.#fileSystem.readStream(pathOfKey(this.#root, key), range);
  }

  localPath(key: string): string {
    return pathOfKey(this.#root, key);
  }

  /** Not synced: an entry that comes back after a power cut is an orphan and is collected. */
  async remove(key: string): Promise<void> {
    const path = pathOfKey(this.#root, key);
    try {
      await this.#removals.remove({ kind: 'file', key }, () => this.#fileSystem.remove(path));
    } catch (error) {
      throw toStorageFailure(error, 'removed');
    }
  }

  async *keys(prefix: string): AsyncIterable<string> {
    const directory = prefix === '' ? this.#root : pathOfKey(this.#root, prefix.replace(/\/$/, ''));
    for (const entry of await this.#list(directory)) {
      const key = prefix === '' ? entry.name : `${prefix.replace(/\/$/, '')}/${entry.name}`;
      if (key === UNFINISHED_DIRECTORY) continue;
      if (entry.isDirectory()) yield* this.keys(key);
      else if (entry.isFile()) yield key;
    }
  }

  async removeUnfinished(): Promise<number> {
    const directory = join(this.#root, UNFINISHED_DIRECTORY);
    let removed = 0;
    for (const entry of await this.#list(directory)) {
      if (this.#unfinished.has(entry.name)) continue;
      try {
        await this.#fileSystem.remove(join(directory, entry.name));
        removed += 1;
      } catch (error) {
        throw toStorageFailure(error, 'removed');
      }
    }
    return removed;
  }

  async #newUnfinished(): Promise<string> {
    const directory = join(this.#root, UNFINISHED_DIRECTORY);
    const name = randomUUID();
    await this.#directories.ensure(directory);
    this.#unfinished.add(name);
    return join(directory, name);
  }

  async #fill(path: string, source: Readable, limits: WriteLimits): Promise<StoredBytes> {
    const file = await this.#inDirectory(path, () => this.#fileSystem.createFile(path));
    return this.#droppingOnFailure(path, async () => {
      try {
        const stored = await copyMeasured(source, file, limits);
        await file.sync();
        return stored;
      } finally {
        await file.close();
      }
    });
  }

  async #publish(temporary: string, target: string): Promise<void> {
    await this.#droppingOnFailure(temporary, () =>
      this.#enter(target, () => this.#fileSystem.rename(temporary, target)),
    );
  }

  /** Makes the new entry `target`, durable; on failure there is none. What is there already is never touched. */
  async #enter(target: string, makeEntry: () => Promise<void>): Promise<void> {
    if (this.#entering.has(target)) throw new Error(`key is taken: ${target}`);
    this.#entering.add(target);
    try {
      if ((await this.#fileSystem.stat(target)) !== undefined) throw new Error(`key is taken: ${target}`);
      await this.#droppingOnFailure(target, async () => {
        await this.#inDirectory(target, makeEntry);
        await this.#fileSystem.syncDirectory(dirname(target));
      });
    } finally {
      this.#entering.delete(target);
    }
  }

  /** Runs `action` in the directory of `path`; makes it again when somebody removed it since it was known. */
  async #inDirectory<T>(path: string, action: () => Promise<T>): Promise<T> {
    const directory = dirname(path);
    await this.#directories.ensure(directory);
    try {
      return await action();
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      this.#directories.forget(directory);
      await this.#directories.ensure(directory);
      return action();
    }
  }

  /** The first error counts: what cannot be removed now is garbage that the next start or the collection removes. */
  async #droppingOnFailure<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.#fileSystem.remove(path).catch(() => undefined);
      throw error;
    }
  }

  async #list(directory: string): Promise<readonly { name: string; isFile(): boolean; isDirectory(): boolean }[]> {
    try {
      return await this.#fileSystem.list(directory);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw toStorageFailure(error, 'listed');
    }
  }

  #mustBeStaged(path: string): void {
    if (dirname(path) !== join(this.#root, UNFINISHED_DIRECTORY)) throw new Error(`not a staged path: ${path}`);
  }
}

function ignoreUntilRead(): void {}

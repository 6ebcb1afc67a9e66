import { dirname, relative, sep } from 'node:path';
import type { FileSystem } from '../../lib/file-system.js';

/** Forget everything beyond this many: projects times days would grow for ever, and checking again is cheap. */
const MAX_REMEMBERED = 10_000;

/**
 * Directories below a root whose entries are known to be on disk, all the way up to the root.
 *
 * That a directory exists proves nothing: a process that was killed may have made it and never synced its parent. So the
 * first use of each directory in this process syncs its parents, and everyone who comes meanwhile waits for that.
 */
export class DurableDirectories {
  readonly #root: string;
  readonly #fileSystem: FileSystem;
  readonly #known = new Map<string, Promise<void>>();

  constructor(root: string, fileSystem: FileSystem) {
    this.#root = root;
    this.#fileSystem = fileSystem;
  }

  ensure(directory: string): Promise<void> {
    if (!this.#isBelowRoot(directory)) return this.#rootMustExist();
    const known = this.#known.get(directory);
    if (known !== undefined) return known;
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear();
    const ensuring = this.#ensure(directory).catch((error: unknown) => {
      this.#known.delete(directory);
      throw error;
    });
    this.#known.set(directory, ensuring);
    return ensuring;
  }

  /** Somebody removed it behind our back: make sure of it, and of the ones above it, once more. */
  forget(directory: string): void {
    for (let path = directory; this.#isBelowRoot(path); path = dirname(path)) this.#known.delete(path);
  }

  async #ensure(directory: string): Promise<void> {
    await this.ensure(dirname(directory));
    await this.#fileSystem.makeDirectory(directory);
    await this.#fileSystem.syncDirectory(dirname(directory));
  }

  /** A missing root is a disk that is not mounted: what is written below a new one would not be on the data disk. */
  async #rootMustExist(): Promise<void> {
    if ((await this.#fileSystem.stat(this.#root)) !== undefined) return;
    throw Object.assign(new Error(`the directory of the file store is missing: ${this.#root}`), { code: 'ENOENT' });
  }

  #isBelowRoot(path: string): boolean {
    const fromRoot = relative(this.#root, path);
    return fromRoot !== '' && fromRoot !== '..' && !fromRoot.startsWith(`..${sep}`);
  }
}

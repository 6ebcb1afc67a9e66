import type { Dirent, ReadStream, Stats } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { FileSystem, WritableFile } from '../../src/lib/file-system.js';
import { PowerCutDisk, type DiskEvent, type PowerCutVariant } from './power-cut-disk.js';

/**
 * Does everything for real and remembers what durability depends on, so that a test can look at the disk a power cut
 * would have left after any number of operations (`materialise`). Files that another process writes (DuckDB) are known
 * from the moment they are synced, renamed or linked here; what was in them at `syncFile` counts as synced.
 *
 * A file opened here must be synced before it is renamed: its handle is recorded by the path it was created with.
 */
export class RecordingFileSystem implements FileSystem {
  readonly #inner: FileSystem;
  readonly #root: string;
  readonly #initialFiles: ReadonlyMap<string, Uint8Array>;
  readonly #events: DiskEvent[] = [];

  /** Records what happens below `root` from now on; what is there already counts as synced. */
  static async start(inner: FileSystem, root: string): Promise<RecordingFileSystem> {
    const initialFiles = new Map<string, Uint8Array>();
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) initialFiles.set(path, await readFile(path));
    }
    return new RecordingFileSystem(inner, root, initialFiles);
  }

  private constructor(inner: FileSystem, root: string, initialFiles: ReadonlyMap<string, Uint8Array>) {
    this.#inner = inner;
    this.#root = root;
    this.#initialFiles = initialFiles;
  }

  get events(): readonly DiskEvent[] {
    return this.#events;
  }

  /** Notes that something outside the file system happened, such as a commit; returns how many events there are now. */
  mark(label: string): number {
    return this.#events.push({ operation: 'mark', label });
  }

  /** Builds the disk after a power cut that came when the first `prefixLength` events had happened. */
  async materialise(prefixLength: number, variant: PowerCutVariant, targetDir: string): Promise<void> {
    const disk = new PowerCutDisk(this.#initialFiles);
    for (const event of this.#events.slice(0, prefixLength)) disk.apply(event);
    const inTarget = (path: string) => join(targetDir, relative(this.#root, path));
    await mkdir(targetDir, { recursive: true });
    for (const directory of disk.directories) await mkdir(inTarget(directory), { recursive: true });
    for (const [path, content] of disk.filesAfterPowerCut(variant)) {
      await mkdir(dirname(inTarget(path)), { recursive: true });
      await writeFile(inTarget(path), content);
    }
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#inner.makeDirectory(path);
    this.#events.push({ operation: 'makeDirectory', path });
  }

  async createFile(path: string): Promise<WritableFile> {
    const file = await this.#inner.createFile(path);
    this.#events.push({ operation: 'createFile', path });
    return {
      write: async (chunk) => {
        await file.write(chunk);
        this.#events.push({ operation: 'write', path, sizeBytes: chunk.byteLength });
      },
      sync: () => this.#sync(path, () => file.sync()),
      close: () => file.close(),
    };
  }

  syncFile(path: string): Promise<void> {
    return this.#sync(path, () => this.#inner.syncFile(path));
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#inner.syncDirectory(path);
    this.#events.push({ operation: 'syncDirectory', path });
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#inner.rename(from, to);
    this.#events.push({ operation: 'rename', path: from, to });
  }

  async link(from: string, to: string): Promise<void> {
    await this.#inner.link(from, to);
    this.#events.push({ operation: 'link', path: from, to });
  }

  async copyFile(from: string, to: string): Promise<void> {
    await this.#inner.copyFile(from, to);
    this.#events.push({ operation: 'createFile', path: to });
  }

  async remove(path: string): Promise<void> {
    await this.#inner.remove(path);
    this.#events.push({ operation: 'remove', path });
  }

  async removeTree(path: string): Promise<void> {
    await this.#inner.removeTree(path);
    this.#events.push({ operation: 'removeTree', path });
  }

  async setReadOnly(path: string): Promise<void> {
    await this.#inner.setReadOnly(path);
    this.#events.push({ operation: 'setReadOnly', path });
  }

  stat(path: string): Promise<Stats | undefined> {
    return this.#inner.stat(path);
  }

  list(path: string): Promise<Dirent[]> {
    return this.#inner.list(path);
  }

  readStream(path: string, range?: { start: number; end: number }): ReadStream {
    return this.#inner.readStream(path, range);
  }

  readFile(path: string): Promise<Buffer> {
    return this.#inner.readFile(path);
  }

  space(path: string): Promise<{ availableBytes: number; totalBytes: number }> {
    return this.#inner.space(path);
  }

  /** What is there before the fsync begins is what it promises. */
  async #sync(path: string, sync: () => Promise<void>): Promise<void> {
    const content = await readFile(path);
    await sync();
    this.#events.push({ operation: 'syncFile', path, content });
  }
}

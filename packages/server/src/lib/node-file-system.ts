import { constants, createReadStream, type Dirent, type ReadStream, type Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errnoOf } from '../errors/storage-failure.js';
import type { FileSystem, WritableFile } from './file-system.js';

/** Fewer, larger reads than the default of 64 KB: downloads share the thread pool with everything else. */
const READ_CHUNK_BYTES = 256 * 1024;

/** The operating system's files, through `node:fs`. Errors are the system's own, with their `code`. */
export class NodeFileSystem implements FileSystem {
  /** Directories being made right now: whoever finds one existing must not go on before its entry is synced. */
  readonly #directoriesInMaking = new Map<string, Promise<void>>();

  makeDirectory(path: string): Promise<void> {
    const directory = resolve(path);
    const running = this.#directoriesInMaking.get(directory);
    if (running !== undefined) return running;
    const making = this.#makeDirectory(directory).finally(() => this.#directoriesInMaking.delete(directory));
    this.#directoriesInMaking.set(directory, making);
    return making;
  }

  /** A parent may be removed meanwhile; and some places (`/proc`) have a parent and still refuse with ENOENT. */
  async #makeDirectory(directory: string, attempts = 3): Promise<void> {
    try {
      await fs.mkdir(directory);
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') {
        if ((await fs.stat(directory)).isDirectory()) return;
        throw error;
      }
      const parent = dirname(directory);
      if (errnoOf(error) !== 'ENOENT' || parent === directory || attempts === 1) throw error;
      await this.makeDirectory(parent);
      return this.#makeDirectory(directory, attempts - 1);
    }
    try {
      await this.syncDirectory(dirname(directory));
    } catch (error) {
      // Left in place, the next caller would take an entry that may not survive a power cut for a durable one.
      await fs.rmdir(directory).catch(() => undefined);
      throw error;
    }
  }

  async createFile(path: string): Promise<WritableFile> {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND;
    return new NodeWritableFile(await fs.open(path, flags));
  }

  syncFile(path: string): Promise<void> {
    return syncPath(path);
  }

  syncDirectory(path: string): Promise<void> {
    return syncPath(path);
  }

  rename(from: string, to: string): Promise<void> {
    return fs.rename(from, to);
  }

  link(from: string, to: string): Promise<void> {
    return fs.link(from, to);
  }

  copyFile(from: string, to: string): Promise<void> {
    return fs.copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  }

  async remove(path: string): Promise<void> {
    try {
      await fs.unlink(path);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }

  removeTree(path: string): Promise<void> {
    return fs.rm(path, { recursive: true, force: true });
  }

  setReadOnly(path: string): Promise<void> {
    return fs.chmod(path, 0o444);
  }

  async stat(path: string): Promise<Stats | undefined> {
    try {
      return await fs.stat(path);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  list(path: string): Promise<Dirent[]> {
    return fs.readdir(path, { withFileTypes: true });
  }

  readStream(path: string, range?: { start: number; end: number }): ReadStream {
    return createReadStream(path, { highWaterMark: READ_CHUNK_BYTES, ...range });
  }

  readFile(path: string): Promise<Buffer> {
    return fs.readFile(path);
  }

  async space(path: string): Promise<{ availableBytes: number; totalBytes: number }> {
    const { bavail, blocks, bsize } = await fs.statfs(path);
    return { availableBytes: bavail * bsize, totalBytes: blocks * bsize };
  }
}

class NodeWritableFile implements WritableFile {
  readonly #handle: fs.FileHandle;

  constructor(handle: fs.FileHandle) {
    this.#handle = handle;
  }

  async write(chunk: Uint8Array): Promise<void> {
    let offset = 0;
    while (offset < chunk.byteLength) {
      const { bytesWritten } = await this.#handle.write(chunk, offset, chunk.byteLength - offset);
      offset += bytesWritten;
    }
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** A read-only descriptor is enough for fsync, so published files (mode 0444) and directories can be synced too. */
async function syncPath(path: string): Promise<void> {
  const handle = await fs.open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isAbsent(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

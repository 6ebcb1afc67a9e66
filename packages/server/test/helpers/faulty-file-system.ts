import type { Dirent, ReadStream, Stats } from 'node:fs';
import type { FileSystem, WritableFile } from '../../src/lib/file-system.js';

export type Errno = 'ENOSPC' | 'EIO' | 'EMFILE';

export interface Fault {
  /** Which call fails, from 1. */
  readonly call: number;
  readonly errno: Errno;
  /** `after`: the call takes effect and fails all the same. Default `before`. */
  readonly when?: 'before' | 'after';
  /** Every later call fails too, as on a disk that stays full. Default: only this one. */
  readonly lasting?: boolean;
}

/**
 * A file system whose N-th call fails. Run an operation once without a fault to learn how many calls it makes (`calls`),
 * then once for each of them. Calls of files it created count too; a failing `write` leaves half of its chunk behind, as
 * a full disk does, and a failing `close` closes all the same, as the kernel does.
 */
export class FaultyFileSystem implements FileSystem {
  readonly #inner: FileSystem;
  #calls: string[] = [];
  #fault: Fault | undefined;

  constructor(inner: FileSystem) {
    this.#inner = inner;
  }

  /** Names of the calls since the last `arm` or `disarm`, such as `link` or `file.write`. */
  get calls(): readonly string[] {
    return this.#calls;
  }

  /** True when the fault was met. */
  get failed(): boolean {
    return this.#fault !== undefined && this.#calls.length >= this.#fault.call;
  }

  arm(fault: Fault): void {
    this.#calls = [];
    this.#fault = fault;
  }

  disarm(): void {
    this.#calls = [];
    this.#fault = undefined;
  }

  makeDirectory(path: string): Promise<void> {
    return this.#call('makeDirectory', () => this.#inner.makeDirectory(path));
  }

  async createFile(path: string): Promise<WritableFile> {
    const file = await this.#call('createFile', () => this.#inner.createFile(path));
    return {
      write: (chunk) => {
        const half = chunk.subarray(0, chunk.byteLength >> 1);
        return this.#call(
          'file.write',
          () => file.write(chunk),
          () => file.write(half),
        );
      },
      sync: () => this.#call('file.sync', () => file.sync()),
      close: () =>
        this.#call(
          'file.close',
          () => file.close(),
          () => file.close(),
        ),
    };
  }

  syncFile(path: string): Promise<void> {
    return this.#call('syncFile', () => this.#inner.syncFile(path));
  }

  syncDirectory(path: string): Promise<void> {
    return this.#call('syncDirectory', () => this.#inner.syncDirectory(path));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call('rename', () => this.#inner.rename(from, to));
  }

  link(from: string, to: string): Promise<void> {
    return this.#call('link', () => this.#inner.link(from, to));
  }

  copyFile(from: string, to: string): Promise<void> {
    return this.#call('copyFile', () => this.#inner.copyFile(from, to));
  }

  remove(path: string): Promise<void> {
    return this.#call('remove', () => this.#inner.remove(path));
  }

  removeTree(path: string): Promise<void> {
    return this.#call('removeTree', () => this.#inner.removeTree(path));
  }

  setReadOnly(path: string): Promise<void> {
    return this.#call('setReadOnly', () => this.#inner.setReadOnly(path));
  }

  stat(path: string): Promise<Stats | undefined> {
    return this.#call('stat', () => this.#inner.stat(path));
  }

  list(path: string): Promise<Dirent[]> {
    return this.#call('list', () => this.#inner.list(path));
  }

  readStream(path: string, range?: { start: number; end: number }): ReadStream {
    const fault = this.#count('readStream');
    const stream = this.#inner.readStream(path, range);
    if (fault !== undefined) stream.destroy(systemError(fault.errno, 'readStream'));
    return stream;
  }

  readFile(path: string): Promise<Buffer> {
    return this.#call('readFile', () => this.#inner.readFile(path));
  }

  space(path: string): Promise<{ availableBytes: number; totalBytes: number }> {
    return this.#call('space', () => this.#inner.space(path));
  }

  async #call<T>(name: string, work: () => Promise<T>, beforeFailing?: () => Promise<void>): Promise<T> {
    const fault = this.#count(name);
    if (fault === undefined) return work();
    if (fault.when !== 'after') await beforeFailing?.();
    else if (name === 'createFile') await closeIfFile(await work());
    else await work();
    throw systemError(fault.errno, name);
  }

  #count(name: string): Fault | undefined {
    const number = this.#calls.push(name);
    const fault = this.#fault;
    if (fault === undefined) return undefined;
    return number === fault.call || (fault.lasting === true && number > fault.call) ? fault : undefined;
  }
}

async function closeIfFile(result: unknown): Promise<void> {
  if (typeof result === 'object' && result !== null && 'close' in result && typeof result.close === 'function') {
    await result.close();
  }
}

function systemError(errno: Errno, call: string): Error {
  return Object.assign(new Error(`${errno}: made to fail, ${call}`), { code: errno, syscall: call });
}

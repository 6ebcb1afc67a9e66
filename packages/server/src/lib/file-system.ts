import type { ReadStream, Stats, Dirent } from 'node:fs';

/**
 * Every file operation that durability depends on goes through this interface, so that tests can fail the N-th
 * call (`test/helpers/faulty-file-system.ts`) or drop what was not synced (`test/helpers/recording-file-system.ts`).
 * DuckDB and SQLite write through their own code; what they wrote is made durable by `syncFile` here.
 */
export interface FileSystem {
  /** Makes the directory and its missing parents, and syncs every directory whose entry is new. */
  makeDirectory(path: string): Promise<void>;
  /** Creates a file that must not exist yet and returns a handle that appends. */
  createFile(path: string): Promise<WritableFile>;
  /** fsync of a file's content. An error is final: the caller drops the file. */
  syncFile(path: string): Promise<void>;
  /** fsync of a directory: makes creations, renames and removals in it durable. */
  syncDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Hard link; fails with EEXIST when `to` exists. */
  link(from: string, to: string): Promise<void>;
  /**
   * Copies a file with its mode to a name that must not exist, sharing blocks where the file system can. The caller syncs it.
   * A copy that failed may have left a part of the file.
   */
  copyFile(from: string, to: string): Promise<void>;
  /** Removes a file; absent is fine. */
  remove(path: string): Promise<void>;
  /** Removes a directory tree; absent is fine. */
  removeTree(path: string): Promise<void>;
  setReadOnly(path: string): Promise<void>;
  stat(path: string): Promise<Stats | undefined>;
  list(path: string): Promise<Dirent[]>;
  readStream(path: string, range?: { start: number; end: number }): ReadStream;
  readFile(path: string): Promise<Buffer>;
  /** Bytes available to this process on the file system that holds `path`, and its size. */
  space(path: string): Promise<{ availableBytes: number; totalBytes: number }>;
}

export interface WritableFile {
  /** Appends the whole chunk (short writes are continued). */
  write(chunk: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

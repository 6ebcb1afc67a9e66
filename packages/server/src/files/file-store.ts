import type { Readable } from 'node:stream';

/**
 * Where the bytes of the Files API are. Keys are relative paths such as `project_p1/2026/11/23/{id}_d.csv`; metadata
 * says which keys are in use, everything else is garbage. A key, once published, never changes its content.
 *
 * Errors are `DomainError`s: `storage_full`, `storage_unavailable` and `storage_error` for the disk, and what the methods
 * say. A key that is not a plain relative path, or one that is taken already, is a defect of the caller.
 */
export interface FileStore {
  /**
   * Streams `source` to a new file at `key` and syncs file and directory: when this resolves, the bytes are durable.
   * Passing `maxBytes` rejects with `file_too_large` and leaves nothing. `signal` or an error of the source: the same,
   * with `request_cancelled` unless the source failed with a `DomainError` of its own. A rejected write destroys `source`.
   */
  write(key: string, source: Readable, limits: WriteLimits): Promise<StoredBytes>;
  /**
   * A path where another process may write the content of `key`; `adopt` then syncs it and makes it `key`, `discard`
   * gives it up. Nothing is visible under `key` before.
   */
  stagePath(key: string): Promise<string>;
  /** A staged file that is not there is a defect of the caller. When this rejects, the staged file is gone. */
  adopt(stagedPath: string, key: string): Promise<void>;
  discard(stagedPath: string): Promise<void>;
  /**
   * Gives the content of `from` a second key, durable when this resolves. No copy where the store can help it.
   * False when `from` has no bytes.
   */
  link(from: string, to: string): Promise<boolean>;
  /** Undefined when the bytes are gone. */
  stat(key: string): Promise<FileStat | undefined>;
  /** `range` includes both ends. Absent bytes are an `ENOENT` error of the stream. */
  read(key: string, range?: { start: number; end: number }): Readable;
  /** A local path that an engine worker can read. */
  localPath(key: string): string;
  /** Absent is fine. */
  remove(key: string): Promise<void>;
  /** Every key under a prefix (`''` for all, else whole path segments), for collecting orphans. */
  keys(prefix: string): AsyncIterable<string>;
  /**
   * Removes what writes and stagings of an earlier process left behind, and returns how many there were. Those of this
   * process are left alone.
   */
  removeUnfinished(): Promise<number>;
}

export interface WriteLimits {
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
  /** Asked now and then while bytes arrive; its rejection ends the write and is passed on. */
  readonly mayGoOn?: () => Promise<void>;
}

export interface FileStat {
  readonly sizeBytes: number;
  /** When the content was written. */
  readonly modifiedAt: Date;
}

export interface StoredBytes {
  readonly sizeBytes: number;
  readonly checksumSha256: string;
}

import type { Readable } from 'node:stream';

/**
 * Where the bytes of the Files API are. Keys are relative paths such as `project_p1/2026/11/23/{id}_d.csv`; metadata
 * says which keys are in use, everything else is garbage. A key, once published, never changes its content.
 */
export interface FileStore {
  /**
   * Streams `source` to a new file at `key` and syncs file and directory: when this resolves, the bytes are durable.
   * Passing `maxBytes` rejects with `file_too_large` and leaves nothing. `signal` or an error of the source: the same.
   */
  write(key: string, source: Readable, limits: { maxBytes: number; signal?: AbortSignal }): Promise<StoredBytes>;
  /**
   * A path where another process may write the content of `key`; `adopt` then syncs it and makes it `key`.
   * Nothing is visible under `key` before.
   */
  stagePath(key: string): Promise<string>;
  adopt(stagedPath: string, key: string): Promise<void>;
  /** Gives the content of `from` a second key, durable when this resolves. No copy where the store can help it. */
  link(from: string, to: string): Promise<void>;
  /** Undefined when the bytes are gone. */
  stat(key: string): Promise<{ sizeBytes: number; modifiedAt: Date } | undefined>;
  read(key: string, range?: { start: number; end: number }): Readable;
  /** A local path that an engine worker can read. */
  localPath(key: string): string;
  /** Absent is fine. */
  remove(key: string): Promise<void>;
  /** Every key under a prefix (`''` for all), for collecting orphans. */
  keys(prefix: string): AsyncIterable<string>;
}

export interface StoredBytes {
  readonly sizeBytes: number;
  readonly checksumSha256: string;
}

import type { FileStore } from '../files/file-store.js';
import type { Clock } from '../lib/clock.js';
import type { Logger } from '../lib/logger.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { DiskGuard } from './disk-guard.js';
import type { FileObserver } from './file-observer.js';

export interface FileLimits {
  readonly maxUploadBytes: number;
  readonly maxFiles: number;
  readonly maxBytes: number;
  readonly uploadLifetimeMs: number;
}

/** What the parts of the files service share. */
export interface FilesContext {
  readonly store: MetadataStore;
  readonly fileStore: FileStore;
  readonly clock: Clock;
  readonly limits: FileLimits;
  readonly diskGuard: DiskGuard;
  readonly logger: Logger;
  readonly observer?: FileObserver;
}

/**
 * After a committed change: the bytes it released. The change is durable, so failing to remove them does not make it
 * fail; they are orphans now and collected later. False when they are still there.
 */
export async function removeReleased(context: FilesContext, key: string): Promise<boolean> {
  try {
    await context.fileStore.remove(key);
    return true;
  } catch (error) {
    context.logger.warn({ err: error, key }, 'bytes nobody needs remain until orphans are collected');
    return false;
  }
}

/**
 * After a failed change: the bytes it had brought. Metadata is asked first, for a transaction may fail to report that it
 * committed, and what it points to must stay.
 */
export async function removeUnlessUsed(context: FilesContext, key: string): Promise<void> {
  try {
    if (!(await context.store.isFilePathUsed(key))) await context.fileStore.remove(key);
  } catch (error) {
    context.logger.warn({ err: error, key }, 'bytes nobody needs remain until orphans are collected');
  }
}

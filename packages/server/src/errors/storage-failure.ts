import { DomainError } from './domain-error.js';

/**
 * What the operating system reports about a file, as the caller may see it: the disk is full, a path cannot be used, or
 * the disk failed. `action` completes "The file could not be …" (`stored`, `removed`); paths stay in `cause`, for the
 * log. An error that is not the system's passes unchanged: it is a defect, not the disk's fault.
 */
export function toStorageFailure(error: unknown, action: string): Error {
  if (error instanceof DomainError) return error;
  const errno = errnoOf(error);
  if (errno === undefined) return error instanceof Error ? error : new Error(String(error));
  const failed = `The file could not be ${action}`;
  if (FULL_DISK.has(errno)) {
    const message = `${failed}: the data disk is full. Delete files, tables or snapshots, or add disk space.`;
    return new DomainError('storage_full', message, {}, { cause: error });
  }
  if (UNUSABLE_PATH.has(errno)) {
    const message = `${failed}: a storage directory is missing or not accessible (${errno}). Check the data disk.`;
    return new DomainError('storage_unavailable', message, {}, { cause: error });
  }
  const message = `${failed}: the data disk reported an error (${errno}). Nothing was changed; the log has the details.`;
  return new DomainError('storage_error', message, {}, { cause: error });
}

const FULL_DISK: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const UNUSABLE_PATH: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS']);

/** The `code` of an error of the operating system such as `ENOENT`; undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}

import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { cancelledError } from './engine-errors.js';

export interface FileChecksum {
  readonly sizeBytes: number;
  /** SHA-256, 64 hex digits. */
  readonly checksum: string;
}

const BUFFER_BYTES = 1024 * 1024;

/**
 * Size and SHA-256 of a finished file. Never of one that is attached: closing any descriptor of a file drops the engine's
 * lock on it, because POSIX locks belong to the process.
 */
export async function checksumFile(path: string, signal?: AbortSignal): Promise<FileChecksum> {
  const file = await open(path, 'r');
  try {
    return await checksumOpenFile(file, signal);
  } finally {
    await file.close();
  }
}

/** Two buffers take turns, so that reading and hashing overlap. */
export async function checksumOpenFile(file: FileHandle, signal?: AbortSignal): Promise<FileChecksum> {
  const hash = createHash('sha256');
  const buffers: [Buffer, Buffer] = [Buffer.allocUnsafe(BUFFER_BYTES), Buffer.allocUnsafe(BUFFER_BYTES)];
  let sizeBytes = 0;
  let current = 0;
  let { bytesRead } = await file.read(buffers[0], 0, BUFFER_BYTES, 0);
  while (bytesRead > 0) {
    if (signal?.aborted === true) throw cancelledError(signal.reason);
    sizeBytes += bytesRead;
    const filled = buffers[current === 0 ? 0 : 1].subarray(0, bytesRead);
    current = 1 - current;
    const next = file.read(buffers[current === 0 ? 0 : 1], 0, BUFFER_BYTES, sizeBytes);
    hash.update(filled);
    ({ bytesRead } = await next);
  }
  return { sizeBytes, checksum: hash.digest('hex') };
}

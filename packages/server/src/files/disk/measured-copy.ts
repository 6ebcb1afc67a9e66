import { createHash } from 'node:crypto';
import { addAbortSignal, type Readable } from 'node:stream';
import { DomainError } from '../../errors/domain-error.js';
import type { WritableFile } from '../../lib/file-system.js';
import type { StoredBytes, WriteLimits } from '../file-store.js';

/** How many bytes may arrive between two questions whether the write may go on: small against any disk reserve. */
const BYTES_BETWEEN_CHECKS = 32 * 1024 * 1024;

/** Copies a stream into a file, counting and hashing on the way. Errors of the file pass through unchanged. */
export async function copyMeasured(source: Readable, target: WritableFile, limits: WriteLimits): Promise<StoredBytes> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let nextCheckAt = BYTES_BETWEEN_CHECKS;
  for await (const part of partsOf(source, limits.signal)) {
    const chunk = toBytes(part);
    sizeBytes += chunk.byteLength;
    if (sizeBytes > limits.maxBytes) throw tooLarge(limits.maxBytes);
    if (sizeBytes >= nextCheckAt) {
      nextCheckAt = sizeBytes + BYTES_BETWEEN_CHECKS;
      await limits.mayGoOn?.();
    }
    // The disk and the hash work at the same time.
    const writing = target.write(chunk);
    hash.update(chunk);
    await writing;
  }
  return { sizeBytes, checksumSha256: hash.digest('hex') };
}

/** Tells an error of the sender, who left or broke off, from one of the disk. */
async function* partsOf(source: Readable, signal: AbortSignal | undefined): AsyncGenerator<unknown> {
  if (signal !== undefined) addAbortSignal(signal, source);
  try {
    for await (const part of source) yield part;
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw new DomainError(
      'request_cancelled',
      'The upload broke off before the file was complete; nothing was kept. Upload it again.',
      {},
      { cause: error },
    );
  }
}

function toBytes(part: unknown): Uint8Array {
  if (part instanceof Uint8Array) return part;
  if (typeof part === 'string') return Buffer.from(part);
  throw new TypeError('a file is made of bytes');
}

function tooLarge(maxBytes: number): DomainError {
  return new DomainError(
    'file_too_large',
    `The file is larger than the limit of ${maxBytes} bytes; nothing was kept.`,
    {
      max_size_bytes: maxBytes,
    },
  );
}

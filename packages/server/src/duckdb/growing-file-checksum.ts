import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import type { FileChecksum } from './file-checksum.js';

const BUFFER_BYTES = 1024 * 1024;

/** Every look takes time from the writer on a busy machine; what grows meanwhile is hashed in a few milliseconds. */
const LOOK_INTERVAL_MS = 25;

/**
 * Checksum of a file while the engine writes it, so that it is known almost as soon as the last byte is there.
 *
 *   engine   ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ done
 *   hash       ▒▒▒▒ ▒▒▒▒ ▒▒▒▒▒▒▒      follows the end of the file; after `done` it reads the rest
 *
 * Right only for writers that append and never go back, as the engine's CSV and Parquet writers do; a test compares the result with
 * the finished file for every format. The file must not be attached: see `checksumFile`.
 */
export async function checksumWhileWriting<T>(
  path: string,
  write: () => Promise<T>,
): Promise<FileChecksum & { result: T }> {
  const writer = new WriterProgress(write());
  const [written, hashed] = await Promise.allSettled([writer.result, followFile(path, writer)]);
  // The writer's failure is the cause of the other one, for instance of a file that never came.
  if (written.status === 'rejected') throw written.reason;
  if (hashed.status === 'rejected') throw hashed.reason;
  return { ...hashed.value, result: written.value };
}

class WriterProgress<T> {
  readonly #ended: Promise<void>;
  #finished = false;

  constructor(readonly result: Promise<T>) {
    const end = (): void => {
      this.#finished = true;
    };
    this.#ended = result.then(end, end);
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** Until the writer ends, but not for longer than one interval. */
  async pause(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const interval = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LOOK_INTERVAL_MS);
    });
    await Promise.race([this.#ended, interval]);
    clearTimeout(timer);
  }
}

async function followFile(path: string, writer: WriterProgress<unknown>): Promise<FileChecksum> {
  const file = await openWhenThere(path, writer);
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
    for (let sizeBytes = 0; ;) {
      // Looked at before reading: what is read after the writer ended is the rest.
      const { finished } = writer;
      sizeBytes += await hashFrom(file, hash, buffer, sizeBytes);
      if (finished) return { sizeBytes, checksum: hash.digest('hex') };
      await writer.pause();
    }
  } finally {
    await file.close();
  }
}

async function hashFrom(file: FileHandle, hash: Hash, buffer: Buffer, start: number): Promise<number> {
  for (let position = start; ;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return position - start;
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}

async function openWhenThere(path: string, writer: WriterProgress<unknown>): Promise<FileHandle> {
  for (;;) {
    const { finished } = writer;
    try {
      return await open(path, 'r');
    } catch (error) {
      const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!absent || finished) throw error;
      await writer.pause();
    }
  }
}

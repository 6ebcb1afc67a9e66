import { createReadStream, createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DomainError } from '../../errors/domain-error.js';
import { engineFailure } from '../engine-errors.js';
import { importFailed, messageOf, mustNotBeCancelled } from './import-failure.js';

export type Compression = 'gzip' | 'zstd' | 'bzip2' | 'xz' | 'zip';

const MAGIC: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
];

/** From the first bytes, never from a name. `BZh` could begin a text, so bzip2 needs its block magic as well. */
export function detectCompression(head: Uint8Array): Compression | undefined {
  const found = MAGIC.find(([, magic]) => magic.every((byte, index) => head[index] === byte))?.[0];
  if (found === 'bzip2' && !(head[4] === 0x31 && head[5] === 0x41)) return undefined;
  return found;
}

/** The first bytes of a file, fewer when it is shorter. */
export async function readHead(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    let filled = 0;
    while (filled < bytes) {
      const { bytesRead } = await file.read(buffer, filled, bytes - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  } finally {
    await file.close();
  }
}

/**
 * The path of the uncompressed content: the file itself, or `inflatedPath` after inflating into it. The engine could read gzip
 * itself, but only with one thread and without a budget; a plain file is read in parallel.
 */
export async function inflateSource(
  path: string,
  inflatedPath: string,
  maxInflatedBytes: number,
  signal: AbortSignal,
): Promise<string> {
  const compression = detectCompression(await readHead(path, 8));
  if (compression === undefined) return path;
  if (compression !== 'gzip') {
    throw new DomainError(
      'invalid_compression',
      `The file is compressed with ${compression}, which is not supported. Send it plain or compressed with gzip.`,
      { compression, valid_compression: [null, 'gzip'] },
    );
  }
  try {
    await pipeline(
      createReadStream(path),
      createGunzip(),
      limitBytes(maxInflatedBytes),
      createWriteStream(inflatedPath, { flags: 'wx' }),
      { signal },
    );
  } catch (error) {
    mustNotBeCancelled(signal);
    if (isZlibError(error))
      throw importFailed(`the gzip data is damaged (${messageOf(error)})`, { compression }, error);
    throw engineFailure(error) ?? error;
  }
  return inflatedPath;
}

/** Counts what comes out, over all members of the file: a few megabytes can inflate to terabytes. */
function limitBytes(maxBytes: number): (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer> {
  return async function* (chunks) {
    let total = 0;
    for await (const chunk of chunks) {
      total += chunk.length;
      if (total > maxBytes) {
        throw new DomainError(
          'inflated_too_large',
          `The compressed file inflates to more than ${maxBytes} bytes. Split it, or raise IMPORT_MAX_INFLATED_BYTES.`,
          { max_inflated_bytes: maxBytes },
        );
      }
      yield chunk;
    }
  };
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
}

export async function fileSizeBytes(path: string): Promise<number> {
  return (await stat(path)).size;
}

import { createHash } from 'node:crypto';
import type { FileSystem } from '../../lib/file-system.js';

export async function measureFile(
  fileSystem: FileSystem,
  path: string,
): Promise<{ sizeBytes: number; checksumSha256: string }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of fileSystem.readStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sizeBytes, checksumSha256: hash.digest('hex') };
}

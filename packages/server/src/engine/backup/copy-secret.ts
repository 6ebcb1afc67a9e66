import { dirname } from 'node:path';
import { errnoOf } from '../../errors/storage-failure.js';
import type { FileSystem } from '../../lib/file-system.js';
import type { PlacedFiles } from './placed-files.js';

/**
 * A file of its own with a mode of its own: a link would follow what the operator does to the original. False when there is none:
 * keys may come from the environment, certificates from the operator.
 */
export async function copySecret(
  fileSystem: FileSystem,
  placed: Pick<PlacedFiles, 'makeDirectory'>,
  from: string,
  to: string,
): Promise<boolean> {
  if ((await fileSystem.stat(from)) === undefined) return false;
  await placed.makeDirectory(dirname(to));
  try {
    await fileSystem.copyFile(from, to);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
  await fileSystem.syncFile(to);
  return true;
}

/** In the order of the places. */
export async function copyDoorSecrets(
  fileSystem: FileSystem,
  placed: Pick<PlacedFiles, 'makeDirectory'>,
  from: readonly string[],
  to: readonly string[],
): Promise<void> {
  for (const [index, path] of from.entries()) {
    const target = to[index];
    if (target !== undefined) await copySecret(fileSystem, placed, path, target);
  }
}

import { join } from 'node:path';
import { errnoOf } from '../../errors/storage-failure.js';
import type { FileSystem } from '../../lib/file-system.js';
import type { MetadataReader } from '../../metadata/metadata-store.js';
import { MANIFEST_NAME, parseManifest, type BackupManifest } from './backup-manifest.js';
import { measureFile } from './measure-file.js';
import { forEachStored, storedFiles } from './placed-files.js';
import type { StoragePlaces } from './storage-places.js';

/** The backup is not as it was made. */
export class DamagedBackupError extends Error {
  override readonly name = 'DamagedBackupError';
}

/** Reads the manifest of a backup and compares the metadata with it. Nothing of the metadata is believed before. */
export async function checkMetadata(
  fileSystem: FileSystem,
  backupPath: string,
  places: StoragePlaces,
): Promise<BackupManifest> {
  const path = join(backupPath, MANIFEST_NAME);
  const text = await fileSystem.readFile(path).catch((error: unknown) => {
    if (errnoOf(error) === undefined) throw error;
    throw new DamagedBackupError(`There is no backup at ${backupPath}: ${MANIFEST_NAME} cannot be read.`, {
      cause: error,
    });
  });
  const manifest = parseManifest(text.toString('utf8'), path);
  if ((await fileSystem.stat(places.metadataPath)) === undefined) {
    throw new DamagedBackupError(`The backup at ${backupPath} has lost its metadata.`);
  }
  const found = await measureFile(fileSystem, places.metadataPath);
  if (found.checksumSha256 !== manifest.metadata.checksumSha256) {
    throw new DamagedBackupError(
      `The metadata of the backup at ${backupPath} does not have the checksum of its manifest.`,
    );
  }
  return manifest;
}

/** The same for the files of workspaces, which the manifest itself vouches for. */
export async function checkWorkspaces(
  fileSystem: FileSystem,
  manifest: Pick<BackupManifest, 'workspaces'>,
  places: StoragePlaces,
): Promise<void> {
  for (const { workspaceId, projectId, files } of manifest.workspaces) {
    for (const file of files) {
      const path = places.workspacePath(projectId, workspaceId) + file.suffix;
      if ((await fileSystem.stat(path)) === undefined) {
        throw new DamagedBackupError(`The backup has lost workspace ${workspaceId}: ${path} is missing.`);
      }
      const found = await measureFile(fileSystem, path);
      if (found.sizeBytes === file.sizeBytes && found.checksumSha256 === file.checksumSha256) continue;
      throw new DamagedBackupError(`The backup has a damaged workspace ${workspaceId}: ${path} has another checksum.`);
    }
  }
}

/** Reads every file that the metadata names and compares size and checksum; `onFile` hears of each good one. */
export async function checkFiles(
  fileSystem: FileSystem,
  metadata: MetadataReader,
  places: StoragePlaces,
  onFile: (sizeBytes: number) => void,
): Promise<void> {
  for await (const page of storedFiles(metadata)) {
    await forEachStored(page, async (file) => {
      const path = file.pathIn(places);
      const stats = await fileSystem.stat(path);
      if (stats === undefined) throw new DamagedBackupError(`The backup has lost ${file.subject}: ${path} is missing.`);
      if (stats.size !== file.sizeBytes) {
        throw new DamagedBackupError(
          `The backup has a damaged ${file.subject}: ${path} has ${stats.size} bytes instead of ${file.sizeBytes}.`,
        );
      }
      const { checksumSha256 } = await measureFile(fileSystem, path);
      if (checksumSha256 !== file.checksumSha256) {
        throw new DamagedBackupError(`The backup has a damaged ${file.subject}: ${path} has another checksum.`);
      }
      onFile(file.sizeBytes);
    });
  }
}

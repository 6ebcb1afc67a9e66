import { dirname } from 'node:path';
import type { FileSystem } from '../../lib/file-system.js';
import type { MetadataReader } from '../../metadata/metadata-store.js';
import type { BackupManifest } from './backup-manifest.js';
import { copyDoorSecrets, copySecret } from './copy-secret.js';
import { forEachStored, makeFolders, PlacedFiles, storedFiles } from './placed-files.js';
import type { StoragePlaces } from './storage-places.js';

/** The metadata of a restore that has not finished; a server refuses to start beside it. */
export function unfinishedMetadataPath(metadataPath: string): string {
  return `${metadataPath}.restoring`;
}

/**
 * Puts the content of a checked backup into an empty data folder. The metadata arrives under its final name as the last
 * step, when everything it points to is on the disk: before that the folder is not one a server would start on.
 */
export async function restoreBackup(input: {
  readonly fileSystem: FileSystem;
  /** The metadata of the backup, open for reading. */
  readonly metadata: MetadataReader;
  readonly manifest: Pick<BackupManifest, 'workspaces'>;
  readonly from: StoragePlaces;
  readonly to: StoragePlaces;
  /** Hard links to the files of the backup instead of copies. */
  readonly link: boolean;
  readonly onFile: (sizeBytes: number) => void;
}): Promise<void> {
  const { fileSystem, metadata, from, to } = input;
  const placed = new PlacedFiles(fileSystem, { link: input.link, mayCopy: () => Promise.resolve() });
  const restoring = unfinishedMetadataPath(to.metadataPath);
  await placed.makeDirectory(dirname(restoring));
  await fileSystem.copyFile(from.metadataPath, restoring);
  await fileSystem.syncFile(restoring);
  await fileSystem.syncDirectory(dirname(restoring));
  await makeFolders(metadata, to, placed);
  for await (const page of storedFiles(metadata)) {
    await forEachStored(page, async (file) => {
      await placed.place(file.pathIn(from), file.pathIn(to), file.sizeBytes);
      input.onFile(file.sizeBytes);
    });
  }
  for (const { workspaceId, projectId, files } of input.manifest.workspaces) {
    const [source, target] = [from, to].map((places) => places.workspacePath(projectId, workspaceId));
    for (const { suffix, sizeBytes } of files) await placed.copy(`${source}${suffix}`, `${target}${suffix}`, sizeBytes);
  }
  await copySecret(fileSystem, placed, from.adminKeyPath, to.adminKeyPath);
  await copyDoorSecrets(fileSystem, placed, from.doorSecretPaths, to.doorSecretPaths);
  await placed.finish();
  await fileSystem.rename(restoring, to.metadataPath);
  await fileSystem.syncDirectory(dirname(to.metadataPath));
}

import { join } from 'node:path';
import type { StorageConfig } from './config/config.js';
import { Layout } from './engine/layout.js';
import type { StoragePlaces } from './engine/backup/storage-places.js';
import { DiskFileStore } from './files/disk/disk-file-store.js';
import type { FileSystem } from './lib/file-system.js';

type Directories = Pick<
  StorageConfig,
  'dataDirectory' | 'duckdbDirectory' | 'filesDirectory' | 'snapshotsDirectory' | 'metadataPath'
>;

/** The places of a running or a restored server. */
export function storagePlaces(directories: Directories, fileSystem: FileSystem): StoragePlaces {
  const layout = layoutOf({ storage: directories });
  const files = new DiskFileStore(directories.filesDirectory, fileSystem);
  return {
    metadataPath: directories.metadataPath,
    adminKeyPath: join(directories.dataDirectory, 'admin-api-key'),
    doorSecretPaths: ['server.pem', 'secret'].map((name) => join(directories.dataDirectory, 'pgwire', name)),
    duckdbDirectory: directories.duckdbDirectory,
    filesDirectory: directories.filesDirectory,
    versionsDirectory: (projectId) => layout.versionsDirectory(projectId),
    versionPath: (projectId, fileId) => layout.versionPath(projectId, fileId),
    workspacePath: (projectId, workspaceId) => layout.workspacePath(projectId, workspaceId),
    filePath: (key) => files.localPath(key),
  };
}

/** A folder with everything at its default place below it: a backup. */
export function placesBelow(directory: string, fileSystem: FileSystem): StoragePlaces {
  const directories = {
    dataDirectory: directory,
    duckdbDirectory: join(directory, 'duckdb'),
    filesDirectory: join(directory, 'files'),
    snapshotsDirectory: join(directory, 'snapshots'),
    metadataPath: join(directory, 'metadata.sqlite'),
  };
  return storagePlaces(directories, fileSystem);
}

export function layoutOf({ storage }: { readonly storage: Directories }): Layout {
  return new Layout({
    dataDir: storage.dataDirectory,
    duckdbDir: storage.duckdbDirectory,
    filesDir: storage.filesDirectory,
    snapshotsDir: storage.snapshotsDirectory,
  });
}

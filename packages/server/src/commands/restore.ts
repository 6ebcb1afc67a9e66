import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { Config, StorageConfig } from '../config/config.js';
import { ConfigError } from '../config/option.js';
import { checkFiles, checkMetadata, checkWorkspaces } from '../engine/backup/backup-check.js';
import { MANIFEST_NAME, sizeOf, type BackupManifest } from '../engine/backup/backup-manifest.js';
import { restoreBackup, unfinishedMetadataPath } from '../engine/backup/restore-backup.js';
import { errnoOf } from '../errors/storage-failure.js';
import type { FileSystem } from '../lib/file-system.js';
import { NodeFileSystem } from '../lib/node-file-system.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import { ProcessLock } from '../metadata/sqlite/process-lock.js';
import { SqliteMetadataStore } from '../metadata/sqlite/sqlite-metadata-store.js';
import { placesBelow, storagePlaces } from '../storage-places.js';

/** A line of progress this often. */
const REPORT_EVERY_MS = 10_000;

export interface RestoreOptions {
  /** Hard links instead of copies: at once and without space, but one damaged disk block is then in both. */
  readonly link?: boolean;
}

/**
 * Puts a backup into the (empty) data folder of the configuration: first everything in the backup is read and compared with
 * its checksums, then it is copied and synced. A restore that fails or is cut off leaves a folder that no server starts on.
 */
export async function restore(config: Config, backup: string, options: RestoreOptions): Promise<number> {
  process.umask(0o027);
  const fileSystem = new NodeFileSystem();
  const { storage } = config;
  const backupPath = await findBackup(fileSystem, backup, storage.backupDirectory);
  await mustBeEmpty(fileSystem, storage);

  const from = placesBelow(backupPath, fileSystem);
  const manifest = await checkMetadata(fileSystem, backupPath, from);
  await withReadableCopy(fileSystem, from.metadataPath, async (metadata) => {
    const files = manifest.counts.versionFiles + manifest.counts.files;
    await checkFiles(fileSystem, metadata, from, progressOf('checked', files));
    await checkWorkspaces(fileSystem, manifest, from);
    await fileSystem.makeDirectory(storage.dataDirectory);
    if (options.link !== true) await mustHaveRoom(fileSystem, storage.dataDirectory, sizeOf(manifest));
    // A server that is started on the folder meanwhile is told that it is in use.
    const lock = ProcessLock.acquire(storage.metadataPath);
    try {
      const to = storagePlaces(storage, fileSystem);
      const onFile = progressOf('restored', files);
      await restoreBackup({ fileSystem, metadata, manifest, from, to, link: options.link === true, onFile });
    } finally {
      lock.release();
    }
  });
  process.stdout.write(describe(manifest, config));
  return 0;
}

/** For the start of a server. */
export async function mustNotBeHalfRestored(storage: StorageConfig, fileSystem: FileSystem): Promise<void> {
  const path = unfinishedMetadataPath(storage.metadataPath);
  if ((await fileSystem.stat(path)) === undefined) return;
  throw new ConfigError(
    `${storage.dataDirectory} holds a restore that did not finish (${basename(path)} is there). Empty the folder and restore again.`,
  );
}

/** Metadata of an older build is migrated to be read, and is migrated again by the first start: the backup stays as it is. */
async function withReadableCopy(
  fileSystem: FileSystem,
  metadataPath: string,
  use: (metadata: MetadataReader) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'duckdb-storage-restore-'));
  try {
    const path = join(directory, 'metadata.sqlite');
    await fileSystem.copyFile(metadataPath, path);
    const metadata = await SqliteMetadataStore.open(path);
    try {
      await use(metadata);
    } finally {
      await metadata.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function mustHaveRoom(fileSystem: FileSystem, directory: string, neededBytes: number): Promise<void> {
  const { availableBytes } = await fileSystem.space(directory);
  if (availableBytes >= neededBytes) return;
  throw new ConfigError(
    `The disk of ${directory} has ${availableBytes} bytes left and the backup needs ${neededBytes}. ` +
      'Make room, or use --link when the backup is on the same file system.',
  );
}

async function findBackup(fileSystem: FileSystem, given: string, backupDirectory: string): Promise<string> {
  for (const path of [resolve(given), join(backupDirectory, given)]) {
    if ((await fileSystem.stat(join(path, MANIFEST_NAME))) !== undefined) return path;
  }
  throw new ConfigError(`There is no backup at ${resolve(given)}, nor one of that name in ${backupDirectory}.`);
}

/** The folder of the backups may be in the data folder, which is where it is by default. */
async function mustBeEmpty(fileSystem: FileSystem, storage: StorageConfig): Promise<void> {
  const directories = [storage.dataDirectory, storage.duckdbDirectory, storage.filesDirectory];
  for (const directory of directories) {
    for (const name of await namesIn(fileSystem, directory)) {
      if (join(directory, name) === storage.backupDirectory || name === 'lost+found') continue;
      throw new ConfigError(
        `${directory} is not empty (${name} is there), and a restore never replaces anything. ` +
          'Stop the server, move the folder away or set DATA_DIR to an empty one, and restore again.',
      );
    }
  }
  if ((await fileSystem.stat(storage.metadataPath)) !== undefined) {
    throw new ConfigError(`${storage.metadataPath} is there, and a restore never replaces anything.`);
  }
}

async function namesIn(fileSystem: FileSystem, directory: string): Promise<readonly string[]> {
  try {
    return (await fileSystem.list(directory)).map(({ name }) => name);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function progressOf(what: string, totalFiles: number): (sizeBytes: number) => void {
  let files = 0;
  let bytes = 0;
  let reportedAtMs = performance.now();
  return (sizeBytes) => {
    files += 1;
    bytes += sizeBytes;
    if (performance.now() - reportedAtMs < REPORT_EVERY_MS) return;
    reportedAtMs = performance.now();
    process.stderr.write(`${what}: ${files} of ${totalFiles} files, ${bytes} bytes\n`);
  };
}

function describe(manifest: BackupManifest, config: Config): string {
  const { counts } = manifest;
  const key = manifest.hasAdminKey
    ? 'The admin key is the one of the backup.'
    : 'The backup has no admin key: set ADMIN_API_KEY as before, or a new key is made at the start.';
  const skipped =
    manifest.skippedWorkspaceIds.length === 0
      ? ''
      : `The backup does not have what was in these workspaces, which were written to all the time: ${manifest.skippedWorkspaceIds.join(', ')}.\n`;
  return (
    `Restored backup ${manifest.name} of ${manifest.createdAt.toISOString()} into ${config.storage.dataDirectory}: ` +
    `${counts.projects} projects, ${counts.tables} tables, ${counts.files} files, ${manifest.workspaces.length} workspaces, ` +
    `${sizeOf(manifest)} bytes.\n` +
    skipped +
    `${key}\nRun doctor to prove it, then start the server.\n`
  );
}

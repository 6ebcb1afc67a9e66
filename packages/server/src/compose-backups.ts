import type { Config } from './config/config.js';
import { BackupFolder } from './engine/backup/backup-folder.js';
import { BackupWriter } from './engine/backup/backup-writer.js';
import type { Clock } from './lib/clock.js';
import type { FileSystem } from './lib/file-system.js';
import type { Logger } from './lib/logger.js';
import type { RemovalGate } from './lib/removal-gate.js';
import type { MetadataStore } from './metadata/metadata-store.js';
import { Backups, type BackupObserver } from './services/backups.js';
import { FileSystemDiskGuard } from './services/disk-guard.js';
import { placesBelow, storagePlaces } from './storage-places.js';

/** The part of the composition root that belongs to backups. */
export function composeBackups(parts: {
  readonly config: Pick<Config, 'storage' | 'service'>;
  readonly metadata: MetadataStore;
  readonly fileSystem: FileSystem;
  readonly removals: RemovalGate;
  readonly clock: Clock;
  readonly observer: BackupObserver;
  readonly logger: Logger;
}): Backups {
  const { metadata, fileSystem, removals, clock, observer, logger } = parts;
  const { storage, service } = parts.config;
  const source = storagePlaces(storage, fileSystem);
  return new Backups(
    metadata,
    new BackupFolder(storage.backupDirectory, fileSystem),
    new BackupWriter(metadata, source, fileSystem, removals, clock, service.version),
    (directory) => placesBelow(directory, fileSystem),
    new FileSystemDiskGuard(fileSystem, { path: storage.backupDirectory, reserveBytes: storage.diskReserveBytes }),
    observer,
    logger,
  );
}

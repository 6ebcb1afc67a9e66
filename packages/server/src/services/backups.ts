import type { BackupFolder } from '../engine/backup/backup-folder.js';
import { sizeOf, type BackupManifest } from '../engine/backup/backup-manifest.js';
import type { BackupProgress, BackupWriter } from '../engine/backup/backup-writer.js';
import type { StoragePlaces } from '../engine/backup/storage-places.js';
import { DomainError } from '../errors/domain-error.js';
import { toStorageFailure } from '../errors/storage-failure.js';
import type { Logger } from '../lib/logger.js';
import type { Listed, MetadataStore, Page } from '../metadata/metadata-store.js';
import { mustBeValidBackupName } from '../model/names.js';
import type { Change } from './change.js';
import type { DiskGuard } from './disk-guard.js';

/** A line in the log this often while a backup goes on. */
const LOG_EVERY_MS = 10_000;

export interface Backup extends BackupManifest {
  /** Where it is on the server. */
  readonly path: string;
}

export interface BackupObserver {
  started(): void;
  progressed(progress: BackupProgress): void;
  /** `createdAt`: the moment of a backup that was made. */
  ended(createdAt: Date | undefined): void;
}

/** Backups of everything, made beside a working service; one at a time. Restoring is a command (`commands/restore.ts`). */
export class Backups {
  #running: { readonly name: string; readonly ended: Promise<void> } | undefined;
  readonly #stopping = new AbortController();

  constructor(
    private readonly metadata: MetadataStore,
    private readonly folder: BackupFolder,
    private readonly writer: BackupWriter,
    private readonly placesBelow: (directory: string) => StoragePlaces,
    /** Of the disk that holds the backups. */
    private readonly diskGuard: DiskGuard,
    private readonly observer: BackupObserver,
    private readonly logger: Logger,
  ) {}

  async create(change: Change<Backup>, input: { readonly name: string | null }): Promise<Backup> {
    const name = input.name ?? defaultName(change.now);
    mustBeValidBackupName(name);
    if (this.#running !== undefined) throw backupRunning(this.#running.name);
    let end: () => void = () => undefined;
    this.#running = { name, ended: new Promise((resolve) => (end = resolve)) };
    this.observer.started();
    let created: Backup | undefined;
    try {
      created = await this.#create(change, name);
      return created;
    } finally {
      this.observer.ended(created?.createdAt);
      this.#running = undefined;
      end();
    }
  }

  async list(page: Page): Promise<Listed<Backup>> {
    const all = await this.#reading(() => this.folder.list());
    const items = all.slice(page.offset, page.offset + page.limit).map((manifest) => this.#withPath(manifest));
    return { items, total: all.length };
  }

  async get(name: string): Promise<Backup> {
    const directory = await this.#reading(() => this.folder.find(name));
    const manifest = directory === undefined ? undefined : await this.#reading(() => this.folder.get(directory));
    if (manifest === undefined) throw backupNotFound(name);
    return this.#withPath(manifest);
  }

  async delete(change: Change<void>, name: string): Promise<void> {
    const backup = await this.get(name);
    let withdrawn: string;
    try {
      withdrawn = await this.folder.withdraw(backup.name);
    } catch (error) {
      throw toStorageFailure(error, 'removed');
    }
    try {
      await this.metadata.transaction((tx) =>
        change.commit(tx, { projectId: null, resourceId: backup.name }, undefined),
      );
    } catch (error) {
      await this.folder.publish(withdrawn, backup.name);
      throw error;
    }
    await this.#settle(withdrawn);
  }

  /** For the start: removes what backups left that were cut off. */
  async removeUnfinished(): Promise<void> {
    const removed = await this.folder.removeUnfinished();
    if (removed > 0) this.logger.info({ removed }, 'unfinished backups removed');
  }

  /** Gives up a backup that is being made. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running?.ended;
  }

  async #create(change: Change<Backup>, name: string): Promise<Backup> {
    const taken = await this.#reading(() => this.folder.find(name));
    if (taken !== undefined) throw backupExists(taken);
    let path: string | undefined;
    let published = false;
    try {
      path = await this.folder.begin();
      this.logger.info({ backup: name }, 'a backup begins');
      const manifest = await this.writer.write({
        name,
        path,
        places: this.placesBelow(path),
        signal: this.#stopping.signal,
        mustHaveRoom: (sizeBytes) => this.diskGuard.mustHaveRoom(sizeBytes),
        onProgress: this.#reporter(name),
      });
      await this.folder.publish(path, name);
      published = true;
      const backup = this.#withPath(manifest);
      const details = {
        size_bytes: sizeOf(backup),
        version_files: backup.counts.versionFiles,
        files: backup.counts.files,
      };
      await this.metadata.transaction((tx) =>
        change.commit(tx, { projectId: null, resourceId: name, details }, backup),
      );
      this.logger.info({ backup: name, durationMs: manifest.durationMs, ...details }, 'the backup is complete');
      return backup;
    } catch (error) {
      if (published) path = await this.folder.withdraw(name).catch(() => undefined);
      throw toStorageFailure(error, 'stored');
    } finally {
      if (path !== undefined) await this.#settle(path);
    }
  }

  /** What cannot be removed is garbage under a name that no backup has; the next start removes it. */
  async #settle(path: string): Promise<void> {
    try {
      await this.folder.settle(path);
    } catch (error) {
      this.logger.warn({ err: error, path }, 'an unfinished backup remains until the next start');
    }
  }

  #reporter(name: string): (progress: BackupProgress) => void {
    let loggedAtMs = performance.now();
    return (progress) => {
      this.observer.progressed(progress);
      const nowMs = performance.now();
      if (nowMs - loggedAtMs < LOG_EVERY_MS) return;
      loggedAtMs = nowMs;
      this.logger.info({ backup: name, ...progress }, 'the backup goes on');
    };
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw toStorageFailure(error, 'read');
    }
  }

  #withPath(manifest: BackupManifest): Backup {
    return { ...manifest, path: this.folder.pathOf(manifest.name) };
  }
}

/** Sorts by time, and two backups are never made in one millisecond. */
function defaultName(now: Date): string {
  return `backup_${now.toISOString().slice(0, -1).replaceAll(/[-:]/g, '').replaceAll(/[T.]/g, '_')}`;
}

function backupRunning(name: string): DomainError {
  return new DomainError('backup_running', `Backup ${name} is being made; make the next one when it is complete`, {
    backup_name: name,
  });
}

function backupExists(name: string): DomainError {
  return new DomainError('backup_exists', `Backup ${name} already exists`, { backup_name: name });
}

function backupNotFound(name: string): DomainError {
  return new DomainError('backup_not_found', `Backup ${name} not found`, { backup_name: name });
}

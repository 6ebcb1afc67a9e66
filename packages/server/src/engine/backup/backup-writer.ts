import { join } from 'node:path';
import { DomainError } from '../../errors/domain-error.js';
import { errnoOf } from '../../errors/storage-failure.js';
import type { Clock } from '../../lib/clock.js';
import type { FileSystem } from '../../lib/file-system.js';
import type { RemovableBytes, RemovalGate } from '../../lib/removal-gate.js';
import type { MetadataReader, MetadataStore, ReadOnlyMetadata } from '../../metadata/metadata-store.js';
import { MANIFEST_NAME, manifestText, type BackupManifest } from './backup-manifest.js';
import { copyDoorSecrets, copySecret } from './copy-secret.js';
import { forEachStored, makeFolders, PlacedFiles, storedFiles, type StoredFile } from './placed-files.js';
import { measureFile } from './measure-file.js';
import type { StoragePlaces } from './storage-places.js';
import { WorkspaceCopier } from './workspace-copies.js';

export interface BackupProgress {
  readonly doneFiles: number;
  readonly doneBytes: number;
  readonly totalFiles: number;
  readonly totalBytes: number;
}

export interface BackupRequest {
  readonly name: string;
  /** An empty directory that nobody else sees. */
  readonly path: string;
  /** The places of a data folder below `path`. */
  readonly places: StoragePlaces;
  /** Ends the work before the next file. */
  readonly signal: AbortSignal;
  /** Rejects when the disk of the backups has no room for so many more bytes. */
  readonly mustHaveRoom: (sizeBytes: number) => Promise<void>;
  readonly onProgress: (progress: BackupProgress) => void;
}

type Filled = Pick<
  BackupManifest,
  'createdAt' | 'counts' | 'bytes' | 'linkedFiles' | 'copiedFiles' | 'workspaces' | 'skippedWorkspaceIds'
>;

/**
 * Fills a directory with everything a server needs to start as of one moment, while writers go on:
 *
 *     hold removals ── copy the metadata ── link or copy every file the copy names ── let removals go ── manifest
 *
 * Workspaces, which change in place, are copied as well, see `WorkspaceCopier`.
 *
 * What the copy names is complete and synced: bytes are durable before metadata points to them. And it is still there:
 * bytes go only after metadata has let go of them, and those that the copy names wait (`RemovalGate`). Version files and
 * files never change, so a hard link is as good as a copy for as long as the disk itself is good.
 */
export class BackupWriter {
  constructor(
    private readonly metadata: Pick<MetadataStore, 'copyTo'>,
    private readonly source: StoragePlaces,
    private readonly fileSystem: FileSystem,
    private readonly gate: RemovalGate,
    private readonly clock: Clock,
    private readonly serviceVersion: string,
  ) {}

  /** When this resolves, everything in the directory is on the disk. */
  async write(request: BackupRequest): Promise<BackupManifest> {
    const startedAtMs = performance.now();
    await request.mustHaveRoom(await this.#metadataBytes());
    const placed = new PlacedFiles(this.fileSystem, { link: true, mayCopy: request.mustHaveRoom });
    let copy = undefined as ReadOnlyMetadata | undefined;
    try {
      const filled = await this.gate.hold(async (narrow): Promise<Filled> => {
        const createdAt = this.clock.now();
        copy = await this.metadata.copyTo(request.places.metadataPath);
        narrow(neededBy(copy));
        return { createdAt, ...(await this.#fill(request, copy, placed, createdAt)) };
      });
      const metadata = await this.#syncMetadata(request.places.metadataPath);
      const { adminKeyPath, doorSecretPaths } = request.places;
      const hasAdminKey = await copySecret(this.fileSystem, placed, this.source.adminKeyPath, adminKeyPath);
      await copyDoorSecrets(this.fileSystem, placed, this.source.doorSecretPaths, doorSecretPaths);
      await placed.finish();
      const manifest: BackupManifest = {
        ...filled,
        name: request.name,
        durationMs: Math.round(performance.now() - startedAtMs),
        serviceVersion: this.serviceVersion,
        metadata,
        hasAdminKey,
      };
      await this.#writeManifest(request.path, manifest);
      return manifest;
    } finally {
      await copy?.close();
    }
  }

  async #fill(
    request: BackupRequest,
    copy: MetadataReader,
    placed: PlacedFiles,
    createdAt: Date,
  ): Promise<Omit<Filled, 'createdAt'>> {
    const { places, signal, onProgress } = request;
    const totals = await measure(copy);
    const { workspaceBytes } = await copy.totals();
    await request.mustHaveRoom((await this.#bytesToCopy(request, totals)) + workspaceBytes);
    await makeFolders(copy, places, placed);

    const [totalFiles, totalBytes] = [
      totals.version.files + totals.file.files,
      totals.version.bytes + totals.file.bytes,
    ];
    const mustGoOn = (): void => {
      if (signal.aborted) throw shuttingDown();
    };
    const done = { files: 0, bytes: 0, linked: 0 };
    for await (const page of storedFiles(copy)) {
      await forEachStored(page, async (file) => {
        mustGoOn();
        const { linked } = await this.#place(file, places, placed);
        done.files += 1;
        done.bytes += file.sizeBytes;
        if (linked) done.linked += 1;
        onProgress({ doneFiles: done.files, doneBytes: done.bytes, totalFiles, totalBytes });
      });
    }
    const { copies, skippedIds } = await new WorkspaceCopier(this.fileSystem).copyAll(copy, {
      from: this.source,
      to: places,
      placed,
      createdAt,
      mustGoOn,
    });
    const { activeProjects, buckets, tables } = await copy.totals();
    return {
      workspaces: copies,
      skippedWorkspaceIds: skippedIds,
      counts: {
        projects: activeProjects,
        buckets,
        tables,
        versionFiles: totals.version.files,
        files: totals.file.files,
      },
      bytes: { versionFiles: totals.version.bytes, files: totals.file.bytes },
      linkedFiles: done.linked,
      copiedFiles: done.files - done.linked,
    };
  }

  async #place(file: StoredFile, places: StoragePlaces, placed: PlacedFiles): Promise<{ linked: boolean }> {
    const from = file.pathIn(this.source);
    try {
      return await placed.place(from, file.pathIn(places), file.sizeBytes);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || (await this.fileSystem.stat(from)) !== undefined) throw error;
      const message = `The bytes of ${file.subject} are missing from the disk, so there is no whole backup. Run doctor.`;
      throw new DomainError('storage_error', message, {}, { cause: error });
    }
  }

  /** The database and its log, which the copy folds into one. */
  async #metadataBytes(): Promise<number> {
    const { metadataPath } = this.source;
    const [database, log] = await Promise.all([
      this.fileSystem.stat(metadataPath),
      this.fileSystem.stat(`${metadataPath}-wal`),
    ]);
    return (database?.size ?? 0) + (log?.size ?? 0);
  }

  /** An upper bound: what can be linked from the same file system will be. */
  async #bytesToCopy(request: BackupRequest, totals: Totals): Promise<number> {
    const [target, duckdb, files] = await Promise.all(
      [request.path, this.source.duckdbDirectory, this.source.filesDirectory].map((path) => this.fileSystem.stat(path)),
    );
    return (
      (duckdb?.dev === target?.dev ? 0 : totals.version.bytes) + (files?.dev === target?.dev ? 0 : totals.file.bytes)
    );
  }

  async #syncMetadata(path: string): Promise<BackupManifest['metadata']> {
    await this.fileSystem.syncFile(path);
    return await measureFile(this.fileSystem, path);
  }

  async #writeManifest(directory: string, manifest: BackupManifest): Promise<void> {
    const file = await this.fileSystem.createFile(join(directory, MANIFEST_NAME));
    try {
      await file.write(Buffer.from(manifestText(manifest)));
      await file.sync();
    } finally {
      await file.close();
    }
    await this.fileSystem.syncDirectory(directory);
  }
}

type Totals = Readonly<Record<StoredFile['kind'], { files: number; bytes: number }>>;

async function measure(copy: MetadataReader): Promise<Totals> {
  const totals = { version: { files: 0, bytes: 0 }, file: { files: 0, bytes: 0 } };
  for await (const page of storedFiles(copy)) {
    for (const { kind, sizeBytes } of page) {
      totals[kind].files += 1;
      totals[kind].bytes += sizeBytes;
    }
  }
  return totals;
}

function neededBy(copy: MetadataReader): (bytes: RemovableBytes) => Promise<boolean> {
  return async (bytes) => {
    switch (bytes.kind) {
      case 'version':
        return (await copy.useOfVersionFile(bytes.fileId)) !== undefined;
      case 'file':
        return await copy.isFilePathUsed(bytes.key);
      case 'workspace':
        return (await copy.getWorkspaceById(bytes.workspaceId)) !== undefined;
      case 'project':
        return true;
    }
  };
}

function shuttingDown(): DomainError {
  return new DomainError(
    'shutting_down',
    'The server is stopping; the backup was given up. Repeat it after the start.',
  );
}

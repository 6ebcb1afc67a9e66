import { errnoOf, toStorageFailure } from '../errors/storage-failure.js';
import type { Clock } from '../lib/clock.js';
import type { FileSystem } from '../lib/file-system.js';
import type { Logger } from '../lib/logger.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import { newSortableId } from '../model/ids.js';
import type { BuiltVersion, MaybeBuilt } from '../workers/messages.js';
import type { Layout } from './layout.js';

export interface StagedVersion extends BuiltVersion {
  readonly id: string;
}

/**
 * Stage and publish, the disk half. A worker builds and checkpoints the file in `_staging`; this class makes it durable
 * under its final name; then the caller's metadata transaction makes it visible.
 *
 *     build -> fsync file -> chmod 0444 -> rename into _versions -> fsync directory -> [metadata transaction]
 *
 * Until the transaction commits the file is garbage that nobody can see. After it ended, in whatever way, the file stays
 * exactly when metadata points to it, so an unclear outcome never loses or leaks a version.
 */
export class VersionWriter {
  readonly #inFlight = new Set<string>();

  constructor(
    private readonly fileSystem: FileSystem,
    private readonly layout: Layout,
    private readonly metadata: MetadataReader,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Versions whose files may be on disk before metadata knows them: recovery leaves them alone. */
  isInFlight(versionId: string): boolean {
    return this.#inFlight.has(versionId);
  }

  /** `publish` runs the metadata transaction; its result is passed on. */
  write<B extends BuiltVersion, T>(
    projectId: string,
    build: (stagingPath: string) => Promise<B>,
    publish: (staged: B & { readonly id: string }) => Promise<T>,
  ): Promise<T> {
    return this.#write(projectId, async (id, stagingPath) => {
      const built = await build(stagingPath);
      await this.#makeDurable(projectId, id, stagingPath);
      return await publish({ ...built, id });
    });
  }

  /** For a build that may find that the file serves as it is; `publish` then gets null and changes metadata only. */
  writeIfBuilt<R extends MaybeBuilt, T>(
    projectId: string,
    build: (stagingPath: string) => Promise<R>,
    publish: (result: R, staged: StagedVersion | null) => Promise<T>,
  ): Promise<T> {
    return this.#write(projectId, async (id, stagingPath) => {
      const result = await build(stagingPath);
      if (result.built === null) return await publish(result, null);
      await this.#makeDurable(projectId, id, stagingPath);
      return await publish(result, { ...result.built, id });
    });
  }

  /** Removes what a build needed on its way. */
  discard(stagingPath: string): Promise<void> {
    return this.fileSystem.remove(stagingPath);
  }

  async #makeDurable(projectId: string, id: string, stagingPath: string): Promise<void> {
    await this.fileSystem.syncFile(stagingPath);
    await this.fileSystem.setReadOnly(stagingPath);
    await this.#moveIntoPlace(projectId, stagingPath, this.layout.versionPath(projectId, id));
  }

  async #write<T>(projectId: string, work: (id: string, stagingPath: string) => Promise<T>): Promise<T> {
    const id = newSortableId(this.clock.now());
    const stagingPath = this.layout.stagingPath(id);
    this.#inFlight.add(id);
    try {
      return await work(id, stagingPath);
    } catch (error) {
      await this.#removeUnlessPublished(projectId, id, stagingPath).catch((cleanupError: unknown) => {
        // Garbage without a reference: the next recovery removes it. The caller gets the first error.
        this.logger.warn({ err: cleanupError, versionId: id }, 'an unpublished version file could not be removed');
      });
      throw toStorageFailure(error, 'stored');
    } finally {
      this.#inFlight.delete(id);
    }
  }

  async #moveIntoPlace(projectId: string, stagingPath: string, versionPath: string): Promise<void> {
    const directory = this.layout.versionsDirectory(projectId);
    try {
      await this.fileSystem.rename(stagingPath, versionPath);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      // The project was deleted while the file was built; the metadata transaction will say so in its own words.
      await this.fileSystem.makeDirectory(directory);
      await this.fileSystem.rename(stagingPath, versionPath);
    }
    await this.fileSystem.syncDirectory(directory);
  }

  async #removeUnlessPublished(projectId: string, id: string, stagingPath: string): Promise<void> {
    if ((await this.metadata.getVersion(id)) !== undefined) return;
    await this.fileSystem.remove(stagingPath);
    await this.fileSystem.remove(`${stagingPath}.wal`);
    await this.fileSystem.remove(this.layout.versionPath(projectId, id));
  }
}

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Layout } from '../engine/layout.js';
import { DomainError, isDomainError } from '../errors/domain-error.js';
import { toStorageFailure } from '../errors/storage-failure.js';
import { copyMeasured } from '../files/disk/measured-copy.js';
import type { StoredBytes } from '../files/file-store.js';
import type { RemoteFile, RemoteFiles } from '../files/remote-files.js';
import type { FileSystem } from '../lib/file-system.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import { newPublicId } from '../model/ids.js';
import type { TableRef } from '../model/refs.js';
import type { Change } from './change.js';
import type { DiskGuard } from './disk-guard.js';
import { requireTableToChange } from './require-bucket.js';
import { manifestErrors, readManifest, type ManifestEntry } from './slice-manifest.js';
import type { FileLoad, LoadReport, TableLoads } from './table-loads.js';

/** Files that were fetched, in the order in which they are loaded. */
export interface FetchedFiles extends AsyncDisposable {
  readonly files: readonly { readonly path: string; readonly sizeBytes: number }[];
  /** The same for the same bytes in the same files. */
  readonly checksum: string;
}

/** More is a mistake: every slice is a request. */
const MAX_SLICES = 10_000;
/** Of a slice that need not be there. */
const GONE: readonly unknown[] = [404, 410];

/**
 * Loads files that are somewhere else: they are fetched whole into the staging area, as uploads would be, and then loaded like any other.
 * Nobody waits for the table meanwhile, and a sender that stalls holds nothing but its bytes. Slices count as the one file that they are
 * parts of: together they have its time and its size.
 */
export class RemoteLoads {
  constructor(
    private readonly metadata: MetadataReader,
    private readonly remoteFiles: RemoteFiles,
    private readonly loads: Pick<TableLoads, 'loadPaths'>,
    private readonly disk: { readonly fileSystem: FileSystem; readonly layout: Layout; readonly guard: DiskGuard },
    private readonly limits: { readonly maxBytes: number },
  ) {}

  /** The file at the address, or the slices that the manifest there lists. They are the caller's to dispose of. */
  async fetch(ref: TableRef, address: string, { isManifest }: { readonly isManifest: boolean }): Promise<FetchedFiles> {
    // Before anything is fetched for nothing.
    await requireTableToChange(this.metadata, ref);
    const signal = this.remoteFiles.deadline();
    const directory = join(this.disk.layout.stagingDirectory, `fetched_${newPublicId()}`);
    const discard = () => this.disk.fileSystem.removeTree(directory);
    try {
      const entries = isManifest ? await this.#entriesAt(address, signal) : [{ url: address, mandatory: true }];
      const files: (StoredBytes & { readonly path: string })[] = [];
      await this.disk.fileSystem.makeDirectory(directory);
      let leftBytes = this.limits.maxBytes;
      for (const { url, mandatory } of entries) {
        const file = await this.#open(url, mandatory, signal);
        if (file === undefined) continue;
        const path = join(directory, String(files.length));
        const stored = await this.#store(file, path, leftBytes);
        leftBytes -= stored.sizeBytes;
        files.push({ path, ...stored });
      }
      const hash = createHash('sha256').update(files.map(({ checksumSha256 }) => checksumSha256).join(' '));
      return { files, checksum: hash.digest('hex'), [Symbol.asyncDispose]: discard };
    } catch (error) {
      await discard();
      throw toStorageFailure(error, 'stored');
    }
  }

  async load(
    change: Change<LoadReport>,
    ref: TableRef,
    { files }: FetchedFiles,
    load: Omit<FileLoad, 'files'>,
  ): Promise<LoadReport> {
    return await this.loads.loadPaths(change, ref, load, files);
  }

  async #entriesAt(address: string, signal: AbortSignal): Promise<readonly ManifestEntry[]> {
    const { host, content } = await this.remoteFiles.open(address, signal);
    const notAManifest = manifestErrors(`The file at ${host}`, { host });
    const entries = await readManifest(content, notAManifest);
    if (entries.length <= MAX_SLICES) return entries;
    throw notAManifest(`it lists ${entries.length} slices, more than ${MAX_SLICES}`);
  }

  async #open(url: string, mandatory: boolean, signal: AbortSignal): Promise<RemoteFile | undefined> {
    try {
      return await this.remoteFiles.open(url, signal);
    } catch (error) {
      if (!mandatory && isDomainError(error, 'file_not_found') && GONE.includes(error.details['status'])) {
        return undefined;
      }
      throw error;
    }
  }

  async #store({ content, sizeBytes }: RemoteFile, path: string, maxBytes: number): Promise<StoredBytes> {
    const { fileSystem, guard } = this.disk;
    try {
      await guard.mustHaveRoom(sizeBytes ?? 0);
      const target = await fileSystem.createFile(path);
      try {
        return await copyMeasured(content, target, { maxBytes, mayGoOn: () => guard.mustHaveRoom() });
      } finally {
        await target.close();
      }
    } catch (error) {
      content.destroy();
      if (!isDomainError(error, 'file_too_large') || maxBytes === this.limits.maxBytes) throw error;
      const message = `The slices are together larger than the limit of ${this.limits.maxBytes} bytes; nothing was kept.`;
      throw new DomainError('file_too_large', message, { max_size_bytes: this.limits.maxBytes });
    }
  }
}

import { join } from 'node:path';
import type { Layout } from '../engine/layout.js';
import { toStorageFailure } from '../errors/storage-failure.js';
import { copyMeasured } from '../files/disk/measured-copy.js';
import type { RemoteFile, RemoteFiles } from '../files/remote-files.js';
import type { FileSystem } from '../lib/file-system.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import { newPublicId } from '../model/ids.js';
import type { TableRef } from '../model/refs.js';
import type { Change } from './change.js';
import type { DiskGuard } from './disk-guard.js';
import { requireTableToChange } from './require-bucket.js';
import type { FileLoad, LoadReport, TableLoads } from './table-loads.js';

export interface FetchedFile extends AsyncDisposable {
  readonly path: string;
  readonly sizeBytes: number;
  readonly checksumSha256: string;
}

/**
 * Loads a file that is somewhere else: it is fetched whole into the staging area, as an upload would be, and then loaded like any other.
 * Nobody waits for the table meanwhile, and a sender that stalls holds nothing but its bytes.
 */
export class RemoteLoads {
  constructor(
    private readonly metadata: MetadataReader,
    private readonly remoteFiles: RemoteFiles,
    private readonly loads: Pick<TableLoads, 'loadPaths'>,
    private readonly disk: { readonly fileSystem: FileSystem; readonly layout: Layout; readonly guard: DiskGuard },
    private readonly limits: { readonly maxBytes: number },
  ) {}

  /** What is fetched is the caller's to dispose of. */
  async fetch(ref: TableRef, address: string): Promise<FetchedFile> {
    // Before anything is fetched for nothing.
    await requireTableToChange(this.metadata, ref);
    return await this.#fetch(await this.remoteFiles.open(address));
  }

  async load(
    change: Change<LoadReport>,
    ref: TableRef,
    file: FetchedFile,
    load: Omit<FileLoad, 'files'>,
  ): Promise<LoadReport> {
    return await this.loads.loadPaths(change, ref, load, [file]);
  }

  async #fetch({ content, sizeBytes }: RemoteFile): Promise<FetchedFile> {
    const { fileSystem, layout, guard } = this.disk;
    const directory = join(layout.stagingDirectory, `fetched_${newPublicId()}`);
    const path = join(directory, 'file');
    const discard = () => fileSystem.removeTree(directory);
    try {
      await guard.mustHaveRoom(sizeBytes ?? 0);
      await fileSystem.makeDirectory(directory);
      const target = await fileSystem.createFile(path);
      try {
        const { maxBytes } = this.limits;
        const stored = await copyMeasured(content, target, { maxBytes, mayGoOn: () => guard.mustHaveRoom() });
        return { path, ...stored, [Symbol.asyncDispose]: discard };
      } finally {
        await target.close();
      }
    } catch (error) {
      content.destroy();
      await discard();
      throw toStorageFailure(error, 'stored');
    }
  }
}

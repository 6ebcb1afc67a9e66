import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Layout } from '../engine/layout.js';
import type { TableEngine } from '../engine/table-engine.js';
import { toStorageFailure } from '../errors/storage-failure.js';
import type { FileSystem } from '../lib/file-system.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import type { SnapshotRecord } from '../metadata/records.js';
import { newPublicId } from '../model/ids.js';
import type { BranchRef } from '../model/refs.js';
import type { DiskGuard } from './disk-guard.js';
import { requireSnapshot } from './snapshots.js';

export interface SnapshotDownload {
  readonly snapshot: SnapshotRecord;
  readonly sizeBytes: number;
  /** Must be read or destroyed. */
  readonly content: Readable;
}

/**
 * The rows of a snapshot as a Parquet file that exists only while it is sent: built by a worker outside the project's
 * files, opened, and unlinked before the first byte goes out. A client that leaves ends it at any point, and so does the
 * end of the process.
 */
export class SnapshotDownloads {
  constructor(
    private readonly metadata: MetadataReader,
    private readonly engine: TableEngine,
    private readonly diskGuard: DiskGuard,
    private readonly fileSystem: FileSystem,
    private readonly layout: Layout,
  ) {}

  async open(branch: BranchRef, snapshotId: string, signal: AbortSignal): Promise<SnapshotDownload> {
    return await this.engine.withPinned(
      async () => {
        const snapshot = await requireSnapshot(this.metadata, branch, snapshotId);
        return { snapshot, current: snapshot.version };
      },
      async ({ snapshot }) => {
        await this.diskGuard.mustHaveRoom(snapshot.version.sizeBytes);
        const path = this.layout.snapshotExportPath(newPublicId());
        try {
          const sizeBytes = await this.#build(snapshot, path, signal);
          return { snapshot, sizeBytes, content: await this.#openUnnamed(path) };
        } catch (error) {
          await this.fileSystem.remove(path);
          throw toStorageFailure(error, 'read');
        }
      },
    );
  }

  async #build(snapshot: SnapshotRecord, targetPath: string, signal: AbortSignal): Promise<number> {
    await this.fileSystem.makeDirectory(this.layout.snapshotExportsDirectory);
    const everything = { columns: null, filter: null, orderBy: null, limit: null };
    const request = { ...everything, targetPath, format: 'parquet', compression: 'zstd' } as const;
    return (await this.engine.export(snapshot.version, request, signal)).sizeBytes;
  }

  /** Open, and without a name any more: its space is free again when the stream is closed, in whatever way. */
  async #openUnnamed(path: string): Promise<Readable> {
    const content = this.fileSystem.readStream(path);
    try {
      await once(content, 'open');
      await this.fileSystem.remove(path);
      return content;
    } catch (error) {
      content.destroy();
      throw error;
    }
  }
}

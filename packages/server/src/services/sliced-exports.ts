import { Readable } from 'node:stream';
import type { TableEngine } from '../engine/table-engine.js';
import type { FileStore } from '../files/file-store.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { FileRecord, TableRecord } from '../metadata/records.js';
import { newPublicId } from '../model/ids.js';
import { mustBeValidFileName } from '../model/names.js';
import type { TableRef } from '../model/refs.js';
import type { RowSelection } from '../workers/messages.js';
import type { Change } from './change.js';
import type { DiskGuard } from './disk-guard.js';
import { finalFileKey } from './file-keys.js';
import type { FileQuota } from './file-quota.js';
import { requireTable } from './require-bucket.js';
import { resourceIdOf } from './table-names.js';

export interface SlicedExport {
  readonly selection: RowSelection;
  readonly format: 'csv' | 'parquet';
  readonly compressed: boolean;
  /** What the names of the files begin with: `{prefix}000000000000.csv`, `{prefix}manifest`. */
  readonly prefix: string;
}

export interface SlicedExportReport {
  readonly table: TableRecord;
  readonly slices: readonly FileRecord[];
  readonly manifest: FileRecord;
}

/** The usual end of a slice's name; there is one slice, because one statement of the engine writes a file in parallel already. */
const FIRST_SLICE = '000000000000';

/**
 * An export as Keboola's clients read one: slices without a header line, and a manifest that lists them. Both appear in one transaction,
 * which also removes what an earlier export left under their names.
 */
export class SlicedExports {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly engine: TableEngine,
    private readonly disk: { readonly fileStore: FileStore; readonly guard: DiskGuard; readonly quota: FileQuota },
  ) {}

  async export(
    change: Change<SlicedExportReport>,
    ref: TableRef,
    wanted: SlicedExport,
    signal?: AbortSignal,
  ): Promise<SlicedExportReport> {
    const sliceName = `${wanted.prefix}${FIRST_SLICE}.${extensionOf(wanted)}`;
    const manifestName = `${wanted.prefix}manifest`;
    mustBeValidFileName(sliceName);
    await this.disk.guard.mustHaveRoom();
    await this.disk.quota.mustAllow(ref.projectId, 0);
    return await this.engine.withPinned(
      () => requireTable(this.metadata, ref),
      async (table) => {
        const slice = await this.#writeSlice(change, table, sliceName, wanted, signal);
        const written = [slice.path];
        try {
          await this.disk.quota.mustAllow(table.projectId, slice.sizeBytes);
          const manifest = await this.#writeManifest(change, table, manifestName, slice);
          written.push(manifest.path);
          const report = { table, slices: [slice], manifest };
          const released = await this.#publish(change, report);
          for (const path of released) await this.disk.fileStore.remove(path);
          return report;
        } catch (error) {
          for (const path of written) {
            if (!(await this.metadata.isFilePathUsed(path))) await this.disk.fileStore.remove(path);
          }
          throw error;
        }
      },
    );
  }

  async #writeSlice(
    change: Change<SlicedExportReport>,
    table: TableRecord,
    name: string,
    { selection, format, compressed }: SlicedExport,
    signal: AbortSignal | undefined,
  ): Promise<FileRecord> {
    const { fileStore } = this.disk;
    const id = newPublicId();
    const path = finalFileKey(table.projectId, id, name, change.now);
    const targetPath = await fileStore.stagePath(path);
    try {
      const compression = compressed ? (format === 'csv' ? 'gzip' : 'snappy') : null;
      const request = { ...selection, targetPath, format, compression, header: false } as const;
      const result = await this.engine.export(table.current, request, signal);
      await fileStore.adopt(targetPath, path);
      return fileRecord(change, table, { id, path, name, ...result, checksumSha256: result.checksum });
    } catch (error) {
      await fileStore.discard(targetPath);
      throw error;
    }
  }

  async #writeManifest(
    change: Change<SlicedExportReport>,
    table: TableRecord,
    name: string,
    slice: FileRecord,
  ): Promise<FileRecord> {
    const entries = [{ url: `s3://project_${table.projectId}/${slice.name}`, mandatory: true }];
    const id = newPublicId();
    const path = finalFileKey(table.projectId, id, name, change.now);
    const content = Buffer.from(JSON.stringify({ entries }));
    const stored = await this.disk.fileStore.write(path, Readable.from([content]), { maxBytes: content.length });
    return fileRecord(change, table, { id, path, name, ...stored });
  }

  /** Returns the paths of the files that the new ones replace. */
  async #publish(change: Change<SlicedExportReport>, report: SlicedExportReport): Promise<readonly string[]> {
    const { table, slices, manifest } = report;
    return await this.metadata.transaction(async (tx) => {
      const released: string[] = [];
      for (const file of [...slices, manifest]) {
        for (let old = await tx.findFile(table.projectId, file.name); old?.name === file.name;) {
          await tx.deleteFile(table.projectId, old.id);
          released.push(old.path);
          old = await tx.findFile(table.projectId, file.name);
        }
        await tx.insertFile(file);
      }
      const details = { file_id: manifest.id, version_id: table.current.id };
      const resourceId = resourceIdOf(table);
      await change.commit(tx, { projectId: table.projectId, resourceId, details }, report);
      return released;
    });
  }
}

function fileRecord(
  change: Change<SlicedExportReport>,
  table: TableRecord,
  file: { id: string; path: string; name: string; sizeBytes: number; checksumSha256: string },
): FileRecord {
  return {
    id: file.id,
    projectId: table.projectId,
    name: file.name,
    path: file.path,
    sizeBytes: file.sizeBytes,
    contentType: null,
    checksumSha256: file.checksumSha256,
    tags: { type: 'export', table: resourceIdOf(table) },
    createdAt: change.now,
    expiresAt: null,
  };
}

function extensionOf({ format, compressed }: SlicedExport): string {
  return format === 'csv' && compressed ? 'csv.gz' : format;
}

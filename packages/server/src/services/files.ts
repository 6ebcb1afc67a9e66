import { Readable } from 'node:stream';
import { errnoOf, toStorageFailure } from '../errors/storage-failure.js';
import type { Listed, Page } from '../metadata/metadata-store.js';
import type { FileRecord, UploadRecord } from '../metadata/records.js';
import type { Change } from './change.js';
import { outcomeOf } from './change-outcome.js';
import { FileCollector } from './file-collector.js';
import type { PrepareInput, RegisterInput } from './file-input.js';
import { removeReleased, type FilesContext } from './files-context.js';
import { contentNotFound, fileNotFound, requireFile } from './require-file.js';
import { requireActiveProject } from './require-project.js';
import { Uploads, type UploadResult } from './uploads.js';

export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface FileDownload {
  readonly file: FileRecord;
  readonly modifiedAt: Date;
  /**
   * `range` includes both ends. Nothing is opened before somebody reads; once open, the bytes stay readable when the file
   * is deleted. Errors of the stream are `DomainError`s.
   */
  read(range?: ByteRange): Readable;
}

/** Files of a project: they come in by prepare, upload and register (`uploads.ts`), and go out by download. */
export class Files {
  readonly #context: FilesContext;
  readonly #uploads: Uploads;
  readonly #collector: FileCollector;

  constructor(context: FilesContext) {
    this.#context = context;
    this.#uploads = new Uploads(context);
    this.#collector = new FileCollector(context);
  }

  prepare(change: Change<UploadRecord>, projectId: string, input: PrepareInput): Promise<UploadRecord> {
    return this.#uploads.prepare(change, projectId, input);
  }

  async upload(
    change: Change<UploadResult>,
    projectId: string,
    uploadKey: string,
    source: Readable,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<UploadResult> {
    const startedAt = performance.now();
    const { observer } = this.#context;
    try {
      const result = await this.#uploads.upload(change, projectId, uploadKey, source, options);
      observer?.uploaded('success', performance.now() - startedAt, result.sizeBytes);
      return result;
    } catch (error) {
      observer?.uploaded(outcomeOf(error), performance.now() - startedAt, 0);
      throw error;
    }
  }

  register(change: Change<FileRecord>, projectId: string, input: RegisterInput): Promise<FileRecord> {
    return this.#uploads.register(change, projectId, input);
  }

  /** Newest first. */
  async list(projectId: string, page: Page): Promise<Listed<FileRecord>> {
    const project = await requireActiveProject(this.#context.store, projectId);
    return this.#context.store.listFiles(project.id, page);
  }

  async get(projectId: string, fileId: string): Promise<FileRecord> {
    const project = await requireActiveProject(this.#context.store, projectId);
    return requireFile(this.#context.store, project.id, fileId);
  }

  async delete(change: Change<void>, projectId: string, fileId: string): Promise<void> {
    const { store } = this.#context;
    const project = await requireActiveProject(store, projectId);
    const path = await store.transaction(async (tx) => {
      await requireActiveProject(tx, project.id);
      const file = await tx.deleteFile(project.id, fileId);
      if (file === undefined) throw fileNotFound(project.id, fileId);
      const details = { name: file.name, size_bytes: file.sizeBytes };
      await change.commit(tx, { projectId: project.id, resourceId: fileId, details }, undefined);
      return file.path;
    });
    await removeReleased(this.#context, path);
  }

  async openDownload(projectId: string, fileId: string): Promise<FileDownload> {
    try {
      const { file, modifiedAt } = await this.#find(projectId, fileId);
      return { file, modifiedAt, read: (range) => Readable.from(this.#bytesOf(file, range), { objectMode: false }) };
    } catch (error) {
      this.#context.observer?.downloaded(outcomeOf(error), 0);
      throw error;
    }
  }

  async #find(projectId: string, fileId: string): Promise<Omit<FileDownload, 'read'>> {
    const file = await this.get(projectId, fileId);
    const stat = await this.#context.fileStore.stat(file.path);
    if (stat === undefined || stat.sizeBytes !== file.sizeBytes) throw contentNotFound(fileId);
    return { file, modifiedAt: stat.modifiedAt };
  }

  /** Whoever reads stops when it has the bytes it wanted, or when its client left; neither is a failure of reading. */
  async *#bytesOf(file: FileRecord, range: ByteRange | undefined): AsyncGenerator<unknown> {
    const wantedBytes = range === undefined ? file.sizeBytes : range.end - range.start + 1;
    let sentBytes = 0;
    let isReading = true;
    let failure: unknown;
    try {
      for await (const chunk of this.#context.fileStore.read(file.path, range) as AsyncIterable<Buffer>) {
        sentBytes += chunk.length;
        isReading = false;
        yield chunk;
        isReading = true;
      }
    } catch (error) {
      if (!isReading) throw error;
      failure = errnoOf(error) === 'ENOENT' ? contentNotFound(file.id, error) : toStorageFailure(error, 'read');
      throw failure;
    } finally {
      const whenRead = sentBytes < wantedBytes ? 'cancelled' : 'success';
      this.#context.observer?.downloaded(failure === undefined ? whenRead : outcomeOf(failure), sentBytes);
    }
  }

  /** For the maintenance schedule: ends upload sessions past their lifetime and returns how many. */
  expireUploads(): Promise<number> {
    return this.#collector.expireUploads();
  }

  /** For the maintenance schedule: removes bytes that metadata does not point to and returns how many files. */
  collectOrphans(): Promise<number> {
    return this.#collector.collectOrphans();
  }
}

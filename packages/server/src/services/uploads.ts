import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { DomainError, isDomainError } from '../errors/domain-error.js';
import type { StoredBytes } from '../files/file-store.js';
import type { FileRecord, UploadRecord } from '../metadata/records.js';
import { newPublicId } from '../model/ids.js';
import { mustBeValidFileName } from '../model/names.js';
import type { Change } from './change.js';
import { checkPrepareInput, mergeTags, type PrepareInput, type RegisterInput } from './file-input.js';
import { finalFileKey, stagedFileKey } from './file-keys.js';
import { FileQuota } from './file-quota.js';
import { removeReleased, removeUnlessUsed, type FilesContext } from './files-context.js';
import { requireActiveProject } from './require-project.js';
import { requireSession } from './require-session.js';

export interface UploadResult {
  readonly uploadKey: string;
  readonly stagingPath: string;
  readonly sizeBytes: number;
  readonly checksumSha256: string;
}

/**
 * The three steps by which a file comes in: prepare opens a session, upload brings its bytes, register makes them a file.
 *
 *     upload     write to a staging key of its own (synced) → transaction: the session points to it → remove what it replaced
 *     register   link to the final key (synced) → transaction: file in, session out → remove the staging key
 *
 * Bytes are durable under their key before metadata points to them, and lose a key only after metadata has let go of it.
 * A crash in between leaves bytes nobody points to. What a step read before its transaction, it checks again inside.
 */
export class Uploads {
  readonly #context: FilesContext;
  readonly #quota: FileQuota;

  constructor(context: FilesContext) {
    this.#context = context;
    this.#quota = new FileQuota(context.store, context.limits);
  }

  async prepare(change: Change<UploadRecord>, projectId: string, declared: PrepareInput): Promise<UploadRecord> {
    const { store, limits, diskGuard } = this.#context;
    const project = await requireActiveProject(store, projectId);
    const input = checkPrepareInput(declared, limits.maxUploadBytes);
    await this.#quota.mustAllow(project.id, input.sizeBytes ?? 0);
    await diskGuard.mustHaveRoom(input.sizeBytes ?? 0);
    const createdAt = change.now;
    const session: UploadRecord = {
      key: newPublicId(),
      projectId: project.id,
      fileName: input.fileName,
      contentType: input.contentType,
      declaredSizeBytes: input.sizeBytes,
      declaredSha256: input.sha256,
      tags: input.tags,
      createdAt,
      expiresAt: new Date(createdAt.getTime() + limits.uploadLifetimeMs),
      uploaded: null,
    };
    await store.transaction(async (tx) => {
      await requireActiveProject(tx, project.id);
      await tx.insertUpload(session);
      const details = { file_name: session.fileName, size_bytes: session.declaredSizeBytes };
      await change.commit(tx, { projectId: project.id, resourceId: session.key, details }, session);
    });
    return session;
  }

  /** Destroys `source` when it fails. A failed upload leaves nothing, and what an earlier one brought stays. */
  async upload(
    change: Change<UploadResult>,
    projectId: string,
    uploadKey: string,
    source: Readable,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<UploadResult> {
    // The client may leave before anybody reads; without a listener that would end the process.
    source.on('error', ignoreUntilRead);
    try {
      return await this.#upload(change, projectId, uploadKey, source, options.signal);
    } catch (error) {
      source.destroy();
      throw error;
    }
  }

  async #upload(
    change: Change<UploadResult>,
    projectId: string,
    uploadKey: string,
    source: Readable,
    signal: AbortSignal | undefined,
  ): Promise<UploadResult> {
    const { store, diskGuard } = this.#context;
    const project = await requireActiveProject(store, projectId);
    const session = await requireSession(store, project.id, uploadKey, change.now);
    await diskGuard.mustHaveRoom(session.declaredSizeBytes ?? 0);
    const path = stagedFileKey(project.id, session.key, randomBytes(4).toString('hex'), session.fileName);
    const stored = await this.#receive(session, path, source, signal);
    try {
      mustMatchDeclaration(session, stored);
      const result = { uploadKey, stagingPath: `staging/${uploadKey}_${session.fileName}`, ...stored };
      const replacedPath = await store.transaction(async (tx) => {
        await requireActiveProject(tx, project.id);
        await requireSession(tx, project.id, uploadKey, change.now);
        const completed = await tx.completeUpload(uploadKey, { path, ...stored });
        await this.#quota.mustStillAllow(tx, project.id);
        const details = { size_bytes: stored.sizeBytes, checksum_sha256: stored.checksumSha256 };
        await change.commit(tx, { projectId: project.id, resourceId: uploadKey, details }, result);
        return completed.replacedPath;
      });
      if (replacedPath !== null) await removeReleased(this.#context, replacedPath);
      return result;
    } catch (error) {
      await removeUnlessUsed(this.#context, path);
      throw error;
    }
  }

  async #receive(
    session: UploadRecord,
    path: string,
    source: Readable,
    signal: AbortSignal | undefined,
  ): Promise<StoredBytes> {
    const { fileStore, diskGuard, limits } = this.#context;
    // What this upload will replace does not count against it.
    const allowedBytes = (await this.#quota.remainingBytes(session.projectId)) + (session.uploaded?.sizeBytes ?? 0);
    const maxBytes = Math.max(0, Math.min(limits.maxUploadBytes, allowedBytes));
    try {
      return await fileStore.write(path, source, {
        maxBytes,
        ...(signal === undefined ? {} : { signal }),
        mayGoOn: () => diskGuard.mustHaveRoom(),
      });
    } catch (error) {
      const byQuota = isDomainError(error, 'file_too_large') && maxBytes < limits.maxUploadBytes;
      throw byQuota ? this.#quota.exceeded(session.projectId, 'bytes') : error;
    }
  }

  async register(change: Change<FileRecord>, projectId: string, input: RegisterInput): Promise<FileRecord> {
    const { store } = this.#context;
    if (typeof input.name === 'string') mustBeValidFileName(input.name);
    const project = await requireActiveProject(store, projectId);
    // Goes round again only when another upload to this session completed meanwhile.
    for (;;) {
      const session = await requireSession(store, project.id, input.uploadKey, change.now);
      const file = await this.#registerUploaded(change, session, input);
      if (file !== undefined) return file;
    }
  }

  /** Undefined when the bytes this session points to were replaced while they were registered. */
  async #registerUploaded(
    change: Change<FileRecord>,
    session: UploadRecord,
    input: RegisterInput,
  ): Promise<FileRecord | undefined> {
    const { store, fileStore } = this.#context;
    const uploaded = mustBeUploaded(session);
    const file = fileOf(session, uploaded, input, change.now);
    if (!(await fileStore.link(uploaded.path, file.path))) {
      // Either somebody registered, replaced or expired it since it was read, or its bytes are lost.
      const latest = await requireSession(store, session.projectId, session.key, change.now);
      if (latest.uploaded?.path !== uploaded.path) return undefined;
      throw new DomainError(
        'staged_file_not_found',
        'The uploaded bytes are gone from the disk. Upload the file again.',
        {
          upload_key: session.key,
        },
      );
    }
    try {
      const registered = await store.transaction(async (tx) => {
        await requireActiveProject(tx, session.projectId);
        const latest = await requireSession(tx, session.projectId, session.key, change.now);
        if (latest.uploaded?.path !== uploaded.path) return false;
        await tx.insertFile(file);
        await tx.deleteUpload(session.key);
        const details = { upload_key: session.key, name: file.name, size_bytes: file.sizeBytes };
        await change.commit(tx, { projectId: session.projectId, resourceId: file.id, details }, file);
        return true;
      });
      await removeReleased(this.#context, registered ? uploaded.path : file.path);
      return registered ? file : undefined;
    } catch (error) {
      await removeUnlessUsed(this.#context, file.path);
      throw error;
    }
  }
}

function fileOf(
  session: UploadRecord,
  uploaded: NonNullable<UploadRecord['uploaded']>,
  input: RegisterInput,
  now: Date,
): FileRecord {
  const id = newPublicId();
  const name = input.name ?? session.fileName;
  return {
    id,
    projectId: session.projectId,
    name,
    path: finalFileKey(session.projectId, id, name, now),
    sizeBytes: uploaded.sizeBytes,
    contentType: session.contentType,
    checksumSha256: uploaded.checksumSha256,
    tags: mergeTags(session.tags, input.tags),
    createdAt: now,
    expiresAt: null,
  };
}

function mustBeUploaded(session: UploadRecord): NonNullable<UploadRecord['uploaded']> {
  if (session.uploaded !== null) return session.uploaded;
  throw new DomainError('file_not_uploaded', 'File has not been uploaded yet. Upload it first, then register.', {
    upload_key: session.key,
  });
}

function mustMatchDeclaration(session: UploadRecord, stored: StoredBytes): void {
  const { declaredSizeBytes, declaredSha256 } = session;
  if (declaredSizeBytes !== null && declaredSizeBytes !== stored.sizeBytes) {
    throw new DomainError(
      'size_mismatch',
      `${stored.sizeBytes} bytes arrived, and ${declaredSizeBytes} were declared. Nothing was kept; upload the whole file.`,
      { upload_key: session.key, declared_size_bytes: declaredSizeBytes, actual_size_bytes: stored.sizeBytes },
    );
  }
  if (declaredSha256 !== null && declaredSha256 !== stored.checksumSha256) {
    throw new DomainError(
      'checksum_mismatch',
      `The bytes have the SHA-256 ${stored.checksumSha256}, and ${declaredSha256} was declared. Nothing was kept; upload again.`,
      { upload_key: session.key, declared_sha256: declaredSha256, actual_sha256: stored.checksumSha256 },
    );
  }
}

function ignoreUntilRead(): void {}

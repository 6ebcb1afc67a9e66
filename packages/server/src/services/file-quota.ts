import { DomainError } from '../errors/domain-error.js';
import type { MetadataReader } from '../metadata/metadata-store.js';

/** How many files and bytes a project may have. Uploaded files count like registered ones. */
export class FileQuota {
  constructor(
    private readonly reader: MetadataReader,
    private readonly limits: { readonly maxFiles: number; readonly maxBytes: number },
  ) {}

  /** Before the work: is there room for one more file of this size? */
  async mustAllow(projectId: string, sizeBytes: number): Promise<void> {
    const usage = await this.reader.fileUsage(projectId);
    this.#mustBeWithin(projectId, { files: usage.files + 1, bytes: usage.bytes + sizeBytes });
  }

  /** In the transaction of a change, after it: this decides, because two changes may have passed the first check. */
  async mustStillAllow(tx: MetadataReader, projectId: string): Promise<void> {
    this.#mustBeWithin(projectId, await tx.fileUsage(projectId));
  }

  /** Bytes the project may still add. */
  async remainingBytes(projectId: string): Promise<number> {
    return this.limits.maxBytes - (await this.reader.fileUsage(projectId)).bytes;
  }

  exceeded(projectId: string, limit: 'files' | 'bytes', wanted?: number): DomainError {
    const [max, option] =
      limit === 'files'
        ? [this.limits.maxFiles, 'PROJECT_MAX_FILES']
        : [this.limits.maxBytes, 'PROJECT_MAX_FILE_BYTES'];
    return new DomainError(
      'quota_exceeded',
      `Project ${projectId} may have ${max} ${limit === 'files' ? 'files' : 'bytes of files'}, and this one would pass ` +
        `that. Delete files, or raise ${option}.`,
      { project_id: projectId, limit, max, ...(wanted === undefined ? {} : { wanted }) },
    );
  }

  #mustBeWithin(projectId: string, usage: { readonly files: number; readonly bytes: number }): void {
    if (usage.files > this.limits.maxFiles) throw this.exceeded(projectId, 'files', usage.files);
    if (usage.bytes > this.limits.maxBytes) throw this.exceeded(projectId, 'bytes', usage.bytes);
  }
}

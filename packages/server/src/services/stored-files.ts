import { DomainError } from '../errors/domain-error.js';
import type { FileStore } from '../files/file-store.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { FileRecord } from '../metadata/records.js';
import { nameKey } from '../model/columns.js';
import { requireActiveProject } from './require-project.js';

/** A file as other storage systems address one: a bucket, and a key inside it. */
export interface FileAddress {
  /** `project_{id}`, or the id alone: the files of a project are its bucket. Empty: the caller's own. */
  readonly root: string;
  /** The name of a file, its path on the disk below the project, or its id. */
  readonly key: string;
}

/** A manifest lists the slices of a file; more than this is not one. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

const URL_OF_SLICE = /^(?:s3|gs|gcs):\/\/([^/]+)\/(.+)$|^azure:\/\/[^/]+\/([^/]+)\/(.+)$/;

/** Finds the files of the Files API by the addresses that Keboola's clients use. */
export class StoredFiles {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly fileStore: FileStore,
  ) {}

  async require(projectId: string, address: FileAddress): Promise<FileRecord> {
    const file = await this.#find(projectId, address);
    if (file === undefined) {
      throw new DomainError('file_not_found', `File ${address.key} not found in project ${projectId}`, {
        project_id: projectId,
        file_id: address.key,
      });
    }
    if ((await this.fileStore.stat(file.path)) === undefined) {
      throw new DomainError('file_content_not_found', `The content of file ${file.id} is gone from the disk`, {
        file_id: file.id,
      });
    }
    return file;
  }

  /** The slices that a manifest lists, in its order; none is fine. */
  async slicesOf(projectId: string, manifest: FileAddress): Promise<readonly FileRecord[]> {
    const file = await this.require(projectId, manifest);
    const slices: FileRecord[] = [];
    for (const { url, mandatory } of await this.#entriesOf(file)) {
      const [, bucket, key, container, blob] = URL_OF_SLICE.exec(url) ?? [];
      const address = { root: bucket ?? container ?? '', key: key ?? blob ?? '' };
      if (address.root === '' || address.key === '')
        throw notAManifest(file, `"${url.slice(0, 200)}" is no address of a slice`);
      const slice = await this.#find(projectId, address);
      if (slice === undefined && !mandatory) continue;
      slices.push(slice ?? (await this.require(projectId, address)));
    }
    return slices;
  }

  async #find(projectId: string, { root, key }: FileAddress): Promise<FileRecord | undefined> {
    const project = await requireActiveProject(this.metadata, projectId);
    const own = `project_${project.id}`;
    if (root !== '' && nameKey(root) !== nameKey(project.id) && nameKey(root) !== nameKey(own)) {
      throw new DomainError(
        'invalid_request',
        `Files are read from the file storage of this service, where the bucket of project ${project.id} is ${own}, not "${root.slice(0, 200)}"`,
        { root: root.slice(0, 200) },
      );
    }
    return (
      (await this.metadata.getFile(project.id, key)) ??
      (await this.metadata.findFile(project.id, key)) ??
      (await this.metadata.findFile(project.id, `${own}/${key}`))
    );
  }

  async #entriesOf(file: FileRecord): Promise<{ url: string; mandatory: boolean }[]> {
    if (file.sizeBytes > MAX_MANIFEST_BYTES) throw notAManifest(file, 'it is too large');
    const chunks: Buffer[] = [];
    for await (const chunk of this.fileStore.read(file.path) as AsyncIterable<Buffer>) chunks.push(chunk);
    let parsed: unknown;
    try {
      parsed = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    } catch (error) {
      throw notAManifest(file, 'it is not JSON', error);
    }
    const entries = isObject(parsed) ? parsed['entries'] : undefined;
    if (!Array.isArray(entries)) throw notAManifest(file, 'it has no list of entries');
    return entries.map((entry: unknown) => {
      const url = isObject(entry) ? entry['url'] : undefined;
      if (typeof url !== 'string' || !isObject(entry)) throw notAManifest(file, 'an entry has no url');
      return { url, mandatory: entry['mandatory'] !== false };
    });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notAManifest(file: FileRecord, reason: string, cause?: unknown): DomainError {
  const message = `File ${file.name} is not a manifest: ${reason}`;
  return new DomainError('file_not_found', message, { file_id: file.id, reason }, { cause });
}

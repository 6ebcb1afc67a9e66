import { DomainError } from '../errors/domain-error.js';
import type { FileStore } from '../files/file-store.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { FileRecord } from '../metadata/records.js';
import { nameKey } from '../model/columns.js';
import { requireActiveProject } from './require-project.js';
import { manifestErrors, readManifest } from './slice-manifest.js';

/** A file as other storage systems address one: a bucket, and a key inside it. */
export interface FileAddress {
  /** `project_{id}`, or the id alone: the files of a project are its bucket. Empty: the caller's own. */
  readonly root: string;
  /** The name of a file, its path on the disk below the project, or its id. */
  readonly key: string;
}

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
    const notAManifest = manifestErrors(`File ${file.name}`, { file_id: file.id });
    for (const { url, mandatory } of await readManifest(this.fileStore.read(file.path), notAManifest)) {
      const [, bucket, key, container, blob] = URL_OF_SLICE.exec(url) ?? [];
      const address = { root: bucket ?? container ?? '', key: key ?? blob ?? '' };
      if (address.root === '' || address.key === '')
        throw notAManifest(`"${url.slice(0, 200)}" is no address of a slice`);
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
}

import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Layout } from '../engine/layout.js';
import { DomainError } from '../errors/domain-error.js';
import { toStorageFailure } from '../errors/storage-failure.js';
import type { FileSystem } from '../lib/file-system.js';
import { newPublicId } from '../model/ids.js';
import type { WorkspaceHosts } from '../workers/workspace-hosts.js';

/** A file that a workspace worker made, out of its reach. */
export interface TakenFile extends AsyncDisposable {
  readonly path: string;
  readonly sizeBytes: number;
  read(): Readable;
}

const NAME = 'taken';

/**
 * Takes files over from workspace workers, which run hostile SQL. Moved into a directory that only the service knows, a file is
 * what it says: neither a symbolic link to something else, nor exchanged between looking and reading.
 */
export class ExchangeFiles {
  constructor(
    private readonly fileSystem: FileSystem,
    private readonly layout: Layout,
    private readonly hosts: Pick<WorkspaceHosts, 'exchangePath'>,
  ) {}

  async take(workspaceId: string, fileName: string): Promise<TakenFile> {
    const directory = join(this.layout.stagingDirectory, `taken_${newPublicId()}`);
    const path = join(directory, NAME);
    const discard = () => this.fileSystem.removeTree(directory);
    try {
      await this.fileSystem.makeDirectory(directory);
      await this.fileSystem.rename(this.hosts.exchangePath(workspaceId, fileName), path);
      const entry = (await this.fileSystem.list(directory)).find(({ name }) => name === NAME);
      const stats = entry?.isFile() === true ? await this.fileSystem.stat(path) : undefined;
      if (stats === undefined)
        throw new DomainError('internal_server_error', 'A workspace gave something else than a file');
      return {
        path,
        sizeBytes: stats.size,
        read: () => this.fileSystem.readStream(path),
        [Symbol.asyncDispose]: discard,
      };
    } catch (error) {
      await discard();
      throw toStorageFailure(error, 'read');
    }
  }
}

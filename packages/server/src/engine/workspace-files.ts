import { dirname } from 'node:path';
import { errnoOf, toStorageFailure } from '../errors/storage-failure.js';
import type { FileSystem } from '../lib/file-system.js';
import type { Logger } from '../lib/logger.js';
import type { Removals } from '../lib/removal-gate.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import type { WorkspaceRecord } from '../metadata/workspace-records.js';
import { newSortableId } from '../model/ids.js';
import type { Clock } from '../lib/clock.js';
import type { WorkerPool } from '../workers/worker-pool.js';
import type { Layout } from './layout.js';

type Located = Pick<WorkspaceRecord, 'id' | 'projectId'>;

/**
 * The files of workspaces: the only ones of the engine that change in place, by the worker of the workspace alone.
 *
 *     create: build in _staging ─► sync ─► own directory ─► rename ─► sync ─► [row]
 *     remove: [row gone] ─► worker gone ─► directory removed, later while a backup needs it
 *
 * A directory without a row is garbage: a crash in between leaves one, and `sweep` removes it.
 */
export class WorkspaceFiles {
  /** Workspaces whose directory is there before their row. */
  readonly #inFlight = new Set<string>();

  constructor(
    private readonly fileSystem: FileSystem,
    private readonly layout: Layout,
    private readonly pool: Pick<WorkerPool, 'run'>,
    private readonly metadata: MetadataReader,
    private readonly removals: Removals,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  pathOf({ projectId, id }: Located): string {
    return this.layout.workspacePath(projectId, id);
  }

  /** Of the file and its log. */
  async sizeOf(workspace: Located): Promise<number> {
    const path = this.pathOf(workspace);
    const [file, log] = await Promise.all([this.fileSystem.stat(path), this.fileSystem.stat(`${path}.wal`)]);
    return (file?.size ?? 0) + (log?.size ?? 0);
  }

  async exists(workspace: Located): Promise<boolean> {
    return (await this.fileSystem.stat(this.pathOf(workspace))) !== undefined;
  }

  /** Makes the file of a workspace; `publish` commits its row. Whatever fails leaves nothing. */
  async create<T>(workspace: Located, publish: (sizeBytes: number) => Promise<T>): Promise<T> {
    const stagingPath = this.layout.stagingPath(newSortableId(this.clock.now()));
    this.#inFlight.add(workspace.id);
    try {
      const { sizeBytes } = await this.pool.run('createWorkspace', { stagingPath });
      await this.fileSystem.syncFile(stagingPath);
      const path = this.pathOf(workspace);
      await this.fileSystem.makeDirectory(dirname(path));
      await this.fileSystem.rename(stagingPath, path);
      await this.fileSystem.syncDirectory(dirname(path));
      return await publish(sizeBytes);
    } catch (error) {
      await this.#removeUnlessPublished(workspace, stagingPath).catch((cleanupError: unknown) => {
        this.logger.warn({ err: cleanupError, workspaceId: workspace.id }, 'an unpublished workspace file remains');
      });
      throw toStorageFailure(error, 'stored');
    } finally {
      this.#inFlight.delete(workspace.id);
    }
  }

  /** After the row is gone, and nobody has the file open. A failure leaves garbage for the next start. */
  async remove({ projectId, id }: Located): Promise<void> {
    try {
      await this.removals.remove({ kind: 'workspace', workspaceId: id }, () =>
        this.fileSystem.removeTree(this.layout.workspaceDirectory(projectId, id)),
      );
    } catch (error) {
      this.logger.warn({ err: error, workspaceId: id }, 'the files of a workspace remain until the next start');
    }
  }

  /** Removes directories without a row; returns how many. */
  async sweep(projectId: string, signal: AbortSignal): Promise<number> {
    let removed = 0;
    for (const id of await this.#idsOnDisk(projectId)) {
      if (signal.aborted) break;
      // The order matters: a workspace leaves `#inFlight` only after its row is committed.
      if (this.#inFlight.has(id) || (await this.metadata.getWorkspaceById(id)) !== undefined) continue;
      await this.remove({ projectId, id });
      removed += 1;
    }
    return removed;
  }

  async #idsOnDisk(projectId: string): Promise<readonly string[]> {
    try {
      const entries = await this.fileSystem.list(this.layout.workspacesDirectory(projectId));
      return entries.flatMap(({ name }) => this.layout.workspaceIdOf(name) ?? []);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  async #removeUnlessPublished(workspace: Located, stagingPath: string): Promise<void> {
    if ((await this.metadata.getWorkspaceById(workspace.id)) !== undefined) return;
    await this.fileSystem.remove(stagingPath);
    await this.fileSystem.remove(`${stagingPath}.wal`);
    await this.fileSystem.removeTree(this.layout.workspaceDirectory(workspace.projectId, workspace.id));
  }
}

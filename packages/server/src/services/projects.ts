import { newApiKey } from '../auth/api-keys.js';
import type { Layout } from '../engine/layout.js';
import type { VersionCollector } from '../engine/version-collector.js';
import { DomainError } from '../errors/domain-error.js';
import { toStorageFailure } from '../errors/storage-failure.js';
import type { FileStore } from '../files/file-store.js';
import type { FileSystem } from '../lib/file-system.js';
import type { Logger } from '../lib/logger.js';
import type { Listed, MetadataReader, MetadataStore, Page } from '../metadata/metadata-store.js';
import type { JsonObject, ProjectRecord } from '../metadata/records.js';
import { newPublicId } from '../model/ids.js';
import { mustBeValidProjectId } from '../model/names.js';
import type { Change } from './change.js';
import { closedLinksDetails, logClosedLinks, mustNotBeLinked } from './closed-links.js';
import type { DiskGuard } from './disk-guard.js';
import type { Workspaces } from './workspaces.js';

export interface CreatedProject {
  readonly project: ProjectRecord;
  /** Shown here and never again. */
  readonly apiKey: string;
}

export class Projects {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly disk: {
      readonly layout: Layout;
      readonly fileSystem: FileSystem;
      readonly fileStore: FileStore;
      readonly collector: VersionCollector;
      readonly guard: DiskGuard;
    },
    private readonly workspaces: Pick<Workspaces, 'removeFiles'>,
    private readonly logger: Logger,
  ) {}

  async create(
    change: Change<CreatedProject>,
    input: { id: string; name: string | null; description: string | null; settings: JsonObject | null },
  ): Promise<CreatedProject> {
    mustBeValidProjectId(input.id);
    await this.disk.guard.mustHaveRoom();
    const existing = await this.metadata.getProject(input.id);
    if (existing !== undefined) throw projectExists(existing);
    try {
      await this.#makeDirectories(input.id);
    } catch (error) {
      throw toStorageFailure(error, 'stored');
    }
    const key = newApiKey({
      id: newPublicId(),
      projectId: input.id,
      scope: 'project_admin',
      branchId: null,
      description: 'Project admin key (created with project)',
      createdAt: change.now,
      createdBy: change.principal.actor,
      expiresAt: null,
    });
    return await this.metadata.transaction(async (tx) => {
      await tx.insertProject({ ...input, createdAt: change.now });
      await tx.insertApiKey(key.record);
      const created = { project: await requireProject(tx, input.id), apiKey: key.text };
      await change.commit(tx, { projectId: input.id, resourceId: input.id }, created);
      return created;
    });
  }

  /** A process that was killed may have left a directory whose entry is not on the disk, so entries are synced in any case. */
  async #makeDirectories(projectId: string): Promise<void> {
    const { fileSystem, layout } = this.disk;
    await fileSystem.makeDirectory(layout.versionsDirectory(projectId));
    await fileSystem.syncDirectory(layout.projectDirectory(projectId));
    await fileSystem.syncDirectory(layout.directories.duckdbDir);
  }

  list(query: { status?: string | undefined } & Page): Promise<Listed<ProjectRecord>> {
    return this.metadata.listProjects({ status: query.status }, { limit: query.limit, offset: query.offset });
  }

  get(projectId: string): Promise<ProjectRecord> {
    return requireProject(this.metadata, projectId);
  }

  async stats(projectId: string): Promise<ProjectRecord> {
    const project = await requireProject(this.metadata, projectId);
    if (project.status === 'deleted') {
      throw new DomainError('db_not_found', `Database file for project ${projectId} not found`, {
        project_id: projectId,
      });
    }
    return project;
  }

  async update(
    change: Change<ProjectRecord>,
    projectId: string,
    input: { name?: string | null; description?: string | null; settings?: JsonObject | null },
  ): Promise<ProjectRecord> {
    return await this.metadata.transaction(async (tx) => {
      await requireProject(tx, projectId);
      await tx.updateProject(projectId, { ...input, updatedAt: change.now });
      const project = await requireProject(tx, projectId);
      await change.commit(tx, { projectId, resourceId: projectId }, project);
      return project;
    });
  }

  /**
   * Removes keys, tables, files and directory; the row stays as `deleted`. Repeating it is fine. Links of other projects
   * to its buckets are closed when `force` says so, or the admin does it.
   */
  async delete(change: Change<void>, projectId: string, options: { readonly force: boolean }): Promise<void> {
    const released = await this.metadata.transaction(async (tx) => {
      const project = await requireProject(tx, projectId);
      const links = await tx.listForeignLinks(project.id);
      if (!options.force && change.principal.kind !== 'admin') {
        mustNotBeLinked(`Project ${project.id}`, links, { project_id: project.id });
      }
      const gone =
        project.status === 'deleted'
          ? { releasedFilePaths: [], workspaces: [] }
          : await tx.deleteProject(project.id, change.now);
      await logClosedLinks(tx, change, links);
      const details = closedLinksDetails(links);
      await change.commit(tx, { projectId: project.id, resourceId: project.id, details }, undefined);
      return { projectId: project.id, ...gone };
    });
    // The change is durable; what is left on disk is garbage that maintenance would collect as well.
    try {
      await this.workspaces.removeFiles(released.workspaces);
      for (const path of released.releasedFilePaths) await this.disk.fileStore.remove(path);
      await this.disk.collector.removeProjectFiles(released.projectId);
    } catch (error) {
      this.logger.warn({ err: error, projectId }, 'files of a deleted project remain for the next clean-up');
    }
  }
}

async function requireProject(reader: MetadataReader, projectId: string): Promise<ProjectRecord> {
  const project = await reader.getProject(projectId);
  if (project === undefined) {
    throw new DomainError('not_found', `Project ${projectId} not found`, { project_id: projectId });
  }
  return project;
}

function projectExists(project: ProjectRecord): DomainError {
  return new DomainError('project_exists', `Project ${project.id} already exists`, {
    project_id: project.id,
    status: project.status,
  });
}

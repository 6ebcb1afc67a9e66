import { randomBytes } from 'node:crypto';
import {
  formatScramVerifier,
  isPasswordOf,
  makeScramVerifier,
  newPassword,
  parseScramVerifier,
} from '../auth/scram.js';
import type { WorkspaceFiles } from '../engine/workspace-files.js';
import { DomainError } from '../errors/domain-error.js';
import type { Clock } from '../lib/clock.js';
import type { Listed, MetadataReader, MetadataStore, Page } from '../metadata/metadata-store.js';
import type { WorkspaceRecord } from '../metadata/workspace-records.js';
import { mustBeValidWorkspaceName } from '../model/names.js';
import { DEFAULT_BRANCH_ID, type BranchRef, type WorkspaceRef } from '../model/refs.js';
import type { WorkspaceHosts } from '../workers/workspace-hosts.js';
import type { SessionEnding, WorkspaceObject } from '../workers/workspace-messages.js';
import type { Change } from './change.js';
import type { DiskGuard } from './disk-guard.js';
import { requireDevelopmentBranch } from './require-bucket.js';
import { requireActiveProject } from './require-project.js';
import { requireLiveWorkspace, requireWorkspace } from './require-workspace.js';
import type { WorkspaceCatalogs } from './workspace-catalogs.js';
import { loadTables, type LoadedTable, type LoadInput, type LoadReport } from './workspace-load.js';
import { stateOf, type WorkspaceState } from './workspace-state.js';

const HOUR_MS = 3_600_000;
const GB_BYTES = 1_073_741_824;
/** Hex digits of ids and user names: what clients of the reference expect. */
const ID_BYTES = 4;

export interface NewWorkspaceInput {
  readonly projectId: string;
  /** Undefined: main. */
  readonly branchId: string | undefined;
  readonly name: string;
  /** Null: it does not expire. */
  readonly ttlHours: number | null;
  readonly sizeLimitGb: number;
  /** `bucket.table` each. */
  readonly preloadTables: readonly string[];
}

export interface ShownWorkspace extends WorkspaceRecord {
  readonly state: WorkspaceState;
}

export interface IssuedWorkspace {
  readonly workspace: ShownWorkspace;
  /** Shown here and never again. */
  readonly password: string;
  readonly preloaded: readonly LoadedTable[];
}

export interface WorkspaceDetail {
  readonly workspace: ShownWorkspace;
  readonly activeSessions: number;
  readonly attachedTables: readonly { readonly schema: string; readonly table: string; readonly rows: number }[];
  readonly objects: readonly WorkspaceObject[];
}

/**
 * Places for somebody's SQL. A workspace is a row, a DuckDB file and a login; while somebody uses it, it is a process too, which the hosts
 * look after. What it sees of its project or branch is asked anew for every transaction, so nothing here goes stale.
 */
export class Workspaces {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly files: WorkspaceFiles,
    private readonly catalogs: WorkspaceCatalogs,
    private readonly hosts: WorkspaceHosts,
    private readonly guard: DiskGuard,
    private readonly clock: Clock,
    private readonly limits: { readonly operationMs: number },
  ) {}

  async create(change: Change<IssuedWorkspace>, input: NewWorkspaceInput): Promise<IssuedWorkspace> {
    const branch = await this.#requirePlace(this.metadata, input);
    mustBeValidWorkspaceName(input.name);
    await this.guard.mustHaveRoom();
    const id = await newWorkspaceId(this.metadata);
    const password = newPassword();
    const now = change.now;
    const workspace: WorkspaceRecord = {
      id,
      ...branch,
      name: input.name,
      createdAt: now,
      createdBy: change.principal.actor,
      expiresAt: input.ttlHours === null ? null : new Date(now.getTime() + input.ttlHours * HOUR_MS),
      sizeLimitBytes: input.sizeLimitGb * GB_BYTES,
      sizeBytes: 0,
      status: 'active',
      username: `ws_${id}_${randomBytes(ID_BYTES).toString('hex')}`,
      passwordVerifier: formatScramVerifier(await makeScramVerifier(password)),
    };
    const issue = (sizeBytes: number, preloaded: readonly LoadedTable[]): IssuedWorkspace => ({
      workspace: this.#shown({ ...workspace, sizeBytes }),
      password,
      preloaded,
    });
    if (input.preloadTables.length === 0) {
      return await this.files.create(workspace, (sizeBytes) =>
        this.metadata.transaction(async (tx) => {
          await this.#insert(tx, { ...workspace, sizeBytes }, input);
          const issued = issue(sizeBytes, []);
          await change.commit(tx, { projectId: workspace.projectId, resourceId: id }, issued);
          return issued;
        }),
      );
    }
    return await this.#createLoaded(change, workspace, input, issue);
  }

  async list(projectId: string, branchId: string | undefined, page: Page): Promise<Listed<ShownWorkspace>> {
    await this.#requirePlace(this.metadata, { projectId, branchId });
    const { items, total } = await this.metadata.listWorkspaces(projectId, { branchId }, page);
    return { items: await Promise.all(items.map((workspace) => this.#measured(workspace))), total };
  }

  /** Opens the workspace: what is in it, its file alone knows. */
  async get(ref: WorkspaceRef, signal?: AbortSignal): Promise<WorkspaceDetail> {
    const workspace = await requireLiveWorkspace(this.metadata, ref, this.clock.now());
    const [{ objects, sizeBytes }, catalog] = await Promise.all([
      this.hosts.run(workspace.id, 'inspect', {}, this.#deadline(signal)),
      this.catalogs.of(workspace),
    ]);
    return {
      workspace: this.#shown({ ...workspace, sizeBytes }),
      activeSessions: this.hosts.activeSessions(workspace.id),
      attachedTables: (catalog?.buckets ?? []).flatMap((bucket) =>
        bucket.tables.map(({ name, rowCount }) => ({ schema: bucket.name, table: name, rows: rowCount })),
      ),
      objects,
    };
  }

  /** Of this project: a login says which workspace it opens. */
  async ofUser(projectId: string, username: string): Promise<WorkspaceRecord> {
    const workspace = await this.metadata.findWorkspaceOfUser(username);
    if (workspace?.projectId === projectId) return workspace;
    throw new DomainError('workspace_not_found', `Project ${projectId} has no workspace with the login ${username}`, {
      project_id: projectId,
      username,
    });
  }

  /** Whether this is how to come into a workspace of the project now. */
  async acceptsLogin(projectId: string, username: string, password: string): Promise<boolean> {
    const workspace = await this.metadata.findWorkspaceOfUser(username);
    if (workspace?.projectId !== projectId || workspace.passwordVerifier === null) return false;
    if (stateOf(workspace, this.clock.now()) === 'expired') return false;
    return await isPasswordOf(parseScramVerifier(workspace.passwordVerifier), password);
  }

  async delete(change: Change<void>, ref: WorkspaceRef): Promise<void> {
    const workspace = await this.metadata.transaction(async (tx) => {
      const found = await requireWorkspace(tx, ref);
      await tx.deleteWorkspace(found.id);
      await change.commit(tx, { projectId: found.projectId, resourceId: found.id }, undefined);
      return found;
    });
    await this.removeFiles([workspace]);
  }

  /** Ends the sessions and removes the files of workspaces whose rows are gone. */
  async removeFiles(workspaces: readonly WorkspaceRecord[]): Promise<void> {
    for (const workspace of workspaces) {
      await this.hosts.close(workspace.id, WORKSPACE_DELETED);
      await this.files.remove(workspace);
    }
  }

  /** The old password stops working with the answer, and who came in with it has to come again. */
  async resetCredentials(change: Change<IssuedWorkspace>, ref: WorkspaceRef): Promise<IssuedWorkspace> {
    const password = newPassword();
    const passwordVerifier = formatScramVerifier(await makeScramVerifier(password));
    const issued = await this.metadata.transaction(async (tx) => {
      const workspace = await requireLiveWorkspace(tx, ref, change.now);
      if (workspace.passwordVerifier === null) throw credentialsNotFound(workspace.id);
      await tx.updateWorkspace(workspace.id, { passwordVerifier });
      const result = { workspace: this.#shown({ ...workspace, passwordVerifier }), password, preloaded: [] };
      await change.commit(tx, { projectId: workspace.projectId, resourceId: workspace.id }, result);
      return result;
    });
    await this.hosts.endSessions(issued.workspace.id, PASSWORD_CHANGED);
    return issued;
  }

  async clear(change: Change<void>, ref: WorkspaceRef): Promise<void> {
    const workspace = await requireLiveWorkspace(this.metadata, ref, change.now);
    const { sizeBytes } = await this.hosts.run(workspace.id, 'clear', {}, this.#deadline());
    await this.#commit(change, workspace, { sizeBytes }, undefined);
  }

  async dropObject(change: Change<void>, ref: WorkspaceRef, name: string): Promise<void> {
    const workspace = await requireLiveWorkspace(this.metadata, ref, change.now);
    const { dropped, sizeBytes } = await this.hosts.run(workspace.id, 'dropObject', { name }, this.#deadline());
    if (!dropped) {
      throw new DomainError('object_not_found', `Object '${name}' not found in workspace ${workspace.id}`, {
        workspace_id: workspace.id,
        object_name: name,
      });
    }
    await this.#commit(change, workspace, { sizeBytes, resourceId: `${workspace.id}/${name}` }, undefined);
  }

  async load(change: Change<LoadReport>, ref: WorkspaceRef, tables: readonly LoadInput[]): Promise<LoadReport> {
    const workspace = await requireLiveWorkspace(this.metadata, ref, change.now);
    await this.guard.mustHaveRoom();
    const report = await loadTables(this.metadata, this.hosts, workspace, tables, this.#deadline());
    const failed = report.loaded.filter(({ error }) => error !== null).length;
    const details = { loaded: report.loaded.length - failed, failed };
    await this.#commit(change, workspace, { sizeBytes: report.sizeBytes, details }, report);
    return report;
  }

  /**
   * The tables are there with the answer, so the row comes first, and the audit with the answer comes last. A crash in between leaves
   * a workspace that nobody was told of.
   */
  async #createLoaded(
    change: Change<IssuedWorkspace>,
    workspace: WorkspaceRecord,
    input: NewWorkspaceInput,
    issue: (sizeBytes: number, preloaded: readonly LoadedTable[]) => IssuedWorkspace,
  ): Promise<IssuedWorkspace> {
    await this.files.create(workspace, (sizeBytes) =>
      this.metadata.transaction((tx) => this.#insert(tx, { ...workspace, sizeBytes }, input)),
    );
    try {
      const tables = input.preloadTables.map((source) => ({ source, destination: null, columns: null, where: null }));
      const { loaded, sizeBytes } = await loadTables(this.metadata, this.hosts, workspace, tables, this.#deadline());
      const issued = issue(sizeBytes, loaded);
      await this.#commit(change, workspace, { sizeBytes }, issued);
      return issued;
    } catch (error) {
      await this.metadata.transaction((tx) => tx.deleteWorkspace(workspace.id));
      await this.removeFiles([workspace]);
      throw error;
    }
  }

  async #insert(
    tx: Parameters<Parameters<MetadataStore['transaction']>[0]>[0],
    workspace: WorkspaceRecord,
    place: Pick<NewWorkspaceInput, 'projectId' | 'branchId'>,
  ): Promise<void> {
    await this.#requirePlace(tx, place);
    await tx.insertWorkspace(workspace);
  }

  async #commit<R>(
    change: Change<R>,
    workspace: WorkspaceRecord,
    made: {
      readonly sizeBytes: number;
      readonly resourceId?: string;
      readonly details?: { loaded: number; failed: number };
    },
    result: R,
  ): Promise<void> {
    await this.metadata.transaction(async (tx) => {
      await tx.updateWorkspace(workspace.id, { sizeBytes: made.sizeBytes });
      await change.commit(
        tx,
        {
          projectId: workspace.projectId,
          resourceId: made.resourceId ?? workspace.id,
          ...(made.details === undefined ? {} : { details: made.details }),
        },
        result,
      );
    });
  }

  /** The branch that an address names must be one that somebody made. */
  async #requirePlace(
    reader: MetadataReader,
    { projectId, branchId }: { readonly projectId: string; readonly branchId: string | undefined },
  ): Promise<BranchRef> {
    const project = await requireActiveProject(reader, projectId);
    if (branchId === undefined) return { projectId: project.id, branchId: DEFAULT_BRANCH_ID };
    const branch = await requireDevelopmentBranch(reader, { projectId, branchId });
    return { projectId: project.id, branchId: branch.id };
  }

  async #measured(workspace: WorkspaceRecord): Promise<ShownWorkspace> {
    return this.#shown({ ...workspace, sizeBytes: await this.files.sizeOf(workspace) });
  }

  #shown(workspace: WorkspaceRecord): ShownWorkspace {
    return { ...workspace, state: stateOf(workspace, this.clock.now()) };
  }

  #deadline(signal?: AbortSignal): { deadlineMs: number; signal?: AbortSignal } {
    return { deadlineMs: this.limits.operationMs, ...(signal === undefined ? {} : { signal }) };
  }
}

const WORKSPACE_DELETED: SessionEnding = {
  sqlState: '57P01',
  message: 'terminating connection because the workspace was deleted',
};

const PASSWORD_CHANGED: SessionEnding = {
  sqlState: '57P01',
  message: 'terminating connection because the password of the workspace was reset',
};

async function newWorkspaceId(reader: MetadataReader): Promise<string> {
  for (;;) {
    const id = `ws_${randomBytes(ID_BYTES).toString('hex')}`;
    if ((await reader.getWorkspaceById(id)) === undefined) return id;
  }
}

function credentialsNotFound(workspaceId: string): DomainError {
  return new DomainError('credentials_not_found', `Workspace ${workspaceId} has no stored credentials`);
}

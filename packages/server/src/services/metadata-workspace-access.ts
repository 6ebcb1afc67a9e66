import { parseScramVerifier } from '../auth/scram.js';
import type { WorkspaceFiles } from '../engine/workspace-files.js';
import { SqlError } from '../errors/sql-error.js';
import type { Clock } from '../lib/clock.js';
import type { MetadataReader } from '../metadata/metadata-store.js';
import type { NewWorkspaceSession, SessionEnd, StatementEnd, StatementStart } from '../model/workspace-activity.js';
import type { WorkspaceCatalog, WorkspaceTable, WorkspaceTableName } from '../model/workspace-view.js';
import type { QueryLog } from './query-log.js';
import type { WireSessions } from './wire-sessions.js';
import type { WorkspaceAccess, WorkspaceLogin, WorkspacePlace } from './workspace-access.js';
import type { WorkspaceCatalogs } from './workspace-catalogs.js';
import { databaseNameOf, stateOf } from './workspace-state.js';
import type { WorkspaceTables } from './workspace-tables.js';

/** From metadata, and nothing else: no table file is opened here. */
export class MetadataWorkspaceAccess implements WorkspaceAccess {
  /** Whose statements a workspace's are; it outlives the workspace by what is on its way. */
  readonly #projects = new Map<string, string>();

  constructor(
    private readonly metadata: MetadataReader,
    private readonly files: WorkspaceFiles,
    private readonly tables: WorkspaceTables,
    private readonly catalogs: WorkspaceCatalogs,
    private readonly sessions: WireSessions,
    private readonly queries: QueryLog,
    private readonly clock: Clock,
  ) {}

  async findLogin(username: string): Promise<WorkspaceLogin | undefined> {
    const workspace = await this.metadata.findWorkspaceOfUser(username);
    if (workspace === undefined || workspace.passwordVerifier === null) return undefined;
    return {
      workspaceId: workspace.id,
      projectId: workspace.projectId,
      username: workspace.username,
      databaseName: databaseNameOf(workspace),
      verifier: parseScramVerifier(workspace.passwordVerifier),
      status: stateOf(workspace, this.clock.now()),
      expiresAt: workspace.expiresAt,
    };
  }

  sessionOpened(session: NewWorkspaceSession): void {
    this.sessions.opened(session);
  }

  sessionActivity(sessionId: string): void {
    this.sessions.activity(sessionId, 0);
  }

  sessionEnded(sessionId: string, end: SessionEnd): void {
    this.sessions.ended(sessionId, end);
    this.queries.sessionEnded(sessionId);
  }

  async placeOf(workspaceId: string): Promise<WorkspacePlace | undefined> {
    const workspace = await this.metadata.getWorkspaceById(workspaceId);
    if (workspace === undefined) return undefined;
    this.#projects.set(workspaceId, workspace.projectId);
    // Made with the workspace: one that is made again would say that nothing was ever in it.
    if (!(await this.files.exists(workspace))) throw fileMissing(workspaceId);
    return {
      workspaceId,
      projectId: workspace.projectId,
      branchId: workspace.branchId,
      filePath: this.files.pathOf(workspace),
      sizeLimitBytes: workspace.sizeLimitBytes,
      databaseName: databaseNameOf(workspace),
      username: workspace.username,
    };
  }

  async resolveTables(
    workspaceId: string,
    names: readonly WorkspaceTableName[],
    attachDirectory: string,
  ): Promise<readonly (WorkspaceTable | null)[]> {
    const workspace = await this.metadata.getWorkspaceById(workspaceId);
    return workspace === undefined ? names.map(() => null) : await this.tables.link(workspace, names, attachDirectory);
  }

  async catalogOf(workspaceId: string, knownGeneration: string | undefined): Promise<WorkspaceCatalog | 'unchanged'> {
    const workspace = await this.metadata.getWorkspaceById(workspaceId);
    if (workspace === undefined) return knownGeneration === '' ? 'unchanged' : { generation: '', buckets: [] };
    return (await this.catalogs.of(workspace, knownGeneration)) ?? 'unchanged';
  }

  statementStarted(start: StatementStart): void {
    const projectId = this.#projects.get(start.workspaceId);
    if (projectId !== undefined) this.queries.started(projectId, start);
    if (start.sessionId !== null) this.sessions.activity(start.sessionId);
  }

  statementFinished(end: StatementEnd): void {
    this.queries.finished(end);
  }
}

function fileMissing(workspaceId: string): SqlError {
  return new SqlError('58P01', `The file of workspace ${workspaceId} is missing from the disk; run doctor`);
}

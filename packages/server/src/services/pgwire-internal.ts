import { relative } from 'node:path';
import { isPasswordOf } from '../auth/scram.js';
import type { Layout } from '../engine/layout.js';
import { DomainError } from '../errors/domain-error.js';
import type { Clock } from '../lib/clock.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { WireSessionRecord, WorkspaceRecord } from '../metadata/workspace-records.js';
import { DEFAULT_BRANCH_ID } from '../model/refs.js';
import type { WireSessions } from './wire-sessions.js';
import type { WorkspaceLogins } from './workspace-access.js';
import { mustNotBeExpired } from './require-workspace.js';
import { stateOf } from './workspace-state.js';

export interface InternalLogin {
  readonly workspace: WorkspaceRecord;
  readonly databasePath: string;
  readonly tables: readonly {
    readonly bucketName: string;
    readonly tableName: string;
    readonly path: string;
    readonly rows: number;
  }[];
}

const PAGE = { limit: 1000, offset: 0 };
const IDLE_AT_ONCE = 1000;

/**
 * What a PostgreSQL server of its own asks, as that of the reference does. The one in this service asks `WorkspaceAccess`; these are for
 * others. Paths are relative to the folder of the tables, unless the endpoints are open to everybody anyway.
 */
export class PgwireInternal {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly logins: Pick<WorkspaceLogins, 'findLogin'>,
    private readonly sessions: WireSessions,
    private readonly layout: Layout,
    private readonly clock: Clock,
    private readonly settings: {
      readonly maxSessions: number;
      readonly idleTimeoutMs: number;
      readonly showsPaths: boolean;
    },
  ) {}

  async authenticate(input: { readonly username: string; readonly password: string }): Promise<InternalLogin> {
    const login = await this.logins.findLogin(input.username);
    const workspace = login && (await this.metadata.getWorkspaceById(login.workspaceId));
    if (login === undefined || workspace === undefined || !(await isPasswordOf(login.verifier, input.password))) {
      throw new DomainError('invalid_credentials', 'Invalid username or password');
    }
    mustNotBeExpired(workspace, this.clock.now());
    if (workspace.status !== 'active') throw notActive(workspace, stateOf(workspace, this.clock.now()));
    await this.#mustHaveFreeSession(workspace.id);
    return {
      workspace,
      databasePath: this.#shownPath(this.layout.workspacePath(workspace.projectId, workspace.id)),
      tables: await this.#tablesOf(workspace),
    };
  }

  async openSession(input: {
    readonly sessionId: string;
    readonly workspaceId: string;
    readonly clientIp: string | null;
  }): Promise<WireSessionRecord> {
    if ((await this.metadata.getWorkspaceById(input.workspaceId)) === undefined) {
      throw new DomainError('workspace_not_found', `Workspace ${input.workspaceId} not found`);
    }
    if (await this.sessions.isKnown(input.sessionId)) {
      throw new DomainError('session_exists', `Session ${input.sessionId} exists already`);
    }
    this.sessions.opened({ ...input, applicationName: null, encrypted: false, connectedAt: this.clock.now() });
    return await this.sessions.get(input.sessionId);
  }

  async listSessions(filter: { readonly workspaceId?: string | undefined; readonly status?: string | undefined }) {
    return (await this.sessions.list(filter, PAGE)).items;
  }

  getSession(sessionId: string): Promise<WireSessionRecord> {
    return this.sessions.get(sessionId);
  }

  async noteActivity(sessionId: string, isQuery: boolean): Promise<WireSessionRecord> {
    await this.sessions.get(sessionId);
    this.sessions.activity(sessionId, isQuery ? 1 : 0);
    return await this.sessions.get(sessionId);
  }

  async closeSession(sessionId: string, reason: string): Promise<void> {
    await this.sessions.get(sessionId);
    this.sessions.ended(sessionId, reason);
    await this.sessions.flush();
  }

  /** Marks sessions that said nothing for so long; 0 is the configured time. */
  async closeIdle(idleTimeoutMs: number): Promise<{ readonly closed: number; readonly idleTimeoutMs: number }> {
    const timeoutMs = idleTimeoutMs === 0 ? this.settings.idleTimeoutMs : idleTimeoutMs;
    await this.sessions.flush();
    const moment = new Date(this.clock.now().getTime() - timeoutMs);
    const idle = await this.metadata.listIdleWireSessions(moment, IDLE_AT_ONCE);
    for (const { sessionId } of idle) this.sessions.ended(sessionId, 'timeout');
    await this.sessions.flush();
    return { closed: idle.length, idleTimeoutMs: timeoutMs };
  }

  async #mustHaveFreeSession(workspaceId: string): Promise<void> {
    const { total } = await this.sessions.list({ workspaceId, status: 'active' }, { limit: 1, offset: 0 });
    const limit = this.settings.maxSessions;
    if (total < limit) return;
    throw new DomainError('connection_limit_reached', `Maximum connections (${limit}) reached for workspace`, {
      workspace_id: workspaceId,
      active_sessions: total,
      limit,
    });
  }

  /** Main's tables, or the branch's own where it has them. Linked buckets have no files in the project. */
  async #tablesOf({ projectId, branchId }: WorkspaceRecord): Promise<InternalLogin['tables']> {
    const own = branchId === DEFAULT_BRANCH_ID ? [] : await this.metadata.listBranchTables(projectId, branchId);
    const stored = await this.metadata.readCatalogue({ projectId, branchId: DEFAULT_BRANCH_ID });
    const ownKeys = new Map(own.map((table) => [`${table.bucketName}/${table.name}`.toLowerCase(), table]));
    return stored.buckets
      .filter(({ isLinked }) => !isLinked)
      .flatMap((bucket) =>
        bucket.tables.map(({ name, rowCount }) => {
          const branchTable = ownKeys.get(`${bucket.name}/${name}`.toLowerCase());
          const branch = { projectId, branchId: branchTable === undefined ? DEFAULT_BRANCH_ID : branchId };
          return {
            bucketName: bucket.name,
            tableName: name,
            path: this.#shownPath(this.layout.liveTablePath(branch, bucket.name, name)),
            rows: branchTable?.current.rowCount ?? rowCount,
          };
        }),
      );
  }

  #shownPath(path: string): string {
    return this.settings.showsPaths ? path : relative(this.layout.directories.duckdbDir, path);
  }
}

function notActive(workspace: WorkspaceRecord, status: string): DomainError {
  return new DomainError('workspace_not_active', `Workspace ${workspace.id} is not active`, {
    workspace_id: workspace.id,
    status,
  });
}

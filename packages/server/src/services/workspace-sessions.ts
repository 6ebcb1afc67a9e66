import type { Listed, MetadataReader, MetadataStore, Page } from '../metadata/metadata-store.js';
import type { WireSessionRecord } from '../metadata/workspace-records.js';
import type { WorkspaceRef } from '../model/refs.js';
import type { WorkspaceHosts } from '../workers/workspace-hosts.js';
import type { Change } from './change.js';
import { requireWorkspace } from './require-workspace.js';
import { sessionNotFound, type WireSessions } from './wire-sessions.js';

/** Who is connected, and the way to end it. Sessions that are over are listed, too: their status says how they ended. */
export class WorkspaceSessions {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly sessions: WireSessions,
    private readonly hosts: Pick<WorkspaceHosts, 'endSessions'>,
  ) {}

  async list(ref: WorkspaceRef, filter: { readonly status?: string | undefined }, page: Page) {
    const workspace = await requireWorkspace(this.metadata, ref);
    return await this.sessions.list({ workspaceId: workspace.id, status: filter.status }, page);
  }

  listAll(
    filter: { readonly projectId?: string | undefined; readonly status?: string | undefined },
    page: Page,
  ): Promise<Listed<WireSessionRecord>> {
    return this.sessions.list(filter, page);
  }

  async end(change: Change<void>, ref: WorkspaceRef, sessionId: string): Promise<void> {
    const workspace = await requireWorkspace(this.metadata, ref);
    await this.#end(change, sessionId, workspace.id);
  }

  async endAny(change: Change<void>, sessionId: string): Promise<void> {
    await this.#end(change, sessionId, undefined);
  }

  async #end(change: Change<void>, sessionId: string, workspaceId: string | undefined): Promise<void> {
    const session = await this.sessions.get(sessionId);
    const isOthers = workspaceId !== undefined && session.workspaceId !== workspaceId;
    if (isOthers || session.endedAt !== null) throw sessionNotFound(sessionId);
    await this.hosts.endSessions(
      session.workspaceId,
      { sqlState: '57P01', message: 'terminating connection due to administrator command' },
      sessionId,
    );
    this.sessions.ended(sessionId, 'terminated');
    await this.sessions.flush();
    await this.metadata.transaction(async (tx) => {
      const projectId = await projectOf(tx, session.workspaceId);
      await change.commit(tx, { projectId, resourceId: `${session.workspaceId}/${sessionId}` }, undefined);
    });
  }
}

async function projectOf(reader: MetadataReader, workspaceId: string): Promise<string | null> {
  return (await reader.getWorkspaceById(workspaceId))?.projectId ?? null;
}

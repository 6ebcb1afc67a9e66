import type { WorkspaceFiles } from '../engine/workspace-files.js';
import type { Clock } from '../lib/clock.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { WorkspaceRecord } from '../metadata/workspace-records.js';
import type { WorkspaceHosts } from '../workers/workspace-hosts.js';

/** How long an expired workspace still says that it has expired, and not that it never was. */
const REMEMBERED_MS = 7 * 86_400_000;
const BATCH = 100;

/**
 * What happens when the time of a workspace is over:
 *
 *     expires ── logins and requests are refused ── next round: sessions end, the file goes ── 7 days ── the row goes
 *
 * There is no time of grace: nobody can reach what is in an expired workspace, so its bytes are of no use.
 */
export class WorkspaceExpiry {
  /** Expired ones whose file is gone; forgotten with the process, and found out anew. */
  readonly #emptied = new Set<string>();

  constructor(
    private readonly metadata: MetadataStore,
    private readonly files: WorkspaceFiles,
    private readonly hosts: Pick<WorkspaceHosts, 'close'>,
    private readonly clock: Clock,
  ) {}

  /** Returns how many files and rows it removed. */
  async expire(): Promise<number> {
    const now = this.clock.now();
    let removed = 0;
    const forgotten = await this.metadata.listWorkspacesExpiredBy(new Date(now.getTime() - REMEMBERED_MS), BATCH);
    for (const workspace of forgotten) {
      await this.#empty(workspace);
      await this.metadata.transaction((tx) => tx.deleteWorkspace(workspace.id));
      this.#emptied.delete(workspace.id);
      removed += 1;
    }
    // Those that are remembered are few: at most what expires in a week.
    const expired = await this.metadata.listWorkspacesExpiredBy(now, Number.MAX_SAFE_INTEGER);
    for (const workspace of expired) if (await this.#empty(workspace)) removed += 1;
    return removed;
  }

  async #empty(workspace: WorkspaceRecord): Promise<boolean> {
    if (this.#emptied.has(workspace.id)) return false;
    await this.hosts.close(workspace.id, {
      sqlState: '57P01',
      message: 'terminating connection because the workspace has expired',
    });
    const wasThere = await this.files.exists(workspace);
    await this.files.remove(workspace);
    this.#emptied.add(workspace.id);
    return wasThere;
  }
}

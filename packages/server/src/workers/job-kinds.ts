import type { JobKind } from './messages.js';
import type { PoolStatus } from './worker-pool.js';

export type LaneName = keyof PoolStatus['lanes'];

export interface JobTraits {
  /**
   * `read` is the lane of short work. `createTable` and `createWorkspace` belong there although they write: they take milliseconds, read
   * no user file and must not wait behind an import that takes minutes.
   */
  readonly lane: LaneName;
  /** Leaves nothing behind, so a job whose worker broke may be tried again without asking the caller. */
  readonly repeatable: boolean;
}

export const JOB_TRAITS: Readonly<Record<JobKind, JobTraits>> = {
  previewTable: { lane: 'read', repeatable: true },
  createTable: { lane: 'read', repeatable: false },
  createWorkspace: { lane: 'read', repeatable: false },
  // A read, but one that takes all threads for as long as the table is large: it waits with the exports, not with the previews.
  profileTable: { lane: 'job', repeatable: true },
  verifyVersion: { lane: 'job', repeatable: true },
  alterTable: { lane: 'job', repeatable: false },
  deleteRows: { lane: 'job', repeatable: false },
  compareVersions: { lane: 'job', repeatable: true },
  mergeVersions: { lane: 'job', repeatable: false },
  importFile: { lane: 'job', repeatable: false },
  loadRows: { lane: 'job', repeatable: false },
  exportTable: { lane: 'job', repeatable: false },
};

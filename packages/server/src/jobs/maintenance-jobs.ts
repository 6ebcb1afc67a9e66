import type { Clock } from '../lib/clock.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { MaintenanceJob } from './maintenance.js';

interface Cleaners {
  readonly snapshots: { expire(now: Date): Promise<number> };
  readonly files: { expireUploads(): Promise<number>; collectOrphans(): Promise<number> };
  readonly versions: { collect(): Promise<void>; takeForgottenCount(): number };
  readonly audit: { forgetOld(): Promise<number> };
  readonly workspaces: { expire(): Promise<number> };
  readonly sessions: { forgetOld(): Promise<number> };
  readonly queries: { forgetOld(): Promise<number> };
  readonly metadata: Pick<MetadataStore, 'transaction'>;
}

/**
 * What is removed because its time is over, and what nobody needs any more. Each asks for what is due and lets go of it in
 * transactions of its own, so that a job that was cut off goes on in the next round. What expires comes before the garbage
 * it leaves.
 */
export function maintenanceJobs(
  { snapshots, files, versions, audit, workspaces, sessions, queries, metadata }: Cleaners,
  clock: Clock,
): MaintenanceJob[] {
  return [
    { name: 'expire_snapshots', run: () => snapshots.expire(clock.now()) },
    { name: 'expire_uploads', run: () => files.expireUploads() },
    { name: 'expire_workspaces', run: () => workspaces.expire() },
    {
      name: 'expire_idempotency_keys',
      run: () => metadata.transaction((tx) => tx.deleteExpiredIdempotencyKeys(clock.now())),
    },
    { name: 'expire_audit_entries', run: () => audit.forgetOld() },
    { name: 'expire_sessions', run: () => sessions.forgetOld() },
    { name: 'expire_queries', run: () => queries.forgetOld() },
    {
      // Versions whose time in the history is over, and those that nothing needs; also collected soon after each change.
      name: 'collect_versions',
      run: async () => {
        await versions.collect();
        return versions.takeForgottenCount();
      },
    },
    { name: 'collect_orphaned_files', run: () => files.collectOrphans() },
  ];
}

import { Counter, Histogram, type Registry } from 'prom-client';

const CREATE_SECONDS = [0.01, 0.1, 0.5, 1, 5, 30];
const RESTORE_SECONDS = [0.1, 0.5, 1, 5, 30, 60];

/** What the snapshot services report; the same shape as they declare. */
export interface SnapshotObserver {
  created(type: string, trigger: string): void;
  taken(durationMs: number): void;
  restored(durationMs: number): void;
  expired(count: number): void;
}

export function snapshotObserver(registry: Registry): SnapshotObserver {
  const registers = [registry];
  const created = new Counter({
    name: 'duckdb_snapshots_created_total',
    help: 'Snapshots that were taken, by type and by what asked for them',
    labelNames: ['type', 'trigger'],
    registers,
  });
  const restored = new Counter({ name: 'duckdb_snapshots_restored_total', help: 'Restored snapshots', registers });
  const expired = new Counter({
    name: 'duckdb_snapshots_expired_total',
    help: 'Snapshots removed because their time was over',
    registers,
  });
  const createSeconds = new Histogram({
    name: 'duckdb_snapshot_create_duration_seconds',
    help: 'Time to take a snapshot that somebody asked for',
    buckets: CREATE_SECONDS,
    registers,
  });
  const restoreSeconds = new Histogram({
    name: 'duckdb_snapshot_restore_duration_seconds',
    help: 'Time to restore a snapshot',
    buckets: RESTORE_SECONDS,
    registers,
  });
  return {
    created: (type, trigger) => created.inc({ type, trigger }),
    taken: (durationMs) => createSeconds.observe(durationMs / 1000),
    restored: (durationMs) => {
      restored.inc();
      restoreSeconds.observe(durationMs / 1000);
    },
    expired: (count) => expired.inc(count),
  };
}

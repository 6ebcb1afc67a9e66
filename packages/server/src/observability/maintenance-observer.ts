import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const SECONDS = [0.01, 0.1, 0.5, 1, 5, 30, 60, 300];

/** What the maintenance reports; the same shape as it declares. */
export interface MaintenanceObserver {
  finished(run: {
    readonly job: string;
    readonly outcome: 'success' | 'failed';
    readonly durationMs: number;
    readonly removed: number;
    readonly at: Date;
  }): void;
}

export function maintenanceObserver(registry: Registry): MaintenanceObserver {
  const registers = [registry];
  const runs = new Counter({
    name: 'duckdb_maintenance_runs_total',
    help: 'Runs of background jobs, by outcome: success or failed',
    labelNames: ['job', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'duckdb_maintenance_duration_seconds',
    help: 'Duration of background jobs',
    labelNames: ['job'],
    buckets: SECONDS,
    registers,
  });
  const removed = new Counter({
    name: 'duckdb_maintenance_removed_items_total',
    help: 'What background jobs removed: snapshots, upload sessions, kept answers, versions, files',
    labelNames: ['job'],
    registers,
  });
  const lastSuccess = new Gauge({
    name: 'duckdb_maintenance_last_success_timestamp_seconds',
    help: 'When a background job last succeeded, seconds since 1970',
    labelNames: ['job'],
    registers,
  });
  return {
    finished: ({ job, outcome, durationMs, removed: count, at }) => {
      runs.inc({ job, status: outcome });
      durations.observe({ job }, durationMs / 1000);
      removed.inc({ job }, count);
      if (outcome === 'success') lastSuccess.set({ job }, Math.floor(at.getTime() / 1000));
    },
  };
}

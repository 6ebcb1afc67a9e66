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
    labelNames: ['task', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'duckdb_maintenance_duration_seconds',
    help: 'Duration of background jobs',
    labelNames: ['task'],
    buckets: SECONDS,
    registers,
  });
  const removed = new Counter({
    name: 'duckdb_maintenance_removed_items_total',
    help: 'What background jobs removed: snapshots, upload sessions, kept answers, versions, files',
    labelNames: ['task'],
    registers,
  });
  const lastSuccess = new Gauge({
    name: 'duckdb_maintenance_last_success_timestamp_seconds',
    help: 'When a background job last succeeded, seconds since 1970',
    labelNames: ['task'],
    registers,
  });
  // Not called `job`: Prometheus gives every series a label of that name.
  return {
    finished: ({ job: task, outcome, durationMs, removed: count, at }) => {
      runs.inc({ task, status: outcome });
      durations.observe({ task }, durationMs / 1000);
      removed.inc({ task }, count);
      if (outcome === 'success') lastSuccess.set({ task }, Math.floor(at.getTime() / 1000));
    },
  };
}

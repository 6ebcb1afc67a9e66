import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { OperationName } from '../model/operations.js';
import { BoundedLabels, MAX_LABELLED_PROJECTS } from './bounded-labels.js';

/** More tables than this share the label set `_other`. */
const MAX_LABELLED_TABLES = 500;

/** The operations of `duckdb_bucket_sharing_operations_total`, by the name they have there. */
const SHARING_OPERATIONS: Partial<Readonly<Record<OperationName, string>>> = {
  'bucket.share': 'share',
  'bucket.unshare': 'unshare',
  'bucket.link': 'link',
  'bucket.unlink': 'unlink',
  'bucket.grant_readonly': 'grant_readonly',
  'bucket.revoke_readonly': 'revoke_readonly',
};

const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const OPERATION_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300];
const SCHEMA_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 30];
const LOCK_WAIT_SECONDS = [0.001, 0.01, 0.05, 0.1, 0.5, 1, 5];
const QUEUE_WAIT_SECONDS = [0.01, 0.1, 0.5, 1, 5, 10, 30, 60];

export interface HttpObserver {
  started(method: string): void;
  finished(request: { method: string; endpoint: string; status: number; durationMs: number }): void;
  /** An error that is a defect of this service. */
  failed(type: string, endpoint: string): void;
  /** Any other error, by its code. */
  refused(code: string): void;
}

export interface OperationObserver {
  finished(operation: OperationName, outcome: 'success' | 'refused' | 'failed', durationMs: number): void;
}

export interface IdempotencyObserver {
  hit(): void;
  miss(): void;
  conflict(): void;
}

/** What the table locks report; the same shape as the engine declares. */
export interface TableLockObserver {
  acquired(table: { projectId: string; bucketName: string; tableName: string }, waitMs: number): void;
  /** Locks held at this moment. */
  active(count: number): void;
}

/** What the worker pool reports; the same shape as the pool declares. */
export interface JobObserver {
  onJob(kind: string, outcome: string, durationMs: number, waitMs: number): void;
}

export function httpObserver(registry: Registry): HttpObserver {
  const registers = [registry];
  const requests = new Counter({
    name: 'duckdb_api_requests_total',
    help: 'Answered requests',
    labelNames: ['method', 'endpoint', 'status_code'],
    registers,
  });
  const durations = new Histogram({
    name: 'duckdb_api_request_duration_seconds',
    help: 'Time from the request line to the end of the answer',
    labelNames: ['method', 'endpoint'],
    buckets: REQUEST_SECONDS,
    registers,
  });
  const inFlight = new Gauge({
    name: 'duckdb_api_requests_in_flight',
    help: 'Requests under way',
    labelNames: ['method'],
    registers,
  });
  const errors = new Counter({
    name: 'duckdb_api_errors_total',
    help: 'Requests that ended in an unexpected error',
    labelNames: ['type', 'endpoint'],
    registers,
  });
  const refusals = new Counter({
    name: 'duckdb_api_refusals_total',
    help: 'Requests that were answered with an expected error, by its code',
    labelNames: ['code'],
    registers,
  });
  return {
    started: (method) => inFlight.inc({ method }),
    finished: ({ method, endpoint, status, durationMs }) => {
      inFlight.dec({ method });
      requests.inc({ method, endpoint, status_code: String(status) });
      durations.observe({ method, endpoint }, durationMs / 1000);
    },
    failed: (type, endpoint) => errors.inc({ type, endpoint }),
    refused: (code) => refusals.inc({ code }),
  };
}

export function operationObserver(registry: Registry): OperationObserver {
  const registers = [registry];
  const total = new Counter({
    name: 'duckdb_operations_total',
    help: 'Operations by outcome',
    labelNames: ['operation', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'duckdb_operation_duration_seconds',
    help: 'Duration of operations',
    labelNames: ['operation'],
    buckets: OPERATION_SECONDS,
    registers,
  });
  const sharing = new Counter({
    name: 'duckdb_bucket_sharing_operations_total',
    help: 'Shares, links and read-only grants made and taken back, by outcome',
    labelNames: ['operation', 'status'],
    registers,
  });
  return {
    finished: (operation, outcome, durationMs) => {
      total.inc({ operation, status: outcome });
      const sharingOperation = SHARING_OPERATIONS[operation];
      if (sharingOperation !== undefined) sharing.inc({ operation: sharingOperation, status: outcome });
      durations.observe({ operation }, durationMs / 1000);
    },
  };
}

/** Changes of tables that are not imports, under the names of their operations. */
const SCHEMA_OPERATIONS: ReadonlySet<OperationName> = new Set([
  'table.create',
  'table.delete',
  'table.add_primary_key',
  'table.drop_primary_key',
  'table.delete_rows',
  'column.add',
  'column.alter',
  'column.drop',
]);

export function schemaObserver(registry: Registry): OperationObserver {
  const registers = [registry];
  const total = new Counter({
    name: 'duckdb_schema_operations_total',
    help: 'Changes of tables, their columns, keys and rows, by outcome',
    labelNames: ['operation', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'duckdb_schema_operation_duration_seconds',
    help: 'Duration of changes of tables, their columns, keys and rows',
    labelNames: ['operation'],
    buckets: SCHEMA_SECONDS,
    registers,
  });
  return {
    finished: (operation, outcome, durationMs) => {
      if (!SCHEMA_OPERATIONS.has(operation)) return;
      total.inc({ operation, status: outcome });
      durations.observe({ operation }, durationMs / 1000);
    },
  };
}

export function idempotencyObserver(registry: Registry): IdempotencyObserver {
  const registers = [registry];
  const hits = new Counter({ name: 'duckdb_idempotency_cache_hits_total', help: 'Replayed answers', registers });
  const misses = new Counter({
    name: 'duckdb_idempotency_cache_misses_total',
    help: 'First requests with an idempotency key',
    registers,
  });
  const conflicts = new Counter({
    name: 'duckdb_idempotency_conflicts_total',
    help: 'Idempotency keys used for a different request',
    registers,
  });
  return { hit: () => hits.inc(), miss: () => misses.inc(), conflict: () => conflicts.inc() };
}

export function tableLockObserver(registry: Registry): TableLockObserver {
  const registers = [registry];
  const tables = new BoundedLabels(['project_id', 'bucket', 'table'], MAX_LABELLED_TABLES);
  const projects = new BoundedLabels(['project_id'], MAX_LABELLED_PROJECTS);
  const acquisitions = new Counter({
    name: 'duckdb_table_lock_acquisitions_total',
    help: 'Writers that got the lock of their table',
    labelNames: ['project_id', 'bucket', 'table'],
    registers,
  });
  const waits = new Histogram({
    name: 'duckdb_table_lock_wait_seconds',
    help: 'Time a writer waited for its table',
    buckets: LOCK_WAIT_SECONDS,
    registers,
  });
  const active = new Gauge({ name: 'duckdb_table_locks_active', help: 'Table locks held', registers });
  const queueWaits = new Histogram({
    name: 'duckdb_write_queue_wait_seconds',
    help: 'Time a writer of a project waited for its table',
    labelNames: ['project_id'],
    buckets: QUEUE_WAIT_SECONDS,
    registers,
  });
  return {
    acquired: (table, waitMs) => {
      waits.observe(waitMs / 1000);
      queueWaits.observe(projects.labelsFor({ project_id: table.projectId }), waitMs / 1000);
      acquisitions.inc(
        tables.labelsFor({ project_id: table.projectId, bucket: table.bucketName, table: table.tableName }),
      );
    },
    active: (count) => active.set(count),
  };
}

export function jobObserver(registry: Registry): JobObserver {
  const registers = [registry];
  const total = new Counter({
    name: 'duckdb_engine_jobs_total',
    help: 'Jobs of engine workers by outcome: done, or the code of the error',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'duckdb_engine_job_duration_seconds',
    help: 'Time a job spent in a worker',
    labelNames: ['kind'],
    buckets: OPERATION_SECONDS,
    registers,
  });
  const waits = new Histogram({
    name: 'duckdb_engine_job_wait_seconds',
    help: 'Time a job waited for a worker',
    labelNames: ['kind'],
    buckets: OPERATION_SECONDS,
    registers,
  });
  return {
    onJob: (kind, outcome, durationMs, waitMs) => {
      total.inc({ kind, outcome });
      durations.observe({ kind }, durationMs / 1000);
      waits.observe({ kind }, waitMs / 1000);
    },
  };
}

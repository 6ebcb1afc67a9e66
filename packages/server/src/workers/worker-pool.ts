import type { JobKind, JobRequest, JobResult } from './messages.js';

/**
 * Runs engine jobs in child processes. Two lanes, so that a preview never waits behind an import:
 * `read` workers answer several short reads at a time; `job` workers do one build or export at a time.
 */
export interface WorkerPool {
  /**
   * Rejects with a DomainError: what the job reported, or `server_busy` (queue full), `deadline_exceeded`,
   * `request_cancelled`, `worker_crashed`, `shutting_down`. A read whose worker breaks is tried once more on a new one.
   */
  run<K extends JobKind>(kind: K, request: JobRequest<K>, options?: RunOptions): Promise<JobResult<K>>;
  status(): PoolStatus;
  /** Lets running jobs end until the deadline, then kills. */
  stop(deadlineMs: number): Promise<void>;
}

export interface RunOptions {
  /** Aborting cancels the job: dropped from the queue, or interrupted in its worker. */
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
}

export interface PoolStatus {
  readonly duckdbVersion: string | null;
  readonly lanes: Readonly<Record<'read' | 'job', LaneStatus>>;
}

export interface LaneStatus {
  readonly ready: number;
  readonly starting: number;
  readonly busy: number;
  readonly queued: number;
  /** Workers that ended unexpectedly or were killed since the start. */
  readonly replaced: number;
}

import type { ErrorCode } from '../errors/catalogue.js';
import type { Logger } from '../lib/logger.js';
import type { LaneName } from './job-kinds.js';
import type { JobKind, WorkerSettings } from './messages.js';

export interface WorkerPoolOptions {
  /** The transpiled file a worker runs. */
  readonly entry: URL;
  /** A directory of the pool's own: everything in it is removed at start, each worker gets a folder in it. */
  readonly tempBase: string;
  readonly lanes: Readonly<Record<LaneName, LaneOptions>>;
  readonly timing: PoolTiming;
  readonly logger: Logger;
  readonly observer: PoolObserver;
}

export interface LaneOptions {
  readonly maxWorkers: number;
  /** Workers kept running without work. */
  readonly warmWorkers: number;
  /** Jobs one worker runs at the same time. */
  readonly jobsPerWorker: number;
  /** Jobs that may wait; the next one is refused. */
  readonly maxQueued: number;
  /** From the call to the answer, waiting included, for callers that give no deadline of their own. */
  readonly defaultDeadlineMs: number;
  readonly settings: Omit<WorkerSettings, 'tempDirectory'>;
  readonly limits: WorkerLimits;
}

/** Limits the operating system or the pool enforces from outside; a worker cannot lift them. */
export interface WorkerLimits {
  /** Resident memory at which the worker is killed. */
  readonly residentBytes: number;
  /** Null: unlimited. */
  readonly addressSpaceBytes: number | null;
  /** 0 is the service's own priority, 19 the lowest. */
  readonly niceness: number;
}

export interface PoolTiming {
  /** How long a cancelled job may take to come back before its worker is killed. */
  readonly graceMs: number;
  readonly startTimeoutMs: number;
  /** Idle time after which a worker beyond the warm ones ends. */
  readonly idleMs: number;
  readonly memorySampleMs: number;
}

export const DEFAULT_TIMING: PoolTiming = {
  graceMs: 2_000,
  // A start takes 0.3 to 0.6 s; on a machine busy with imports it has been seen to take ten times as long.
  startTimeoutMs: 20_000,
  idleMs: 60_000,
  memorySampleMs: 500,
};

/** For metrics. `durationMs` counts from the (last) start in a worker, `waitMs` is the time before. */
export interface PoolObserver {
  onJob(kind: JobKind, outcome: 'done' | ErrorCode, durationMs: number, waitMs: number): void;
}

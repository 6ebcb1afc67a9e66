import { join } from 'node:path';
import type { EngineConfig } from '../config/config.js';
import { entryUrl } from '../lib/entry-url.js';
import type { Logger } from '../lib/logger.js';
import { DEFAULT_TIMING, type LaneOptions, type PoolObserver, type WorkerPoolOptions } from './pool-options.js';

/** Reads are short and mostly wait for the disk; four share the threads of one instance without slowing each other. */
const READS_PER_WORKER = 4;

/** The engine's own limit leaves out allocations of its decoders, result sets and of node: about 100 MB idle. */
const RESIDENT_HEADROOM_BYTES = 1_000_000_000;

/**
 * Address space is reserved long before it is used: an idle worker has 1.3 GB of it, and four sorts at once under a limit of 2 GB
 * peaked at 4.2 GB. So this stops only what runs away, within one statement instead of one sample of the watchdog.
 */
const ADDRESS_SPACE_HEADROOM_BYTES = 4 * 1024 ** 3;

/** Imports and exports give way to the service and to reads when cores are short. */
const JOB_NICENESS = 5;

/** Attached files cost 0.3 MB each at most. */
const READ_ATTACHED_VERSIONS = 256;
const JOB_ATTACHED_VERSIONS = 8;

type PooledEngineConfig = Pick<
  EngineConfig,
  | 'threads'
  | 'memoryLimit'
  | 'memoryLimitBytes'
  | 'operationTimeoutMs'
  | 'readTimeoutMs'
  | 'readWorkers'
  | 'jobWorkers'
  | 'queueLimit'
>;

/** The pool of engine workers as the configuration asks for it. */
export function enginePoolOptions(input: {
  readonly engine: PooledEngineConfig;
  /** On the disk of the tables: sorts larger than the memory limit are spilled there. */
  readonly tempBase: string;
  /** Bound for what one worker may spill; null leaves it to the engine. */
  readonly maxTempBytes: number | null;
  readonly logger: Logger;
  readonly observer: PoolObserver;
}): WorkerPoolOptions {
  const { engine } = input;
  const lane = (attachedVersions: number): Pick<LaneOptions, 'warmWorkers' | 'maxQueued' | 'settings'> => ({
    warmWorkers: 1,
    maxQueued: engine.queueLimit,
    settings: {
      memoryLimit: engine.memoryLimit,
      threads: engine.threads,
      maxTempBytes: input.maxTempBytes,
      attachedVersions,
    },
  });
  const limits = {
    residentBytes: engine.memoryLimitBytes + RESIDENT_HEADROOM_BYTES,
    addressSpaceBytes: engine.memoryLimitBytes + ADDRESS_SPACE_HEADROOM_BYTES,
  };
  return {
    entry: entryUrl(import.meta.url, './engine-worker.js'),
    tempBase: join(input.tempBase, 'workers'),
    timing: DEFAULT_TIMING,
    logger: input.logger,
    observer: input.observer,
    lanes: {
      read: {
        ...lane(READ_ATTACHED_VERSIONS),
        maxWorkers: engine.readWorkers,
        jobsPerWorker: READS_PER_WORKER,
        defaultDeadlineMs: engine.readTimeoutMs,
        limits: { ...limits, niceness: 0 },
      },
      job: {
        ...lane(JOB_ATTACHED_VERSIONS),
        maxWorkers: engine.jobWorkers,
        jobsPerWorker: 1,
        defaultDeadlineMs: engine.operationTimeoutMs,
        limits: { ...limits, niceness: JOB_NICENESS },
      },
    },
  };
}

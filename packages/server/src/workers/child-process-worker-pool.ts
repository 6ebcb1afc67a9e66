import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { JOB_TRAITS, type LaneName } from './job-kinds.js';
import { Lane } from './lane.js';
import { MemoryWatchdog } from './memory-watchdog.js';
import type { JobKind, JobRequest, JobResult } from './messages.js';
import type { WorkerPoolOptions } from './pool-options.js';
import type { PoolStatus, RunOptions, WorkerPool } from './worker-pool.js';
import { WorkerLauncher } from './worker-launcher.js';

/**
 * The worker pool on child processes: two lanes, one watchdog.
 *
 *   start ─► leftovers removed ─► one worker per lane ready ─► run … run ─► stop: waiting jobs refused, running ones finish
 *
 * The service stays usable whatever a worker does: a job ends by its result, its error, its deadline plus the grace, or with
 * its process. Only the composition root starts and stops the pool.
 */
export class ChildProcessWorkerPool implements WorkerPool {
  readonly #lanes: Readonly<Record<LaneName, Lane>>;
  readonly #watchdog: MemoryWatchdog;

  private constructor(options: WorkerPoolOptions, launcher: WorkerLauncher) {
    let lastJobId = 0;
    const lane = (name: LaneName): Lane =>
      new Lane({
        lane: name,
        options: options.lanes[name],
        timing: options.timing,
        launcher,
        tempBase: options.tempBase,
        logger: options.logger,
        observer: options.observer,
        nextJobId: () => ++lastJobId,
      });
    this.#lanes = { read: lane('read'), job: lane('job') };
    this.#watchdog = new MemoryWatchdog(
      () => [...this.#lanes.read.busyWorkers(), ...this.#lanes.job.busyWorkers()],
      options.timing.memorySampleMs,
      options.logger,
    );
  }

  /** Resolves when each lane has a ready worker; rejects, with nothing left running, when one cannot be started. */
  static async start(options: WorkerPoolOptions): Promise<ChildProcessWorkerPool> {
    await emptyDirectory(options.tempBase);
    const limits = Object.values(options.lanes).map((lane) => lane.limits);
    const launcher = await WorkerLauncher.prepare(options.entry, limits, options.logger);
    const pool = new ChildProcessWorkerPool(options, launcher);
    pool.#watchdog.start();
    const started = await Promise.allSettled([pool.#lanes.read.start(), pool.#lanes.job.start()]);
    for (const outcome of started) {
      if (outcome.status === 'fulfilled') continue;
      await pool.stop(0);
      throw outcome.reason;
    }
    return pool;
  }

  async run<K extends JobKind>(kind: K, request: JobRequest<K>, options: RunOptions = {}): Promise<JobResult<K>> {
    // The worker's table of handlers is typed by the same `WorkerJobs`, and both sides come from one build.
    return (await this.#lanes[JOB_TRAITS[kind].lane].run(kind, request, options)) as JobResult<K>;
  }

  status(): PoolStatus {
    return {
      duckdbVersion: this.#lanes.read.duckdbVersion ?? this.#lanes.job.duckdbVersion,
      lanes: { read: this.#lanes.read.status(), job: this.#lanes.job.status() },
    };
  }

  async stop(deadlineMs: number): Promise<void> {
    await Promise.all([this.#lanes.read.stop(deadlineMs), this.#lanes.job.stop(deadlineMs)]);
    this.#watchdog.stop();
  }
}

/** What workers of a killed service left behind goes with the rest. */
async function emptyDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  for (const name of await readdir(path)) await rm(join(path, name), { recursive: true, force: true });
}

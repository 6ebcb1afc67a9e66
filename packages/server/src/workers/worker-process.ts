import { mkdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../lib/logger.js';
import { ChildWorker } from './child-worker.js';
import type { EndReason } from './job-fate.js';
import { isPlannedEnd } from './job-fate.js';
import type { FromWorker, ToWorker } from './messages.js';
import type { PoolJob } from './pool-job.js';
import type { LaneOptions, PoolTiming } from './pool-options.js';
import type { WorkerLauncher } from './worker-launcher.js';

export type WorkerAnswer = Extract<FromWorker, { jobId: number }>;

export interface WorkerEvents {
  ready(worker: WorkerProcess, duckdbVersion: string): void;
  answered(worker: WorkerProcess, answer: WorkerAnswer): void;
  /** Last event; the process is gone and all its answers were delivered. */
  ended(worker: WorkerProcess, reason: EndReason, description: string): void;
}

/**
 * One child process as the service sees it.
 *
 *   starting ──'ready'──► ready ──leave()──► leaving ──exit──► ended
 *       └── no 'ready' in time: SIGKILL        └── not gone after the grace: SIGKILL
 *
 * It may die at any moment and in any state; `ended` then comes exactly once, after the exit and after the channel was read
 * to its end, so a result that was sent before a crash still counts. Who owns the process decides what happens to its jobs.
 */
export class WorkerProcess {
  /** Given and not answered yet, by job id. */
  readonly jobs = new Map<number, PoolJob>();
  readonly startedAtMs = performance.now();
  readonly residentLimitBytes: number;
  /** Resolves when the process is gone and its temporary directory removed. */
  readonly gone: Promise<void>;
  jobsGiven = 0;

  readonly #child: ChildWorker<ToWorker, FromWorker>;
  readonly #tempDirectory: string;
  readonly #timing: PoolTiming;
  readonly #logger: Logger;
  readonly #events: WorkerEvents;
  #state: 'starting' | 'ready' | 'leaving' | 'ended' = 'starting';
  #endReason: EndReason | undefined;
  #killed = false;
  #timer: NodeJS.Timeout | undefined;
  #resolveGone: () => void = () => undefined;

  /** Throws when the machine refuses a directory or a process. */
  constructor(
    readonly name: string,
    input: {
      readonly launcher: WorkerLauncher;
      readonly tempBase: string;
      readonly lane: LaneOptions;
      readonly timing: PoolTiming;
      readonly logger: Logger;
      readonly events: WorkerEvents;
    },
  ) {
    this.#timing = input.timing;
    this.#logger = input.logger;
    this.#events = input.events;
    this.residentLimitBytes = input.lane.limits.residentBytes;
    this.gone = new Promise((resolve) => (this.#resolveGone = resolve));

    this.#tempDirectory = join(input.tempBase, name);
    mkdirSync(this.#tempDirectory, { recursive: true, mode: 0o700 });
    const settings = { ...input.lane.settings, tempDirectory: this.#tempDirectory };
    try {
      this.#child = new ChildWorker(
        name,
        input.launcher.launch(settings, input.lane.limits, { serialization: 'advanced' }),
        input.logger,
        {
          message: (message) => this.#receive(message),
          ended: (clean, description) => this.#end(clean, description),
        },
      );
    } catch (error) {
      rmSync(this.#tempDirectory, { recursive: true, force: true });
      throw error;
    }
    this.#killAfter(input.timing.startTimeoutMs, 'start_timeout');
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get starting(): boolean {
    return this.#state === 'starting';
  }

  get ready(): boolean {
    return this.#state === 'ready';
  }

  get leaving(): boolean {
    return this.#state === 'leaving';
  }

  get busy(): boolean {
    return this.jobs.size > 0;
  }

  run(job: PoolJob): void {
    this.jobs.set(job.id, job);
    this.jobsGiven += 1;
    this.#child.send({ type: 'run', jobId: job.id, kind: job.kind, request: job.request });
  }

  /** Interrupts one job; a worker that does not let go of it within the grace is killed. */
  cancel(job: PoolJob): void {
    this.#child.send({ type: 'cancel', jobId: job.id });
    const timer = setTimeout(() => this.kill('unresponsive'), this.#timing.graceMs);
    job.onEnd(() => clearTimeout(timer));
  }

  /** Takes no new jobs, finishes the running ones and exits. A broken worker gets the grace for that, others all the time. */
  leave(reason: 'idle' | 'shutdown' | 'broken'): void {
    if (this.#state === 'starting') return this.kill(reason);
    if (this.#state !== 'ready') return;
    this.#state = 'leaving';
    this.#endReason = reason;
    this.#child.send({ type: 'stop' });
    if (reason === 'broken' || this.jobs.size === 0) this.#killAfter(this.#timing.graceMs, reason);
  }

  /** The first call says why. */
  kill(reason: EndReason): void {
    if (this.#state === 'ended' || this.#killed) return;
    this.#killed = true;
    this.#endReason = reason;
    this.#state = 'leaving';
    this.#child.kill();
  }

  #receive(message: FromWorker): void {
    if (message.type === 'ready') {
      if (this.#state !== 'starting') return;
      clearTimeout(this.#timer);
      this.#state = 'ready';
      this.#events.ready(this, message.duckdbVersion);
      return;
    }
    this.#events.answered(this, message);
    if (this.#state === 'leaving' && this.jobs.size === 0)
      this.#killAfter(this.#timing.graceMs, this.#endReason ?? 'idle');
  }

  #killAfter(delayMs: number, reason: EndReason): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.kill(reason), delayMs);
  }

  #end(clean: boolean, description: string): void {
    // Asked to leave, but gone in another way: that was not our doing.
    const asAsked = this.#killed || clean;
    const reason = (asAsked ? this.#endReason : undefined) ?? 'crashed';
    this.#state = 'ended';
    clearTimeout(this.#timer);
    if (!isPlannedEnd(reason)) {
      this.#logger.warn(
        { worker: this.name, reason, ending: description, jobs: this.jobs.size },
        'an engine worker ended',
      );
    }
    this.#events.ended(this, reason, description);
    void this.#removeTempDirectory();
  }

  async #removeTempDirectory(): Promise<void> {
    try {
      await rm(this.#tempDirectory, { recursive: true, force: true });
    } catch (error) {
      this.#logger.warn(
        { worker: this.name, err: error },
        'the temporary directory of an engine worker cannot be removed',
      );
    } finally {
      this.#resolveGone();
    }
  }
}

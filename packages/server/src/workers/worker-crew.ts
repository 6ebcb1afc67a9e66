import { DomainError } from '../errors/domain-error.js';
import type { Logger } from '../lib/logger.js';
import { isPlannedEnd, type EndReason } from './job-fate.js';
import type { LaneName } from './job-kinds.js';
import type { LaneOptions, PoolTiming } from './pool-options.js';
import { StartBackoff } from './start-backoff.js';
import type { WorkerLauncher } from './worker-launcher.js';
import { WorkerProcess, type WorkerAnswer } from './worker-process.js';

/** A worker that ends within this time without having had a job failed at starting, whatever it said. */
const STILL_STARTING_MS = 10_000;

export interface CrewEvents {
  /** A worker has become ready, or may be started now. */
  changed(): void;
  answered(worker: WorkerProcess, answer: WorkerAnswer): void;
  ended(worker: WorkerProcess, reason: EndReason, description: string): void;
  /** Workers keep dying at start: nobody should wait for one. */
  hopeless(error: DomainError): void;
}

export interface CrewInput {
  readonly lane: LaneName;
  readonly options: LaneOptions;
  readonly timing: PoolTiming;
  readonly launcher: WorkerLauncher;
  readonly tempBase: string;
  readonly logger: Logger;
}

/**
 * The workers of one lane: how many there are, and which takes the next job.
 *
 *   staff(waiting)  warm ones always; more while jobs wait, up to the maximum; pauses between starts that fail
 *   pick            the ready worker with the fewest jobs, of equals the oldest: light traffic stays where files are attached
 *   idle            beyond the warm ones, a worker ends after a while without work
 */
export class WorkerCrew {
  /** In order of their start. */
  readonly #workers = new Set<WorkerProcess>();
  readonly #idleTimers = new Map<WorkerProcess, NodeJS.Timeout>();
  readonly #backoff = new StartBackoff();
  #pauseTimer: NodeJS.Timeout | undefined;
  #nextNumber = 1;
  #replaced = 0;
  #stopping = false;
  #duckdbVersion: string | null = null;

  constructor(
    private readonly input: CrewInput,
    private readonly events: CrewEvents,
  ) {}

  get duckdbVersion(): string | null {
    return this.#duckdbVersion;
  }

  /** Why no job can be taken now, if so. */
  get hopelessness(): DomainError | undefined {
    if (!this.#backoff.hopeless || this.#count((worker) => worker.ready) > 0) return undefined;
    return new DomainError(
      'worker_crashed',
      `The engine cannot be started: its process ended ${this.#backoff.failures} times in a row while starting. ` +
        'The server log has the reason; further attempts follow by themselves.',
      {},
      { retryAfterSeconds: Math.max(1, Math.ceil(this.#backoff.pauseMs / 1000)) },
    );
  }

  counts(): { ready: number; starting: number; busy: number; replaced: number } {
    return {
      ready: this.#count((worker) => worker.ready),
      starting: this.#count((worker) => worker.starting),
      busy: this.#count((worker) => worker.jobs.size > 0),
      replaced: this.#replaced,
    };
  }

  busyWorkers(): WorkerProcess[] {
    return [...this.#workers].filter((worker) => worker.jobs.size > 0);
  }

  /** A worker for one more job; with `alone`, one that has and gets no other. */
  pick(alone: boolean): WorkerProcess | undefined {
    const capacity = alone ? 1 : this.input.options.jobsPerWorker;
    let best: WorkerProcess | undefined;
    for (const worker of this.#workers) {
      if (!worker.ready || worker.jobs.size >= capacity || runsSecondAttempt(worker)) continue;
      if (best === undefined || worker.jobs.size < best.jobs.size) best = worker;
    }
    return best;
  }

  /** Starts what is missing for the warm minimum and for `waiting` jobs. */
  staff(waiting: number): void {
    const { warmWorkers, maxWorkers, jobsPerWorker } = this.input.options;
    while (!this.#stopping) {
      const present = this.#count((worker) => !worker.leaving);
      const starting = this.#count((worker) => worker.starting);
      const wanted = present < warmWorkers || (present < maxWorkers && waiting > starting * jobsPerWorker);
      // After a failure one at a time: five at once that fail alike are one reason, not five.
      if (!wanted || (this.#backoff.failures > 0 && starting > 0)) return;
      if (this.#backoff.pauseMs > 0) {
        this.#resumeLater();
        return;
      }
      this.#startWorker();
    }
  }

  /** To be called after each answer: proof that workers start, and perhaps the beginning of an idle time. */
  answered(worker: WorkerProcess): void {
    this.#backoff.recordSuccess();
    this.#watchIdleTime(worker);
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#pauseTimer);
    const leaving = [...this.#workers];
    for (const worker of leaving) worker.leave('shutdown');
    const timer = setTimeout(() => leaving.forEach((worker) => worker.kill('shutdown')), deadlineMs);
    await Promise.all(leaving.map((worker) => worker.gone));
    clearTimeout(timer);
  }

  #watchIdleTime(worker: WorkerProcess): void {
    if (worker.jobs.size > 0 || !worker.ready) return;
    if (this.#count((other) => other.ready) <= this.input.options.warmWorkers) return;
    const timer = setTimeout(() => {
      this.#idleTimers.delete(worker);
      if (worker.jobs.size === 0 && this.#count((other) => other.ready) > this.input.options.warmWorkers)
        worker.leave('idle');
    }, this.input.timing.idleMs);
    timer.unref();
    this.#stopIdleTimer(worker);
    this.#idleTimers.set(worker, timer);
  }

  #startWorker(): void {
    const { lane, options, timing, launcher, tempBase, logger } = this.input;
    try {
      const worker = new WorkerProcess(`${lane}-${this.#nextNumber++}`, {
        launcher,
        tempBase,
        lane: options,
        timing,
        logger,
        events: {
          ready: (readyWorker, duckdbVersion) => {
            this.#duckdbVersion = duckdbVersion;
            this.events.changed();
            this.#watchIdleTime(readyWorker);
          },
          answered: (answering, answer) => this.events.answered(answering, answer),
          ended: (ended, reason, description) => this.#ended(ended, reason, description),
        },
      });
      this.#workers.add(worker);
    } catch (error) {
      logger.warn({ lane, err: error }, 'an engine worker cannot be started');
      this.#startFailed();
    }
  }

  #ended(worker: WorkerProcess, reason: EndReason, description: string): void {
    this.#workers.delete(worker);
    this.#stopIdleTimer(worker);
    if (!isPlannedEnd(reason)) {
      this.#replaced += 1;
      const young = performance.now() - worker.startedAtMs < STILL_STARTING_MS || reason === 'start_timeout';
      if (young && worker.jobsGiven === 0) this.#startFailed();
    }
    this.events.ended(worker, reason, description);
    this.events.changed();
  }

  #startFailed(): void {
    this.#backoff.recordFailure();
    const error = this.hopelessness;
    if (error === undefined) return;
    this.input.logger.error({ lane: this.input.lane, attempts: this.#backoff.failures }, error.message);
    this.events.hopeless(error);
  }

  #resumeLater(): void {
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = setTimeout(() => this.events.changed(), this.#backoff.pauseMs + 1);
    this.#pauseTimer.unref();
  }

  #stopIdleTimer(worker: WorkerProcess): void {
    clearTimeout(this.#idleTimers.get(worker));
    this.#idleTimers.delete(worker);
  }

  #count(matches: (worker: WorkerProcess) => boolean): number {
    let count = 0;
    for (const worker of this.#workers) if (matches(worker)) count += 1;
    return count;
  }
}

function runsSecondAttempt(worker: WorkerProcess): boolean {
  for (const job of worker.jobs.values()) if (job.attempt > 1) return true;
  return false;
}

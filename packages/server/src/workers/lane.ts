import { DomainError } from '../errors/domain-error.js';
import { errorOfEnding, mayTryAgain, shuttingDown, type EndReason } from './job-fate.js';
import type { JobKind } from './messages.js';
import { PoolJob, requestCancelled } from './pool-job.js';
import type { PoolObserver } from './pool-options.js';
import { fromWireError } from './wire-error.js';
import { WorkerCrew, type CrewInput } from './worker-crew.js';
import type { LaneStatus, RunOptions } from './worker-pool.js';
import type { WorkerAnswer, WorkerProcess } from './worker-process.js';

const MAX_RETRY_AFTER_SECONDS = 60;

/** Assumed until jobs were measured. */
const FIRST_GUESS_MS = 200;

/** Weight of the newest job in the running average of durations. */
const NEWEST_WEIGHT = 0.2;

/**
 * A queue of jobs and the workers that take them, first come, first served.
 *
 *   run ─► queue ─► worker ─► answer ─────────────────────────► done | failed
 *            ▲         └─ worker ends, or says it is broken ─► failed, or once more for repeatable jobs
 *            └──────────── at the front, and alone in its worker: if the job is what kills workers, it takes no neighbour along
 *
 * Every job is in exactly one place, the queue or one worker's `jobs`, until it has settled.
 */
export class Lane {
  readonly #queue: PoolJob[] = [];
  readonly #crew: WorkerCrew;
  #averageMs = FIRST_GUESS_MS;
  #stopping: Promise<void> | undefined;
  #warm: { resolve: () => void; reject: (error: DomainError) => void } | undefined;

  constructor(
    private readonly input: CrewInput & { readonly observer: PoolObserver; readonly nextJobId: () => number },
  ) {
    this.#crew = new WorkerCrew(input, {
      changed: () => this.#dispatch(),
      answered: (worker, answer) => this.#answered(worker, answer),
      ended: (worker, reason, description) => this.#workerEnded(worker, reason, description),
      hopeless: (error) => this.#giveUp(error),
    });
  }

  get duckdbVersion(): string | null {
    return this.#crew.duckdbVersion;
  }

  /** Starts the warm workers; resolves when one is ready, rejects when none can be started. */
  start(): Promise<void> {
    const warm = new Promise<void>((resolve, reject) => (this.#warm = { resolve, reject }));
    this.#dispatch();
    return warm;
  }

  async run(kind: JobKind, request: unknown, options: RunOptions): Promise<unknown> {
    if (this.#stopping !== undefined) throw shuttingDown();
    if (options.signal?.aborted === true) throw requestCancelled();
    const hopeless = this.#crew.hopelessness;
    if (hopeless !== undefined) throw hopeless;
    this.#mustHaveRoom();
    const job = new PoolJob(
      {
        id: this.input.nextJobId(),
        kind,
        request,
        deadlineMs: options.deadlineMs ?? this.input.options.defaultDeadlineMs,
        signal: options.signal,
      },
      this.input.observer,
      (cancelled) => this.#cancel(cancelled),
    );
    this.#queue.push(job);
    this.#dispatch();
    return job.promise;
  }

  busyWorkers(): WorkerProcess[] {
    return this.#crew.busyWorkers();
  }

  status(): LaneStatus {
    return { ...this.#crew.counts(), queued: this.#queue.length };
  }

  stop(deadlineMs: number): Promise<void> {
    if (this.#stopping === undefined) {
      this.#stopping = this.#crew.stop(deadlineMs);
      this.#failWaiting(shuttingDown());
      this.#warm?.reject(shuttingDown());
    }
    return this.#stopping;
  }

  #dispatch(): void {
    if (this.#crew.counts().ready > 0 || this.input.options.warmWorkers === 0) this.#warm?.resolve();
    for (let job = this.#queue[0]; job !== undefined; job = this.#queue[0]) {
      const worker = this.#crew.pick(job.attempt > 0);
      if (worker === undefined) break;
      this.#queue.shift();
      this.#give(job, worker);
    }
    this.#crew.staff(this.#queue.length);
  }

  #give(job: PoolJob, worker: WorkerProcess): void {
    job.begin();
    try {
      worker.run(job);
    } catch (error) {
      // A request that cannot be serialised is a defect of the caller's code, not of the worker.
      worker.jobs.delete(job.id);
      job.fail(
        new DomainError('internal_server_error', 'The request cannot be handed to the engine.', {}, { cause: error }),
      );
    }
  }

  #answered(worker: WorkerProcess, answer: WorkerAnswer): void {
    const job = worker.jobs.get(answer.jobId);
    if (job === undefined) return;
    const jobsInWorker = worker.jobs.size;
    worker.jobs.delete(answer.jobId);
    this.#averageMs += NEWEST_WEIGHT * (job.runMs - this.#averageMs);
    if (answer.type === 'done') {
      job.succeed(answer.result);
    } else if (answer.instanceBroken) {
      worker.leave('broken');
      this.#retryOrFail(job, 'broken', jobsInWorker, fromWireError(answer.error));
    } else {
      job.fail(job.cancelled ?? fromWireError(answer.error));
    }
    this.#crew.answered(worker);
    this.#dispatch();
  }

  #workerEnded(worker: WorkerProcess, reason: EndReason, description: string): void {
    const jobs = [...worker.jobs.values()];
    worker.jobs.clear();
    // Backwards, because each goes to the front of the queue.
    for (const job of jobs.reverse()) {
      this.#retryOrFail(job, reason, jobs.length, errorOfEnding(reason, description));
    }
  }

  #retryOrFail(job: PoolJob, reason: EndReason, jobsInWorker: number, error: DomainError): void {
    if (this.#stopping === undefined && mayTryAgain(job, reason, jobsInWorker)) this.#queue.unshift(job);
    else job.fail(job.cancelled ?? error);
  }

  #cancel(job: PoolJob): void {
    const place = this.#queue.indexOf(job);
    if (place !== -1) {
      this.#queue.splice(place, 1);
      job.fail(job.cancelled ?? requestCancelled());
      this.#dispatch();
      return;
    }
    this.#crew
      .busyWorkers()
      .find((worker) => worker.jobs.has(job.id))
      ?.cancel(job);
  }

  #giveUp(error: DomainError): void {
    this.#failWaiting(error);
    this.#warm?.reject(error);
  }

  #failWaiting(error: DomainError): void {
    for (const job of this.#queue.splice(0)) job.fail(job.cancelled ?? error);
  }

  #mustHaveRoom(): void {
    const { maxQueued, maxWorkers, jobsPerWorker } = this.input.options;
    const waiting = this.#queue.length;
    if (waiting < maxQueued || (waiting === 0 && this.#crew.pick(false) !== undefined)) return;
    const roundsMs = (this.#averageMs * (waiting + 1)) / (maxWorkers * jobsPerWorker);
    throw new DomainError(
      'server_busy',
      `${waiting} requests already wait for the engine. Wait as long as Retry-After says, or raise ENGINE_QUEUE_LIMIT.`,
      { queued: waiting },
      { retryAfterSeconds: Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, Math.ceil(roundsMs / 1000))) },
    );
  }
}

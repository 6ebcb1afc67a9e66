import type { ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../lib/logger.js';
import type { EndReason } from './job-fate.js';
import { isPlannedEnd } from './job-fate.js';
import type { FromWorker, ToWorker } from './messages.js';
import type { PoolJob } from './pool-job.js';
import type { LaneOptions, PoolTiming } from './pool-options.js';
import type { WorkerLauncher } from './worker-launcher.js';
import { logStandardError } from './worker-stderr.js';

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

  readonly #child: ChildProcess;
  readonly #tempDirectory: string;
  readonly #timing: PoolTiming;
  readonly #logger: Logger;
  readonly #events: WorkerEvents;
  #state: 'starting' | 'ready' | 'leaving' | 'ended' = 'starting';
  #endReason: EndReason | undefined;
  #killed = false;
  #exit: { readonly clean: boolean; readonly description: string } | undefined;
  #channelClosed = false;
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
      this.#child = input.launcher.launch(settings, input.lane.limits);
    } catch (error) {
      rmSync(this.#tempDirectory, { recursive: true, force: true });
      throw error;
    }
    this.#listen();
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

  run(job: PoolJob): void {
    this.jobs.set(job.id, job);
    this.jobsGiven += 1;
    this.#send({ type: 'run', jobId: job.id, kind: job.kind, request: job.request });
  }

  /** Interrupts one job; a worker that does not let go of it within the grace is killed. */
  cancel(job: PoolJob): void {
    this.#send({ type: 'cancel', jobId: job.id });
    const timer = setTimeout(() => this.kill('unresponsive'), this.#timing.graceMs);
    job.onEnd(() => clearTimeout(timer));
  }

  /** Takes no new jobs, finishes the running ones and exits. A broken worker gets the grace for that, others all the time. */
  leave(reason: 'idle' | 'shutdown' | 'broken'): void {
    if (this.#state === 'starting') return this.kill(reason);
    if (this.#state !== 'ready') return;
    this.#state = 'leaving';
    this.#endReason = reason;
    this.#send({ type: 'stop' });
    if (reason === 'broken' || this.jobs.size === 0) this.#killAfter(this.#timing.graceMs, reason);
  }

  /** The first call says why. */
  kill(reason: EndReason): void {
    if (this.#state === 'ended' || this.#killed) return;
    this.#killed = true;
    this.#endReason = reason;
    this.#state = 'leaving';
    this.#child.kill('SIGKILL');
  }

  #listen(): void {
    const child = this.#child;
    // Absent, whatever its type says, when the process could not be made.
    if (child.stderr) logStandardError(child.stderr, this.#logger, { worker: this.name });
    child.on('message', (message) => this.#receive(message as FromWorker));
    child.once('exit', (code, signal) => {
      this.#exit = {
        clean: code === 0,
        description: signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`,
      };
      this.#endWhenComplete();
    });
    child.once('disconnect', () => {
      this.#channelClosed = true;
      // Without its channel a worker is of no use; ours ends itself, a hijacked one might not.
      if (this.#exit === undefined) child.kill('SIGKILL');
      this.#endWhenComplete();
    });
    child.on('error', (error) => {
      if (child.pid === undefined) this.#end(`it could not be started: ${error.message}`);
      else this.#logger.warn({ worker: this.name, err: error }, 'an engine worker cannot be reached');
    });
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

  #send(message: ToWorker): void {
    // A message that cannot be delivered means that the process is going; its exit tells the rest.
    this.#child.send(message, (error) => {
      if (error !== null)
        this.#logger.debug({ worker: this.name, err: error }, 'an engine worker left before a message');
    });
  }

  #killAfter(delayMs: number, reason: EndReason): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.kill(reason), delayMs);
  }

  #endWhenComplete(): void {
    if (this.#exit !== undefined && this.#channelClosed) this.#end(this.#exit.description);
  }

  #end(description: string): void {
    if (this.#state === 'ended') return;
    // Asked to leave, but gone in another way: that was not our doing.
    const asAsked = this.#killed || this.#exit?.clean === true;
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

import type { Clock } from '../lib/clock.js';
import type { Logger } from '../lib/logger.js';

export interface MaintenanceJob {
  /** Of a short, fixed list: it is a label of the metrics. */
  readonly name: string;
  /** Safe to run twice, and beside the service. Resolves to how many things it removed. */
  run(): Promise<number>;
}

export interface MaintenanceObserver {
  finished(run: {
    readonly job: string;
    readonly outcome: 'success' | 'failed';
    readonly durationMs: number;
    readonly removed: number;
    readonly at: Date;
  }): void;
}

/**
 * Background work at a fixed distance: each job runs, one after the other, then the timer starts again, so that a slow
 * round never overlaps itself. A failing job is logged and counted, and the others go on.
 */
export class Maintenance {
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly jobs: readonly MaintenanceJob[],
    private readonly intervalMs: number,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly observer?: MaintenanceObserver,
  ) {}

  start(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      void this.runOnce().then(() => this.start());
    }, this.intervalMs).unref();
  }

  /** One round; one that is asked for during another comes after it. */
  runOnce(): Promise<void> {
    this.#round = this.#round.then(() => this.#runAll());
    return this.#round;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  async #runAll(): Promise<void> {
    for (const job of this.jobs) {
      if (this.#stopped) return;
      await this.#run(job);
    }
  }

  async #run(job: MaintenanceJob): Promise<void> {
    const startedAt = performance.now();
    const finish = (outcome: 'success' | 'failed', removed: number): void => {
      const durationMs = performance.now() - startedAt;
      this.observer?.finished({ job: job.name, outcome, durationMs, removed, at: this.clock.now() });
    };
    try {
      finish('success', await job.run());
    } catch (error) {
      finish('failed', 0);
      this.logger.error({ err: error, job: job.name }, 'a maintenance job failed; it runs again next time');
    }
  }
}

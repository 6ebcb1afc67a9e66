import type { Logger } from '../lib/logger.js';

export interface MaintenanceJob {
  readonly name: string;
  /** Safe to run twice, and beside the service. */
  run(): Promise<void>;
}

/**
 * Background work at a fixed distance: each job runs, one after the other, then the timer starts again, so that a slow
 * round never overlaps itself. A failing job is logged and the others go on.
 */
export class Maintenance {
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly jobs: readonly MaintenanceJob[],
    private readonly intervalMs: number,
    private readonly logger: Logger,
  ) {}

  start(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#round = this.runOnce().then(() => this.start());
    }, this.intervalMs).unref();
  }

  async runOnce(): Promise<void> {
    for (const job of this.jobs) {
      if (this.#stopped) return;
      try {
        await job.run();
      } catch (error) {
        this.logger.error({ err: error, job: job.name }, 'a maintenance job failed; it runs again next time');
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }
}

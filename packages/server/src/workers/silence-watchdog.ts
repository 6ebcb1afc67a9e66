import type { Logger } from '../lib/logger.js';

export interface HeardWorker {
  readonly name: string;
  /** When its last message came; undefined while nothing need come from it. */
  readonly heardAtMs: number | undefined;
  kill(reason: 'unresponsive'): void;
}

/** How often a worker says that it is there. */
export const ALIVE_INTERVAL_MS = 1_000;

/**
 * Kills a worker whose event loop stands still. The deadline of a statement begins when its text was read; whoever finds a text on which reading
 * itself does not end would otherwise have the workspace, and a processor, for good.
 *
 * A worker that was silent for too long gets one more look, in case it was this process that did not get to read.
 */
export class SilenceWatchdog {
  readonly #suspects = new Set<HeardWorker>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly workers: () => readonly HeardWorker[],
    private readonly silenceMs: number,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.#timer = setInterval(() => this.#look(), this.silenceMs / 4);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    const silent = this.workers().filter(
      ({ heardAtMs }) => heardAtMs !== undefined && now - heardAtMs > this.silenceMs,
    );
    for (const worker of silent) {
      if (!this.#suspects.has(worker)) continue;
      this.logger.warn({ worker: worker.name, silenceMs: this.silenceMs }, 'a worker does not answer and is killed');
      worker.kill('unresponsive');
    }
    this.#suspects.clear();
    for (const worker of silent) this.#suspects.add(worker);
  }
}

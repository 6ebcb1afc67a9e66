import type { Logger } from './lib/logger.js';

/**
 * Starts the parts of the application in order and stops them in reverse.
 *
 *     start  metadata ─▶ workers ─▶ recovery ─▶ listen
 *     stop   metadata ◀─ workers ◀─ (nothing) ◀─ drain
 *
 * When a start fails, what had started is stopped before the error goes on, so that a failed start leaves no process, port
 * or lock behind. A stop that fails is logged and the others still run. Only `app.ts` and tests use it.
 */
export class Lifecycle {
  readonly #logger: Logger;
  readonly #started: { readonly name: string; readonly stop: () => Promise<void> }[] = [];
  #stopping: Promise<boolean> | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Runs one step; `stop` receives what it returned. */
  async start<T>(name: string, start: () => T | Promise<T>, stop?: (started: T) => void | Promise<void>): Promise<T> {
    const startedAt = performance.now();
    let value: T;
    try {
      if (this.#stopping !== undefined) throw new Error(`${name} cannot start: the application is stopping`);
      value = await start();
    } catch (error) {
      await this.stop();
      throw error;
    }
    if (stop !== undefined) this.#started.push({ name, stop: async () => stop(value) });
    this.#logger.debug({ step: name, durationMs: Math.round(performance.now() - startedAt) }, 'started');
    return value;
  }

  /** Resolves when everything has stopped: true when all of it did so without an error. Further calls wait for the first. */
  stop(): Promise<boolean> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<boolean> {
    let clean = true;
    for (let step = this.#started.pop(); step !== undefined; step = this.#started.pop()) {
      const startedAt = performance.now();
      try {
        await step.stop();
        this.#logger.debug({ step: step.name, durationMs: Math.round(performance.now() - startedAt) }, 'stopped');
      } catch (error) {
        clean = false;
        this.#logger.error({ step: step.name, err: error }, 'a part of the server did not stop cleanly');
      }
    }
    return clean;
  }
}

/** 128 + signal number, as shells report it. */
const SIGNAL_EXIT_CODES = { SIGTERM: 143, SIGINT: 130 } as const;
type StopSignal = keyof typeof SIGNAL_EXIT_CODES;

/** What the application has beyond its own deadline for answering clients, to close databases and workers. */
const STOP_GRACE_MS = 5_000;

/** The part of `process` that stopping needs; tests pass their own. */
export interface SignalSource {
  on(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
  off(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
}

/**
 * Waits for SIGTERM or SIGINT, stops the application and resolves with the exit code: 0 after a clean stop, 1 when the stop
 * failed or passed its deadline, 128 + signal when a second signal asked to leave at once. Leaving without a clean stop is
 * safe: the next start recovers as after a crash.
 */
export function stopOnSignal(input: {
  readonly stop: () => Promise<void>;
  readonly shutdownTimeoutMs: number;
  readonly logger: Logger;
  readonly signals: SignalSource;
}): Promise<number> {
  const { logger, signals } = input;
  return new Promise((resolve) => {
    let deadline: NodeJS.Timeout | undefined;
    const finish = (exitCode: number): void => {
      clearTimeout(deadline);
      for (const signal of ['SIGTERM', 'SIGINT'] as const) signals.off(signal, onSignal);
      resolve(exitCode);
    };
    const onSignal = (signal: StopSignal): void => {
      if (deadline !== undefined) {
        logger.warn({ signal }, 'second signal: leaving at once');
        finish(SIGNAL_EXIT_CODES[signal]);
        return;
      }
      logger.info({ signal, shutdownTimeoutMs: input.shutdownTimeoutMs }, 'stopping');
      deadline = setTimeout(() => {
        logger.error(
          { shutdownTimeoutMs: input.shutdownTimeoutMs },
          'the stop passed its deadline: leaving without it',
        );
        finish(1);
      }, input.shutdownTimeoutMs + STOP_GRACE_MS);
      input.stop().then(
        () => {
          logger.info({}, 'stopped');
          finish(0);
        },
        (error: unknown) => {
          logger.error({ err: error }, 'the stop failed');
          finish(1);
        },
      );
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) signals.on(signal, onSignal);
  });
}

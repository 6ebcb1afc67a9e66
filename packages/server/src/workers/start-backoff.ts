const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 30_000;

/** With the pauses between them, five attempts take at least 1.5 s: longer than a hiccup, shorter than a caller's patience. */
const ATTEMPTS_BEFORE_HOPELESS = 5;

/**
 * Keeps a lane whose workers die at start from burning the machine: each further failure in a row doubles the pause before
 * the next attempt. Attempts never end, so the lane recovers by itself once the cause is gone.
 */
export class StartBackoff {
  #failures = 0;
  #nextAttemptAt = 0;

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  get failures(): number {
    return this.#failures;
  }

  /** So many failures that waiting callers are better told. */
  get hopeless(): boolean {
    return this.#failures >= ATTEMPTS_BEFORE_HOPELESS;
  }

  get pauseMs(): number {
    return Math.max(0, this.#nextAttemptAt - this.nowMs());
  }

  recordFailure(): void {
    this.#failures += 1;
    this.#nextAttemptAt = this.nowMs() + Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1));
  }

  recordSuccess(): void {
    this.#failures = 0;
    this.#nextAttemptAt = 0;
  }
}

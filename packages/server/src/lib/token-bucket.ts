/**
 * So many at once, then so many per second: tokens come back with time, up to the capacity. Time is that of a clock that
 * never goes back, in milliseconds, and is given by the caller.
 */
export class TokenBucket {
  #tokens: number;
  #countedAtMs: number;

  constructor(
    private readonly capacity: number,
    private readonly perSecond: number,
    nowMs: number,
  ) {
    this.#tokens = capacity;
    this.#countedAtMs = nowMs;
  }

  /** Takes a token and returns 0, or returns the milliseconds until there will be one. */
  take(nowMs: number): number {
    this.#refill(nowMs);
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return 0;
    }
    return ((1 - this.#tokens) / this.perSecond) * 1000;
  }

  isFull(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#tokens === this.capacity;
  }

  #refill(nowMs: number): void {
    const gained = (Math.max(0, nowMs - this.#countedAtMs) / 1000) * this.perSecond;
    this.#tokens = Math.min(this.capacity, this.#tokens + gained);
    this.#countedAtMs = Math.max(this.#countedAtMs, nowMs);
  }
}

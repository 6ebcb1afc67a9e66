import type { Principal } from '../auth/principal.js';
import { DomainError } from '../errors/domain-error.js';
import { TokenBucket } from '../lib/token-bucket.js';

/** Beyond this number of callers, those who have been quiet are forgotten; they would start afresh anyway. */
const REMEMBERED_CALLERS = 10_000;

/**
 * So many requests per minute and key, the admin key being one of them: a minute's worth at once, then as many as come
 * back with time. Every door asks before it does anything else for a caller. Requests of nobody are not counted here; they
 * are refused anyway, and refusing costs less than counting.
 */
export class RateLimiter {
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(
    /** 0: no limit. */
    private readonly perMinute: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  mustBeWithinRate(principal: Principal): void {
    if (this.perMinute === 0) return;
    const waitMs = this.#bucketOf(principal.actor).take(this.nowMs());
    if (waitMs === 0) return;
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
    throw new DomainError(
      'rate_limited',
      `This key may send ${this.perMinute} requests per minute; repeat the request in ${retryAfterSeconds} s`,
      { limit_per_minute: this.perMinute },
      { retryAfterSeconds },
    );
  }

  #bucketOf(actor: string): TokenBucket {
    let bucket = this.#buckets.get(actor);
    if (bucket === undefined) {
      if (this.#buckets.size >= REMEMBERED_CALLERS) this.#forgetQuietCallers();
      bucket = new TokenBucket(this.perMinute, this.perMinute / 60, this.nowMs());
      this.#buckets.set(actor, bucket);
    }
    return bucket;
  }

  #forgetQuietCallers(): void {
    const nowMs = this.nowMs();
    for (const [actor, bucket] of this.#buckets) if (bucket.isFull(nowMs)) this.#buckets.delete(actor);
  }
}

import { DomainError } from '../errors/domain-error.js';
import type { Clock } from '../lib/clock.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { IdempotencyRecord } from '../metadata/records.js';

/** An answer as a door sends it: `body` is final text, empty for 204. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface IdempotentRequest {
  /** The caller; two callers may use the same key for different things. */
  readonly scope: string;
  readonly key: string;
  readonly method: string;
  /** Without query string. */
  readonly path: string;
  /** SHA-256 of the body; null when there is none, or when it streams. */
  readonly bodyHash: string | null;
  /** Whether what the first request did is still there; what was undone since is done again. Absent: an answer stands until it expires. */
  readonly stands?: ((answer: Answer) => Promise<boolean>) | undefined;
  /** An error that would be the same at once may be gone later: it is not kept, because nothing was done. */
  readonly forgetsErrors?: boolean;
}

export type Reservation =
  { readonly kind: 'run'; readonly settle: () => void } | { readonly kind: 'replay'; readonly answer: Answer };

export interface IdempotencyObserver {
  hit(): void;
  miss(): void;
  conflict(): void;
}

/**
 * A request that is sent twice runs once. The key is reserved before the first execution; a retry that comes while it
 * runs waits for its answer; the answer becomes durable in the same transaction as the change.
 *
 *     first:   reserve ---- runs ---- [change + answer commit] -- answers
 *     retry:        waits ........................................ replays
 *
 * A request that ends without an answer worth keeping (overload, a crash) releases the key and the retry runs.
 */
export class IdempotencyKeys {
  readonly #running = new Map<string, Promise<void>>();

  constructor(
    private readonly metadata: MetadataStore,
    private readonly clock: Clock,
    private readonly lifetimeMs: number,
    private readonly observer?: IdempotencyObserver,
  ) {}

  async reserve(request: IdempotentRequest): Promise<Reservation> {
    const id = JSON.stringify([request.scope, request.key]);
    for (;;) {
      const now = this.clock.now();
      const record = await this.metadata.getIdempotencyRecord(request.scope, request.key, now);
      if (record !== undefined) {
        this.#mustBeSameRequest(request, record);
        if (record.answer !== null) {
          if ((await request.stands?.(record.answer)) === false) {
            await this.metadata.transaction((tx) => tx.forgetIdempotencyAnswer(record));
            continue;
          }
          this.observer?.hit();
          return { kind: 'replay', answer: record.answer };
        }
        const running = this.#running.get(id);
        if (running === undefined) throw runsElsewhere();
        await running;
        continue;
      }
      const settle = this.#announce(id);
      if (settle === undefined) {
        await this.#running.get(id);
        continue;
      }
      const reserved = await this.metadata
        .transaction((tx) =>
          tx.reserveIdempotencyKey({
            scope: request.scope,
            key: request.key,
            method: request.method,
            path: request.path,
            bodyHash: request.bodyHash,
            createdAt: now,
            expiresAt: new Date(now.getTime() + this.lifetimeMs),
          }),
        )
        .catch((error: unknown) => {
          settle();
          throw error;
        });
      if (reserved) {
        this.observer?.miss();
        return { kind: 'run', settle };
      }
      settle();
    }
  }

  #announce(id: string): (() => void) | undefined {
    if (this.#running.has(id)) return undefined;
    let settled = (): void => undefined;
    this.#running.set(
      id,
      new Promise((resolve) => {
        settled = resolve;
      }),
    );
    return () => {
      this.#running.delete(id);
      settled();
    };
  }

  #mustBeSameRequest(request: IdempotentRequest, record: IdempotencyRecord): void {
    const otherBody = request.bodyHash !== null && record.bodyHash !== null && request.bodyHash !== record.bodyHash;
    const difference =
      request.method !== record.method
        ? `Idempotency key was used with ${record.method}, not ${request.method}`
        : request.path !== record.path
          ? 'Idempotency key was used with different endpoint'
          : otherBody
            ? 'Idempotency key was used with different request body'
            : undefined;
    if (difference === undefined) return;
    this.observer?.conflict();
    throw new DomainError('idempotency_conflict', difference);
  }
}

function runsElsewhere(): DomainError {
  return new DomainError(
    'server_busy',
    'The first request with this idempotency key is still running; repeat this one in a second',
    {},
    { retryAfterSeconds: 1 },
  );
}

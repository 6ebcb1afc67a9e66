import type { ErrorCode } from '../errors/catalogue.js';
import { DomainError } from '../errors/domain-error.js';
import type { JobKind } from './messages.js';
import type { PoolObserver } from './pool-options.js';

/** Node's timers take no longer one; 24 days are as good as no deadline. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface PoolJobInput {
  readonly id: number;
  readonly kind: JobKind;
  readonly request: unknown;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * One call of `run`, from the queue to its answer.
 *
 *   waiting ──begin──► running ──────────────────────────► succeed | fail
 *      │                  │  └─worker broke─► waiting again (repeatable kinds, once)
 *      └───── cancel ─────┴─► `cancelled` is set; whoever holds the job ends it
 *
 * The promise settles only when no worker touches the job's files any more: after a cancel that is when the worker has
 * answered or is dead, so that the caller may remove what was staged. A result that arrives in spite of a cancel counts.
 */
export class PoolJob {
  readonly id: number;
  readonly kind: JobKind;
  readonly request: unknown;
  readonly promise: Promise<unknown>;
  /** Why the job is to end without a result. */
  cancelled: DomainError | undefined;
  /** 2 after its first worker broke. */
  attempt = 0;

  readonly #resolve: (result: unknown) => void;
  readonly #reject: (error: DomainError) => void;
  readonly #observer: PoolObserver;
  readonly #queuedAt = performance.now();
  #startedAt: number | undefined;
  #release: () => void;

  constructor(input: PoolJobInput, observer: PoolObserver, onCancel: (job: PoolJob) => void) {
    this.id = input.id;
    this.kind = input.kind;
    this.request = input.request;
    this.#observer = observer;
    let resolve: (result: unknown) => void = () => undefined;
    let reject: (error: DomainError) => void = () => undefined;
    this.promise = new Promise<unknown>((onResult, onError) => {
      resolve = onResult;
      reject = onError;
    });
    this.#resolve = resolve;
    this.#reject = reject;

    const cancel = (error: DomainError): void => {
      if (this.cancelled !== undefined) return;
      this.cancelled = error;
      onCancel(this);
    };
    const onAbort = (): void => cancel(requestCancelled());
    const onDeadline = (): void => cancel(deadlineExceeded(input.deadlineMs, this.#startedAt === undefined));
    const timer = setTimeout(onDeadline, Math.min(input.deadlineMs, MAX_TIMER_MS));
    input.signal?.addEventListener('abort', onAbort, { once: true });
    this.#release = () => {
      clearTimeout(timer);
      input.signal?.removeEventListener('abort', onAbort);
    };
  }

  get runMs(): number {
    return this.#startedAt === undefined ? 0 : performance.now() - this.#startedAt;
  }

  begin(): void {
    this.attempt += 1;
    this.#startedAt = performance.now();
  }

  succeed(result: unknown): void {
    this.#settled('done');
    this.#resolve(result);
  }

  fail(error: DomainError): void {
    this.#settled(error.code);
    this.#reject(error);
  }

  /** Runs once `release` more when the job ends, however it ends. */
  onEnd(release: () => void): void {
    const earlier = this.#release;
    this.#release = () => {
      earlier();
      release();
    };
  }

  #settled(outcome: 'done' | ErrorCode): void {
    this.#release();
    const now = performance.now();
    this.#observer.onJob(this.kind, outcome, this.runMs, (this.#startedAt ?? now) - this.#queuedAt);
  }
}

export function requestCancelled(): DomainError {
  return new DomainError('request_cancelled', 'The operation was cancelled; nothing was changed.');
}

function deadlineExceeded(deadlineMs: number, stillWaiting: boolean): DomainError {
  const seconds = Math.max(1, Math.round(deadlineMs / 1000));
  const where = stillWaiting ? ' (it was still waiting for a free engine worker)' : '';
  return new DomainError(
    'deadline_exceeded',
    `The operation did not finish within ${seconds} s${where}; nothing was changed. ` +
      'Use smaller steps, or raise OPERATION_TIMEOUT (READ_TIMEOUT for previews).',
    { deadline_ms: deadlineMs },
  );
}

import { NotAuthenticatedError } from '../auth/authorize.js';
import type { Principal } from '../auth/principal.js';
import { isDomainError, type DomainError } from '../errors/domain-error.js';
import type { Clock } from '../lib/clock.js';
import type { MetadataStore, MetadataTransaction } from '../metadata/metadata-store.js';
import type { JsonObject } from '../metadata/records.js';
import type { OperationName } from '../model/operations.js';
import type { AuditLog } from './audit-log.js';
import type { ProjectConcurrency } from './project-concurrency.js';
import { Change } from './change.js';
import { outcomeOf } from './change-outcome.js';
import type { Answer, IdempotencyKeys, IdempotentRequest, Reservation } from './idempotency-keys.js';

export interface ChangeInput<R> {
  readonly operation: OperationName;
  readonly principal: Principal;
  readonly requestId: string;
  readonly projectId: string | null;
  /** `default` for main; null for what belongs to no branch. */
  readonly branchId: string | null;
  readonly resourceId: string | null;
  /** What the door adds to the audit. */
  readonly details?: JsonObject | null;
  readonly idempotency?: Omit<IdempotentRequest, 'scope'> | undefined;
  /** Answers of the caller whose key begins so do not stand any longer once this has happened. */
  readonly outdates?: string | undefined;
  /** The door's answer to a result, and to an error that will be the same on every retry. */
  readonly render: (result: R) => Answer;
  readonly renderError: (error: DomainError) => Answer;
}

/** Something that did not happen. */
export interface Refusal {
  readonly operation: OperationName;
  /** Null when nobody was recognised. */
  readonly principal: Principal | null;
  readonly requestId: string;
  readonly projectId: string | null;
  readonly branchId: string | null;
  readonly resourceId: string | null;
  readonly error: unknown;
  readonly durationMs: number;
  readonly details?: JsonObject | null;
}

export interface ChangeOutcome extends Answer {
  readonly replayed: boolean;
}

export interface ChangeObserver {
  finished(operation: OperationName, outcome: 'success' | 'refused' | 'failed', durationMs: number): void;
}

/**
 * Runs a change for a door: idempotency around it, audit of its refusal. (The audit row of its success belongs to the
 * transaction of the change and is written by `Change.commit`.)
 */
export class ChangeRunner {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly idempotencyKeys: IdempotencyKeys,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    private readonly concurrency: ProjectConcurrency,
    private readonly observer?: ChangeObserver,
  ) {}

  async run<R>(input: ChangeInput<R>, work: (change: Change<R>) => Promise<R>): Promise<ChangeOutcome> {
    const { outdates } = input;
    const forget = async (tx: MetadataTransaction): Promise<void> => {
      if (outdates !== undefined) await tx.forgetIdempotencyAnswers(input.principal.actor, outdates);
    };
    if (input.idempotency === undefined) {
      const result = await this.#execute(input, work, forget);
      return { ...input.render(result), replayed: false };
    }
    const request: IdempotentRequest = { ...input.idempotency, scope: input.principal.actor };
    const reservation = await this.#reserve(input, request);
    if (reservation.kind === 'replay') return { ...reservation.answer, replayed: true };
    let answer: Answer | undefined;
    try {
      const result = await this.#execute(input, work, async (tx, committing) => {
        answer = input.render(committing);
        await forget(tx);
        await tx.completeIdempotencyKey(request.scope, request.key, answer);
      });
      return { ...(answer ?? input.render(result)), replayed: false };
    } catch (error) {
      if (isDomainError(error) && !error.retryable && request.forgetsErrors !== true) {
        const refusal = input.renderError(error);
        await this.metadata.transaction((tx) => tx.completeIdempotencyKey(request.scope, request.key, refusal));
      } else {
        await this.metadata.transaction((tx) => tx.releaseIdempotencyKey(request.scope, request.key));
      }
      throw error;
    } finally {
      reservation.settle();
    }
  }

  /** Something else than a change made these answers of the caller untrue. */
  async outdate(principal: Principal, keyPrefix: string): Promise<void> {
    await this.metadata.transaction((tx) => tx.forgetIdempotencyAnswers(principal.actor, keyPrefix));
  }

  /** A change that was refused before it could run: a wrong key, a malformed request. */
  refused(refusal: Refusal): void {
    this.#recordFailure(refusal);
  }

  /** A read that its caller may not do. Doors count reads themselves, so this only audits. */
  refusedRead(refusal: Refusal): void {
    this.#auditFailure(refusal);
  }

  async #reserve<R>(input: ChangeInput<R>, request: IdempotentRequest): Promise<Reservation> {
    const startedAt = performance.now();
    try {
      return await this.idempotencyKeys.reserve(request);
    } catch (error) {
      this.#recordFailure({ ...input, error, durationMs: performance.now() - startedAt });
      throw error;
    }
  }

  async #execute<R>(
    input: ChangeInput<R>,
    work: (change: Change<R>) => Promise<R>,
    keepAnswer: ConstructorParameters<typeof Change<R>>[0]['keepAnswer'],
  ): Promise<R> {
    const startedAt = performance.now();
    const change = new Change<R>({
      operation: input.operation,
      principal: input.principal,
      requestId: input.requestId,
      branchId: input.branchId,
      details: input.details ?? null,
      clock: this.clock,
      ...(keepAnswer === undefined ? {} : { keepAnswer }),
    });
    try {
      const result = await this.concurrency.run(input.operation, input.projectId, () => work(change));
      if (!change.committed) throw new Error(`${input.operation} ended without committing its change`);
      change.done();
      this.observer?.finished(input.operation, 'success', performance.now() - startedAt);
      return result;
    } catch (error) {
      this.#recordFailure({ ...input, error, durationMs: performance.now() - startedAt });
      throw error;
    }
  }

  #recordFailure(failure: Refusal): void {
    this.observer?.finished(failure.operation, summarise(failure.error).outcome, failure.durationMs);
    this.#auditFailure(failure);
  }

  #auditFailure(failure: Refusal): void {
    const { errorCode, errorMessage, outcome } = summarise(failure.error);
    this.audit.record({
      timestamp: this.clock.now(),
      requestId: failure.requestId,
      projectId: failure.projectId,
      branchId: failure.branchId,
      operation: failure.operation,
      resourceId: failure.resourceId,
      actor: failure.principal?.actor ?? null,
      outcome,
      errorCode,
      errorMessage,
      details: failure.details ?? null,
      durationMs: Math.round(failure.durationMs),
    });
  }
}

function summarise(error: unknown): { errorCode: string; errorMessage: string; outcome: 'refused' | 'failed' } {
  const outcome = outcomeOf(error);
  if (error instanceof NotAuthenticatedError) {
    return { errorCode: 'not_authenticated', errorMessage: error.message, outcome };
  }
  if (!isDomainError(error)) {
    return { errorCode: 'internal_server_error', errorMessage: 'unexpected error, see the log', outcome };
  }
  return { errorCode: error.code, errorMessage: error.message, outcome };
}

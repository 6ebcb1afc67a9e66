import type { Principal } from '../auth/principal.js';
import type { Clock } from '../lib/clock.js';
import type { MetadataTransaction } from '../metadata/metadata-store.js';
import type { JsonObject } from '../metadata/records.js';
import type { OperationName } from '../model/operations.js';

/** What the audit says about a change beside its name and its caller. */
export interface ChangeSubject {
  readonly projectId: string | null;
  /** Left out: the one that was asked for. */
  readonly branchId?: string;
  /** The id, or `{bucket}`, `{bucket}.{table}`. */
  readonly resourceId: string | null;
  readonly details?: JsonObject;
}

/**
 * One change on its way through a service. A door makes it, the service calls `commit` exactly once inside the metadata
 * transaction of the change, so that the change, its audit row and the answer kept for idempotent retries become
 * durable together, or none of them does.
 */
export class Change<R> {
  readonly #startedAt: number = performance.now();
  #committed = false;
  readonly #whenDone: (() => void)[] = [];

  constructor(
    private readonly input: {
      readonly operation: OperationName;
      readonly principal: Principal;
      readonly requestId: string;
      /** Absent: what is changed belongs to no branch. */
      readonly branchId?: string | null;
      /** For every row of this change: what the door knows. */
      readonly details?: JsonObject | null;
      readonly clock: Clock;
      /** Keeps the rendered answer for retries; absent without an idempotency key. */
      readonly keepAnswer?: (tx: MetadataTransaction, result: R) => Promise<void>;
    },
  ) {}

  get operation(): OperationName {
    return this.input.operation;
  }

  get principal(): Principal {
    return this.input.principal;
  }

  get now(): Date {
    return this.input.clock.now();
  }

  get committed(): boolean {
    return this.#committed;
  }

  /** For figures about the change: called once it is durable, and never otherwise. It must not throw. */
  whenDone(callback: () => void): void {
    this.#whenDone.push(callback);
  }

  /** The runner says that the change succeeded. */
  done(): void {
    for (const callback of this.#whenDone.splice(0)) callback();
  }

  async commit(tx: MetadataTransaction, subject: ChangeSubject, result: R): Promise<void> {
    await this.alsoLog(tx, this.input.operation, subject);
    await this.input.keepAnswer?.(tx, result);
    this.#committed = true;
  }

  /** What the change brings about elsewhere, for instance in another project, in the audit of that place. */
  async alsoLog(tx: MetadataTransaction, operation: OperationName, subject: ChangeSubject): Promise<void> {
    await tx.logOperations([
      {
        timestamp: this.now,
        requestId: this.input.requestId,
        projectId: subject.projectId,
        branchId: subject.branchId ?? this.input.branchId ?? null,
        operation,
        resourceId: subject.resourceId,
        actor: this.input.principal.actor,
        outcome: 'success',
        errorCode: null,
        errorMessage: null,
        details: joined(this.input.details ?? null, subject.details ?? null),
        durationMs: Math.round(performance.now() - this.#startedAt),
      },
    ]);
  }
}

function joined(one: JsonObject | null, other: JsonObject | null): JsonObject | null {
  return one === null ? other : { ...one, ...other };
}

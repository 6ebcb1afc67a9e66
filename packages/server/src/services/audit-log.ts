import type { Logger } from '../lib/logger.js';
import { TokenBucket } from '../lib/token-bucket.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { OperationLogEntry } from '../metadata/records.js';

const FLUSH_DELAY_MS = 200;
/** A flood of refused requests must not become a flood of commits or of memory. */
const MAX_PENDING = 5000;
/** Strangers without a key must not be able to fill the disk: of what they try, so many rows at once, then so many a second. */
const ANONYMOUS_AT_ONCE = 200;
const ANONYMOUS_PER_SECOND = 1;
/** Whoever meets the rate limit meets it often; one row per caller in this time says it. */
const RATE_LIMITED_EVERY_MS = 60_000;
const REPORT_EVERY_MS = 60_000;
/** Parts of a request may be long; nothing that exists has a name of this length. */
const MAX_TEXT_LENGTH = 500;

/**
 * Audit rows of refused and failed requests. A successful change writes its row in its own transaction
 * (`Change.commit`); these have no transaction to join, so they are written in batches, a fraction of a second later. A crash
 * can lose the last batch, never the row of a change.
 */
export class AuditLog {
  readonly #anonymous: TokenBucket;
  readonly #rateLimited = new Map<string, number>();
  #pending: OperationLogEntry[] = [];
  #dropped = 0;
  #reportedAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(
    private readonly metadata: MetadataStore,
    private readonly logger: Logger,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.#anonymous = new TokenBucket(ANONYMOUS_AT_ONCE, ANONYMOUS_PER_SECOND, nowMs());
  }

  record(entry: OperationLogEntry): void {
    if (entry.errorCode === 'rate_limited' && !this.#isFirstOfItsTime(entry.actor ?? '')) return;
    const tooMany =
      this.#pending.length >= MAX_PENDING || (entry.actor === null && this.#anonymous.take(this.nowMs()) > 0);
    if (tooMany) {
      this.#dropped += 1;
      return;
    }
    this.#pending.push({
      ...entry,
      projectId: bounded(entry.projectId),
      branchId: bounded(entry.branchId),
      resourceId: bounded(entry.resourceId),
      errorMessage: bounded(entry.errorMessage),
    });
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_DELAY_MS).unref();
  }

  /** Resolves when everything recorded before the call is written, or its loss is logged. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  async #write(): Promise<void> {
    this.#reportDropped();
    const entries = this.#pending;
    if (entries.length === 0) return;
    this.#pending = [];
    try {
      await this.metadata.transaction((tx) => tx.logOperations(entries));
    } catch (error) {
      this.logger.error({ err: error, lost: entries.length }, 'audit rows of refused requests could not be written');
    }
  }

  #reportDropped(): void {
    if (this.#dropped === 0 || this.nowMs() - this.#reportedAtMs < REPORT_EVERY_MS) return;
    this.logger.warn({ dropped: this.#dropped }, 'audit rows of refused requests were dropped during a flood');
    this.#reportedAtMs = this.nowMs();
    this.#dropped = 0;
  }

  #isFirstOfItsTime(actor: string): boolean {
    const nowMs = this.nowMs();
    const last = this.#rateLimited.get(actor);
    if (last !== undefined && nowMs - last < RATE_LIMITED_EVERY_MS) return false;
    this.#rateLimited.set(actor, nowMs);
    return true;
  }
}

function bounded(text: string | null): string | null {
  return text === null || text.length <= MAX_TEXT_LENGTH ? text : `${text.slice(0, MAX_TEXT_LENGTH)}…`;
}

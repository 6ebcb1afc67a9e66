import type { Logger } from '../lib/logger.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import type { OperationLogEntry } from '../metadata/records.js';

const FLUSH_DELAY_MS = 200;
/** A flood of refused requests must not become a flood of commits or of memory. */
const MAX_PENDING = 5000;
/** Strangers without any key must not be able to fill the disk; of what they try, this many rows are kept a batch. */
const MAX_PENDING_ANONYMOUS = 20;

/**
 * Audit rows of refused and failed requests. A successful change writes its row in its own transaction
 * (`Change.commit`); these have no transaction to join, so they are written in batches, a fraction of a second later. A crash
 * can lose the last batch, never the row of a change.
 */
export class AuditLog {
  #pending: OperationLogEntry[] = [];
  #pendingAnonymous = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(
    private readonly metadata: MetadataStore,
    private readonly logger: Logger,
  ) {}

  record(entry: OperationLogEntry): void {
    const anonymous = entry.actor === null;
    if (this.#pending.length >= MAX_PENDING || (anonymous && this.#pendingAnonymous >= MAX_PENDING_ANONYMOUS)) {
      this.#dropped += 1;
      return;
    }
    if (anonymous) this.#pendingAnonymous += 1;
    this.#pending.push(entry);
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
    const entries = this.#pending;
    const dropped = this.#dropped;
    if (entries.length === 0 && dropped === 0) return;
    this.#pending = [];
    this.#pendingAnonymous = 0;
    this.#dropped = 0;
    if (dropped > 0) this.logger.warn({ dropped }, 'audit rows of refused requests were dropped during a flood');
    try {
      await this.metadata.transaction((tx) => tx.logOperations(entries));
    } catch (error) {
      this.logger.error({ err: error, lost: entries.length }, 'audit rows of refused requests could not be written');
    }
  }
}

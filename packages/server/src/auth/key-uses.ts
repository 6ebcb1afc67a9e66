import type { Logger } from '../lib/logger.js';
import type { MetadataStore } from '../metadata/metadata-store.js';

/** A crash forgets at most this much of when keys were used. */
const FLUSH_DELAY_MS = 2_000;

/**
 * When each key was last used. Noted in memory and written in batches, so that a read never waits for a commit; whoever
 * shows a key asks here first, so that the time shown is never behind.
 */
export class KeyUses {
  /** What may not be written yet. */
  readonly #noted = new Map<string, Date>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly metadata: MetadataStore,
    private readonly logger: Logger,
  ) {}

  note(keyId: string, at: Date): void {
    this.#noted.set(keyId, at);
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_DELAY_MS).unref();
  }

  /** Undefined when metadata knows everything there is to know. */
  lastNoted(keyId: string): Date | undefined {
    return this.#noted.get(keyId);
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const used = [...this.#noted].map(([keyId, at]) => ({ keyId, at }));
    if (used.length === 0) return;
    try {
      await this.metadata.transaction((tx) => tx.touchApiKeys(used));
    } catch (error) {
      // They stay noted, and are written with the next use.
      this.logger.error({ err: error, keys: used.length }, 'last use of API keys could not be written');
      return;
    }
    for (const { keyId, at } of used) if (this.#noted.get(keyId) === at) this.#noted.delete(keyId);
  }
}

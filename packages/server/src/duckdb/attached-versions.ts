import type { DomainError } from '../errors/domain-error.js';
import { fileFailure } from './engine-errors.js';
import { quoteIdentifier, quoteLiteral } from './quoting.js';

interface AttachedVersion {
  readonly alias: string;
  /** Resolves when the file is attached; concurrent callers share it. */
  readonly ready: Promise<void>;
  users: number;
}

/**
 * Published versions attached read-only, least recently used first.
 *
 *   use(v1) ──attach──► callback … ──► idle, still attached ──► use(v1): no attach, no statement at all
 *                                        │
 *   use(v2 … vN) pass the limit ─────────┴──► oldest idle one is detached
 *
 * Attaching costs about a millisecond and each attached file some memory. A version in use is never detached, so the limit
 * may be passed for as long as that many callbacks run. The map keeps insertion order; a use moves its entry to the end.
 */
export class AttachedVersions {
  readonly #entries = new Map<string, AttachedVersion>();
  #nextAlias = 1;

  constructor(
    private readonly execute: (sql: string) => Promise<unknown>,
    /** Lets go of everything that still points into the version. */
    private readonly beforeDetach: (alias: string) => void,
    private readonly limit: number,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  async use<T>(version: { id: string; path: string }, callback: (alias: string) => Promise<T>): Promise<T> {
    const entry = this.#take(version);
    entry.users += 1;
    try {
      await entry.ready;
      return await callback(entry.alias);
    } finally {
      entry.users -= 1;
      await this.#detachSurplus();
    }
  }

  #take(version: { id: string; path: string }): AttachedVersion {
    const known = this.#entries.get(version.id);
    const entry = known ?? this.#attach(version);
    if (known !== undefined) this.#entries.delete(version.id);
    this.#entries.set(version.id, entry);
    return entry;
  }

  #attach(version: { id: string; path: string }): AttachedVersion {
    const alias = quoteIdentifier(`version_${this.#nextAlias++}`);
    const ready = this.execute(`ATTACH ${quoteLiteral(version.path)} AS ${alias} (READ_ONLY)`).then(
      () => undefined,
      (error: unknown) => {
        this.#entries.delete(version.id);
        throw attachFailure(error);
      },
    );
    return { alias, ready, users: 0 };
  }

  async #detachSurplus(): Promise<void> {
    for (const [id, entry] of this.#entries) {
      if (this.#entries.size <= this.limit) return;
      if (entry.users > 0) continue;
      this.#entries.delete(id);
      this.beforeDetach(entry.alias);
      await this.execute(`DETACH ${entry.alias}`);
    }
  }
}

function attachFailure(error: unknown): DomainError {
  return fileFailure(
    error,
    'The stored file of the table cannot be opened; run `doctor` to see what is wrong with it.',
  );
}

import type { DomainError } from '../errors/domain-error.js';
import { fileFailure } from './engine-errors.js';
import { quoteIdentifier, quoteLiteral } from './quoting.js';

interface AttachedVersion {
  readonly alias: string;
  readonly number: number;
  /** Resolves when the file is attached; concurrent callers share it. */
  readonly ready: Promise<void>;
  readonly detach: readonly string[];
  users: number;
}

export interface VersionFile {
  readonly id: string;
  readonly path: string;
}

/** A version that stays attached until it is released, once. */
export interface HeldVersion {
  /** Quoted. */
  readonly alias: string;
  /** Of the alias; unique among all that were ever attached here. */
  readonly number: number;
  release(): Promise<void>;
}

/** How a version is attached, and what else is made for it; both lists of statements run in order. */
export type AttachStatements<Version extends VersionFile> = (
  version: Version,
  number: number,
) => { readonly alias: string; readonly attach: readonly string[]; readonly detach: readonly string[] };

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
export class AttachedVersions<Version extends VersionFile = VersionFile> {
  readonly #entries = new Map<string, AttachedVersion>();
  #nextNumber = 1;

  constructor(
    private readonly execute: (sql: string) => Promise<unknown>,
    /** Lets go of everything that still points into the version. */
    private readonly beforeDetach: (alias: string) => void,
    private readonly limit: number,
    private readonly statementsOf: AttachStatements<Version> = attachAlone,
    private readonly onAttached: (durationMs: number) => void = () => undefined,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  async use<T>(version: Version, callback: (alias: string) => Promise<T>): Promise<T> {
    const held = await this.hold(version);
    try {
      return await callback(held.alias);
    } finally {
      await held.release();
    }
  }

  async hold(version: Version): Promise<HeldVersion> {
    const entry = this.#take(version);
    entry.users += 1;
    let released = false;
    const release = async (): Promise<void> => {
      if (released) return;
      released = true;
      entry.users -= 1;
      await this.#detachSurplus();
    };
    try {
      await entry.ready;
    } catch (error) {
      await release();
      throw error;
    }
    return { alias: entry.alias, number: entry.number, release };
  }

  #take(version: Version): AttachedVersion {
    const known = this.#entries.get(version.id);
    const entry = known ?? this.#attach(version);
    if (known !== undefined) this.#entries.delete(version.id);
    this.#entries.set(version.id, entry);
    return entry;
  }

  #attach(version: Version): AttachedVersion {
    const number = this.#nextNumber++;
    const { alias, attach, detach } = this.statementsOf(version, number);
    const startedAtMs = performance.now();
    const ready = this.#executeAll(attach).then(
      () => this.onAttached(performance.now() - startedAtMs),
      (error: unknown) => {
        this.#entries.delete(version.id);
        throw attachFailure(error);
      },
    );
    return { alias, number, ready, detach, users: 0 };
  }

  async #detachSurplus(): Promise<void> {
    for (const [id, entry] of this.#entries) {
      if (this.#entries.size <= this.limit) return;
      if (entry.users > 0) continue;
      this.#entries.delete(id);
      this.beforeDetach(entry.alias);
      await this.#executeAll(entry.detach);
    }
  }

  async #executeAll(statements: readonly string[]): Promise<void> {
    for (const statement of statements) await this.execute(statement);
  }
}

export function attachReadOnly(path: string, alias: string): string {
  return `ATTACH ${quoteLiteral(path)} AS ${alias} (READ_ONLY)`;
}

function attachAlone(
  version: VersionFile,
  number: number,
): { alias: string; attach: readonly string[]; detach: readonly string[] } {
  const alias = quoteIdentifier(`version_${number}`);
  return { alias, attach: [attachReadOnly(version.path, alias)], detach: [`DETACH ${alias}`] };
}

function attachFailure(error: unknown): DomainError {
  return fileFailure(
    error,
    'The stored file of the table cannot be opened; run `doctor` to see what is wrong with it.',
  );
}

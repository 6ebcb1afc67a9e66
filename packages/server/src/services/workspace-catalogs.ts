import type { MetadataReader } from '../metadata/metadata-store.js';
import { nameKey } from '../model/columns.js';
import type { BranchRef } from '../model/refs.js';
import type { WorkspaceCatalog } from '../model/workspace-view.js';
import { catalogueBuckets } from './workspace-catalog.js';

/** Catalogues that are kept; one of 5,000 tables takes some 20 MB. */
const MAX_KEPT = 4;

interface Kept {
  /** Of the whole metadata: while it does not move, neither does the catalogue. */
  stateToken: string;
  readonly generation: string;
  readonly catalogue: Promise<WorkspaceCatalog>;
}

/**
 * What each branch shows, kept for as long as it is true:
 *
 *     ask ── nothing committed since ─▶ as before                      microseconds
 *         └─ fingerprint is the same ─▶ as before                      some milliseconds for 5,000 tables
 *         └─ read all of it, in turns that leave the event loop to others
 *
 * Clients ask their catalogue in bursts, and many workspaces look at one branch.
 */
export class WorkspaceCatalogs {
  /** Least recently used first. */
  readonly #kept = new Map<string, Kept>();

  constructor(private readonly metadata: MetadataReader) {}

  /** `knownGeneration`: what the caller has; undefined is answered when that is still true. */
  async of(branch: BranchRef, knownGeneration?: string): Promise<WorkspaceCatalog | undefined> {
    const kept = await this.#current(branch);
    return kept.generation === knownGeneration ? undefined : await kept.catalogue;
  }

  async #current(branch: BranchRef): Promise<Kept> {
    const key = `${nameKey(branch.projectId)}/${branch.branchId}`;
    // Asked first, like the fingerprint: what is committed while a catalogue is read is in the next one.
    const stateToken = await this.metadata.stateToken();
    const kept = this.#kept.get(key);
    if (kept?.stateToken === stateToken) return this.#keep(key, kept);
    const generation = await this.metadata.catalogueFingerprint(branch);
    if (kept?.generation === generation) {
      kept.stateToken = stateToken;
      return this.#keep(key, kept);
    }
    const catalogue = this.#read(branch, generation);
    catalogue.catch(() => {
      if (this.#kept.get(key)?.catalogue === catalogue) this.#kept.delete(key);
    });
    return this.#keep(key, { stateToken, generation, catalogue });
  }

  async #read(branch: BranchRef, generation: string): Promise<WorkspaceCatalog> {
    return { generation, buckets: catalogueBuckets(await this.metadata.readCatalogue(branch), branch) };
  }

  #keep(key: string, kept: Kept): Kept {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(oldest);
    }
    return kept;
  }
}

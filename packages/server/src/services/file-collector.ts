import { setImmediate } from 'node:timers/promises';
import { removeReleased, type FilesContext } from './files-context.js';

const SESSIONS_PER_TRANSACTION = 100;

/** After this many keys everybody else gets a turn: a lookup in metadata does not wait for anything. */
const KEYS_PER_TURN = 50;

/** Longer than any change takes between making a key and committing the metadata that points to it. */
const DEFAULT_GRACE_MS = 10 * 60 * 1000;

/**
 * Removes bytes that nobody needs: those of expired upload sessions, and orphans, which a crash or a failed removal left.
 *
 * An orphan and the new key of a change that has not committed yet look the same. So a key is removed only when two
 * collections, at least a grace period apart, both found it unused. The time between them is this process's own and
 * monotonic: neither a file's age (a hard link is as old as its first name), nor a clock that jumps, nor a machine that
 * slept can make a key look abandoned. Once unused for good a key stays unused, since keys are never made twice.
 */
export class FileCollector {
  readonly #context: FilesContext;
  readonly #graceMs: number;
  readonly #monotonicMs: () => number;
  #unusedSinceMs: ReadonlyMap<string, number> = new Map();

  constructor(context: FilesContext, graceMs = DEFAULT_GRACE_MS, monotonicMs: () => number = () => performance.now()) {
    this.#context = context;
    this.#graceMs = graceMs;
    this.#monotonicMs = monotonicMs;
  }

  /** Ends sessions past their lifetime; returns how many. */
  async expireUploads(): Promise<number> {
    const { store, clock } = this.#context;
    let expired = 0;
    for (;;) {
      const candidates = await store.listExpiredUploads(clock.now(), SESSIONS_PER_TRANSACTION);
      if (candidates.length === 0) return expired;
      const released = await store.transaction(async (tx) => {
        const sessions = [];
        for (const { key } of candidates) {
          // Registered since it was listed, or replaced: what it points to now is what is released.
          const session = await tx.getUpload(key);
          if (session === undefined) continue;
          await tx.deleteUpload(key);
          sessions.push(session);
        }
        return sessions;
      });
      expired += released.length;
      for (const { uploaded } of released) {
        if (uploaded !== null) await removeReleased(this.#context, uploaded.path);
      }
    }
  }

  /** Returns how many files it removed. Safe beside running uploads, registrations and exports. */
  async collectOrphans(): Promise<number> {
    const { store, fileStore } = this.#context;
    const nowMs = this.#monotonicMs();
    const unusedSinceMs = new Map<string, number>();
    let removed = await fileStore.removeUnfinished();
    let seen = 0;
    for await (const key of fileStore.keys('')) {
      if (++seen % KEYS_PER_TURN === 0) await setImmediate();
      if (await store.isFilePathUsed(key)) continue;
      const sinceMs = this.#unusedSinceMs.get(key) ?? nowMs;
      const due = nowMs - sinceMs >= this.#graceMs;
      if (due && (await removeReleased(this.#context, key))) removed += 1;
      else unusedSinceMs.set(key, sinceMs);
    }
    this.#unusedSinceMs = unusedSinceMs;
    return removed;
  }
}

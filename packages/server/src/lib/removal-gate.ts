import type { Logger } from './logger.js';

/** Bytes that metadata has let go of: a version file, the bytes of a file, a workspace, everything of a deleted project. */
export type RemovableBytes =
  | { readonly kind: 'version'; readonly fileId: string }
  | { readonly kind: 'file'; readonly key: string }
  | { readonly kind: 'workspace'; readonly workspaceId: string }
  | { readonly kind: 'project'; readonly projectId: string };

/** Whoever removes bytes that metadata once pointed to does it through this. */
export interface Removals {
  /** Removes now, or later when somebody still needs the bytes; later failures are logged, and the bytes are garbage. */
  remove(bytes: RemovableBytes, remove: () => Promise<void>): Promise<void>;
}

/** For programs that make no backups. */
export const immediateRemovals: Removals = { remove: (_bytes, remove) => remove() };

type Needs = (bytes: RemovableBytes) => Promise<boolean>;

/**
 * Keeps bytes on the disk while a copy of the metadata that names them is being followed.
 *
 *     backup    hold ── copy metadata ── narrow ── link what the copy names ── end
 *     remover            row gone ─ waits ──────────────────────────────────── removes
 *
 * Bytes are removed only after the transaction that let go of them. So what is removed before the hold began is not in the copy,
 * and what the copy names is asked for here after the hold began: nothing falls in between.
 */
export class RemovalGate implements Removals {
  #hold: { needs: Needs; readonly postponed: { bytes: RemovableBytes; remove: () => Promise<void> }[] } | undefined;

  constructor(private readonly logger: Logger) {}

  async remove(bytes: RemovableBytes, remove: () => Promise<void>): Promise<void> {
    const hold = this.#hold;
    if (hold !== undefined && (await hold.needs(bytes)) && this.#hold === hold) hold.postponed.push({ bytes, remove });
    else await remove();
  }

  /**
   * Postpones removals until `work` has ended; `narrow` says which bytes are needed once that is known. One hold at a time.
   */
  async hold<T>(work: (narrow: (needs: Needs) => void) => Promise<T>): Promise<T> {
    if (this.#hold !== undefined) throw new Error('Removals are held already');
    const hold = {
      needs: (() => Promise.resolve(true)) as Needs,
      postponed: [] as { bytes: RemovableBytes; remove: () => Promise<void> }[],
    };
    this.#hold = hold;
    try {
      return await work((needs) => {
        hold.needs = needs;
      });
    } finally {
      this.#hold = undefined;
      for (const { bytes, remove } of hold.postponed) {
        await remove().catch((error: unknown) => {
          this.logger.warn({ err: error, bytes }, 'bytes nobody needs remain until the next clean-up');
        });
      }
    }
  }
}

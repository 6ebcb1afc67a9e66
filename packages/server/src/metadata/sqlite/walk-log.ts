import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Page } from '../metadata-store.js';

/** One to two milliseconds of reading, more from a cold disk: what the event loop can spare at a time. */
export const ENTRIES_PER_TURN = 500;
/** Counting further than anybody pages costs more than it tells. */
const COUNTED_AT_LEAST = 10_000;

/** A page of a log, by the ids of its entries. */
export interface FoundEntries<Id> {
  readonly ids: readonly Id[];
  readonly total: number;
  /** False: there are at least so many. */
  readonly totalIsExact: boolean;
}

/**
 * A walk along one index of a log, newest first, a slice at a time, so that no combination of filters and no size of the log keeps
 * other requests waiting. `next` reads at most `ENTRIES_PER_TURN` entries after the given one, those that do not match included.
 */
export async function walkLog<E extends { readonly id: string | number; readonly matches: number }>(
  page: Page,
  next: (after: E | undefined) => Promise<readonly E[]>,
): Promise<FoundEntries<E['id']>> {
  const pageEnd = page.offset + page.limit;
  const ids: E['id'][] = [];
  let total = 0;
  let position: E | undefined;
  for (;;) {
    const entries = await next(position);
    for (const { id, matches } of entries) {
      if (matches === 0) continue;
      if (total >= page.offset && total < pageEnd) ids.push(id);
      total += 1;
    }
    const atEnd = entries.length < ENTRIES_PER_TURN;
    if (atEnd || total >= Math.max(COUNTED_AT_LEAST, pageEnd)) return { ids, total, totalIsExact: atEnd };
    position = entries.at(-1);
    await nextTurn();
  }
}

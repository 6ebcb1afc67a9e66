import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Page } from '../metadata-store.js';

/** One to two milliseconds of reading: what the event loop can spare at a time. */
const ROWS_PER_TURN = 100;
const EVERYTHING: Page = { limit: Number.MAX_SAFE_INTEGER, offset: 0 };

/** The next rows of a list in name order: `offset` counts from `afterName`, or from the start without one. */
export interface Cut {
  readonly afterName: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

/**
 * Reads a list that may have ten thousand rows without keeping other requests waiting: a hundred rows, then a turn
 * of the event loop. Each cut continues after the last name, so a row that stays where it is comes exactly once; rows
 * that come and go meanwhile may or may not be among them. No page means all.
 */
export async function listInTurns<T extends { readonly name: string }>(
  page: Page = EVERYTHING,
  read: (cut: Cut) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const items: T[] = [];
  for (let cut = firstCut(page); cut.limit > 0;) {
    const rows = await read(cut);
    items.push(...rows);
    if (rows.length < cut.limit) break;
    const limit = Math.min(ROWS_PER_TURN, page.limit - items.length);
    cut = { afterName: items.at(-1)?.name, limit, offset: 0 };
    await nextTurn();
  }
  return items;
}

function firstCut(page: Page): Cut {
  return { afterName: undefined, limit: Math.min(ROWS_PER_TURN, page.limit), offset: page.offset };
}

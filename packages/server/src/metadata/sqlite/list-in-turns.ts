import type { ListQuery } from '../../model/list-query.js';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Page } from '../metadata-store.js';

/** One to two milliseconds of reading: what the event loop can spare at a time. */
const ROWS_PER_TURN = 100;
/** Both at once: SQLite knows no offset without a limit. */
export const EVERYTHING: Page = { limit: Number.MAX_SAFE_INTEGER, offset: 0 };

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

/** The same for a list whose order was found first; ids that are gone when their turn comes are passed over. */
export async function readInTurns<T extends { readonly id: string }>(
  ids: readonly string[],
  read: (ids: readonly string[]) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const items: T[] = [];
  for (let start = 0; start < ids.length; start += ROWS_PER_TURN) {
    if (start > 0) await nextTurn();
    const wanted = ids.slice(start, start + ROWS_PER_TURN);
    const byId = new Map((await read(wanted)).map((item) => [item.id, item]));
    items.push(...wanted.flatMap((id) => byId.get(id) ?? []));
  }
  return items;
}

export function pageOf(query: ListQuery<string>): Page {
  return { limit: query.limit ?? EVERYTHING.limit, offset: query.offset ?? 0 };
}

/** Everything in the order in which it is stored anyway, so that no order has to be found first. */
export function isPlain(query: ListQuery<string>): boolean {
  return !isFiltered(query) && (query.sort ?? 'name') === 'name' && query.order !== 'desc';
}

export function isFiltered(query: ListQuery<string>): boolean {
  return (query.prefix ?? '') !== '' || (query.search ?? '') !== '';
}

function firstCut(page: Page): Cut {
  return { afterName: undefined, limit: Math.min(ROWS_PER_TURN, page.limit), offset: page.offset };
}

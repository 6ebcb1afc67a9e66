import type { TextEdit, TokenList } from './token-list.js';

/** Options of EXPLAIN that choose what PostgreSQL prints beside its plan; the engine prints what it has. */
const PRINTED = /^(verbose|costs|settings|generic_plan|buffers|wal|timing|summary|memory|serialize)$/;

/** `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)` and `EXPLAIN ANALYZE VERBOSE`, without what the engine does not know. */
export function explainEdits(list: TokenList): TextEdit[] {
  if (!list.matches(0, 'explain')) return [];
  if (!list.matches(1, '(') || list.matches(2, 'select') || list.matches(2, 'with') || list.matches(2, '(')) {
    return [1, 2].filter((at) => list.matches(at, 'verbose')).map((at) => list.replace(at, at, ''));
  }
  const options = list.args(1);
  const kept = options.filter(([first, last]) => {
    const name = list.at(first)?.value ?? '';
    const isOff = last > first && /^(false|off|0)$/.test(list.at(last)?.value ?? '');
    return !PRINTED.test(name) && !isOff;
  });
  if (kept.length === options.length) return [];
  const text = kept.map(([first, last]) => list.sql.slice(list.startOf(first), list.endOf(last))).join(', ');
  return [list.replace(1, list.partner(1), text === '' ? '' : `(${text})`)];
}

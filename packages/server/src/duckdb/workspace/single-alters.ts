import { readName } from './gate/write-targets.js';
import { TokenList } from './catalog/user-sql/token-list.js';

/** `ALTER TABLE a ADD b int, DROP c` as one statement for each: the engine makes one change at a time. Undefined for all other statements. */
export function singleAlters(sql: string): readonly string[] | undefined {
  const list = new TokenList(sql);
  if (!list.matches(0, 'alter', 'table')) return undefined;
  const ifExists = list.matches(2, 'if', 'exists') ? 4 : 2;
  const start = list.matches(ifExists, 'only') ? ifExists + 1 : ifExists;
  const first = readName(list.tokens, start)?.next;
  if (first === undefined) return undefined;
  const cuts = [first];
  for (let at = first; at < list.tokens.length; at++) {
    if (list.matches(at, '(') || list.matches(at, '[')) at = list.partner(at);
    else if (list.matches(at, ',')) cuts.push(at + 1);
  }
  if (cuts.length === 1) return undefined;
  const table = sql.slice(0, list.endOf(first - 1));
  return cuts.map((from, index) => {
    const next = cuts[index + 1];
    return `${table} ${sql.slice(list.startOf(from), next === undefined ? undefined : list.startOf(next - 1))}`;
  });
}

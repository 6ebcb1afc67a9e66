import { readName } from './gate/write-targets.js';
import { tokenize } from './sql-tokens.js';

/** `DROP TABLE a, b CASCADE` as one statement for each: the engine drops one object at a time. Undefined for all other statements. */
export function singleDrops(sql: string): readonly string[] | undefined {
  const tokens = tokenize(sql);
  const word = (at: number): string => (tokens[at]?.kind === 'word' ? (tokens[at]?.value ?? '') : '');
  if (word(0) !== 'drop' || !/^(table|view|sequence|schema|type|index)$/.test(word(1))) return undefined;
  const first = word(2) === 'if' && word(3) === 'exists' ? 4 : 2;
  const names: (readonly [start: number, end: number])[] = [];
  let at = first;
  for (;;) {
    const name = readName(tokens, at);
    const from = tokens[at];
    const to = tokens[(name?.next ?? 0) - 1];
    if (name === undefined || from === undefined || to === undefined) return undefined;
    names.push([from.start, to.end]);
    at = name.next;
    if (tokens[at]?.value !== ',' || tokens[at]?.kind !== 'punctuation') break;
    at += 1;
  }
  if (names.length === 1) return undefined;
  const verb = sql.slice(0, tokens[first]?.start);
  const behind = sql.slice(names.at(-1)?.[1]);
  return names.map(([start, end]) => verb + sql.slice(start, end) + behind);
}

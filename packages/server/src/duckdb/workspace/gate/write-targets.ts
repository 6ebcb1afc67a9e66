import type { SqlToken } from '../sql-tokens.js';
import type { WriteTarget } from './gated-statement.js';

/** A name of up to three parts at `at`. */
export function readName(tokens: readonly SqlToken[], at: number): { parts: string[]; next: number } | undefined {
  const parts: string[] = [];
  let index = at;
  for (;;) {
    const token = tokens[index];
    if (token?.kind !== 'word' && token?.kind !== 'quoted') break;
    parts.push(token.value);
    index += 1;
    if (tokens[index]?.value !== '.' || tokens[index]?.kind === 'string') break;
    index += 1;
  }
  return parts.length === 0 ? undefined : { parts, next: index };
}

const RELATION_KINDS: ReadonlySet<string> = new Set([
  'table',
  'view',
  'sequence',
  'type',
  'macro',
  'function',
  'index',
  'trigger',
]);
const NAME_PREFIXES: ReadonlySet<string> = new Set(['if', 'not', 'exists', 'only', 'table', 'column']);
const CREATE_MODIFIERS: ReadonlySet<string> = new Set([
  'or',
  'replace',
  'temp',
  'temporary',
  'local',
  'global',
  'unlogged',
  'persistent',
  'recursive',
  'unique',
]);

/**
 * What the statement changes, found by its words. Deliberately wide: `INSERT INTO`, `DELETE FROM`, `UPDATE x SET` and `MERGE INTO` count wherever they
 * stand, since a target too many at worst refuses a statement that nobody writes.
 */
export function writeTargets(tokens: readonly SqlToken[]): WriteTarget[] {
  const word = (at: number): string => (tokens[at]?.kind === 'word' ? (tokens[at]?.value ?? '') : '');
  const targets: WriteTarget[] = [];
  const add = (at: number, object: WriteTarget['object']): number => {
    let start = at;
    while (NAME_PREFIXES.has(word(start)) && nextIsName(tokens, start)) start += 1;
    const name = readName(tokens, start);
    if (name === undefined) return start;
    targets.push(targetOf(name.parts, object));
    return name.next;
  };
  const addList = (at: number, object: WriteTarget['object']): void => {
    let next = add(at, object);
    while (tokens[next]?.value === ',' && tokens[next]?.kind !== 'string') next = add(next + 1, object);
  };

  for (let at = 0; at < tokens.length; at += 1) {
    switch (word(at)) {
      case 'insert':
        if (word(at + 1) === 'into') add(at + 2, 'relation');
        else if (word(at + 1) === 'or' && word(at + 3) === 'into') add(at + 4, 'relation');
        break;
      case 'merge':
        if (word(at + 1) === 'into') add(at + 2, 'relation');
        break;
      case 'delete':
        if (word(at + 1) === 'from') add(at + 2, 'relation');
        break;
      case 'update':
        // `ON CONFLICT DO UPDATE SET` and `FOR UPDATE` name no table.
        if (at === 0 || !['do', 'for', 'then'].includes(word(at - 1))) {
          if (word(at + 1) !== 'set' || tokens[at + 2]?.kind === 'word') add(at + 1, 'relation');
        }
        break;
    }
  }
  definitionTargets();
  return targets;

  function definitionTargets(): void {
    const verb = word(0);
    let at = 1;
    switch (verb) {
      case 'truncate':
        addList(at, 'relation');
        break;
      case 'copy':
        if (tokens[at]?.value !== '(') add(at, 'relation');
        break;
      case 'comment': {
        if (word(1) !== 'on') return;
        const kind = word(2);
        const name = readName(tokens, 3);
        if (name === undefined) return;
        // The last part of a column's name is the column.
        if (kind === 'column') targets.push(targetOf(name.parts.slice(0, -1), 'relation'));
        else targets.push(targetOf(name.parts, kind === 'schema' ? 'schema' : kindOf(kind)));
        break;
      }
      case 'create': {
        while (CREATE_MODIFIERS.has(word(at))) at += 1;
        const kind = word(at);
        if (kind === 'schema') add(at + 1, 'schema');
        else if (kind === 'index') {
          const on = tokens.findIndex((token, index) => index > at && token.kind === 'word' && token.value === 'on');
          if (on !== -1) add(on + 1, 'relation');
        } else add(at + 1, kindOf(kind));
        break;
      }
      case 'drop': {
        const kind = word(at);
        addList(at + 1, kind === 'schema' ? 'schema' : kindOf(kind));
        break;
      }
      case 'alter': {
        const kind = word(at);
        const next = add(at + 1, kind === 'schema' ? 'schema' : kindOf(kind));
        // ALTER TABLE x SET SCHEMA y
        if (word(next) === 'set' && word(next + 1) === 'schema') add(next + 2, 'schema');
        break;
      }
    }
  }
}

function kindOf(word: string): WriteTarget['object'] {
  return RELATION_KINDS.has(word) ? 'relation' : 'other';
}

function nextIsName(tokens: readonly SqlToken[], at: number): boolean {
  const next = tokens[at + 1];
  return next?.kind === 'word' || next?.kind === 'quoted';
}

function targetOf(parts: readonly string[], object: WriteTarget['object']): WriteTarget {
  const name = parts.at(-1) ?? '';
  const qualifiers = parts.slice(0, -1);
  return {
    database: object === 'schema' ? (qualifiers.at(-1) ?? null) : (qualifiers.at(-2) ?? null),
    schema: object === 'schema' ? null : (qualifiers.at(-1) ?? null),
    name,
    object,
  };
}

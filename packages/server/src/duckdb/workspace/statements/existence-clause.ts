import type { GatedStatement } from '../gate/gated-statement.js';
import type { ExistenceClause } from '../sql-statement.js';
import { TokenCursor } from './token-cursor.js';

const OBJECTS = ['table', 'view', 'schema', 'index', 'sequence', 'type'] as const;
const MODIFIERS = ['or', 'replace', 'temp', 'temporary', 'local', 'unlogged', 'unique', 'recursive'];

/** `CREATE … IF NOT EXISTS name` and `DROP … IF EXISTS name, name`; undefined for every other definition. */
export function existenceClause(gated: GatedStatement): ExistenceClause | undefined {
  const cursor = new TokenCursor(gated.text, gated.tokens);
  const verb = cursor.acceptOne('create', 'drop');
  if (verb === undefined) return undefined;
  while (cursor.acceptOne(...MODIFIERS) !== undefined) continue;
  const object = cursor.acceptOne(...OBJECTS);
  if (object === undefined) return undefined;
  if (object === 'index') cursor.accept('concurrently');
  const given = verb === 'create' ? cursor.accept('if', 'not', 'exists') : cursor.accept('if', 'exists');
  if (!given) return undefined;
  const names = [namePath(cursor)];
  while (verb === 'drop' && cursor.accept(',')) names.push(namePath(cursor));
  return { verb, object, names };
}

/** `schema.name`; a database in front is passed over. */
export function namePath(cursor: TokenCursor): { readonly schema: string | undefined; readonly name: string } {
  const parts = [cursor.name()];
  while (cursor.accept('.')) parts.push(cursor.name());
  return { schema: parts.at(-2), name: parts.at(-1) ?? '' };
}

import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';

import { nameKey } from '../../model/columns.js';
import type { ListQuery } from '../../model/list-query.js';
import type { MetadataSchema } from './schema.js';

/** Sorts after every character that a name can have. */
const LAST_CHARACTER = '\u{10FFFF}';

type Named = MetadataSchema & { b: MetadataSchema['buckets']; t: MetadataSchema['tables'] };

/** `name_key` of a bucket or a table against what a list asks for; nobody's text becomes a pattern. */
export function nameMatches<A extends 'b' | 't'>(alias: A, { prefix = '', search = '' }: ListQuery<string>) {
  return (eb: ExpressionBuilder<Named, A>): Expression<SqlBool> => {
    const key = eb.ref(`${alias}.name_key` as never);
    const conditions: Expression<SqlBool>[] = [];
    if (prefix !== '') {
      conditions.push(eb(key, '>=', nameKey(prefix) as never));
      conditions.push(eb(key, '<', (nameKey(prefix) + LAST_CHARACTER) as never));
    }
    if (search !== '') conditions.push(eb(eb.fn<number>('instr', [key, eb.val(nameKey(search))]), '>', 0));
    return eb.and(conditions);
  };
}

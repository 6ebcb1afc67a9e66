import { fieldsOf, listOf, walk, type Json } from '../ast.js';
import { parsePg } from '../pg-parser.js';
import { rememberedByText } from '../remembered-by-text.js';
import { columnNameOf } from '../rewrite/column-names.js';

/** A statement with so much data takes the parser too long; its columns keep DuckDB's names. */
const LONGEST_PARSED = 100_000;

/**
 * The names of all columns without an alias in a statement, by where they begin, in UTF-16 units. Undefined when it is not of PostgreSQL's
 * grammar.
 */
export const namesByPlace = rememberedByText(parsedNames, LONGEST_PARSED);

function parsedNames(sql: string): ReadonlyMap<number, string> | undefined {
  const statements = parsePg(sql);
  if (statements === undefined) return undefined;
  const bytes = Buffer.from(sql);
  const isAscii = bytes.length === sql.length;
  const names = new Map<number, string>();
  const collect = (targets: Json | undefined): void => {
    for (const one of listOf(targets)) {
      const target = fieldsOf(one, 'ResTarget');
      if (target === undefined || target['name'] !== undefined) continue;
      // A place that is missing is the first byte.
      const byte = typeof target['location'] === 'number' ? target['location'] : 0;
      names.set(isAscii ? byte : bytes.subarray(0, byte).toString().length, columnNameOf(target['val']));
    }
  };
  for (const { node } of statements) {
    walk(node, (fields) => {
      collect(fields['targetList']);
      // RETURNING has its columns there.
      collect(fields['exprs']);
    });
  }
  return names;
}

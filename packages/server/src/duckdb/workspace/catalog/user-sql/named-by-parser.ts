import { fieldsOf, listOf, walk, type Json } from '../ast.js';
import { parsePg } from '../pg-parser.js';
import { columnNameOf } from '../rewrite/column-names.js';

const CACHED_STATEMENTS = 500;
/** Longer ones hold data, and do not come again. */
const LONGEST_CACHED = 4_000;
/** A statement with so much data takes the parser too long; its columns keep DuckDB's names. */
const LONGEST_PARSED = 100_000;

const known = new Map<string, ReadonlyMap<number, string> | undefined>();

/**
 * The names of all columns without an alias in a statement, by where they begin, in UTF-16 units. Undefined when it is not of PostgreSQL's
 * grammar. Programs say the same again and again, so short ones are remembered.
 */
export function namesByPlace(sql: string): ReadonlyMap<number, string> | undefined {
  if (sql.length > LONGEST_PARSED) return undefined;
  if (known.has(sql)) return known.get(sql);
  const names = parsedNames(sql);
  if (sql.length <= LONGEST_CACHED) {
    known.set(sql, names);
    const [oldest] = known.keys();
    if (known.size > CACHED_STATEMENTS && oldest !== undefined) known.delete(oldest);
  }
  return names;
}

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

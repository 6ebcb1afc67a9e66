import { fieldsOf, textOf, walk, type Json } from '../ast.js';

/** The names of all relations that a tree mentions. */
export function relationsIn(tree: Json): ReadonlySet<string> {
  const names = new Set<string>();
  walk(tree, (fields) => {
    const name = textOf(fieldsOf(fields, 'RangeVar')?.['relname']);
    if (name !== undefined) names.add(name);
  });
  return names;
}

import { outlineOf } from './catalog/result-outline.js';
import { originsOf, relationsOf, type RelationColumns } from './catalog/result-origins.js';
import type { NamedRelation } from './catalog/result-outline.js';
import type { ColumnDescription } from './sql-engine.js';

/** More tables than people join by hand: nobody edits the rows of such a result. */
const MOST_RELATIONS = 50;

/**
 * Adds to the columns of a result which column of which table they are; drivers look there for what rows they may change. The text of the
 * statement tells it, and what is known of its tables; the columns stay without where it does not.
 */
export async function withOrigins(
  sql: string,
  columns: readonly ColumnDescription[],
  find: (relation: NamedRelation) => Promise<RelationColumns | undefined>,
): Promise<readonly ColumnDescription[]> {
  const outline = outlineOf(sql);
  const relations = outline === undefined ? [] : relationsOf(outline);
  if (outline === undefined || relations.length === 0 || relations.length > MOST_RELATIONS) return columns;
  const found = new Map<NamedRelation, RelationColumns | undefined>();
  for (const relation of relations) found.set(relation, await find(relation));
  const origins = originsOf(outline, (relation) => found.get(relation));
  if (origins?.length !== columns.length) return columns;
  return columns.map((column, index) => {
    const origin = origins[index];
    return origin === undefined ? column : { ...column, origin };
  });
}

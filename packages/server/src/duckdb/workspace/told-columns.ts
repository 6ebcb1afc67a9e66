import { columnsOf, relationsOf, type RelationColumns } from './catalog/result-columns.js';
import { outlineOf, type NamedRelation } from './catalog/result-outline.js';
import type { ColumnDescription } from './sql-engine.js';

/** More tables than people join by hand: nobody edits the rows of such a result. */
const MOST_RELATIONS = 50;

/** Without one of these words no table is named. */
const NAMES_TABLES = /\b(?:from|returning)\b/i;

/**
 * Adds to the columns of a result which column of which table they are; drivers look there for what rows they may change. Takes away the
 * digits of numbers that are computed: DuckDB gives such results a type of some digits, PostgreSQL says none. The text of the statement
 * tells both, with what is known of its tables; the columns stay as they are where it does not.
 */
export async function asTold(
  sql: string,
  columns: readonly ColumnDescription[],
  find: (relation: NamedRelation) => Promise<RelationColumns | undefined>,
): Promise<readonly ColumnDescription[]> {
  const hasDigits = columns.some(({ typeModifier }) => typeModifier !== -1);
  const outline = hasDigits || NAMES_TABLES.test(sql) ? outlineOf(sql) : undefined;
  const isPlain = outline?.items.every(({ kind }) => kind === 'other') ?? true;
  if (outline === undefined || (isPlain && !hasDigits)) return columns;
  const found = new Map<NamedRelation, RelationColumns | undefined>();
  const relations = isPlain ? [] : relationsOf(outline);
  if (relations.length > MOST_RELATIONS) return columns;
  for (const relation of relations) found.set(relation, await find(relation));
  const told = columnsOf(outline, (relation) => found.get(relation));
  if (told?.length !== columns.length) return columns;
  return columns.map((column, index) => {
    const { origin, isComputed } = told[index] ?? {};
    if (isComputed === true) return { ...column, typeModifier: -1 };
    return origin === undefined ? column : { ...column, origin };
  });
}

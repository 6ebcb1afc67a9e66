import type { Item, NamedRelation, QueryOutline, Source } from './result-outline.js';

/** The number of a table or view as `pg_class` shows it, and the names of its columns in the order of their numbers. */
export interface RelationColumns {
  readonly oid: number;
  readonly columns: readonly string[];
}

/** A column of a result that is one of a table or view as it is. */
export interface ColumnOrigin {
  readonly tableOid: number;
  readonly columnNumber: number;
}

/** What the text of a statement tells of a column of its result. */
export interface ToldColumn {
  readonly name: string;
  readonly origin: ColumnOrigin | undefined;
  /** It is the value of an expression, which has no number of digits in particular. */
  readonly isComputed: boolean;
}

type FindRelation = (relation: NamedRelation) => RelationColumns | undefined;

/** Every table and view whose columns the result may show. */
export function relationsOf(outline: QueryOutline): readonly NamedRelation[] {
  return outline.sources.flatMap((source) => {
    if (source.kind === 'relation') return [source.relation];
    return source.kind === 'query' && source.query !== undefined ? relationsOf(source.query) : [];
  });
}

/**
 * What is told of the columns of the result. Where they come from is as PostgreSQL says it: through subqueries and WITH, but not out of a view. Undefined when it
 * cannot be told how many columns there are.
 */
export function columnsOf(outline: QueryOutline, find: FindRelation): readonly ToldColumn[] | undefined {
  const scope = outline.sources.map((source) => ({ source, columns: columnsOfSource(source, find) }));
  const columns: ToldColumn[] = [];
  for (const item of outline.items) {
    const found = columnsOfItem(item, scope, outline.merged);
    if (found === undefined) return undefined;
    columns.push(...found);
  }
  return columns;
}

type Scope = readonly { readonly source: Source; readonly columns: readonly ToldColumn[] | undefined }[];

function columnsOfItem(item: Item, scope: Scope, merged: ReadonlySet<string>): readonly ToldColumn[] | undefined {
  if (item.kind === 'other') return [{ name: item.name ?? '', origin: undefined, isComputed: !item.hasModifier }];
  if (item.kind === 'star') {
    if (item.path.length === 0 && merged.size > 0) return undefined;
    const sources = scope.filter(({ source }) => item.path.length === 0 || isCalled(source, item.path));
    if (sources.length === 0 || sources.some(({ columns }) => columns === undefined)) return undefined;
    return sources.flatMap(({ columns }) => columns ?? []);
  }
  const column = item.path.at(-1) ?? '';
  const qualifier = item.path.slice(0, -1);
  const isMerged = qualifier.length === 0 && merged.has(column);
  const candidates = scope
    .filter(({ source }) => qualifier.length === 0 || isCalled(source, qualifier))
    .flatMap(({ columns }) => columns?.filter(({ name }) => sameName(name, column)) ?? []);
  const known = !isMerged && candidates.length === 1 ? candidates[0] : undefined;
  return [{ name: item.name ?? column, origin: known?.origin, isComputed: known?.isComputed ?? false }];
}

function columnsOfSource(source: Source, find: FindRelation): readonly ToldColumn[] | undefined {
  if (source.kind === 'other') return undefined;
  const columns =
    source.kind === 'relation'
      ? columnsOfRelation(find(source.relation))
      : source.query && columnsOf(source.query, find);
  return columns?.map((column, index) => ({ ...column, name: source.columnAliases[index] ?? column.name }));
}

function columnsOfRelation(relation: RelationColumns | undefined): readonly ToldColumn[] | undefined {
  return relation?.columns.map((name, index) => ({
    name,
    origin: { tableOid: relation.oid, columnNumber: index + 1 },
    isComputed: false,
  }));
}

/** `t`, or `schema.t` for one without another name. */
function isCalled(source: Source, path: readonly string[]): boolean {
  const [last = '', schema, ...more] = path.toReversed();
  if (more.length > 0) return false;
  if (schema === undefined) return source.alias !== undefined && sameName(source.alias, last);
  if (source.kind !== 'relation' || source.relation.schema === undefined) return false;
  const { relation } = source;
  return source.alias === relation.name && sameName(relation.name, last) && sameName(relation.schema ?? '', schema);
}

function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

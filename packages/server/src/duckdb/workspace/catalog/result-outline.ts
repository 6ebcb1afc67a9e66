import { fieldsOf, isFields, listOf, namesOf, textOf, type Fields, type Json } from './ast.js';
import { parsePg } from './pg-parser.js';
import { rememberedByText } from './remembered-by-text.js';

/** A name after FROM that is no WITH query: a table or a view. */
export interface NamedRelation {
  readonly schema: string | undefined;
  readonly name: string;
}

/** What stands after FROM, with the names that it has in the statement. */
export type Source = {
  readonly alias: string | undefined;
  /** `AS t (a, b)`: other names of its first columns. */
  readonly columnAliases: readonly string[];
} & (
  | { readonly kind: 'relation'; readonly relation: NamedRelation }
  | { readonly kind: 'query'; readonly query: QueryOutline | undefined }
  | { readonly kind: 'other' }
);

/** One of a list of columns: `path` as it is written. */
export type Item =
  | { readonly kind: 'column'; readonly path: readonly string[]; readonly name: string | undefined }
  | { readonly kind: 'star'; readonly path: readonly string[] }
  | {
      readonly kind: 'other';
      readonly name: string | undefined;
      /** `… :: numeric(12, 2)`: what is computed has these digits, otherwise none in particular. */
      readonly hasModifier: boolean;
    };

/** As much of a query as tells which columns of tables its result shows. */
export interface QueryOutline {
  readonly items: readonly Item[];
  readonly sources: readonly Source[];
  /** Columns that JOIN … USING makes one of: they are of neither table. */
  readonly merged: ReadonlySet<string>;
}

/** Beyond that the parser takes milliseconds, and no program edits the rows of what it asked so. */
const LONGEST_PARSED = 10_000;

/**
 * The outline of a statement that answers rows. Undefined when several queries are put together (UNION), or when it is not of PostgreSQL's
 * grammar.
 */
export const outlineOf = rememberedByText(parsedOutline, LONGEST_PARSED);

function parsedOutline(sql: string): QueryOutline | undefined {
  const statements = parsePg(sql);
  const node = statements?.length === 1 ? statements[0]?.node : undefined;
  return node && outlineOfStatement(node);
}

function outlineOfStatement(node: Fields): QueryOutline | undefined {
  const select = fieldsOf(node, 'SelectStmt');
  if (select !== undefined) return outlineOfSelect(select, new Map());
  for (const [kind, others] of [
    ['InsertStmt', undefined],
    ['UpdateStmt', 'fromClause'],
    ['DeleteStmt', 'usingClause'],
  ] as const) {
    const write = fieldsOf(node, kind);
    if (write === undefined) continue;
    const scope = new Scope(withQueries(write, new Map()));
    scope.addRelation(write['relation']);
    if (others !== undefined) for (const one of listOf(write[others])) scope.add(one);
    const returning = write['returningClause'];
    if (!isFields(returning) || !scope.isClear) return undefined;
    return { ...scope.result(), items: itemsOf(returning['exprs']) };
  }
  return undefined;
}

type WithQueries = ReadonlyMap<string, QueryOutline | undefined>;

function outlineOfSelect(select: Fields, outer: WithQueries): QueryOutline | undefined {
  if (textOf(select['op']) !== 'SETOP_NONE' || select['valuesLists'] !== undefined) return undefined;
  const scope = new Scope(withQueries(select, outer));
  for (const one of listOf(select['fromClause'])) scope.add(one);
  return scope.isClear ? { ...scope.result(), items: itemsOf(select['targetList']) } : undefined;
}

function withQueries(statement: Fields, outer: WithQueries): WithQueries {
  const clause = statement['withClause'];
  if (!isFields(clause)) return outer;
  const queries = new Map(outer);
  for (const one of listOf(clause['ctes'])) {
    const cte = fieldsOf(one, 'CommonTableExpr');
    const select = fieldsOf(cte?.['ctequery'], 'SelectStmt');
    const isPlain = select !== undefined && clause['recursive'] !== true && cte?.['aliascolnames'] === undefined;
    queries.set(textOf(cte?.['ctename']) ?? '', isPlain ? outlineOfSelect(select, queries) : undefined);
  }
  return queries;
}

/** The sources of one FROM, while they are read. */
class Scope {
  readonly #sources: Source[] = [];
  readonly #merged = new Set<string>();
  /** False when what is joined by which columns cannot be told. */
  isClear = true;

  constructor(private readonly withQueries: WithQueries) {}

  result(): Omit<QueryOutline, 'items'> {
    return { sources: this.#sources, merged: this.#merged };
  }

  add(node: Json): void {
    const join = fieldsOf(node, 'JoinExpr');
    const query = fieldsOf(node, 'RangeSubselect');
    const relation = fieldsOf(node, 'RangeVar');
    if (join !== undefined) this.#addJoin(join);
    else if (relation !== undefined) this.addRelation(relation);
    else if (query !== undefined) {
      const select = fieldsOf(query['subquery'], 'SelectStmt');
      const outline = select === undefined ? undefined : outlineOfSelect(select, this.withQueries);
      this.#sources.push({ ...aliasOf(query), kind: 'query', query: outline });
    } else this.#sources.push({ alias: undefined, columnAliases: [], kind: 'other' });
  }

  addRelation(relation: Json | undefined): void {
    if (!isFields(relation)) return;
    const name = textOf(relation['relname']) ?? '';
    const schema = textOf(relation['schemaname']);
    const { alias = name, columnAliases } = aliasOf(relation);
    if (schema === undefined && this.withQueries.has(name)) {
      this.#sources.push({ alias, columnAliases, kind: 'query', query: this.withQueries.get(name) });
    } else {
      this.#sources.push({ alias, columnAliases, kind: 'relation', relation: { schema, name } });
    }
  }

  #addJoin(join: Fields): void {
    if (join['isNatural'] === true || join['alias'] !== undefined) this.isClear = false;
    for (const name of namesOf(join['usingClause'])) this.#merged.add(name);
    for (const side of [join['larg'], join['rarg']]) if (side !== undefined) this.add(side);
  }
}

function aliasOf(source: Fields): { alias: string | undefined; columnAliases: readonly string[] } {
  const alias = source['alias'];
  if (!isFields(alias)) return { alias: undefined, columnAliases: [] };
  return { alias: textOf(alias['aliasname']), columnAliases: namesOf(alias['colnames']) };
}

function itemsOf(targets: Json | undefined): readonly Item[] {
  return listOf(targets).map((one): Item => {
    const target = fieldsOf(one, 'ResTarget');
    const name = textOf(target?.['name']);
    const column = fieldsOf(target?.['val'], 'ColumnRef');
    if (column === undefined) return { kind: 'other', name, hasModifier: hasModifier(target?.['val']) };
    const path = namesOf(column['fields']);
    const isStar = listOf(column['fields']).some((field) => fieldsOf(field, 'A_Star') !== undefined);
    return isStar ? { kind: 'star', path } : { kind: 'column', path, name };
  });
}

function hasModifier(value: Json | undefined): boolean {
  const type = fieldsOf(value, 'TypeCast')?.['typeName'];
  return isFields(type) && type['typmods'] !== undefined;
}

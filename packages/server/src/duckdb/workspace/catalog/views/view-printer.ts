import { fieldsOf, isFields, listOf, textOf, type Fields, type Json } from '../ast.js';
import { parsePg } from '../pg-parser.js';
import type { NamedRelation } from '../result-outline.js';
import { ExpressionPrinter, type Printed } from './expression-printer.js';
import { quoteName } from './quote-name.js';
import { Unprintable } from './unprintable.js';
import { ViewScope, type ViewSource } from './view-scope.js';

/** A table or view that a view reads. */
export interface ViewedRelation {
  /** As the session may write it. */
  readonly spelling: string;
  readonly columns: ViewSource['columns'];
}

export type FindViewed = (relation: NamedRelation) => ViewedRelation | undefined;

const JOINS: Readonly<Record<string, string>> = {
  JOIN_INNER: 'JOIN',
  JOIN_LEFT: 'LEFT JOIN',
  JOIN_RIGHT: 'RIGHT JOIN',
  JOIN_FULL: 'FULL JOIN',
};

const KNOWN_CLAUSES = new Set(
  'distinctClause targetList fromClause whereClause groupClause havingClause sortClause limitCount limitOffset limitOption op'.split(
    ' ',
  ),
);

/** The tree of a view's definition as DuckDB keeps it; undefined when it is not PostgreSQL's grammar. */
export function viewQuery(sql: string): Fields | undefined {
  const statements = parsePg(sql);
  const view = statements?.length === 1 ? fieldsOf(statements[0]?.node, 'ViewStmt') : undefined;
  return view?.['aliases'] === undefined ? fieldsOf(view?.['query'], 'SelectStmt') : undefined;
}

/** Every relation that a FROM of it names. */
export function viewedRelations(query: Fields): readonly NamedRelation[] {
  const within = (node: Json | undefined): readonly NamedRelation[] => {
    const join = fieldsOf(node, 'JoinExpr');
    if (join !== undefined) return [...within(join['larg']), ...within(join['rarg'])];
    const relation = fieldsOf(node, 'RangeVar');
    return relation === undefined ? [] : [namedRelation(relation)];
  };
  return listOf(query['fromClause']).flatMap(within);
}

function namedRelation(relation: Fields): NamedRelation {
  return { schema: textOf(relation['schemaname']), name: textOf(relation['relname']) ?? '' };
}

/**
 * What `pg_get_viewdef` of PostgreSQL 15 prints, ordinary shapes of queries only: columns, joins, conditions, groups, order and limit.
 * Undefined for everything else.
 */
export function printView(query: Fields, find: FindViewed, pretty: boolean): string | undefined {
  try {
    return new ViewPrinter(query, find, pretty).print();
  } catch (error) {
    if (error instanceof Unprintable) return undefined;
    throw error;
  }
}

interface Target {
  readonly printed: Printed;
  readonly name: string;
}

class ViewPrinter {
  readonly #scope = new ViewScope();
  readonly #expressions: ExpressionPrinter;

  constructor(
    private readonly query: Fields,
    private readonly find: FindViewed,
    private readonly pretty: boolean,
  ) {
    this.#expressions = new ExpressionPrinter(this.#scope, pretty);
  }

  print(): string {
    const { query } = this;
    if (Object.keys(query).some((key) => !KNOWN_CLAUSES.has(key)) || query['op'] !== 'SETOP_NONE')
      throw new Unprintable();
    const from = this.#from();
    const targets = listOf(query['targetList']).flatMap((target) => this.#targets(target));
    const lines = [` SELECT ${this.#distinct()}${this.#select(targets)}`, `   FROM ${from}`];
    const where = query['whereClause'];
    if (where !== undefined) lines.push(`  WHERE ${this.#expressions.print(where).text}`);
    const groups = listOf(query['groupClause']).map((group) => this.#sorted(group, targets));
    if (groups.length > 0) lines.push(`  GROUP BY ${groups.join(', ')}`);
    const having = query['havingClause'];
    if (having !== undefined) lines.push(` HAVING ${this.#expressions.print(having).text}`);
    const order = listOf(query['sortClause']).map((sort) => this.#order(sort, targets));
    if (order.length > 0) lines.push(`  ORDER BY ${order.join(', ')}`);
    const { limitOffset, limitCount } = query;
    if (limitOffset !== undefined) lines.push(` OFFSET ${this.#number(limitOffset)}`);
    if (limitCount !== undefined) lines.push(` LIMIT ${this.#number(limitCount)}`);
    return `${lines.join('\n')};`;
  }

  #distinct(): string {
    const clause = this.query['distinctClause'];
    if (clause === undefined) return '';
    if (listOf(clause).some((one) => isFields(one) && Object.keys(one).length > 0)) throw new Unprintable();
    return 'DISTINCT ';
  }

  #select(targets: readonly Target[]): string {
    const columns = targets.map(({ printed, name }) => {
      const { text } = printed;
      return printed.kind === 'column' && printed.name === name ? text : `${text} AS ${quoteName(name)}`;
    });
    return columns.map((text, index) => (index === 0 || text.startsWith('\n') ? text : `\n    ${text}`)).join(',');
  }

  #targets(node: Json): readonly Target[] {
    const target = fieldsOf(node, 'ResTarget');
    const value = target?.['val'];
    const fields = listOf(fieldsOf(value, 'ColumnRef')?.['fields']);
    if (fields.some((field) => fieldsOf(field, 'A_Star') !== undefined)) {
      const source = fields.length === 2 ? textOf(fieldsOf(fields[0], 'String')?.['sval']) : undefined;
      if (fields.length > 2) throw new Unprintable();
      return this.#scope
        .all(source)
        .map((column) => ({ printed: this.#expressions.column(column), name: column.name }));
    }
    const printed = this.#expressions.print(value);
    const typed = printed.type === 'unknown' ? { ...printed, text: `${printed.text}::text` } : printed;
    const name = textOf(target?.['name']) ?? printed.name;
    if (name === undefined) throw new Unprintable();
    return [{ printed: typed, name }];
  }

  #from(): string {
    const items = listOf(this.query['fromClause']);
    if (items.length === 0) throw new Unprintable();
    return items.map((item) => this.#source(item)).join(',\n    ');
  }

  #source(node: Json | undefined): string {
    const join = fieldsOf(node, 'JoinExpr');
    if (join !== undefined) return this.#join(join);
    const relation = fieldsOf(node, 'RangeVar');
    const viewed = relation && this.find(namedRelation(relation));
    if (relation === undefined || viewed === undefined) throw new Unprintable();
    const alias = isFields(relation['alias']) ? relation['alias'] : undefined;
    if (alias?.['colnames'] !== undefined) throw new Unprintable();
    const name = textOf(alias?.['aliasname']) ?? namedRelation(relation).name;
    this.#scope.add({ name, columns: viewed.columns });
    return alias === undefined || name === namedRelation(relation).name
      ? viewed.spelling
      : `${viewed.spelling} ${quoteName(name)}`;
  }

  #join(join: Fields): string {
    const { jointype, quals } = join;
    const word = JOINS[textOf(jointype) ?? ''];
    const isPlain = join['usingClause'] === undefined && join['isNatural'] !== true && join['alias'] === undefined;
    if (word === undefined || !isPlain || fieldsOf(join['rarg'], 'JoinExpr') !== undefined) throw new Unprintable();
    const left = this.#source(join['larg']);
    const right = this.#source(join['rarg']);
    if (quals === undefined) throw new Unprintable();
    const condition = this.#expressions.print(quals).text;
    return this.pretty
      ? `${left}\n     ${word} ${right} ON ${condition}`
      : `(${left}\n     ${word} ${right} ON (${condition}))`;
  }

  #order(node: Json, targets: readonly Target[]): string {
    const sort = fieldsOf(node, 'SortBy') ?? {};
    const direction = sort['sortby_dir'];
    const nulls = sort['sortby_nulls'];
    const descends = direction === 'SORTBY_DESC';
    // Said only when it is not what the direction means anyway.
    const suffix =
      nulls === 'SORTBY_NULLS_FIRST' && !descends
        ? ' NULLS FIRST'
        : nulls === 'SORTBY_NULLS_LAST' && descends
          ? ' NULLS LAST'
          : '';
    return `${this.#sorted(sort['node'], targets)}${descends ? ' DESC' : ''}${suffix}`;
  }

  /** A column of the result by its name or place, or an expression. */
  #sorted(node: Json | undefined, targets: readonly Target[]): string {
    const { text, kind } = this.#sortedValue(node, targets);
    if (kind === 'column') return text;
    if (kind === 'call') return `(${text})`;
    throw new Unprintable();
  }

  #sortedValue(node: Json | undefined, targets: readonly Target[]): Printed {
    const place = fieldsOf(node, 'A_Const')?.['ival'];
    if (isFields(place)) {
      const target = targets[Number(place['ival']) - 1];
      if (target === undefined) throw new Unprintable();
      return target.printed;
    }
    const path = listOf(fieldsOf(node, 'ColumnRef')?.['fields']);
    const name = path.length === 1 ? textOf(fieldsOf(path[0], 'String')?.['sval']) : undefined;
    const named = targets.filter((target) => target.name === name);
    return named.length === 1 && named[0] !== undefined ? named[0].printed : this.#expressions.print(node);
  }

  #number(node: Json): string {
    const { text, kind, type } = this.#expressions.print(node);
    if (kind !== 'constant' || type !== 'integer') throw new Unprintable();
    return text;
  }
}

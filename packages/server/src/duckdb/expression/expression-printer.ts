import { nameKey } from '../../model/columns.js';
import { quoteIdentifier } from '../quoting.js';
import { printCastType } from './cast-type.js';
import { printConstant } from './constant-text.js';
import {
  BINARY_OPERATORS,
  CALLABLE_NAMES,
  CLOCK_WORDS,
  MAX_PATTERN_LENGTH,
  PATTERN_FUNCTIONS,
  PERMITTED_FUNCTIONS,
  UNARY_OPERATORS,
} from './permitted-functions.js';
import { asList, asNode, isNode, SyntaxFailure, type SyntaxNode } from './syntax-tree.js';

/** Far above what people write, far below what costs the engine its stack (its own limit is 1000). */
const MAX_DEPTH = 200;
const COLUMNS_SHOWN = 50;

/** The name a table may be called by in front of its columns. */
const TABLE_NAME = 'data';

const COMPARISONS: Readonly<Record<string, string>> = {
  COMPARE_EQUAL: '=',
  COMPARE_NOTEQUAL: '<>',
  COMPARE_LESSTHAN: '<',
  COMPARE_GREATERTHAN: '>',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHANOREQUALTO: '>=',
  COMPARE_DISTINCT_FROM: 'IS DISTINCT FROM',
  COMPARE_NOT_DISTINCT_FROM: 'IS NOT DISTINCT FROM',
};

/** What the user would call a class of expressions that is refused. */
const REFUSED_CLASSES: Readonly<Record<string, string>> = {
  SUBQUERY: 'subqueries are not permitted',
  WINDOW: 'window functions are not permitted',
  STAR: '* and COLUMNS are not permitted',
  PARAMETER: 'parameters are not permitted',
  POSITIONAL_REFERENCE: 'positional references are not permitted',
  LAMBDA_REF: 'lambda functions are not permitted',
  DEFAULT: 'DEFAULT is not permitted',
  COLLATE: 'collations are not permitted',
};

/**
 * Checks an expression and writes it anew: only what this class knows how to print gets into SQL, everything else is refused with
 * its name. Every operator is in brackets, names and texts are quoted, columns are spelled as the table spells them.
 */
export class ExpressionPrinter {
  readonly #columns: ReadonlyMap<string, string>;

  constructor(columnNames: readonly string[]) {
    this.#columns = new Map(columnNames.map((name) => [nameKey(name), name]));
  }

  print(node: SyntaxNode, depth = 1): string {
    if (depth > MAX_DEPTH) throw new SyntaxFailure(`it is nested more than ${MAX_DEPTH} deep`);
    switch (node.class) {
      case 'CONSTANT':
        return printConstant(asNode(node.value));
      case 'COLUMN_REF':
        return this.#columnReference(asList(node.column_names).map(String));
      case 'COMPARISON':
        return this.#comparison(node, depth);
      case 'CONJUNCTION':
        return this.#conjunction(node, depth);
      case 'BETWEEN':
        return `(${this.#child(node.input, depth)} BETWEEN ${this.#child(node.lower, depth)} AND ${this.#child(node.upper, depth)})`;
      case 'OPERATOR':
        return this.#operator(node, depth);
      case 'CASE':
        return this.#case(node, depth);
      case 'CAST':
        return `${node.try_cast === true ? 'TRY_CAST' : 'CAST'}(${this.#child(node.child, depth)} AS ${printCastType(asNode(node.cast_type))})`;
      case 'FUNCTION':
        return this.#function(node, depth);
      case 'LAMBDA':
        // Outside a function that takes a lambda, `a -> 'b'` extracts from JSON; no such function is permitted.
        return `(${this.#child(node.lhs, depth)} -> ${this.#child(node.expr, depth)})`;
      default:
        throw new SyntaxFailure(
          REFUSED_CLASSES[String(node.class)] ?? `${String(node.class)} expressions are not permitted`,
        );
    }
  }

  #child(node: unknown, depth: number): string {
    return this.print(asNode(node), depth + 1);
  }

  #children(node: SyntaxNode, depth: number): string[] {
    return asList(node.children).map((child) => this.#child(child, depth));
  }

  #columnReference(path: readonly string[]): string {
    const [first = '', second = ''] = path;
    const qualified = path.length > 1 && nameKey(first) === TABLE_NAME ? this.#columns.get(nameKey(second)) : undefined;
    const column = qualified ?? this.#columns.get(nameKey(first));
    if (column === undefined) {
      if (path.length === 1 && CLOCK_WORDS.has(nameKey(first))) return nameKey(first);
      throw this.#unknownColumn(path.join('.'));
    }
    const fields = path.slice(qualified === undefined ? 1 : 2);
    return fields.reduce((parent, field) => `(${parent}).${quoteIdentifier(field)}`, quoteIdentifier(column));
  }

  #unknownColumn(name: string): SyntaxFailure {
    const names = [...this.#columns.values()];
    if (names.length === 0)
      return new SyntaxFailure(`it cannot refer to the column "${name}" (texts need single quotes)`);
    const shown = names.slice(0, COLUMNS_SHOWN).join(', ') + (names.length > COLUMNS_SHOWN ? ', …' : '');
    return new SyntaxFailure(`the table has no column "${name}" (texts need single quotes); its columns are ${shown}`);
  }

  #comparison(node: SyntaxNode, depth: number): string {
    const operator = COMPARISONS[String(node.type)];
    if (operator === undefined) throw new SyntaxFailure(`the comparison ${String(node.type)} is not permitted`);
    return `(${this.#child(node.left, depth)} ${operator} ${this.#child(node.right, depth)})`;
  }

  #conjunction(node: SyntaxNode, depth: number): string {
    return `(${this.#children(node, depth).join(node.type === 'CONJUNCTION_AND' ? ' AND ' : ' OR ')})`;
  }

  #operator(node: SyntaxNode, depth: number): string {
    if (node.type === 'ARRAY_SLICE') return this.#slice(node, depth);
    const children = this.#children(node, depth);
    const [first = '', ...rest] = children;
    switch (node.type) {
      case 'OPERATOR_NOT':
        return `(NOT ${first})`;
      case 'OPERATOR_IS_NULL':
        return `(${first} IS NULL)`;
      case 'OPERATOR_IS_NOT_NULL':
        return `(${first} IS NOT NULL)`;
      case 'COMPARE_IN':
        return `(${first} IN (${rest.join(', ')}))`;
      case 'COMPARE_NOT_IN':
        return `(${first} NOT IN (${rest.join(', ')}))`;
      case 'OPERATOR_COALESCE':
        return `COALESCE(${children.join(', ')})`;
      case 'OPERATOR_TRY':
        return `TRY(${first})`;
      case 'ARRAY_CONSTRUCTOR':
        return `ARRAY[${children.join(', ')}]`;
      case 'ARRAY_EXTRACT':
        return `(${first})[${rest.join('')}]`;
      case 'STRUCT_EXTRACT':
        return `(${first}).${quoteIdentifier(fieldName(asList(node.children)[1]))}`;
      default:
        throw new SyntaxFailure(`the operator ${String(node.type)} is not permitted`);
    }
  }

  /** A bound that was left out is an empty list in the tree. */
  #slice(node: SyntaxNode, depth: number): string {
    const [value, ...bounds] = asList(node.children);
    const texts = bounds.map((bound) => (isMissingBound(bound) ? '' : this.#child(bound, depth)));
    // With a step, a missing end is written as a minus sign.
    if (texts.length === 3 && texts[1] === '') texts[1] = '-';
    return `(${this.#child(value, depth)})[${texts.join(':')}]`;
  }

  #case(node: SyntaxNode, depth: number): string {
    const checks = asList(node.case_checks).map((check) => {
      const { when_expr: when, then_expr: then } = asNode(check);
      return `WHEN ${this.#child(when, depth)} THEN ${this.#child(then, depth)}`;
    });
    return `(CASE ${checks.join(' ')} ELSE ${this.#child(node.else_expr, depth)} END)`;
  }

  #function(node: SyntaxNode, depth: number): string {
    const name = String(node.function_name);
    const operator = node.is_operator === true;
    mustBePlainCall(node, name);
    const children = asList(node.children).map(asNode);
    if (operator) return this.#operatorFunction(name, children, depth);
    if (!PERMITTED_FUNCTIONS.has(name)) throw new SyntaxFailure(`the function ${name} is not permitted`);
    if (PATTERN_FUNCTIONS.has(name)) mustBeShortPattern(children[1]);
    return `${CALLABLE_NAMES.get(name) ?? name}(${children.map((child) => this.#argument(name, child, depth)).join(', ')})`;
  }

  #operatorFunction(name: string, children: readonly SyntaxNode[], depth: number): string {
    const permitted = children.length === 2 ? BINARY_OPERATORS : UNARY_OPERATORS;
    if (!permitted.has(name)) throw new SyntaxFailure(`the operator ${name} is not permitted`);
    const [first, second] = children.map((child) => this.#child(child, depth));
    return second === undefined ? `(${name} ${first})` : `(${first} ${name} ${second})`;
  }

  /** Only a struct has named arguments: its fields. */
  #argument(functionName: string, child: SyntaxNode, depth: number): string {
    const text = this.#child(child, depth);
    const alias = child.alias;
    if (typeof alias !== 'string' || alias === '') return text;
    if (functionName !== 'struct_pack')
      throw new SyntaxFailure(`the function ${functionName} takes no named arguments`);
    return `${quoteIdentifier(alias)} := ${text}`;
  }
}

function mustBePlainCall(node: SyntaxNode, name: string): void {
  if (node.schema !== '' && node.schema !== 'main') {
    throw new SyntaxFailure(`call the function as ${name}(…), without a name in front of it`);
  }
  const orders = isNode(node.order_bys) ? asList(node.order_bys.orders) : [];
  if (
    node.catalog !== '' ||
    node.filter !== null ||
    node.distinct !== false ||
    node.export_state !== false ||
    orders.length > 0
  ) {
    throw new SyntaxFailure(`the call of ${name} has parts that are not permitted`);
  }
}

function mustBeShortPattern(node: SyntaxNode | undefined): void {
  const pattern = node?.class === 'CONSTANT' ? asNode(node.value).value : undefined;
  if (typeof pattern !== 'string' || pattern.length > MAX_PATTERN_LENGTH) {
    throw new SyntaxFailure(
      `a regular expression must be a text in single quotes of ${MAX_PATTERN_LENGTH} characters at most`,
    );
  }
}

function fieldName(node: unknown): string {
  const constant = asNode(asNode(node).value);
  if (typeof constant.value !== 'string') throw new SyntaxFailure('a field name must be a constant');
  return constant.value;
}

function isMissingBound(node: unknown): boolean {
  if (!isNode(node) || node.class !== 'CONSTANT' || !isNode(node.value) || !isNode(node.value.type)) return false;
  return node.value.type.id === 'LIST';
}

import {
  arrayNode,
  callNode,
  castNode,
  columnNode,
  constantInteger,
  constantText,
  fieldsOf,
  integerNode,
  isFields,
  listOf,
  nameNode,
  namesOf,
  nullNode,
  operatorNode,
  targetNode,
  textNode,
  textOf,
  type Fields,
  type Json,
} from '../ast.js';
import { CATALOG_DATABASE, FUNCTIONS, INFORMATION_SCHEMA, PG_CATALOG } from '../names.js';
import { columnNameOf } from './column-names.js';
import { MACROS, SET_RETURNING, VALUE_FUNCTION_MACROS } from './functions.js';
import { parseArrayLiteral } from './array-literal.js';
import { formatAsConcatenation } from './format.js';
import { isPatternOfMany, rewriteOperator } from './operators.js';
import { parsePg } from '../pg-parser.js';
import {
  columnTypesOf,
  definitionOf,
  isOidColumn,
  isRegprocColumn,
  isVectorColumn,
  isXidColumn,
  relationOid,
  schemaOfRelation,
  type CatalogSchema,
} from './relations.js';
import { withoutReservedAliases } from './reserved-aliases.js';
import { enterSelect, OUTSIDE, type Scope } from './scope.js';
import { rewriteRangeFunction } from './range-functions.js';
import { strftimePattern } from '../user-sql/date-patterns.js';
import { REG_TYPES, TEXT_TYPES, typeNameFor } from './types.js';

type Rule = (fields: Fields, scope: Scope) => Json;

const macro = (name: string, ...args: readonly Json[]): Json => callNode([CATALOG_DATABASE, FUNCTIONS, name], args);

/**
 * Turns the parse tree of a catalogue statement into one that DuckDB runs over the catalogue's own database. Rules are per kind of
 * node and rewrite their own children; a kind without a rule is copied.
 *
 * Values of the `reg…` types are object numbers that print as names. The tree has no types, so a value stays a number until it
 * is cast to text or reaches the client, and only there becomes the name (`#asText`).
 */
export class CatalogRewriter {
  readonly #definitions = new Map<string, Json>();
  readonly #rules: Readonly<Record<string, Rule>> = {
    SelectStmt: (fields, scope) => ({ SelectStmt: this.#select(fields, scope, false) }),
    RangeVar: (fields, scope) => this.#relation(fields, scope),
    RangeFunction: (fields, scope) => rewriteRangeFunction(fields, (one) => this.#rewrite(one, scope)),
    ColumnRef: (fields, scope) => this.#column(fields, scope),
    FuncCall: (fields, scope) => this.#call(fields, scope),
    SQLValueFunction: (fields) => this.#valueFunction(fields),
    TypeCast: (fields, scope) => this.#cast(fields, scope),
    A_Expr: (fields, scope) => this.#operator(fields, scope),
    CollateClause: (fields, scope) => this.#rewrite(fields['arg'] ?? null, scope),
    A_Indirection: (fields, scope) => this.#indirection(fields, scope),
    VariableShowStmt: (fields) => this.#show(fields),
  };

  statement(original: Fields): Json {
    const node = withoutReservedAliases(original);
    const select = fieldsOf(node, 'SelectStmt');
    if (select !== undefined) return { SelectStmt: this.#select(select, OUTSIDE, true) };
    return this.#rewrite(node, OUTSIDE);
  }

  #rewrite(value: Json, scope: Scope): Json {
    if (Array.isArray(value)) return (value as readonly Json[]).map((one) => this.#rewrite(one, scope));
    if (!isFields(value)) return value;
    const [kind, ...others] = Object.keys(value);
    if (kind !== undefined && others.length === 0) {
      const rule = this.#rules[kind];
      const fields = value[kind];
      if (rule !== undefined && isFields(fields)) return rule(fields, scope);
    }
    return this.#fields(value, scope);
  }

  #fields(fields: Fields, scope: Scope): Fields {
    return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, this.#rewrite(value, scope)]));
  }

  #select(fields: Fields, outer: Scope, outermost: boolean): Fields {
    const scope = enterSelect(fields, outer, outermost);
    const { targetList, larg, rarg, ...rest } = fields;
    return {
      ...storedOrder(fields, scope),
      ...this.#fields(rest, { ...scope, outermost: false, merged: false }),
      // The halves of a UNION are SELECTs without their wrapping node.
      ...(isFields(larg) ? { larg: this.#select(larg, { ...scope, merged: true }, outermost) } : {}),
      ...(isFields(rarg) ? { rarg: this.#select(rarg, { ...scope, merged: true }, outermost) } : {}),
      ...(targetList === undefined
        ? {}
        : {
            targetList: listOf(targetList)
              .flatMap((one) => starred(one, scope))
              .map((one) => this.#target(one, scope)),
          }),
    };
  }

  #target(target: Json, scope: Scope): Json {
    const fields = fieldsOf(target, 'ResTarget');
    const value = fields?.['val'];
    if (fields === undefined || value === undefined) return this.#rewrite(target, scope);
    const inner = { ...scope, outermost: false, merged: false };
    const rewritten = scope.outermost ? this.#asText(value, inner) : this.#rewrite(value, inner);
    // A NULL that nothing gives a type is text; to DuckDB it is an integer.
    if (!scope.merged && fieldsOf(value, 'A_Const')?.['isnull'] === true) {
      return targetNode(castNode(nullNode, ['varchar']), textOf(fields['name']) ?? '?column?');
    }
    const spread = this.#spread(value, rewritten);
    const isPlain = fieldsOf(value, 'ColumnRef') !== undefined && fieldsOf(spread, 'ColumnRef') !== undefined;
    const name = textOf(fields['name']) ?? (isPlain ? undefined : columnNameOf(value));
    return { ResTarget: { val: spread, ...(name === undefined ? {} : { name }) } };
  }

  /** A function that returns rows, called in the list of columns, is a list to unnest in DuckDB. */
  #spread(original: Json, rewritten: Json): Json {
    const call = fieldsOf(original, 'FuncCall');
    if (call !== undefined) {
      const name = namesOf(call['funcname']).at(-1) ?? '';
      return name !== 'unnest' && SET_RETURNING.has(name) ? callNode(['unnest'], [rewritten]) : rewritten;
    }
    const cast = fieldsOf(original, 'TypeCast');
    const innerCast = fieldsOf(rewritten, 'TypeCast');
    if (cast !== undefined && innerCast !== undefined) {
      return { TypeCast: { ...innerCast, arg: this.#spread(cast['arg'] ?? null, innerCast['arg'] ?? null) } };
    }
    const indirection = fieldsOf(original, 'A_Indirection');
    const inner = fieldsOf(rewritten, 'A_Indirection');
    if (indirection === undefined || inner === undefined) return rewritten;
    const argument = this.#spread(indirection['arg'] ?? null, inner['arg'] ?? null);
    return { A_Indirection: { ...inner, arg: argument } };
  }

  #relation(fields: Fields, scope: Scope): Json {
    const name = textOf(fields['relname']) ?? '';
    const schema = textOf(fields['schemaname']);
    if (schema === undefined && scope.ctes.has(name)) return { RangeVar: fields };
    const found = schemaOfRelation(schema, name);
    if (found === undefined) return { RangeVar: fields };
    const alias = fields['alias'] ?? { aliasname: name };
    const definition = this.definition(found, name);
    if (definition !== undefined) return { RangeSubselect: { subquery: definition, alias } };
    return {
      RangeVar: {
        ...fields,
        catalogname: CATALOG_DATABASE,
        schemaname: found === 'pg_catalog' ? PG_CATALOG : INFORMATION_SCHEMA,
        alias,
      },
    };
  }

  /** What a view of PostgreSQL's own stands for, rewritten; undefined for relations that exist in the catalogue's database. */
  definition(schema: CatalogSchema, name: string): Json | undefined {
    const key = `${schema}.${name}`;
    const known = this.#definitions.get(key);
    if (known !== undefined) return known;
    const sql = definitionOf(schema, name);
    const statement = sql === undefined ? undefined : parsePg(sql)?.[0];
    if (statement === undefined) return undefined;
    const definition = this.#rewrite(withoutReservedAliases(statement.node), OUTSIDE);
    this.#definitions.set(key, definition);
    return definition;
  }

  #column(fields: Fields, scope: Scope): Json {
    const parts = listOf(fields['fields']);
    const names = namesOf(fields['fields']);
    // schema.table.column: the table is known by its own name here
    const kept =
      parts.length === 3 && /^(pg_catalog|information_schema)$/.test(names[0] ?? '') ? parts.slice(1) : parts;
    const last = names.at(-1) ?? '';
    const relation =
      names.length > 1
        ? scope.relations.get(names.at(-2) ?? '')
        : scope.local.length === 1
          ? scope.local[0]
          : undefined;
    if (relation !== undefined && kept.length <= 2) {
      if (last === 'tableoid') return integerNode(relationOid(relation) ?? 0);
      if (last === 'xmin') return castNode(textNode('1'), typeNameFor('xid'));
      if (last === 'cmin' || last === 'xmax' || last === 'cmax') return castNode(textNode('0'), typeNameFor('xid'));
      if (last === 'ctid') return textNode('(0,1)');
    }
    return { ColumnRef: { ...fields, fields: kept } };
  }

  #call(fields: Fields, scope: Scope): Json {
    const names = namesOf(fields['funcname']);
    const name = (names.at(-1) ?? '').toLowerCase();
    const args = listOf(fields['args']);
    if (name === 'format') {
      const concatenation = formatAsConcatenation(
        args[0],
        args.slice(1).map((one) => this.#asText(one, scope)),
      );
      if (concatenation !== undefined) return concatenation;
    }
    if (name === 'age' && args.length === 1 && isXidColumn(args[0])) return integerNode(1);
    if (name === 'to_char' && args.length === 2) {
      const pattern = strftimePattern(constantText(args[1]) ?? '?A');
      if (pattern !== undefined)
        return callNode(['strftime'], [this.#rewrite(args[0] ?? null, scope), textNode(pattern)]);
    }
    if (name === '_pg_truetypid' || name === '_pg_truetypmod') return trueType(name, args);
    const vector = name.startsWith('array_') && isVectorColumn(args[0]);
    if (vector && name === 'array_lower') return integerNode(0);
    if (vector && name === 'array_upper') {
      return operatorNode(
        '-',
        callNode(
          ['len'],
          args.slice(0, 1).map((one) => this.#rewrite(one, scope)),
        ),
        integerNode(1),
      );
    }
    if (
      name === 'array_to_string' ||
      name === 'string_agg' ||
      name === 'quote_ident' ||
      name === 'format' ||
      name === 'concat'
    ) {
      return this.#callNamed(
        fields,
        name,
        args.map((one) => this.#asText(one, scope)),
        scope,
      );
    }
    return this.#callNamed(
      fields,
      name,
      args.map((one) => this.#rewrite(one, scope)),
      scope,
    );
  }

  #callNamed(fields: Fields, name: string, args: readonly Json[], scope: Scope): Json {
    const { funcname: _name, args: _args, ...rest } = fields;
    const target = MACROS.get(name);
    const funcname = (target === undefined ? [name] : target.map(String)).map(nameNode);
    return { FuncCall: { ...this.#fields(rest, scope), funcname, ...(args.length === 0 ? {} : { args }) } };
  }

  #valueFunction(fields: Fields): Json {
    const name = VALUE_FUNCTION_MACROS[textOf(fields['op']) ?? ''];
    return name === undefined ? { SQLValueFunction: fields } : macro(name);
  }

  #cast(fields: Fields, scope: Scope): Json {
    const argument = fields['arg'] ?? null;
    const type = isFields(fields['typeName']) ? fields['typeName'] : {};
    const name = namesOf(type['names']).at(-1) ?? '';
    const isArray = listOf(type['arrayBounds']).length > 0;
    if (isArray) {
      const literal = constantText(argument);
      const elements = literal === undefined ? undefined : parseArrayLiteral(literal);
      const inner =
        elements === undefined
          ? this.#rewrite(argument, scope)
          : arrayNode(elements.map((one) => (one === null ? nullNode : textNode(one))));
      return castNode(inner, typeNameFor(name), true);
    }
    if (REG_TYPES.has(name)) return this.#regNumber(name, argument, scope);
    if (TEXT_TYPES.has(name)) return castNode(this.#asText(argument, scope), typeNameFor(name));
    if (name === 'bool' || name === 'interval')
      return { TypeCast: { arg: this.#rewrite(argument, scope), typeName: type } };
    const literal = constantText(argument);
    if (literal !== undefined && (name === 'int2vector' || name === 'oidvector')) {
      const elements = literal
        .trim()
        .split(/\s+/)
        .filter((one) => one !== '');
      return castNode(arrayNode(elements.map(textNode)), [name === 'oidvector' ? 'uinteger' : 'smallint'], true);
    }
    const target = typeNameFor(name);
    const typmods = type['typmods'];
    return {
      TypeCast: {
        arg: this.#rewrite(argument, scope),
        typeName: { names: target.map(nameNode), typemod: -1, ...(typmods === undefined ? {} : { typmods }) },
      },
    };
  }

  /** The number behind a cast to a `reg…` type: looked up when the argument is a name, itself when it is a number. */
  #regNumber(type: string, argument: Json, scope: Scope): Json {
    const literal = constantText(argument);
    if (type === 'regclass' && literal !== undefined) {
      const known = relationOid(literal.replace(/^pg_catalog\./, ''));
      if (known !== undefined) return castNode(integerNode(known), typeNameFor('oid'));
    }
    const inner = this.#rewrite(argument, scope);
    if (literal === undefined && (isOidColumn(argument) || fieldsOf(argument, 'A_Const') !== undefined)) return inner;
    const inside = fieldsOf(argument, 'TypeCast');
    const insideType = isFields(inside?.['typeName']) ? namesOf(inside['typeName']['names']).at(-1) : undefined;
    if (insideType === 'oid' || (insideType !== undefined && REG_TYPES.has(insideType))) return inner;
    return macro(`${type.replace('procedure', 'proc').replace('operator', 'oper')}_in`, inner);
  }

  /** As it reads: numbers of the `reg…` types become names, everything else is rewritten as always. */
  #asText(value: Json, scope: Scope): Json {
    const cast = fieldsOf(value, 'TypeCast');
    if (cast !== undefined && isFields(cast['typeName'])) {
      const type = namesOf(cast['typeName']['names']).at(-1) ?? '';
      const isArray = listOf(cast['typeName']['arrayBounds']).length > 0;
      if (REG_TYPES.has(type) && !isArray) {
        const number = this.#regNumber(type, cast['arg'] ?? null, scope);
        return macro(`${type}_out`, number);
      }
      return this.#rewrite(value, scope);
    }
    const call = fieldsOf(value, 'FuncCall');
    const asked = /^to_(reg[a-z]+)$/.exec(namesOf(call?.['funcname']).at(-1) ?? '')?.[1];
    if (asked !== undefined && REG_TYPES.has(asked)) return macro(`${asked}_out`, this.#rewrite(value, scope));
    if (columnType(value, scope) === 'regtype') return macro('regtype_out', this.#rewrite(value, scope));
    if (isVectorColumn(value)) return macro('vector_out', this.#rewrite(value, scope));
    if (isRegprocColumn(value)) return macro('regproc_out', this.#rewrite(value, scope));
    for (const kind of ['CaseExpr', 'CoalesceExpr', 'CaseWhen']) {
      const fields = fieldsOf(value, kind);
      if (fields === undefined) continue;
      return { [kind]: this.#textBranches(fields, scope) };
    }
    return this.#rewrite(value, scope);
  }

  /** Results of a CASE or COALESCE read as text; its conditions are rewritten as always. */
  #textBranches(fields: Fields, scope: Scope): Fields {
    return Object.fromEntries(
      Object.entries(fields).map(([key, value]) => {
        if (key === 'args') return [key, listOf(value).map((one) => this.#asText(one, scope))];
        if (key === 'result' || key === 'defresult') return [key, this.#asText(value, scope)];
        return [key, this.#rewrite(value, scope)];
      }),
    );
  }

  #operator(fields: Fields, scope: Scope): Json {
    const isConcatenation = namesOf(fields['name']).at(-1) === '||';
    const rewrite = (one: Json): Json => (isConcatenation ? this.#asText(one, scope) : this.#rewrite(one, scope));
    const { lexpr, rexpr, ...rest } = fields;
    if (isPatternOfMany(fields)) return this.#patternOfMany(fields, scope);
    if (isConcatenation && isList(lexpr, rexpr)) {
      // An array that is NULL adds nothing; in DuckDB only the function sees it so.
      return callNode(['list_concat'], [this.#rewrite(lexpr ?? null, scope), this.#rewrite(rexpr ?? null, scope)]);
    }
    const constants = listOfConstants(fields);
    if (constants !== undefined) {
      const { name, items } = constants;
      return {
        A_Expr: {
          ...rest,
          kind: 'AEXPR_IN',
          name: [nameNode(name)],
          lexpr: rewrite(lexpr ?? null),
          rexpr: { List: { items } },
        },
      };
    }
    if (isMember(fields)) {
      return callNode(['list_contains'], [this.#rewrite(rexpr ?? null, scope), rewrite(lexpr ?? null)]);
    }
    const isArrayOperator = fields['kind'] === 'AEXPR_OP_ANY' || fields['kind'] === 'AEXPR_OP_ALL';
    return rewriteOperator({
      ...rest,
      ...(lexpr === undefined ? {} : { lexpr: rewrite(lexpr) }),
      ...(rexpr === undefined ? {} : { rexpr: isArrayOperator ? this.#arrayOperand(rexpr, scope) : rewrite(rexpr) }),
    });
  }

  /** `x = ANY ('{a,b}')`: the text is an array of whatever x is. */
  #arrayOperand(operand: Json, scope: Scope): Json {
    const literal = constantText(operand);
    const elements = literal === undefined ? undefined : parseArrayLiteral(literal);
    if (elements === undefined) return this.#rewrite(operand, scope);
    return arrayNode(elements.map((one) => (one === null ? nullNode : textNode(one))));
  }

  #patternOfMany(fields: Fields, scope: Scope): Json {
    const left = this.#rewrite(fields['lexpr'] ?? null, scope);
    const list = this.#arrayOperand(fields['rexpr'] ?? null, scope);
    const elements = listOf(fieldsOf(list, 'A_ArrayExpr')?.['elements']);
    const matches = elements.map((one) => rewriteOperator({ ...fields, kind: 'AEXPR_OP', lexpr: left, rexpr: one }));
    const boolop = fields['kind'] === 'AEXPR_OP_ANY' ? 'OR_EXPR' : 'AND_EXPR';
    return { BoolExpr: { boolop, args: matches } };
  }

  /** The arrays called vectors are counted from 0 in PostgreSQL, lists in DuckDB from 1. */
  #indirection(fields: Fields, scope: Scope): Json {
    const argument = fields['arg'] ?? null;
    const isVector = isVectorColumn(argument);
    const indirection = listOf(fields['indirection']).map((one) => {
      const subscript = fieldsOf(one, 'A_Indices');
      if (subscript === undefined || !isVector) return this.#rewrite(one, scope);
      const shifted = Object.entries(subscript).map(([key, value]): [string, Json] =>
        key === 'lidx' || key === 'uidx' ? [key, this.#shift(value, scope)] : [key, value],
      );
      return { A_Indices: Object.fromEntries(shifted) };
    });
    return { A_Indirection: { arg: this.#rewrite(argument, scope), indirection } };
  }

  #shift(index: Json, scope: Scope): Json {
    const constant = constantInteger(index);
    return constant === undefined
      ? operatorNode('+', this.#rewrite(index, scope), integerNode(1))
      : integerNode(constant + 1);
  }

  #show(fields: Fields): Json {
    const name = textOf(fields['name']) ?? '';
    if (name === 'all') {
      const from = {
        RangeVar: { catalogname: CATALOG_DATABASE, schemaname: PG_CATALOG, relname: 'pg_settings', inh: true },
      };
      const columns = ['name', 'setting', 'short_desc'].map((one) =>
        targetNode(columnNode(one), one === 'short_desc' ? 'description' : one),
      );
      return { SelectStmt: { targetList: columns, fromClause: [from] } };
    }
    return { SelectStmt: { targetList: [targetNode(macro('show', textNode(name)), name)] } };
  }
}

/** What type PostgreSQL gives a column of one of the catalogue's relations. */
function columnType(value: Json, scope: Scope): string | undefined {
  const names = namesOf(fieldsOf(value, 'ColumnRef')?.['fields']);
  const relation =
    names.length > 1 ? scope.relations.get(names.at(-2) ?? '') : scope.local.length === 1 ? scope.local[0] : '';
  return columnTypesOf('pg_catalog', relation ?? '').find(([name]) => name === names.at(-1))?.[1];
}

/** Aggregates that catalogue statements use. */
const AGGREGATES = new Set([
  'array_agg',
  'bool_and',
  'bool_or',
  'count',
  'json_agg',
  'max',
  'min',
  'string_agg',
  'sum',
]);

/** Columns come in the order of their numbers where nobody asks for one: clients rely on it, because PostgreSQL stores them so. */
function storedOrder(select: Fields, scope: Scope): Fields {
  const alias = scope.aliases.find((one) => one !== undefined && scope.relations.get(one) === 'pg_attribute');
  const isPlain = ['sortClause', 'groupClause', 'distinctClause', 'larg', 'valuesLists'].every(
    (key) => !(key in select),
  );
  if (alias === undefined || !scope.outermost || scope.merged || !isPlain) return {};
  const isAggregate = listOf(select['targetList']).some((one) =>
    AGGREGATES.has(namesOf(fieldsOf(fieldsOf(one, 'ResTarget')?.['val'], 'FuncCall')?.['funcname']).at(-1) ?? ''),
  );
  if (isAggregate) return {};
  const keys = ['attrelid', 'attnum'].map((column): Json => ({
    SortBy: { node: columnNode(alias, column), sortby_dir: 'SORTBY_DEFAULT', sortby_nulls: 'SORTBY_NULLS_DEFAULT' },
  }));
  return { sortClause: keys };
}

/** Types whose values change on their way to the client. */
const SHOWN_OTHERWISE = new Set(['int2vector', 'oidvector', 'regproc', 'regtype']);

/** `i.*` that goes to the client, as its columns where some of them are shown otherwise than they are kept. */
function starred(target: Json, scope: Scope): readonly Json[] {
  const fields = listOf(fieldsOf(fieldsOf(target, 'ResTarget')?.['val'], 'ColumnRef')?.['fields']);
  const isStar = fieldsOf(fields.at(-1), 'A_Star') !== undefined;
  if (!scope.outermost || !isStar || fields.length > 2) return [target];
  const [alias] = fields.length === 2 ? namesOf(fields) : scope.aliases.length === 1 ? scope.aliases : [];
  const relation = scope.relations.get(alias ?? '');
  const columns = relation === undefined ? [] : columnTypesOf('pg_catalog', relation);
  if (alias === undefined || !columns.some(([, type]) => SHOWN_OTHERWISE.has(type))) return [target];
  return columns.map(([name]) => ({ ResTarget: { val: columnNode(alias, name) } }));
}

/** `x = ANY ('{a,b}')` as `x IN ('a', 'b')`: constants take the type of x, elements of a list do not. */
function listOfConstants(fields: Fields): { readonly name: string; readonly items: readonly Json[] } | undefined {
  const operator = namesOf(fields['name']).at(-1) ?? '';
  const isAny = fields['kind'] === 'AEXPR_OP_ANY' && operator === '=';
  const isNone = fields['kind'] === 'AEXPR_OP_ALL' && operator === '<>';
  const literal = constantText(fields['rexpr']);
  const elements = literal === undefined ? undefined : parseArrayLiteral(literal);
  if (!(isAny || isNone) || elements === undefined) return undefined;
  const items = elements.map((one) => (one === null ? nullNode : textNode(one)));
  return { name: operator, items: items.length === 0 ? [nullNode] : items };
}

/** `x = ANY (list)`: an outer join cannot have it, which to DuckDB asks a sub-query. Of a sub-query or a parameter it stays. */
function isMember(fields: Fields): boolean {
  const list = fields['rexpr'];
  const isOther = ['SubLink', 'ParamRef', 'A_Const'].some((kind) => fieldsOf(list, kind) !== undefined);
  return fields['kind'] === 'AEXPR_OP_ANY' && namesOf(fields['name']).at(-1) === '=' && !isOther;
}

/** Whether one of the operands is plainly an array. */
function isList(...operands: readonly (Json | undefined)[]): boolean {
  return operands.some(
    (one) =>
      fieldsOf(one, 'A_ArrayExpr') !== undefined || fieldsOf(one, 'SubLink')?.['subLinkType'] === 'ARRAY_SUBLINK',
  );
}

/** `_pg_truetypid(a.*, t.*)`: a domain counts as the type under it. Takes whole rows, which DuckDB cannot pass on. */
function trueType(name: string, args: readonly Json[]): Json {
  const [attribute, type] = args.map((one) => namesOf(fieldsOf(one, 'ColumnRef')?.['fields'])[0] ?? '');
  const [ofAttribute, ofType] = name === '_pg_truetypid' ? ['atttypid', 'typbasetype'] : ['atttypmod', 'typtypmod'];
  const isDomain = operatorNode('=', columnNode(type ?? '', 'typtype'), textNode('d'));
  return {
    CaseExpr: {
      args: [{ CaseWhen: { expr: isDomain, result: columnNode(type ?? '', ofType ?? '') } }],
      defresult: columnNode(attribute ?? '', ofAttribute ?? ''),
    },
  };
}

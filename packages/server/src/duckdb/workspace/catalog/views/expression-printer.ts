import { constantText, fieldsOf, isFields, listOf, namesOf, textOf, type Fields, type Json } from '../ast.js';
import { quoteName } from './quote-name.js';
import { Unprintable } from './unprintable.js';
import type { SourceColumn, ViewScope } from './view-scope.js';

export interface Printed {
  readonly text: string;
  /** PostgreSQL's name of its type; undefined where nothing depends on it. */
  readonly type: string | undefined;
  readonly kind: 'column' | 'constant' | 'call' | 'operation' | 'any' | 'and' | 'or' | 'case';
  /** Of a column. */
  readonly name?: string;
}

const WHOLE = ['smallint', 'integer', 'bigint'];
const NUMBERS = [...WHOLE, 'numeric', 'double precision'];
const COMPARISONS = /^(=|<>|<|>|<=|>=)$/;
const TIMES: Readonly<Record<string, RegExp>> = {
  date: /^\d{4}-\d\d-\d\d$/,
  'timestamp without time zone': /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/,
};
const CAST_TYPES: Readonly<Record<string, string>> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float8: 'double precision',
  text: 'text',
  varchar: 'text',
  date: 'date',
  bool: 'boolean',
  timestamp: 'timestamp without time zone',
};

/** Functions that print as they are called, and what they answer, of their argument's type. */
const CALLS: Readonly<Record<string, (type: string | undefined) => string | undefined>> = {
  count: () => 'bigint',
  sum: (type) => (type === 'integer' || type === 'smallint' ? 'bigint' : type === 'bigint' ? 'numeric' : type),
  avg: (type) => (type === 'double precision' ? type : 'numeric'),
  min: (type) => type,
  max: (type) => type,
  abs: (type) => type,
  upper: () => 'text',
  lower: () => 'text',
  length: () => 'integer',
};

/**
 * Expressions of a view as PostgreSQL 15 prints them (`ruleutils.c`): names with their table, constants with their type, and with all
 * brackets or, when it is to be pretty, with few.
 */
export class ExpressionPrinter {
  constructor(
    private readonly scope: ViewScope,
    private readonly pretty: boolean,
  ) {}

  print(node: Json | undefined): Printed {
    if (!isFields(node)) throw new Unprintable();
    const [kind = ''] = Object.keys(node);
    const fields = node[kind];
    if (!isFields(fields)) throw new Unprintable();
    switch (kind) {
      case 'ColumnRef':
        return this.column(this.scope.column(namesOf(fields['fields'])));
      case 'A_Const':
        return this.#constant(node, fields);
      case 'FuncCall':
        return this.#call(fields);
      case 'A_Expr':
        return this.#operation(fields);
      case 'BoolExpr':
        return this.#boolean(textOf(fields['boolop']) ?? '', listOf(fields['args']));
      case 'NullTest': {
        const test = fields['nulltesttype'] === 'IS_NULL' ? 'IS NULL' : 'IS NOT NULL';
        return this.#bracketed(`${this.#simple(fields['arg']).text} ${test}`, 'boolean');
      }
      case 'TypeCast':
        return this.#cast(fields);
      case 'CoalesceExpr': {
        const args = this.#alike(listOf(fields['args']).map((arg) => this.print(arg)));
        return { text: `COALESCE(${args.map(({ text }) => text).join(', ')})`, type: args[0]?.type, kind: 'call' };
      }
      case 'CaseExpr':
        return this.#case(fields);
      default:
        throw new Unprintable();
    }
  }

  column({ source, name, type }: SourceColumn): Printed {
    return { text: `${quoteName(source)}.${quoteName(name)}`, type, kind: 'column', name };
  }

  #constant(node: Json, fields: Fields): Printed {
    const text = constantText(node);
    if (text !== undefined) return { text: `'${text.replaceAll("'", "''")}'`, type: 'unknown', kind: 'constant' };
    if (isFields(fields['fval'])) {
      const number = textOf(fields['fval']['fval']) ?? '';
      if (!/^\d+\.\d+$/.test(number)) throw new Unprintable();
      return { text: number, type: 'numeric', kind: 'constant' };
    }
    if (isFields(fields['boolval'])) {
      return { text: fields['boolval']['boolval'] === true ? 'true' : 'false', type: 'boolean', kind: 'constant' };
    }
    const value = isFields(fields['ival']) ? (fields['ival']['ival'] ?? 0) : undefined;
    if (typeof value !== 'number' || value < 0) throw new Unprintable();
    return { text: String(value), type: 'integer', kind: 'constant' };
  }

  #call(fields: Fields): Printed {
    const [name = '', ...more] = namesOf(fields['funcname']).toReversed();
    const isPlain = ['over', 'agg_filter', 'agg_order', 'agg_within_group', 'func_variadic'].every(
      (key) => fields[key] === undefined,
    );
    if (!isPlain || (more.length > 0 && more[0] !== 'pg_catalog')) throw new Unprintable();
    if (name === 'count_star' || (name === 'count' && fields['agg_star'] === true)) {
      return { text: 'count(*)', type: 'bigint', kind: 'call' };
    }
    const answer = CALLS[name];
    const [argument, ...others] = listOf(fields['args']);
    if (answer === undefined || argument === undefined || others.length > 0) throw new Unprintable();
    const printed = this.#typed(this.print(argument));
    const distinct = fields['agg_distinct'] === true ? 'DISTINCT ' : '';
    return { text: `${name}(${distinct}${printed.text})`, type: answer(printed.type), kind: 'call' };
  }

  #operation(fields: Fields): Printed {
    const kind = textOf(fields['kind']);
    const operator = namesOf(fields['name']).at(-1) ?? '';
    if (kind === 'AEXPR_IN' && operator === '=') return this.#inList(fields);
    if (kind === 'AEXPR_BETWEEN') return this.#between(fields);
    const isPattern = kind === 'AEXPR_LIKE' && operator === '~~';
    if ((kind !== 'AEXPR_OP' && !isPattern) || fields['lexpr'] === undefined) throw new Unprintable();
    const [left, right] = this.#alike([this.#simple(fields['lexpr']), this.#simple(fields['rexpr'])]);
    if (left === undefined || right === undefined) throw new Unprintable();
    const text = `${left.text} ${operator} ${right.text}`;
    if (COMPARISONS.test(operator)) return this.#bracketed(text, 'boolean');
    if (left.type === 'text' && (operator === '~~' || operator === '!~~')) return this.#bracketed(text, 'boolean');
    if (left.type === 'text' && operator === '||') return this.#bracketed(text, 'text');
    if (!/^[-+*]$/.test(operator) || !NUMBERS.includes(left.type ?? '')) throw new Unprintable();
    return this.#bracketed(text, widest([left.type ?? '', right.type ?? '']));
  }

  #inList(fields: Fields): Printed {
    const items = isFields(fields['rexpr']) ? fieldsOf(fields['rexpr'], 'List')?.['items'] : undefined;
    const list = listOf(items ?? fields['rexpr']).map((item) => this.print(item));
    if (list.length < 2 || list.some(({ kind }) => kind !== 'constant')) throw new Unprintable();
    const [tested, ...values] = this.#alike([this.#simple(fields['lexpr']), ...list]);
    const array = `ARRAY[${values.map(({ text }) => text).join(', ')}]`;
    return { ...this.#bracketed(`${tested?.text ?? ''} = ANY (${array})`, 'boolean'), kind: 'any' };
  }

  #between(fields: Fields): Printed {
    const range = isFields(fields['rexpr']) ? fieldsOf(fields['rexpr'], 'List')?.['items'] : undefined;
    const [low, high] = listOf(range ?? fields['rexpr']);
    const compare = (operator: string, bound: Json | undefined): Json => ({
      A_Expr: {
        kind: 'AEXPR_OP',
        name: [{ String: { sval: operator } }],
        lexpr: fields['lexpr'] ?? null,
        rexpr: bound ?? null,
      },
    });
    return this.#boolean('AND_EXPR', [compare('>=', low), compare('<=', high)]);
  }

  /** A row of one AND is one, as PostgreSQL's parser makes it. */
  #boolean(operator: string, args: readonly Json[]): Printed {
    if (operator !== 'AND_EXPR' && operator !== 'OR_EXPR') throw new Unprintable();
    const kind = operator === 'AND_EXPR' ? 'and' : 'or';
    const printed = flattened(args, operator).map((arg) => {
      const one = this.print(arg);
      const needsBrackets = one.kind === 'any' || (one.kind === 'or' && kind === 'and');
      return this.pretty && needsBrackets ? `(${one.text})` : one.text;
    });
    const text = printed.join(kind === 'and' ? ' AND ' : ' OR ');
    return { text: this.pretty ? text : `(${text})`, type: 'boolean', kind };
  }

  #cast(fields: Fields): Printed {
    const type = isFields(fields['typeName']) ? fields['typeName'] : {};
    const name = namesOf(type['names']).at(-1) ?? '';
    const target = CAST_TYPES[name];
    if (target === undefined || type['typmods'] !== undefined || type['arrayBounds'] !== undefined) {
      throw new Unprintable();
    }
    const argument = this.print(fields['arg']);
    // How the engine keeps a constant.
    if (target === 'boolean' && /^'[tf]'$/.test(argument.text)) {
      return { text: argument.text === "'t'" ? 'true' : 'false', type: target, kind: 'constant' };
    }
    if (argument.type === 'unknown') return this.#as(argument, target);
    // What a sum of integers was made by, so that it is a bigint.
    if (argument.kind === 'call' && argument.type === target) return argument;
    if (argument.kind === 'operation' || argument.kind === 'case') throw new Unprintable();
    return this.#explicitCast(argument, target);
  }

  #explicitCast(argument: Printed, type: string): Printed {
    return { text: this.pretty ? `${argument.text}::${type}` : `(${argument.text})::${type}`, type, kind: 'call' };
  }

  #case(fields: Fields): Printed {
    if (fields['arg'] !== undefined || fields['defresult'] === undefined) throw new Unprintable();
    const branches = listOf(fields['args']).map((one) => fieldsOf(one, 'CaseWhen') ?? {});
    const results = this.#alike(
      [...branches.map(({ result }) => result), fields['defresult']].map((one) => this.print(one)),
    );
    const lines = branches.map(
      ({ expr }, index) => `            WHEN ${this.print(expr).text} THEN ${results[index]?.text ?? ''}`,
    );
    const text = ['', '        CASE', ...lines, `            ELSE ${results.at(-1)?.text ?? ''}`, '        END'].join(
      '\n',
    );
    return { text, type: results[0]?.type, kind: 'case' };
  }

  /** An operand: PostgreSQL's rules for brackets around operations within operations are many. */
  #simple(node: Json | undefined): Printed {
    const printed = this.print(node);
    if (printed.kind === 'case' || (this.pretty && !['column', 'constant', 'call'].includes(printed.kind))) {
      throw new Unprintable();
    }
    return printed;
  }

  #bracketed(text: string, type: string): Printed {
    return { text: this.pretty ? text : `(${text})`, type, kind: 'operation' };
  }

  /** A text alone is one. */
  #typed(printed: Printed): Printed {
    return printed.type === 'unknown' ? this.#as(printed, 'text') : printed;
  }

  #as(constant: Printed, type: string): Printed {
    const known = type === 'text' || TIMES[type]?.test(constant.text.slice(1, -1)) === true;
    if (!known) throw new Unprintable();
    return { text: `${constant.text}::${type}`, type, kind: 'call' };
  }

  /** The same with the casts that PostgreSQL adds so that all are of one type. */
  #alike(all: readonly Printed[]): readonly Printed[] {
    const types = all.map(({ type }) => type).filter((type) => type !== 'unknown');
    if (types.includes(undefined)) throw new Unprintable();
    const known = types as readonly string[];
    const [first = 'text'] = known;
    const target = known.every((type) => type === first) ? first : widest(known);
    return all.map((one) => {
      if (one.type === 'unknown') return this.#as(one, target);
      if (one.type === target || (WHOLE.includes(one.type ?? '') && WHOLE.includes(target))) return one;
      if (one.kind === 'operation' && this.pretty) throw new Unprintable();
      return this.#explicitCast(one, target);
    });
  }
}

function widest(types: readonly string[]): string {
  if (types.some((type) => !NUMBERS.includes(type))) throw new Unprintable();
  return types.toSorted((a, b) => NUMBERS.indexOf(b) - NUMBERS.indexOf(a))[0] ?? '';
}

function flattened(args: readonly Json[], operator: string): readonly Json[] {
  return args.flatMap((arg) => {
    const inner = fieldsOf(arg, 'BoolExpr');
    return inner?.['boolop'] === operator ? flattened(listOf(inner['args']), operator) : [arg];
  });
}

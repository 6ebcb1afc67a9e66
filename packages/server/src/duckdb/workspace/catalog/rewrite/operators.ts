import {
  callNode,
  constantText,
  fieldsOf,
  listOf,
  namesOf,
  nameNode,
  notNode,
  textNode,
  type Fields,
  type Json,
} from '../ast.js';

/** Whether a pattern operator negates, and which option of `regexp_matches` makes it what PostgreSQL means. */
const PATTERN_OPERATORS: Readonly<Record<string, { readonly negated: boolean; readonly options: string }>> = {
  '~': { negated: false, options: 's' },
  '~*': { negated: false, options: 'si' },
  '!~': { negated: true, options: 's' },
  '!~*': { negated: true, options: 'si' },
};

/** LIKE written as its operator; DuckDB spells these the same, but not `OPERATOR(pg_catalog.~~)`. */
const LIKE_KINDS = new Set(['AEXPR_LIKE', 'AEXPR_ILIKE']);

/** `a LIKE b ESCAPE c` comes as `a ~~ like_escape(b, c)`; DuckDB has a function with three arguments for it. */
const LIKE_ESCAPES: Readonly<Record<string, string>> = {
  '~~': 'like_escape',
  '!~~': 'not_like_escape',
  '~~*': 'ilike_escape',
  '!~~*': 'not_ilike_escape',
};

/** The expression after its arguments were rewritten: `fields` are those of an A_Expr. */
export function rewriteOperator(fields: Fields): Json {
  const names = namesOf(fields['name']);
  const operator = names.at(-1) ?? '';
  const left = fields['lexpr'];
  const right = fields['rexpr'];
  const pattern = PATTERN_OPERATORS[operator];
  if (pattern !== undefined && fields['kind'] === 'AEXPR_OP' && left !== undefined && right !== undefined) {
    const call = callNode(['regexp_matches'], [left, right, textNode(pattern.options)]);
    return pattern.negated ? notNode(call) : call;
  }
  if (LIKE_KINDS.has(String(fields['kind'])) && left !== undefined) {
    const call = fieldsOf(right, 'FuncCall');
    const escape = LIKE_ESCAPES[operator];
    const literal = constantText(right);
    const isEscaped = call !== undefined && namesOf(call['funcname']).at(-1) === 'like_escape';
    // Without ESCAPE a backslash escapes in PostgreSQL and means itself in DuckDB.
    if (
      escape !== undefined &&
      right !== undefined &&
      !isEscaped &&
      (literal === undefined || literal.includes('\\'))
    ) {
      return callNode([escape], [left, right, textNode('\\')]);
    }
    if (call !== undefined && escape !== undefined && namesOf(call['funcname']).at(-1) === 'like_escape') {
      return callNode([escape], [left, ...listOf(call['args'])]);
    }
  }
  return { A_Expr: names.length > 1 ? { ...fields, name: [nameNode(operator)] } : { ...fields } };
}

/** `a ~ ANY (list)` has no function: it is any of the matches. */
export function isPatternOfMany(fields: Fields): boolean {
  return (
    (fields['kind'] === 'AEXPR_OP_ANY' || fields['kind'] === 'AEXPR_OP_ALL') &&
    PATTERN_OPERATORS[namesOf(fields['name']).at(-1) ?? ''] !== undefined
  );
}

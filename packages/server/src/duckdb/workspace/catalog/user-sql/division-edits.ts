import { editedSpan, type TextEdit, type TokenList } from './token-list.js';

/** An error by name, which `sql-state.ts` knows: 22012. */
export const DIVISION_BY_ZERO = 'division by zero';

/** Words that begin a clause: what stands before them is evaluated on its own. */
const CLAUSES =
  /^(select|where|having|qualify|on|using|from|join|set|values|returning|by|limit|offset|union|intersect|except|window)$/;
/** Clauses whose conditions the engine evaluates one after the other, for the rows that are left. */
const FILTERS = /^(where|having|qualify)$/;

/**
 * `a / b` where b is 0: an error in PostgreSQL, NULL or an infinity in DuckDB. So a divisor is looked at before it is used, unless it is a
 * constant or `nullif(b, 0)`. `edits` are those of other rules; what is said twice is said as they want it.
 *
 * A division that PostgreSQL would not come to must not fail here: DuckDB evaluates both sides of AND in a list of columns, and the
 * arguments of an aggregate before its FILTER. Those stay as they are.
 */
export function divisionEdits(list: TokenList, edits: readonly TextEdit[]): TextEdit[] {
  return list.tokens.flatMap((token, index) => {
    const first = divisorOf(list, index);
    if (first === undefined) return [];
    const last = token.kind === 'operator' ? list.factorEnd(first) : endOfArgument(list, first);
    if (last === undefined || isNeverZero(list, first, last) || !isReachedByAll(list, index)) return [];
    const divisor = editedSpan(list.sql, edits, list.startOf(first), list.endOf(last));
    // A parameter must not get the type of the constant that it is compared with: nobody knows its type yet.
    const zero = first === last && list.at(first)?.kind === 'parameter' ? `${divisor} - ${divisor}` : '0';
    return [
      list.insertBefore(first, `CASE WHEN (${divisor}) = ${zero} THEN error('${DIVISION_BY_ZERO}') ELSE (`),
      list.insertAfter(last, ') END'),
    ];
  });
}

/** The first token of what is divided by, when the token is `/` or `%` between two operands, or `mod(a, b)`. */
function divisorOf(list: TokenList, index: number): number | undefined {
  const token = list.at(index);
  if (token?.kind === 'operator' && (token.value === '/' || token.value === '%')) {
    const endsOperand =
      [')', ']', 'end'].some((value) => list.matches(index - 1, value)) ||
      (!list.isBoundary(index - 1) && list.at(index - 1)?.kind !== 'operator');
    return endsOperand ? index + 1 : undefined;
  }
  if (
    token?.kind === 'word' &&
    token.value === 'mod' &&
    list.matches(index + 1, '(') &&
    !list.matches(index - 1, '.')
  ) {
    const args = list.args(index + 1);
    return args.length === 2 ? args[1]?.[0] : undefined;
  }
  return undefined;
}

function endOfArgument(list: TokenList, first: number): number | undefined {
  for (let at = first; at < list.tokens.length; at++) {
    if (list.matches(at, '(') || list.matches(at, '[')) at = list.partner(at);
    else if (list.matches(at, ')') || list.matches(at, ',')) return at - 1;
  }
  return undefined;
}

function isNeverZero(list: TokenList, first: number, last: number): boolean {
  const isNumber =
    list.at(last)?.kind === 'number' && (first === last || (first + 1 === last && list.at(first)?.kind === 'operator'));
  if (isNumber) return Number(list.at(last)?.value.replaceAll('_', '')) !== 0;
  if (!list.matches(first, 'nullif', '(') || list.partner(first + 1) !== last) return false;
  const [, second] = list.args(first + 1);
  return second !== undefined && second[0] === second[1] && Number(list.at(second[0])?.value) === 0;
}

/** Whether PostgreSQL, too, evaluates this place for every row that the statement's conditions leave. */
function isReachedByAll(list: TokenList, index: number): boolean {
  let isConditional = false;
  for (let at = index - 1; at >= 0; at--) {
    const token = list.at(at);
    if (token?.kind === 'punctuation') {
      if (token.value === ')' || token.value === ']') at = list.partner(at);
      else if (token.value === '(' || token.value === '[') {
        const close = list.partner(at);
        if (list.matches(close + 1, 'filter')) return false;
        if (isConditional && !isBracketOfCondition(list, at, close)) return false;
      }
      continue;
    }
    if (token?.kind !== 'word') continue;
    if (token.value === 'and' || token.value === 'or') isConditional = true;
    else if (token.value === 'end') at = startOfCase(list, at);
    else if (token.value === 'when') {
      isConditional = false;
      at = startOfCase(list, at);
    } else if (token.value === 'then' || token.value === 'else') {
      if (isConditional) return false;
      at = startOfCase(list, at);
    } else if (CLAUSES.test(token.value)) {
      const isOfAggregate = list.matches(at - 2, 'filter', '(');
      return !isConditional || (FILTERS.test(token.value) && !isOfAggregate);
    }
  }
  return !isConditional;
}

/** `WHERE (a OR b)`, and not `WHERE NOT (a OR b)` or `(a OR b) = c`, which are evaluated as a whole. */
function isBracketOfCondition(list: TokenList, open: number, close: number): boolean {
  const before = list.at(open - 1);
  const after = list.at(close + 1);
  const opens =
    before?.kind === 'word' ? /^(where|having|qualify|and|or|when)$/.test(before.value) : before?.value === '(';
  return opens && after?.kind !== 'operator' && !list.matches(close + 1, 'is');
}

/** The CASE to which the word at `index` belongs. */
function startOfCase(list: TokenList, index: number): number {
  let depth = list.matches(index, 'end') ? 0 : 1;
  for (let at = index; at >= 0; at--) {
    if (list.matches(at, 'end')) depth++;
    else if (list.matches(at, 'case')) depth--;
    if (depth === 0) return at;
  }
  return 0;
}

import type { TextEdit, TokenList } from './token-list.js';

const TEXT_TYPE = /^(varchar|char|character|bpchar)$/;

/**
 * `x::varchar(3)` and `CAST(x AS char(3))`: a cast cuts what is longer. DuckDB keeps no lengths and cuts nothing. Shorter texts of a
 * `char(n)` are not filled with spaces, which would count in comparisons here. In definitions lengths are left out, as everywhere.
 */
export function lengthEdits(list: TokenList): TextEdit[] {
  const isQuery = list.tokens.some((_, index) => list.matches(index, 'select'));
  if (!isQuery && (list.matches(0, 'create') || list.matches(0, 'alter'))) return [];
  return list.tokens.flatMap((token, index) => {
    if (token.kind === 'operator' && token.value === '::') {
      const type = textType(list, index + 1);
      if (type === undefined) return [];
      return cut(list, list.castOperandStart(index), type, type.last);
    }
    if (!list.matches(index, 'cast', '(')) return [];
    const close = list.partner(index + 1);
    const as = lastAs(list, index + 2, close);
    const type = as === undefined ? undefined : textType(list, as + 1);
    return type?.last === close - 1 ? cut(list, index, type, close) : [];
  });
}

interface TextType {
  readonly first: number;
  readonly last: number;
  readonly length: string;
}

function textType(list: TokenList, at: number): TextType | undefined {
  const first = list.matches(at, 'pg_catalog', '.') ? at + 2 : at;
  if (!list.isWord(first) || !TEXT_TYPE.test(list.at(first)?.value ?? '')) return undefined;
  const open = list.matches(first + 1, 'varying') ? first + 2 : first + 1;
  const length = list.at(open + 1);
  if (!list.matches(open, '(') || length?.kind !== 'number' || !list.matches(open + 2, ')')) return undefined;
  if (list.matches(open + 3, '[') || list.matches(open + 3, 'array')) return undefined;
  return { first: at, last: open + 2, length: length.value };
}

function cut(list: TokenList, first: number, type: TextType, last: number): TextEdit[] {
  return [
    list.insertBefore(first, 'left('),
    list.replace(type.first, type.last, 'varchar'),
    list.insertAfter(last, `, ${type.length})`),
  ];
}

/** The AS of a CAST whose argument begins at `from`. */
function lastAs(list: TokenList, from: number, close: number): number | undefined {
  let found: number | undefined;
  for (let at = from; at < close; at++) {
    if (list.matches(at, '(') || list.matches(at, '[')) at = list.partner(at);
    else if (list.matches(at, 'as')) found = at;
  }
  return found;
}

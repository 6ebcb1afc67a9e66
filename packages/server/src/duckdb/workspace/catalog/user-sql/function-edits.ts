import { quoteLiteral } from '../../../quoting.js';
import { MACROS, ROW_SOURCES } from '../rewrite/functions.js';
import { SqlError } from '../../../../errors/sql-error.js';
import { strftimePattern } from './date-patterns.js';
import { dateText } from './date-texts.js';
import { isNumberPattern, numberText } from './number-patterns.js';
import type { TextEdit, TokenList } from './token-list.js';

/** The session answers these itself, because they change it. */
const ANSWERED_BY_SESSION = new Set(['current_setting', 'set_config']);

/** DuckDB has these too, and users of either mean the same. */
const LEFT_ALONE = new Set(['extract', 'generate_subscripts', 'position', 'show', 'list_field']);

/** Words that are functions without parentheses. */
const VALUE_FUNCTIONS: Readonly<Record<string, string>> = {
  current_user: 'current_user',
  session_user: 'current_user',
  current_role: 'current_user',
  current_catalog: 'current_database',
  current_schema: 'current_schema',
};

/** Functions of PostgreSQL that DuckDB has not, or has with another meaning. */
export function functionEdits(list: TokenList): TextEdit[] {
  return list.tokens.flatMap((token, index) => {
    if (token.kind !== 'word') return [];
    const isQualified = list.matches(index - 2, 'pg_catalog', '.');
    if (list.matches(index - 1, '.') && !isQualified) return [];
    const first = isQualified ? index - 2 : index;
    if (!list.matches(index + 1, '(')) {
      const value = VALUE_FUNCTIONS[token.value];
      const isName = list.matches(index + 1, '.') || list.matches(index - 1, 'as');
      return value === undefined || isName ? [] : [list.replace(first, index, `__pg.fn.${value}()`)];
    }
    // What is being made or written to is a name, whatever it is called.
    if (
      /^(macro|function|table|into|view|index|schema|exists|with|recursive|references)$/.test(
        list.at(first - 1)?.value ?? '',
      )
    )
      return [];
    const dates = dateEdits(list, first, index);
    if (dates !== undefined) return dates;
    if (ANSWERED_BY_SESSION.has(token.value)) return [];
    if (token.value === 'generate_series') return seriesEdits(list, index);
    // DuckDB's own, which takes a path and is a relation.
    if (token.value === 'json_each' && list.args(index + 1).length !== 1) return [];
    const target = MACROS.get(token.value);
    if (target === undefined || LEFT_ALONE.has(token.value) || ROW_SOURCES.has(token.value)) {
      return isQualified ? [list.replace(first, index, token.value)] : [];
    }
    return [list.replace(first, index, target.join('.'))];
  });
}

/** `generate_series('2024-01-01', …, '1 day')`: the step of dates and times is an interval, and texts before it are times. */
function seriesEdits(list: TokenList, index: number): TextEdit[] {
  const args = list.args(index + 1);
  if (args.length !== 3) return [];
  const types = ['TIMESTAMP', 'TIMESTAMP', 'INTERVAL'];
  return args.flatMap(([first, last], place) =>
    first === last && list.at(first)?.kind === 'string' ? [list.insertAfter(first, `::${types[place] ?? ''}`)] : [],
  );
}

/** Of numbers alone, which the engine writes as PostgreSQL does. */
const PLAIN_PATTERN = /^(?!.*SSSS)(?:YYYY|MM|DD|HH24|MI|SS|MS|US|[-:/ .T])*$/;

/** `to_char(x, 'YYYY-MM')` and its inverses, with patterns that are constants. */
function dateEdits(list: TokenList, first: number, index: number): TextEdit[] | undefined {
  const name = list.at(index)?.value ?? '';
  if (name !== 'to_char' && name !== 'to_date' && name !== 'to_timestamp') return undefined;
  const args = list.args(index + 1);
  const [from, to] = args[1] ?? [0, -1];
  const pattern = from === to ? list.at(from) : undefined;
  if (args.length !== 2) return undefined;
  if (pattern?.kind !== 'string') throw new SqlError('0A000', `${name}() is supported with a constant pattern only`);
  const close = list.partner(index + 1);
  const translated = strftimePattern(pattern.value);
  if (name === 'to_char' && !PLAIN_PATTERN.test(pattern.value)) {
    // The value is named, because the text is made of it several times.
    const text = `, lambda __v: ${toCharSql(pattern.value)})[1]`;
    const [, end] = args[0] ?? [0, 0];
    const behind = list.replace(end + 1, close, `]${text}`);
    return [list.replace(first, index + 1, 'list_transform(['), behind];
  }
  if (translated === undefined) throw unsupported(name, pattern.value);
  const argument = list.replace(from, from, quoteLiteral(translated));
  if (name === 'to_char') return [list.replace(first, index, 'strftime'), argument];
  const type = name === 'to_date' ? 'DATE' : 'TIMESTAMPTZ';
  return [list.replace(first, index, 'CAST(strptime'), argument, list.insertAfter(close, ` AS ${type})`)];
}

function toCharSql(pattern: string): string {
  if (isNumberPattern(pattern)) {
    const sql = numberText(pattern);
    if (sql === undefined) throw unsupported('to_char', pattern);
    return sql;
  }
  const text = dateText(pattern);
  if ('unsupported' in text) throw unsupported('to_char', pattern, text.unsupported);
  return text.sql;
}

function unsupported(name: string, pattern: string, piece?: string): SqlError {
  const what = piece === undefined ? '' : `: ${piece}`;
  return new SqlError('0A000', `the pattern ${quoteLiteral(pattern)} of ${name}() is not supported${what}`);
}

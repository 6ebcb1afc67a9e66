import { quoteLiteral } from '../../../quoting.js';

const strftime = (pattern: string): string => `strftime(__v, '${pattern}')`;
const number = (sql: string): string => `CAST(${sql} AS VARCHAR)`;
const padded = (sql: string): string => `rpad(${sql}, 9, ' ')`;

/** Pieces of PostgreSQL's patterns, as expressions of the date `__v`; names of months and days also in upper and lower case. */
const PIECES: ReadonlyMap<string, string> = new Map([
  ...['Y,YYY', 'TZH', 'TZM', 'OF', 'RM', 'B.C.', 'A.D.', 'BC', 'AD', 'TM', 'SP', 'J', 'IYY', 'IY', 'I'].map(
    (name): [string, string] => [name, ''],
  ),
  ['YYYY', strftime('%Y')],
  ['YYY', `right(${strftime('%Y')}, 3)`],
  ['YY', strftime('%y')],
  ['Y', `right(${strftime('%Y')}, 1)`],
  ['IYYY', strftime('%G')],
  ['CC', `lpad(${number('century(__v)')}, 2, '0')`],
  ['Q', number('quarter(__v)')],
  ['MM', strftime('%m')],
  ['WW', `lpad(${number('(dayofyear(__v) - 1) // 7 + 1')}, 2, '0')`],
  ['W', number('(day(__v) - 1) // 7 + 1')],
  ['IW', strftime('%V')],
  ['DDD', strftime('%j')],
  ['DD', strftime('%d')],
  ['D', number('dayofweek(__v) + 1')],
  ['ID', strftime('%u')],
  ['HH24', strftime('%H')],
  ['HH12', strftime('%I')],
  ['HH', strftime('%I')],
  ['MI', strftime('%M')],
  ['SSSSS', number('hour(__v) * 3600 + minute(__v) * 60 + second(__v)')],
  ['SSSS', number('hour(__v) * 3600 + minute(__v) * 60 + second(__v)')],
  ['SS', strftime('%S')],
  ['MS', strftime('%g')],
  ['US', strftime('%f')],
  ['TZ', strftime('%Z')],
  ['tz', `lower(${strftime('%Z')})`],
  ...['AM', 'PM'].flatMap((name): [string, string][] => [
    [name, strftime('%p')],
    [name.toLowerCase(), `lower(${strftime('%p')})`],
    [`${name[0] ?? ''}.M.`, `left(${strftime('%p')}, 1) || '.M.'`],
    [`${name[0]?.toLowerCase() ?? ''}.m.`, `lower(left(${strftime('%p')}, 1)) || '.m.'`],
  ]),
  ...named('Month', strftime('%B'), true),
  ...named('Mon', strftime('%b'), false),
  ...named('Day', strftime('%A'), true),
  ...named('Dy', strftime('%a'), false),
]);

function named(name: string, sql: string, isPadded: boolean): [string, string][] {
  const shown = (text: string): string => (isPadded ? padded(text) : text);
  return [
    [name, shown(sql)],
    [name.toUpperCase(), shown(`upper(${sql})`)],
    [name.toLowerCase(), shown(`lower(${sql})`)],
  ];
}

const NAMES = [...PIECES.keys()].toSorted((a, b) => b.length - a.length);
/** Of these a piece in lower case is written in lower case. */
const HAS_CASE = /^(month|mon|day|dy|am|pm|a\.m\.|p\.m\.|tz)$/i;

/**
 * `to_char(date, pattern)` as an expression of `__v`. What is no piece stands for itself, as in PostgreSQL. Answers the piece that is not
 * supported instead.
 */
export function dateText(pattern: string): { readonly sql: string } | { readonly unsupported: string } {
  const parts: string[] = [];
  let plain = '';
  const endPlain = (): void => {
    if (plain !== '') parts.push(quoteLiteral(plain));
    plain = '';
  };
  for (let at = 0; at < pattern.length;) {
    const quoted = /^"([^"]*)"/.exec(pattern.slice(at));
    if (quoted !== null) {
      plain += quoted[1] ?? '';
      at += quoted[0].length;
      continue;
    }
    const isShort = /^FM/i.test(pattern.slice(at));
    const from = isShort ? at + 2 : at;
    const name = NAMES.find((each) => isAt(pattern, from, each));
    if (name === undefined) {
      plain += pattern[at] ?? '';
      at++;
      continue;
    }
    const sql = PIECES.get(name) ?? '';
    if (sql === '') return { unsupported: name };
    endPlain();
    at = from + name.length;
    const text = isShort ? shortened(name, sql) : sql;
    const ordinal = /^th/i.exec(pattern.slice(at))?.[0];
    parts.push(ordinal === undefined ? text : `${text} || ${ordinalOf(text, ordinal)}`);
    at += ordinal?.length ?? 0;
  }
  endPlain();
  return { sql: parts.length === 0 ? `''` : parts.join(' || ') };
}

function isAt(pattern: string, at: number, name: string): boolean {
  const text = pattern.slice(at, at + name.length);
  return HAS_CASE.test(name) ? text === name : text.toUpperCase() === name;
}

/** FM: no blanks, no zeros in front. */
function shortened(name: string, sql: string): string {
  return /^(month|day)$/i.test(name)
    ? `rtrim(${sql})`
    : /^[a-z.]+$/.test(name)
      ? sql
      : `coalesce(nullif(ltrim(${sql}, '0'), ''), '0')`;
}

function ordinalOf(text: string, written: string): string {
  const value = `CAST(${text} AS INTEGER)`;
  const suffix = `CASE WHEN ${value} % 100 BETWEEN 11 AND 13 THEN 'th' WHEN ${value} % 10 = 1 THEN 'st' WHEN ${value} % 10 = 2 THEN 'nd' WHEN ${value} % 10 = 3 THEN 'rd' ELSE 'th' END`;
  return written === 'TH' ? `upper(${suffix})` : suffix;
}

import { SqlError } from '../../errors/sql-error.js';

export type SqlTokenKind = 'word' | 'quoted' | 'string' | 'number' | 'parameter' | 'operator' | 'punctuation';

/**
 * A piece of SQL text, `[start, end)` in UTF-16 units. `value` is what it means: a word in lower case, a quoted name or a string without its
 * quotes and escapes, the digits or name of a parameter (`$1`, `$name`; empty for `?`), otherwise the text itself.
 */
export interface SqlToken {
  readonly kind: SqlTokenKind;
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

const SPACE = /[ \t\r\n\f\v\u00a0\ufeff]+/y;
const LINE_COMMENT = /--[^\r\n]*/y;
const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const NUMBER = /0[xX][0-9A-Fa-f_]+|(?:[0-9][0-9_]*(?:\.(?!\.)[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?/y;
const PARAMETER = /\$(?:[0-9]+|[A-Za-z_][A-Za-z0-9_]*)/y;
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const OPERATOR = /::|:=|[-+*/<>=~!@#%^&|`]+|[?:]/y;
const STRING_PREFIX = /(?:[eEbBxXnN]|[uU]&)(?=')/y;

/**
 * Cuts SQL into tokens the way PostgreSQL and DuckDB both do: nested comments, doubled quotes, `E''` escapes, dollar quotes. It decides
 * nothing about grammar, so it reads every statement of either dialect; user SQL is only ever changed by replacing spans of tokens.
 */
export function tokenize(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0];
  };
  const push = (kind: SqlTokenKind, end: number, value: string): void => {
    tokens.push({ kind, start: at, end, value });
    at = end;
  };
  while (at < sql.length) {
    const skipped = match(SPACE) ?? match(LINE_COMMENT);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    if (sql.startsWith('/*', at)) {
      at = endOfComment(sql, at);
      continue;
    }
    const prefix = match(STRING_PREFIX);
    if (prefix !== undefined || sql[at] === "'") {
      const open = at + (prefix?.length ?? 0);
      const escapes = prefix === 'e' || prefix === 'E';
      const end = endOfQuoted(sql, open, "'", escapes);
      push('string', end, escapes ? unescape(sql.slice(open + 1, end - 1)) : undouble(sql, open, end, "'"));
      continue;
    }
    if (sql[at] === '"' || /^[uU]&"/.test(sql.slice(at, at + 3))) {
      const open = sql.indexOf('"', at);
      const end = endOfQuoted(sql, open, '"', false);
      push('quoted', end, undouble(sql, open, end, '"'));
      continue;
    }
    const dollarQuote = match(DOLLAR_QUOTE);
    if (dollarQuote !== undefined) {
      const close = sql.indexOf(dollarQuote, at + dollarQuote.length);
      if (close === -1) throw unfinished(sql, at, 'unterminated dollar-quoted string');
      push('string', close + dollarQuote.length, sql.slice(at + dollarQuote.length, close));
      continue;
    }
    const parameter = match(PARAMETER);
    if (parameter !== undefined) {
      push('parameter', at + parameter.length, parameter.slice(1));
      continue;
    }
    const word = match(WORD);
    if (word !== undefined) {
      push('word', at + word.length, word.toLowerCase());
      continue;
    }
    const number = match(NUMBER);
    if (number !== undefined) {
      push('number', at + number.length, number);
      continue;
    }
    const operator = match(OPERATOR);
    if (operator !== undefined) {
      if (operator === '?') {
        push('parameter', at + 1, '');
        continue;
      }
      const run = beforeComment(operator);
      const length = operatorLength(run);
      push('operator', at + length, run.slice(0, length));
      // Signs that belong to no operator stand alone. All at once: a text of nothing but signs would be read anew for each of them.
      for (const sign of run.slice(length)) push('operator', at + 1, sign);
      continue;
    }
    push('punctuation', at + 1, sql.charAt(at));
  }
  return tokens;
}

/** An operator ends where a comment begins. */
function beforeComment(operator: string): string {
  const comment = operator.search(/--|\/\*/);
  return comment > 0 ? operator.slice(0, comment) : operator;
}

/** Only some operators end in a sign: `=-1` is `=` and `-`, as PostgreSQL reads it. */
function operatorLength(operator: string): number {
  let length = operator.length;
  if (/[~!@#%^&|`?]/.test(operator)) return length;
  while (length > 1 && /[-+]/.test(operator.charAt(length - 1))) length -= 1;
  return length;
}

function endOfComment(sql: string, start: number): number {
  let depth = 0;
  for (let at = start; at < sql.length; at++) {
    if (sql.startsWith('/*', at)) {
      depth++;
      at++;
    } else if (sql.startsWith('*/', at)) {
      depth--;
      at++;
      if (depth === 0) return at + 1;
    }
  }
  throw unfinished(sql, start, 'unterminated /* comment');
}

/** The index after the closing quote of what opens at `open`. */
function endOfQuoted(sql: string, open: number, quote: string, escapes: boolean): number {
  for (let at = open + 1; at < sql.length; at++) {
    if (escapes && sql[at] === '\\') at++;
    else if (sql[at] === quote) {
      if (sql[at + 1] !== quote) return at + 1;
      at++;
    }
  }
  throw unfinished(sql, open, quote === '"' ? 'unterminated quoted identifier' : 'unterminated quoted string');
}

function undouble(sql: string, open: number, end: number, quote: string): string {
  return sql.slice(open + 1, end - 1).replaceAll(quote + quote, quote);
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function unescape(body: string): string {
  return body.replace(
    /''|\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([\s\S]))/g,
    (all, octal?: string, hex?: string, short?: string, long?: string, other?: string) => {
      if (all === "''") return "'";
      if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8) & 0xff);
      const code = hex ?? short ?? long;
      if (code !== undefined) return String.fromCodePoint(Math.min(parseInt(code, 16), 0x10ffff));
      return ESCAPES[other ?? ''] ?? other ?? '';
    },
  );
}

function unfinished(sql: string, start: number, message: string): SqlError {
  return new SqlError('42601', `${message} at or near ${JSON.stringify(sql.slice(start, start + 20))}`, {
    position: characterPosition(sql, start),
  });
}

/** The position PostgreSQL reports: characters (not UTF-16 units) before `offset`, counted from 1. */
export function characterPosition(sql: string, offset: number): number {
  return Array.from(sql.slice(0, offset)).length + 1;
}

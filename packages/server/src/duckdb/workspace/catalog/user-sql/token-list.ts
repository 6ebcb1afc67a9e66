import { tokenize, type SqlToken } from '../../sql-tokens.js';

/** A span of the client's text and what DuckDB gets instead. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Of insertions: whether they open or close something. At one place, closings come first, and of openings the outermost. */
  readonly side?: 'opens' | 'closes';
}

/** The text between two places with the edits that lie within. */
export function editedSpan(sql: string, edits: readonly TextEdit[], start: number, end: number): string {
  let edited = '';
  let copied = start;
  for (const edit of edits) {
    if (edit.start < copied || edit.end > end) continue;
    edited += sql.slice(copied, edit.start) + edit.text;
    copied = edit.end;
  }
  return edited + sql.slice(copied, end);
}

/** Words that end an operand: they are never a name or a function without quotes. */
const BOUNDARIES = new Set(
  (
    'all and any as asc between by case cross desc distinct do else end except fetch for from full group having ilike in inner ' +
    'intersect into is isnull join lateral left like limit natural not notnull offset on or order outer over qualify returning right select ' +
    'set similar some then union using values when where window with escape collate'
  ).split(' '),
);

const OPENING = /^[([{]$/;
const CLOSING = /^[)\]}]$/;

/** Operators that bind weaker than a pattern match. */
const WEAKER = new Set(['=', '<', '>', '<=', '>=', '<>', '!=', '==', ':=']);

/** The tokens of one statement, with the few questions that span edits ask. Nothing here knows the grammar. */
export class TokenList {
  readonly tokens: readonly SqlToken[];

  constructor(readonly sql: string) {
    this.tokens = tokenize(sql);
  }

  at(index: number): SqlToken | undefined {
    return this.tokens[index];
  }

  /** Whether the tokens from `index` on are these words or marks. */
  matches(index: number, ...values: readonly string[]): boolean {
    return values.every((value, offset) => {
      const token = this.tokens[index + offset];
      return token !== undefined && token.kind !== 'quoted' && token.kind !== 'string' && token.value === value;
    });
  }

  isWord(index: number): boolean {
    return this.tokens[index]?.kind === 'word';
  }

  isName(index: number): boolean {
    const kind = this.tokens[index]?.kind;
    return kind === 'word' || kind === 'quoted';
  }

  isBoundary(index: number): boolean {
    const token = this.tokens[index];
    if (token === undefined) return true;
    if (token.kind === 'word') return BOUNDARIES.has(token.value);
    if (token.kind === 'operator') return WEAKER.has(token.value);
    return token.kind === 'punctuation' && /^[,;(){}[\]]$/.test(token.value);
  }

  /** The index of the bracket that closes the one at `open`, or opens the one at `close`. */
  partner(index: number): number {
    const step = OPENING.test(this.tokens[index]?.value ?? '') ? 1 : -1;
    let depth = 0;
    for (let at = index; at >= 0 && at < this.tokens.length; at += step) {
      const token = this.tokens[at];
      if (token?.kind !== 'punctuation') continue;
      if (OPENING.test(token.value)) depth += step;
      else if (CLOSING.test(token.value)) depth -= step;
      if (depth === 0) return at;
    }
    return index;
  }

  /** The first token of the operand that ends at `last`: names, literals, calls, brackets, casts, arithmetic. */
  operandStart(last: number): number {
    let start = last + 1;
    for (let at = last; at >= 0; at--) {
      const token = this.tokens[at];
      if (token?.kind === 'punctuation' && (token.value === ')' || token.value === ']')) {
        at = this.partner(at);
      } else if (this.isBoundary(at)) break;
      start = at;
    }
    return start;
  }

  /** The last token of the operand that starts at `first`. */
  operandEnd(first: number): number {
    let end = first - 1;
    for (let at = first; at < this.tokens.length; at++) {
      const token = this.tokens[at];
      if (token?.kind === 'punctuation' && (token.value === '(' || token.value === '[')) {
        at = this.partner(at);
      } else if (this.isBoundary(at)) break;
      end = at;
    }
    return end;
  }

  /**
   * The last token of the operand of `*`, `/` or `%` that starts at `first`: a sign, one name, literal, call, bracket or CASE, and what binds
   * to it. Undefined for anything else.
   */
  factorEnd(first: number): number | undefined {
    let at = first;
    while (this.tokens[at]?.kind === 'operator' && /^[-+]$/.test(this.tokens[at]?.value ?? '')) at++;
    const end = this.#primaryEnd(at);
    return end === undefined ? undefined : this.#withPostfixes(end);
  }

  #primaryEnd(first: number): number | undefined {
    const token = this.tokens[first];
    if (token === undefined) return undefined;
    if (token.kind === 'number' || token.kind === 'string' || token.kind === 'parameter') return first;
    if (token.kind === 'punctuation') return token.value === '(' ? this.partner(first) : undefined;
    if (this.matches(first, 'case')) return this.endOfCase(first);
    if (!this.isName(first) || this.isBoundary(first)) return undefined;
    let at = first;
    while (this.matches(at + 1, '.') && this.isName(at + 2)) at += 2;
    if (this.matches(at + 1, '(')) return this.callEnd(at + 1);
    // DATE '2024-01-01'
    return this.tokens[at + 1]?.kind === 'string' ? at + 1 : at;
  }

  /** The last token of the call whose bracket opens at `open`, with FILTER and OVER. */
  callEnd(open: number): number {
    let at = this.partner(open);
    if (this.matches(at + 1, 'within', 'group', '(')) at = this.partner(at + 3);
    if (this.matches(at + 1, 'filter', '(')) at = this.partner(at + 2);
    if (this.matches(at + 1, 'over')) at = this.matches(at + 2, '(') ? this.partner(at + 2) : at + 2;
    return at;
  }

  /** The END of the CASE at `start`. */
  endOfCase(start: number): number | undefined {
    let depth = 0;
    for (let at = start; at < this.tokens.length; at++) {
      if (this.matches(at, 'case')) depth++;
      else if (this.matches(at, 'end')) depth--;
      if (depth === 0) return at;
    }
    return undefined;
  }

  #withPostfixes(end: number): number {
    let at = end;
    for (;;) {
      if (this.matches(at + 1, '::')) at = this.typeEnd(at + 2);
      else if (this.matches(at + 1, '[')) at = this.partner(at + 1);
      else if (this.matches(at + 1, '.') && this.isName(at + 2)) at += 2;
      else if (this.matches(at + 1, '^')) at = this.factorEnd(at + 2) ?? at + 1;
      else return at;
    }
  }

  /** The last token of the type's name that starts at `first`. */
  typeEnd(first: number): number {
    let at = first;
    while (this.matches(at + 1, '.') && this.isName(at + 2)) at += 2;
    if (this.matches(at, 'double', 'precision') || this.matches(at, 'character', 'varying')) at++;
    if (this.matches(at + 1, '(')) at = this.partner(at + 1);
    if (this.matches(at + 1, 'with', 'time', 'zone') || this.matches(at + 1, 'without', 'time', 'zone')) at += 3;
    while (this.matches(at + 1, '[')) at = this.partner(at + 1);
    return at;
  }

  /** The first token of what a cast at `cast` (`::`) applies to: one name, literal, call or bracket, with earlier casts. */
  castOperandStart(cast: number): number {
    let at = cast - 1;
    for (;;) {
      const token = this.tokens[at];
      if (token?.kind === 'punctuation' && (token.value === ')' || token.value === ']')) {
        at = this.partner(at);
        if (this.isName(at - 1) && !this.isBoundary(at - 1)) at--;
      }
      const before = this.tokens[at - 1];
      if (before?.value === '.' && before.kind === 'punctuation') at -= 2;
      else if (before?.value === '::' && before.kind === 'operator') at -= 2;
      else return Math.max(at, 0);
    }
  }

  /** The arguments of the call whose bracket opens at `open`, each as first and last token. */
  args(open: number): readonly (readonly [number, number])[] {
    const close = this.partner(open);
    const found: [number, number][] = [];
    let start = open + 1;
    for (let at = open + 1; at <= close; at++) {
      const token = this.tokens[at];
      if (token?.kind === 'punctuation' && (token.value === '(' || token.value === '[')) {
        at = this.partner(at);
      } else if (at === close || (token?.kind === 'punctuation' && token.value === ',')) {
        if (at > start) found.push([start, at - 1]);
        start = at + 1;
      }
    }
    return found;
  }

  startOf(index: number): number {
    return this.tokens[index]?.start ?? this.sql.length;
  }

  endOf(index: number): number {
    return this.tokens[index]?.end ?? this.sql.length;
  }

  replace(first: number, last: number, text: string): TextEdit {
    return { start: this.startOf(first), end: this.endOf(last), text };
  }

  insertBefore(index: number, text: string): TextEdit {
    return { start: this.startOf(index), end: this.startOf(index), text, side: 'opens' };
  }

  insertAfter(index: number, text: string): TextEdit {
    return { start: this.endOf(index), end: this.endOf(index), text, side: 'closes' };
  }
}

import { DomainError } from '../errors/domain-error.js';

type TokenKind = 'word' | 'name' | 'string' | 'integer' | 'symbol' | 'end';

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** 1-based, for people. */
  readonly position: number;
}

const TOKEN_PATTERN =
  /\s+|(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|"(?<name>(?:[^"\p{Cc}]|"")+)"|'(?<string>(?:[^']|'')*)'|(?<integer>\d+)|(?<symbol>[()[\],])/uy;

/** The tokens of a type's text, read one after the other; every failure names the text and the place in it. */
export class TypeTokens {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(private readonly text: string) {
    this.#tokens = this.#split();
  }

  /** Of the token that comes next. */
  get position(): number {
    return this.#peek().position;
  }

  take(symbol: string): boolean {
    return this.#takeIf((token) => token.kind === 'symbol' && token.text === symbol);
  }

  takeWord(word: string): boolean {
    return this.#takeIf((token) => token.kind === 'word' && token.text.toLowerCase() === word);
  }

  must(symbol: string): void {
    if (!this.take(symbol)) throw this.#expected(`"${symbol}"`);
  }

  mustEnd(): void {
    if (this.#peek().kind !== 'end') throw this.failure(`unexpected text "${this.#peek().text}"`);
  }

  /** An unquoted word in lower case. */
  word(what: string): string {
    return this.#takeKind(['word'], what).text.toLowerCase();
  }

  /** A quoted or unquoted name as written. */
  name(what: string): string {
    return this.#takeKind(['word', 'name'], what).text;
  }

  string(what: string): string {
    return this.#takeKind(['string'], what).text;
  }

  integer(what: string): number {
    const token = this.#takeKind(['integer'], what);
    if (token.text.length > 9) throw this.failure(`the number ${token.text} is too large`, token.position);
    return Number(token.text);
  }

  failure(reason: string, position = this.position): DomainError {
    return new DomainError(
      'invalid_column_type',
      `Invalid column type "${excerpt(this.text)}": ${reason} at position ${position}. Use a DuckDB type such as VARCHAR, BIGINT or DECIMAL(18,2).`,
      { type: excerpt(this.text), position },
    );
  }

  #split(): Token[] {
    const tokens: Token[] = [];
    if (/[\p{Cc}\p{Cs}]/u.test(this.text.replace(/[\t\n\r]/g, ' '))) {
      throw this.failure('the text has control characters', 1);
    }
    TOKEN_PATTERN.lastIndex = 0;
    while (TOKEN_PATTERN.lastIndex < this.text.length) {
      const offset = TOKEN_PATTERN.lastIndex;
      const groups = TOKEN_PATTERN.exec(this.text)?.groups;
      const position = offset + 1;
      if (groups === undefined)
        throw this.failure(
          `unexpected character "${String.fromCodePoint(this.text.codePointAt(offset) ?? 32)}"`,
          position,
        );
      if (groups.word !== undefined) tokens.push({ kind: 'word', text: groups.word, position });
      else if (groups.name !== undefined)
        tokens.push({ kind: 'name', text: groups.name.replaceAll('""', '"'), position });
      else if (groups.string !== undefined)
        tokens.push({ kind: 'string', text: groups.string.replaceAll("''", "'"), position });
      else if (groups.integer !== undefined) tokens.push({ kind: 'integer', text: groups.integer, position });
      else if (groups.symbol !== undefined) tokens.push({ kind: 'symbol', text: groups.symbol, position });
    }
    return tokens;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', position: this.text.length + 1 };
  }

  #takeIf(matches: (token: Token) => boolean): boolean {
    if (!matches(this.#peek())) return false;
    this.#next += 1;
    return true;
  }

  #takeKind(kinds: readonly TokenKind[], what: string): Token {
    const token = this.#peek();
    if (!kinds.includes(token.kind)) throw this.#expected(what);
    this.#next += 1;
    return token;
  }

  #expected(what: string): DomainError {
    const token = this.#peek();
    return this.failure(
      token.kind === 'end' ? `expected ${what}, but the text ends` : `expected ${what} instead of "${token.text}"`,
    );
  }
}

function excerpt(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

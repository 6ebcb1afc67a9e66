import { SqlError } from '../../../errors/sql-error.js';
import { characterPosition } from '../sql-tokens.js';
import type { SqlToken } from '../sql-tokens.js';

/** Kinds that a grammar names by their text; a quoted "select" is a name. */
const READ_AS_WRITTEN: ReadonlySet<SqlToken['kind']> = new Set(['word', 'operator', 'punctuation']);

/** Reads the tokens of one statement from left to right; what does not fit is PostgreSQL's syntax error with its position. */
export class TokenCursor {
  #at = 0;

  constructor(
    readonly sql: string,
    private readonly tokens: readonly SqlToken[],
  ) {}

  get done(): boolean {
    return this.#at >= this.tokens.length;
  }

  /** Whether only one token is left. */
  get isLast(): boolean {
    return this.#at === this.tokens.length - 1;
  }

  get next(): SqlToken | undefined {
    return this.tokens[this.#at];
  }

  /** Where the next token begins, or the end of the text. */
  get offset(): number {
    return this.next?.start ?? this.sql.length;
  }

  /** Whether the next tokens are these words or marks. */
  sees(...words: readonly string[]): boolean {
    return words.every((word, index) => {
      const token = this.tokens[this.#at + index];
      return token !== undefined && READ_AS_WRITTEN.has(token.kind) && token.value === word;
    });
  }

  /** Passes over these words or marks if they are next. */
  accept(...words: readonly string[]): boolean {
    if (!this.sees(...words)) return false;
    this.#at += words.length;
    return true;
  }

  /** One of these words, if it is next. */
  acceptOne<W extends string>(...words: readonly W[]): W | undefined {
    const found = words.find((word) => this.sees(word));
    if (found !== undefined) this.#at += 1;
    return found;
  }

  expect(...words: readonly string[]): void {
    for (const word of words) if (!this.accept(word)) throw this.syntaxError();
  }

  take(): SqlToken {
    const token = this.next;
    if (token === undefined) throw this.syntaxError();
    this.#at += 1;
    return token;
  }

  name(): string {
    const token = this.take();
    if (token.kind !== 'word' && token.kind !== 'quoted') {
      this.#at -= 1;
      throw this.syntaxError();
    }
    return token.value;
  }

  string(): string {
    const token = this.take();
    if (token.kind !== 'string') {
      this.#at -= 1;
      throw this.syntaxError();
    }
    return token.value;
  }

  /** `( a, b )` as names. */
  nameList(): string[] {
    this.expect('(');
    const names = [this.name()];
    while (this.accept(',')) names.push(this.name());
    this.expect(')');
    return names;
  }

  /** Passes over a bracket and everything in it; the index range of what is inside. */
  bracket(): { readonly start: number; readonly end: number } {
    this.expect('(');
    const start = this.tokens[this.#at - 1]?.end ?? 0;
    for (let depth = 1; ;) {
      const token = this.take();
      if (token.kind !== 'punctuation') continue;
      if (token.value === '(') depth += 1;
      if (token.value === ')') depth -= 1;
      if (depth === 0) return { start, end: token.start };
    }
  }

  end(): void {
    if (!this.done) throw this.syntaxError();
  }

  syntaxError(): SqlError {
    const token = this.next;
    if (token === undefined) {
      return new SqlError('42601', 'syntax error at end of input', {
        position: characterPosition(this.sql, this.sql.length),
      });
    }
    return new SqlError('42601', `syntax error at or near "${this.sql.slice(token.start, token.end)}"`, {
      position: characterPosition(this.sql, token.start),
    });
  }
}

import type { SentMessage } from './frontend-messages.js';
import { errorOf, type BackendFrame } from './raw-client.js';

/** What one Query, or the rest of it after a COPY FROM, may be answered with; `G` asks for the data of a COPY. */
const QUERY_ANSWER = /^(?:TD*C|C|I|Hd*cC)*(?:Z|G|(?:TD*|Hd*)?EZ)$/;
const EXECUTE_ANSWER = /^(?:D*[CsE]|Hd*cC|Hd*E|I|G)$/;

/** The type of what is no message, and must end the session whatever it does just then. */
export const FATAL_BYTES = '!';

/** Come at any time and answer nothing. */
const ASIDES = 'NSA';

/**
 * Reads the answers to a number of messages as a client must: each message has its answer, in order, and nothing is left. Throws where the
 * server said something that no client could place.
 *
 *     Q ─▶ … Z, or … G and then COPY       P ─▶ 1      B ─▶ 2      D ─▶ [t] T|n      E ─▶ rows C|s      C ─▶ 3      S ─▶ Z
 *     an error outside of Q ─▶ nothing is answered up to S         a FATAL one ─▶ the end
 */
export class AnswerReader {
  readonly #answers: readonly BackendFrame[];
  readonly sqlStates: string[] = [];
  #at = 0;
  #copying: 'simple' | 'extended' | undefined;
  #skipping = false;
  #over = false;

  constructor(answers: readonly BackendFrame[]) {
    this.#answers = answers.filter(({ type }) => !ASIDES.includes(type));
  }

  /** Whether the server ended the session. */
  get isOver(): boolean {
    return this.#over;
  }

  read(sent: readonly SentMessage[]): void {
    for (const message of sent) {
      if (this.#over) break;
      try {
        this.#answerTo(message);
      } catch (error) {
        throw new Error(
          `after ${message.name} of ${sent.map(({ name }) => name).join(', ')}: ${String(error)}; answers ${this.#types()}`,
          { cause: error },
        );
      }
    }
    if (this.#at !== this.#answers.length) throw new Error(`answers to nothing: ${this.#types()}`);
  }

  #answerTo({ type, bytes }: SentMessage): void {
    if (type === FATAL_BYTES) this.#mustEnd();
    else if (this.#copying !== undefined) this.#answerInCopy(type);
    else if (this.#skipping && type !== 'S' && type !== 'X') return;
    else if (type === 'Q') this.#query();
    else if (type === 'S') {
      this.#skipping = false;
      this.#expect(/^E?Z$/, 'Z');
    } else if (type === 'F') this.#expect(/^EZ$/, 'Z');
    else if (type === 'P') this.#expect(/^[1E]$/, '1');
    else if (type === 'B') this.#expect(/^[2E]$/, '2');
    else if (type === 'C') this.#expect(/^[3E]$/, '3');
    else if (type === 'D') this.#expect(bytes[5] === 0x53 ? /^(?:t[Tn]|E)$/ : /^[TnE]$/, 'Tn');
    else if (type === 'E') {
      if (this.#expect(EXECUTE_ANSWER, 'CsIG').endsWith('G')) this.#copying = 'extended';
    } else if (type === 'X') this.#over = true;
    else if (type === 'p') this.#mustEnd();
  }

  #answerInCopy(type: string): void {
    if (type === 'c' || type === 'f') {
      const mode = this.#copying;
      this.#copying = undefined;
      if (mode === 'simple') this.#query();
      else this.#expect(/^[CE]$/, 'C');
    } else if (!'dHS'.includes(type)) this.#mustEnd();
  }

  #query(): void {
    let types = '';
    for (;;) {
      const next = this.#next();
      types += next.type;
      if (this.#over) return;
      if (next.type === 'Z' || next.type === 'G') break;
    }
    if (!QUERY_ANSWER.test(types)) throw new Error(`a query was answered ${types}`);
    if (types.endsWith('G')) this.#copying = 'simple';
  }

  /** Reads up to one of `last` or an error. */
  #expect(pattern: RegExp, last: string): string {
    let types = '';
    for (;;) {
      const next = this.#next();
      types += next.type;
      if (this.#over) return types;
      if (next.type === 'E' && last !== 'Z') {
        this.#skipping = true;
        break;
      }
      if (last.includes(next.type)) break;
    }
    if (!pattern.test(types)) throw new Error(`expected ${pattern}, got ${types}`);
    return types;
  }

  #mustEnd(): void {
    const { type } = this.#next();
    if (type !== 'E' || !this.#over) throw new Error(`expected the end of the session, got ${type}`);
  }

  #next(): BackendFrame {
    const frame = this.#answers[this.#at];
    if (frame === undefined) throw new Error('nothing was answered');
    this.#at += 1;
    if (frame.type === 'E') {
      const { S, C } = errorOf(frame);
      this.sqlStates.push(C ?? '');
      if (S === 'FATAL') this.#over = true;
    }
    return frame;
  }

  #types(): string {
    return this.#answers.map(({ type }, index) => (index === this.#at ? `>${type}` : type)).join('');
  }
}

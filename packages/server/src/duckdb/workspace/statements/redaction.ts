import type { SqlToken } from '../sql-tokens.js';

/** What the query log keeps of a statement. */
const LOGGED_CHARACTERS = 4096;

/** A literal soon after one of these words is not written down. */
const SECRET_WORD = /passw(or)?d|secret|token|api_?key|credential|identified/i;
const WORDS_BETWEEN = 3;

/** The statement as the log may keep it: literals that follow a word like PASSWORD are masked, and long text is cut. */
export function redacted(sql: string, tokens: readonly SqlToken[]): string {
  let text = '';
  let copied = 0;
  let sinceSecret = Number.POSITIVE_INFINITY;
  for (const token of tokens) {
    if (copied > LOGGED_CHARACTERS) break;
    sinceSecret += 1;
    if (token.kind === 'string') {
      if (sinceSecret > WORDS_BETWEEN && !SECRET_WORD.test(token.value)) continue;
      text += `${sql.slice(copied, token.start)}'***'`;
      copied = token.end;
    } else if (SECRET_WORD.test(token.value)) sinceSecret = 0;
  }
  text += sql.slice(copied, copied + LOGGED_CHARACTERS);
  return text.length > LOGGED_CHARACTERS ? `${text.slice(0, LOGGED_CHARACTERS)}…` : text;
}

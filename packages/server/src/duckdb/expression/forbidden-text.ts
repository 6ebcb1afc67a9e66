const MARKS = [';', '--', '/*', '*/'] as const;
const STATEMENT_WORDS = ['drop ', 'truncate ', 'alter ', 'delete ', 'insert ', 'update '] as const;

/** Quoted parts of a condition: E'…' has backslash escapes, the others only doubled quotes. */
const QUOTED_PART = /(?<![\w$\u0080-\uffff])[eE]'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"/y;

/**
 * The first mark of a comment or of a second statement outside quotes, or undefined. Looked for before the engine's parser
 * sees the text, because some statements act while they are parsed. Text after a quote that never ends counts as outside, and
 * `$` too, which would begin another kind of quote.
 */
export function findForbiddenMark(text: string): string | undefined {
  for (const { position, character } of unquotedCharacters(text)) {
    const mark = MARKS.find((candidate) => text.startsWith(candidate, position));
    if (mark !== undefined) return mark;
    if (character === '$') return '$';
    // A number and an E'…' that touch: whether the backslashes escape depends on who reads it, and nobody means it.
    if (/^[\d_][eE]'/.test(text.slice(position, position + 3))) return text.slice(position, position + 3);
  }
  return undefined;
}

/** Whether every round bracket outside quotes is closed, and none that was not opened. */
export function hasMatchingBrackets(text: string): boolean {
  let open = 0;
  for (const { character } of unquotedCharacters(text)) {
    if (character === '(') open += 1;
    if (character === ')') open -= 1;
    if (open < 0) return false;
  }
  return open === 0;
}

function* unquotedCharacters(text: string): Generator<{ position: number; character: string }> {
  for (let position = 0; position < text.length;) {
    QUOTED_PART.lastIndex = position;
    const quoted = QUOTED_PART.exec(text);
    if (quoted === null) yield { position, character: text.charAt(position) };
    position += quoted?.[0].length ?? 1;
  }
}

/** What makes a text that does not parse look like an attempt at a statement: the reference API names these. */
export function findStatementWord(text: string): string | undefined {
  const lower = text.toLowerCase();
  return [...MARKS, ...STATEMENT_WORDS].find((pattern) => lower.includes(pattern));
}

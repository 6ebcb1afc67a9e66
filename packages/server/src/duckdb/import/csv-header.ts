/**
 * The first records of a text, as far as they are whole in `head` (the last one counts when the head is the whole text).
 * For the header and for judging delimiters; the rows themselves are the engine's. Spaces before an opening quote are
 * skipped, as the engine does.
 */
export function firstRecords(head: string, delimiter: string, quote: string, limit: number): string[][] {
  const records: string[][] = [];
  let fields: string[] = [];
  let position = 0;
  while (position < head.length && records.length < limit) {
    const field = readField(head, position, delimiter, quote);
    fields.push(field.text);
    position = field.end;
    if (head.startsWith(delimiter, position)) {
      position += delimiter.length;
      if (position === head.length) fields.push('');
      else continue;
    }
    records.push(fields);
    fields = [];
    position += head.startsWith('\r\n', position) ? 2 : 1;
  }
  if (fields.length > 0 && records.length < limit) records.push(fields);
  return records;
}

function readField(text: string, start: number, delimiter: string, quote: string): { text: string; end: number } {
  let opening = start;
  while (text[opening] === ' ' && delimiter !== ' ') opening += 1;
  if (quote === '' || text[opening] !== quote) {
    const end = endOfField(text, start, delimiter);
    return { text: text.slice(start, end), end };
  }
  let value = '';
  let position = opening + 1;
  for (;;) {
    const closing = text.indexOf(quote, position);
    if (closing === -1) return { text: value + text.slice(position), end: text.length };
    value += text.slice(position, closing);
    if (text[closing + 1] !== quote) return { text: value, end: endOfField(text, closing + 1, delimiter) };
    value += quote;
    position = closing + 2;
  }
}

function endOfField(text: string, start: number, delimiter: string): number {
  for (let position = start; position < text.length; position++) {
    const character = text[position];
    if (character === '\n' || character === '\r' || text.startsWith(delimiter, position)) return position;
  }
  return text.length;
}

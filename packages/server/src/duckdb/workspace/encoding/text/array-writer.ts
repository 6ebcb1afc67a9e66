import type { Vector } from '@duckdb/node-bindings';
import { SqlError } from '../../../../errors/sql-error.js';
import { EscapeTable } from '../escapes.js';
import type { ListEntries } from '../list-entries.js';
import { VectorWriter } from '../vector-writer.js';
import type { WireBuffer } from '../wire-buffer.js';
import type { TextCharacters, TextWriter } from './text-writer.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

const ESCAPES = new EscapeTable([
  [QUOTE, '\\"'],
  [0x5c, '\\\\'],
]);

/** Bytes that make an element need quotes: braces, comma, quote, backslash and what counts as a blank. */
const NEEDS_QUOTES = new Uint8Array(256);
for (const byte of Buffer.from('{},"\\ \t\n\r\v\f')) NEEDS_QUOTES[byte] = 1;

/** `{1,NULL,"a b"}`, and `{{1,2},{3,4}}` where `inner` is an array itself. */
export class ArrayTextWriter extends VectorWriter {
  readonly characters: TextCharacters = 'any';

  constructor(
    readonly entries: ListEntries,
    readonly element: TextWriter,
  ) {
    super();
  }

  protected bindValues(vector: Vector, rowCount: number): void {
    const { child, childCount } = this.entries.bind(vector, rowCount);
    this.element.bind(child, childCount);
  }

  write(row: number, out: WireBuffer): void {
    out.writeByte(OPEN);
    const start = this.entries.start(row);
    const end = start + this.entries.count(row);
    for (let index = start; index < end; index++) {
      if (index > start) out.writeByte(COMMA);
      this.#writeElement(index, out);
    }
    out.writeByte(CLOSE);
  }

  #writeElement(index: number, out: WireBuffer): void {
    const { element } = this;
    if (element instanceof ArrayTextWriter) {
      if (element.isNull(index)) throw nullSubArray();
      element.write(index, out);
    } else if (element.isNull(index)) out.writeAscii('NULL');
    else if (element.characters === 'plain') element.write(index, out);
    else {
      const start = out.length;
      element.write(index, out);
      if (needsQuotes(out, start)) quoteFrom(out, start);
    }
  }
}

export function nullSubArray(): SqlError {
  return new SqlError('2202E', 'multidimensional arrays must have array expressions with matching dimensions', {
    detail: 'An array within the array is NULL.',
    hint: 'Cast the value to JSON, which can hold it.',
  });
}

function needsQuotes(out: WireBuffer, start: number): boolean {
  const { bytes, length } = out;
  if (length === start) return true;
  for (let position = start; position < length; position++) {
    if (NEEDS_QUOTES[bytes[position] as number] === 1) return true;
  }
  return length - start === 4 && bytes.toString('latin1', start, length).toUpperCase() === 'NULL';
}

function quoteFrom(out: WireBuffer, start: number): void {
  out.reserve(2);
  out.bytes.copyWithin(start + 1, start, out.length);
  out.bytes[start] = QUOTE;
  out.length++;
  ESCAPES.apply(out, start + 1);
  out.writeByte(QUOTE);
}

import type { DuckDBDataChunk, DuckDBType } from '@duckdb/node-api';
import { writeSized } from '../binary/array-writer.js';
import { EscapeTable } from '../escapes.js';
import { bindColumns, columnBinaryWriter, columnTextWriter, type ChunkEncoder } from '../row-encoder.js';
import type { TextWriter } from '../text/text-writer.js';
import type { VectorWriter } from '../vector-writer.js';
import type { WireBuffer } from '../wire-buffer.js';
import type { WireSettings } from '../wire-settings.js';
import type { CopyFormat, CopyTextFormat } from './copy-options.js';

export const COPY_DATA = 0x64;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');

/** What stands for a byte in text format, beside the delimiter; the backslash comes first. */
export const COPY_TEXT_ESCAPES: readonly (readonly [byte: number, text: string])[] = [
  [BACKSLASH, '\\\\'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [NEWLINE, '\\n'],
  [0x0b, '\\v'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
];

/** COPY … TO STDOUT: CopyData messages, one for each row, as PostgreSQL sends them and some drivers expect. */
export interface CopyEncoder extends ChunkEncoder {
  /** What stands before the first row. Must be called once, first. */
  begin(out: WireBuffer): void;
  /** What stands after the last row. */
  end(out: WireBuffer): void;
}

export function createCopyEncoder(
  types: readonly DuckDBType[],
  names: readonly string[],
  format: CopyFormat,
  settings: WireSettings,
): CopyEncoder {
  if (format.format === 'binary') return new BinaryCopy(types.map((type) => columnBinaryWriter(type, settings)));
  const columns = types.map((type) => columnTextWriter(type, settings));
  return format.format === 'csv' ? new CsvCopy(columns, names, format) : new TextCopy(columns, names, format);
}

abstract class MessagePerRow<Column extends VectorWriter> implements CopyEncoder {
  constructor(readonly columns: readonly Column[]) {}

  encode(chunk: DuckDBDataChunk, from: number, to: number, out: WireBuffer): number {
    bindColumns(this.columns, chunk);
    let row = from;
    while (row < to && !out.isFull) {
      const start = beginMessage(out);
      try {
        this.writeRow(row, out);
      } catch (error) {
        out.length = start;
        throw error;
      }
      endMessage(out, start);
      row++;
    }
    return row;
  }

  abstract begin(out: WireBuffer): void;
  abstract end(out: WireBuffer): void;
  protected abstract writeRow(row: number, out: WireBuffer): void;
}

function beginMessage(out: WireBuffer): number {
  const start = out.length;
  out.reserve(5);
  out.bytes[start] = COPY_DATA;
  out.length = start + 5;
  return start;
}

function endMessage(out: WireBuffer, start: number): void {
  out.view.setInt32(start + 1, out.length - start - 1);
}

class TextCopy extends MessagePerRow<TextWriter> {
  readonly #escapes: EscapeTable;
  readonly #nullText: Buffer;
  readonly #delimiter: number;
  /** Whether the delimiter may be part of a number or a date. */
  readonly #escapesAll: boolean;

  constructor(
    columns: readonly TextWriter[],
    readonly names: readonly string[],
    readonly format: CopyTextFormat,
  ) {
    super(columns);
    this.#delimiter = format.delimiter;
    this.#nullText = Buffer.from(format.nullText);
    this.#escapesAll = isOfPlainText(format.delimiter);
    this.#escapes = new EscapeTable([
      ...COPY_TEXT_ESCAPES,
      ...(format.delimiter === 0x09 ? [] : [[format.delimiter, `\\${String.fromCharCode(format.delimiter)}`] as const]),
    ]);
  }

  begin(out: WireBuffer): void {
    if (this.format.header === false) return;
    const start = beginMessage(out);
    for (const [index, name] of this.names.entries()) {
      if (index > 0) out.writeByte(this.#delimiter);
      const nameStart = out.length;
      out.writeText(name);
      this.#escapes.apply(out, nameStart);
    }
    out.writeByte(NEWLINE);
    endMessage(out, start);
  }

  end(): void {}

  protected writeRow(row: number, out: WireBuffer): void {
    const { columns } = this;
    for (let index = 0; index < columns.length; index++) {
      if (index > 0) out.writeByte(this.#delimiter);
      const column = columns[index] as TextWriter;
      if (column.isNull(row)) out.writeBytes(this.#nullText);
      else {
        const start = out.length;
        column.write(row, out);
        if (this.#escapesAll || column.characters === 'any') this.#escapes.apply(out, start);
      }
    }
    out.writeByte(NEWLINE);
  }
}

class CsvCopy extends MessagePerRow<TextWriter> {
  readonly #escapes: EscapeTable;
  readonly #quotedBytes = new Uint8Array(256);
  readonly #nullText: Buffer;
  /** Whether delimiter, quote or the text for NULL may be part of a number or a date. */
  readonly #checksAll: boolean;

  constructor(
    columns: readonly TextWriter[],
    readonly names: readonly string[],
    readonly format: CopyTextFormat,
  ) {
    super(columns);
    const { delimiter, quote, escape, nullText } = format;
    const escapeText = String.fromCharCode(escape);
    const quoteText = String.fromCharCode(quote);
    this.#nullText = Buffer.from(nullText);
    this.#checksAll = isOfPlainText(delimiter) || isOfPlainText(quote) || nullText !== '';
    for (const byte of [delimiter, quote, NEWLINE, 0x0d]) this.#quotedBytes[byte] = 1;
    this.#escapes = new EscapeTable([
      [quote, escapeText + quoteText],
      [escape, escapeText + escapeText],
    ]);
  }

  begin(out: WireBuffer): void {
    if (this.format.header === false) return;
    const start = beginMessage(out);
    for (const [index, name] of this.names.entries()) {
      if (index > 0) out.writeByte(this.format.delimiter);
      const nameStart = out.length;
      out.writeText(name);
      if (this.#mustQuote(out, nameStart)) this.#quoteFrom(out, nameStart);
    }
    out.writeByte(NEWLINE);
    endMessage(out, start);
  }

  end(): void {}

  protected writeRow(row: number, out: WireBuffer): void {
    const { columns, format } = this;
    for (let index = 0; index < columns.length; index++) {
      if (index > 0) out.writeByte(format.delimiter);
      const column = columns[index] as TextWriter;
      if (column.isNull(row)) {
        out.writeBytes(this.#nullText);
        continue;
      }
      const start = out.length;
      column.write(row, out);
      const isForced = format.forceQuote[index] === true;
      const mayNeed = this.#checksAll || column.characters === 'any';
      if (isForced || (mayNeed && this.#mustQuote(out, start))) this.#quoteFrom(out, start);
    }
    out.writeByte(NEWLINE);
  }

  /** An empty text would read as NULL where that is the empty text; a lone `\.` of a single column as the end. */
  #mustQuote(out: WireBuffer, start: number): boolean {
    const { bytes, length } = out;
    for (let position = start; position < length; position++) {
      if (this.#quotedBytes[bytes[position] as number] === 1) return true;
    }
    if (length - start === this.#nullText.length && this.#nullText.equals(bytes.subarray(start, length))) return true;
    const isEndMark = length - start === 2 && bytes[start] === BACKSLASH && bytes[start + 1] === 0x2e;
    return isEndMark && this.columns.length === 1;
  }

  #quoteFrom(out: WireBuffer, start: number): void {
    out.reserve(2);
    out.bytes.copyWithin(start + 1, start, out.length);
    out.bytes[start] = this.format.quote;
    out.length++;
    this.#escapes.apply(out, start + 1);
    out.writeByte(this.format.quote);
  }
}

/** Letters, digits, and what numbers, dates and times are written with. */
export function isOfPlainText(byte: number): boolean {
  return /[0-9A-Za-z.:+\- ]/.test(String.fromCharCode(byte));
}

class BinaryCopy extends MessagePerRow<VectorWriter> {
  #started = false;

  /** PostgreSQL sends the header in the message of the first row. */
  begin(): void {}

  protected writeRow(row: number, out: WireBuffer): void {
    this.#writeHeader(out);
    const { columns } = this;
    out.writeInt16(columns.length);
    for (let index = 0; index < columns.length; index++) {
      const column = columns[index] as VectorWriter;
      if (column.isNull(row)) out.writeInt32(-1);
      else writeSized(column, row, out);
    }
  }

  end(out: WireBuffer): void {
    const start = beginMessage(out);
    this.#writeHeader(out);
    out.writeInt16(-1);
    endMessage(out, start);
  }

  /** Signature, flags, and the length of an extension that nobody uses. */
  #writeHeader(out: WireBuffer): void {
    if (this.#started) return;
    this.#started = true;
    out.writeBytes(SIGNATURE);
    out.writeInt32(0);
    out.writeInt32(0);
  }
}

import type { CopyFormat, CopyTextFormat } from './copy-options.js';
import type { SpoolColumn } from './spool-column.js';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const COMMA = 0x2c;

/** Delimiters that the spool may have as well; a field of the spool with one of them is quoted. */
export const SPOOL_DELIMITERS = ',\t;|';

/** The spool's delimiter: that of the data, so that records can be copied as they are. */
export function spoolDelimiterOf(format: CopyFormat): number {
  if (format.format === 'binary') return COMMA;
  return SPOOL_DELIMITERS.includes(String.fromCharCode(format.delimiter)) ? format.delimiter : COMMA;
}

/** Some records, one line each, that mean in the spool what they mean in the data. */
export interface WholeRecords {
  readonly count: number;
  /** Where the last one ends. */
  readonly end: number;
  readonly longestBytes: number;
}

/**
 * Finds records that need not be taken apart and written anew, which most are. It only ever says "not this one" too often: whatever is unusual
 * in a record (an escape, a quote within quotes, a value in another form than the usual one) leaves it to the reader of records.
 */
export class VerbatimRecords {
  /** Bytes at which a plain field ends, or is none. */
  readonly #stops = new Uint8Array(256);
  readonly #quotesPass: boolean;
  readonly #emptyIsNull: readonly boolean[];

  /** Undefined when no record of the format can be copied. */
  static of(format: CopyFormat, columns: readonly SpoolColumn[]): VerbatimRecords | undefined {
    if (format.format === 'binary' || columns.length === 0) return undefined;
    if (spoolDelimiterOf(format) !== format.delimiter) return undefined;
    // A word for NULL would have to be looked for; in text format it has a backslash, which stops.
    if (format.format === 'csv' ? format.nullText !== '' : !format.nullText.includes('\\')) return undefined;
    return new VerbatimRecords(format, columns);
  }

  private constructor(
    private readonly format: CopyTextFormat,
    private readonly columns: readonly SpoolColumn[],
  ) {
    const isCsv = format.format === 'csv';
    for (const byte of [format.delimiter, NEWLINE, RETURN, QUOTE, isCsv ? format.quote : BACKSLASH]) {
      this.#stops[byte] = 1;
    }
    const { quote, escape, forceNull } = format;
    this.#quotesPass = isCsv && quote === QUOTE && escape === QUOTE && !forceNull.includes(true);
    this.#emptyIsNull = columns.map((_, index) => isCsv && format.forceNotNull[index] !== true);
  }

  /** Undefined when the record at `start` is none of them. */
  find(bytes: Buffer, start: number): WholeRecords | undefined {
    const lastNewline = bytes.lastIndexOf(NEWLINE);
    let count = 0;
    let longestBytes = 0;
    let at = start;
    // Below the last newline no field can run out of the buffer.
    while (at <= lastNewline) {
      const end = this.#endOfRecord(bytes, at);
      if (end < 0) break;
      if (end - at > longestBytes) longestBytes = end - at;
      at = end;
      count++;
    }
    return count === 0 ? undefined : { count, end: at, longestBytes };
  }

  #endOfRecord(bytes: Buffer, start: number): number {
    // It may be the end marker.
    if (bytes[start] === BACKSLASH) return -1;
    const { columns } = this;
    const { delimiter } = this.format;
    const stops = this.#stops;
    const last = columns.length - 1;
    let at = start;
    for (let index = 0; index <= last; index++) {
      const column = columns[index] as SpoolColumn;
      const fieldStart = at;
      while (stops[bytes[at] as number] === 0) at++;
      if (at === fieldStart && bytes[at] === QUOTE) {
        at = column.isText && this.#quotesPass ? endOfQuoted(bytes, at) : -1;
        if (at < 0) return -1;
      } else if (at === fieldStart) {
        if (this.#emptyIsNull[index] === false) return -1;
      } else if (!column.passes(bytes, fieldStart, at)) return -1;
      if (bytes[at] !== (index === last ? NEWLINE : delimiter)) return -1;
      at++;
    }
    return at;
  }
}

/** Where a field that begins with a quote ends, when it has no other quotes than the two around it and is one line. */
function endOfQuoted(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (bytes[at] !== QUOTE && bytes[at] !== NEWLINE) at++;
  return bytes[at] === QUOTE ? at + 1 : -1;
}

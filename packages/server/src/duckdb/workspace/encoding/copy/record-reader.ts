import type { CopyTextFormat } from './copy-options.js';
import { badCopyFile } from './copy-errors.js';
import type { WholeRecords } from './verbatim-records.js';

/** Where a reader of records puts what it finds. */
export interface RecordTarget {
  /** Takes the records from `start` on that need not be taken apart; undefined when the first one must be. */
  wholeRecords(bytes: Buffer, start: number): WholeRecords | undefined;
  /** A field, whose bytes hold only until the call returns. */
  field(bytes: Buffer, start: number, end: number): void;
  nullField(): void;
  /** The fields since the last call are a record. `line` is the number of its last line. */
  endRecord(line: number): void;
  /** Forgets the fields since the last record: their end has not arrived yet. */
  dropRecord(): void;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BACKSLASH = 0x5c;
const POINT = 0x2e;

/**
 * Takes COPY data apart, record after record, in the order of bytes. Data come in pieces that end anywhere; what is not a whole record yet
 * is kept and read again with the next piece. A record that grows over many pieces is read again only when it has doubled.
 */
export abstract class RecordReader {
  #rest: Buffer = Buffer.alloc(0);
  #retryAtBytes = 0;
  #line = 0;
  /** The end marker `\.` was read: what follows is ignored. */
  #ended = false;

  constructor(
    protected readonly format: CopyTextFormat,
    protected readonly target: RecordTarget,
  ) {}

  /** Of the line that is being read, from 1. */
  get line(): number {
    return this.#line + 1;
  }

  /** The line that is being read, as far as it is there. */
  lineText(): string {
    const end = this.#rest.indexOf(NEWLINE);
    return this.#rest.toString('utf8', 0, end < 0 ? this.#rest.length : end).replace(/\r$/, '');
  }

  write(piece: Buffer): void {
    if (this.#ended) return;
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    if (this.#rest.length < this.#retryAtBytes) return;
    this.#read(false);
  }

  /** The last record needs no newline. */
  end(): void {
    if (this.#ended || this.#rest.length === 0) return;
    this.#read(true);
  }

  #read(isLast: boolean): void {
    let bytes = this.#rest;
    if (isLast && bytes[bytes.length - 1] !== NEWLINE) bytes = Buffer.concat([bytes, Buffer.of(NEWLINE)]);
    let start = 0;
    try {
      while (start < bytes.length) {
        const whole = this.wholeRecords(bytes, start);
        if (whole !== undefined) {
          this.#line += whole.count;
          start = whole.end;
          continue;
        }
        if (isEndMarker(bytes, start)) {
          this.#ended = true;
          start = bytes.length;
          break;
        }
        // A record of one character may turn out to be the marker.
        if (bytes[start] === BACKSLASH && start + 2 >= bytes.length && !isLast) break;
        const end = this.readRecord(bytes, start);
        if (end < 0) {
          this.target.dropRecord();
          if (isLast) throw this.unfinished();
          break;
        }
        const lastLine = this.#line + this.linesOf(bytes, start, end);
        this.target.endRecord(lastLine);
        this.#line = lastLine;
        start = end;
      }
    } catch (error) {
      this.#rest = bytes.subarray(start);
      throw error;
    }
    this.#retryAtBytes = start === 0 ? bytes.length * 2 : 0;
    // A copy: the piece may be the socket's buffer.
    this.#rest = start < bytes.length ? Buffer.from(bytes.subarray(start)) : Buffer.alloc(0);
  }

  protected wholeRecords(bytes: Buffer, start: number): WholeRecords | undefined {
    return this.target.wholeRecords(bytes, start);
  }

  /** Reads from `start` and answers where the next record begins; -1 when this one does not end here. */
  protected abstract readRecord(bytes: Buffer, start: number): number;

  protected abstract linesOf(bytes: Buffer, start: number, end: number): number;

  protected abstract unfinished(): Error;
}

function isEndMarker(bytes: Buffer, start: number): boolean {
  if (bytes[start] !== BACKSLASH || bytes[start + 1] !== POINT) return false;
  const next = bytes[start + 2];
  return next === NEWLINE || (next === RETURN && bytes[start + 3] === NEWLINE);
}

function sameBytes(bytes: Buffer, start: number, end: number, wanted: Buffer): boolean {
  if (end - start !== wanted.length) return false;
  for (let index = 0; index < wanted.length; index++) if (bytes[start + index] !== wanted[index]) return false;
  return true;
}

/** Text format: one line a record, backslashes for what would be in the way. */
export class TextRecordReader extends RecordReader {
  readonly #delimiter = this.format.delimiter;
  readonly #null = Buffer.from(this.format.nullText);
  readonly #special = new Uint8Array(256);
  #scratch = Buffer.alloc(256);
  /** Whether lines end with CR LF: the first one tells. */
  #isCrLf: boolean | undefined;

  constructor(format: CopyTextFormat, target: RecordTarget) {
    super(format, target);
    for (const byte of [format.delimiter, NEWLINE, RETURN, BACKSLASH]) this.#special[byte] = 1;
  }

  protected override wholeRecords(bytes: Buffer, start: number): WholeRecords | undefined {
    if (this.#isCrLf === true) return undefined;
    const whole = super.wholeRecords(bytes, start);
    if (whole !== undefined) this.#isCrLf = false;
    return whole;
  }

  protected readRecord(bytes: Buffer, start: number): number {
    const special = this.#special;
    const { length } = bytes;
    let fieldStart = start;
    let hasEscape = false;
    let position = start;
    for (;;) {
      while (position < length && special[bytes[position] as number] === 0) position++;
      if (position >= length) return -1;
      const byte = bytes[position];
      if (byte === BACKSLASH) {
        hasEscape = true;
        position += 2;
      } else if (byte === this.#delimiter) {
        this.#field(bytes, fieldStart, position, hasEscape);
        hasEscape = false;
        fieldStart = ++position;
      } else if (byte === NEWLINE) {
        if (this.#isCrLf === true)
          throw badCopyFile('literal newline found in data', 'Use "\\n" to represent newline.');
        this.#isCrLf = false;
        this.#field(bytes, fieldStart, position, hasEscape);
        return position + 1;
      } else {
        if (position + 1 >= length) return -1;
        if (bytes[position + 1] !== NEWLINE || this.#isCrLf === false) {
          throw badCopyFile('literal carriage return found in data', 'Use "\\r" to represent carriage return.');
        }
        this.#isCrLf = true;
        this.#field(bytes, fieldStart, position, hasEscape);
        return position + 2;
      }
    }
  }

  protected linesOf(): number {
    return 1;
  }

  protected unfinished(): Error {
    // The piece ended with a backslash, which made the newline part of the data.
    return badCopyFile('missing newline at the end of the data');
  }

  #field(bytes: Buffer, start: number, end: number, hasEscape: boolean): void {
    if (sameBytes(bytes, start, end, this.#null)) this.target.nullField();
    else if (!hasEscape) this.target.field(bytes, start, end);
    else this.target.field(this.#scratch, 0, this.#unescape(bytes, start, end));
  }

  /** Into the scratch; answers the length. */
  #unescape(bytes: Buffer, start: number, end: number): number {
    if (this.#scratch.length < end - start) this.#scratch = Buffer.alloc((end - start) * 2);
    const out = this.#scratch;
    let at = 0;
    for (let position = start; position < end; position++) {
      const byte = bytes[position] as number;
      if (byte !== BACKSLASH || position + 1 >= end) {
        out[at++] = byte;
        continue;
      }
      const next = bytes[++position] as number;
      const letter = LETTERS[next] as number;
      if (letter !== 0) out[at++] = letter;
      else if (next >= 0x30 && next <= 0x37) {
        let value = next - 0x30;
        for (let digits = 1; digits < 3 && isOctal(bytes[position + 1], position + 1, end); digits++) {
          value = value * 8 + (bytes[++position] as number) - 0x30;
        }
        out[at++] = value & 0xff;
      } else if (next === 0x78 && isHex(bytes[position + 1], position + 1, end)) {
        let value = hexValue(bytes[++position] as number);
        if (isHex(bytes[position + 1], position + 1, end)) value = value * 16 + hexValue(bytes[++position] as number);
        out[at++] = value;
      } else out[at++] = next;
    }
    return at;
  }
}

const LETTERS = new Uint8Array(256);
for (const [letter, byte] of [
  ['b', 8],
  ['t', 9],
  ['n', 10],
  ['v', 11],
  ['f', 12],
  ['r', 13],
] as const) {
  LETTERS[letter.charCodeAt(0)] = byte;
}

function isOctal(byte: number | undefined, position: number, end: number): boolean {
  return position < end && byte !== undefined && byte >= 0x30 && byte <= 0x37;
}

function isHex(byte: number | undefined, position: number, end: number): boolean {
  return position < end && byte !== undefined && !Number.isNaN(hexValue(byte));
}

function hexValue(byte: number): number {
  return Number.parseInt(String.fromCharCode(byte), 16);
}

/** CSV: quotes may begin and end anywhere in a field; a field that had none may be NULL. */
export class CsvRecordReader extends RecordReader {
  readonly #null = Buffer.from(this.format.nullText);
  readonly #special = new Uint8Array(256);
  #scratch = Buffer.alloc(256);
  #column = 0;

  constructor(format: CopyTextFormat, target: RecordTarget) {
    super(format, target);
    for (const byte of [format.delimiter, format.quote, NEWLINE, RETURN]) this.#special[byte] = 1;
  }

  protected readRecord(bytes: Buffer, start: number): number {
    const { delimiter, quote } = this.format;
    const special = this.#special;
    const { length } = bytes;
    this.#column = 0;
    let fieldStart = start;
    let position = start;
    for (;;) {
      while (position < length && special[bytes[position] as number] === 0) position++;
      if (position >= length) return -1;
      const byte = bytes[position];
      if (byte === delimiter) {
        this.#plainField(bytes, fieldStart, position);
        fieldStart = ++position;
      } else if (byte === NEWLINE) {
        this.#plainField(bytes, fieldStart, position);
        return position + 1;
      } else if (byte === quote) {
        position = this.#quotedField(bytes, fieldStart, position);
        if (position < 0) return -1;
        if (bytes[position] !== delimiter) return position + (bytes[position] === RETURN ? 2 : 1);
        fieldStart = ++position;
      } else {
        if (position + 1 >= length) return -1;
        if (bytes[position + 1] !== NEWLINE) throw unquotedReturn();
        this.#plainField(bytes, fieldStart, position);
        return position + 2;
      }
    }
  }

  protected linesOf(bytes: Buffer, start: number, end: number): number {
    let lines = 0;
    for (let at = bytes.indexOf(NEWLINE, start); at >= 0 && at < end; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
    return lines;
  }

  protected unfinished(): Error {
    return badCopyFile('unterminated CSV quoted field');
  }

  #plainField(bytes: Buffer, start: number, end: number): void {
    const column = this.#column++;
    if (sameBytes(bytes, start, end, this.#null) && this.format.forceNotNull[column] !== true) this.target.nullField();
    else this.target.field(bytes, start, end);
  }

  /** Answers where the delimiter or the end of the line stands behind the field; -1 when it is not there yet. */
  #quotedField(bytes: Buffer, start: number, firstQuote: number): number {
    const { delimiter, quote, escape } = this.format;
    const { length } = bytes;
    const simpleEnd = firstQuote === start ? bytes.indexOf(quote, start + 1) : -1;
    if (simpleEnd > 0 && simpleEnd + 1 < length) {
      const next = bytes[simpleEnd + 1];
      const isEnd = next === delimiter || next === NEWLINE;
      if (isEnd && (escape === quote || !bytes.subarray(start + 1, simpleEnd).includes(escape))) {
        this.#quoted(bytes, start + 1, simpleEnd);
        return simpleEnd + 1;
      }
    }
    let at = 0;
    let isQuoted = false;
    let position = start;
    for (;;) {
      if (position >= length) return -1;
      if (at >= this.#scratch.length)
        this.#scratch = Buffer.concat([this.#scratch, Buffer.alloc(this.#scratch.length)]);
      const byte = bytes[position] as number;
      if (isQuoted) {
        const next = bytes[position + 1];
        if (byte === escape && next === undefined) return -1;
        if (byte === escape && (next === quote || next === escape)) {
          this.#scratch[at++] = next;
          position += 2;
          continue;
        }
        if (byte === quote) isQuoted = false;
        else this.#scratch[at++] = byte;
      } else if (byte === quote) isQuoted = true;
      else if (byte === delimiter || byte === NEWLINE) break;
      else if (byte === RETURN) {
        if (position + 1 >= length) return -1;
        if (bytes[position + 1] !== NEWLINE) throw unquotedReturn();
        break;
      } else this.#scratch[at++] = byte;
      position++;
    }
    this.#quoted(this.#scratch, 0, at);
    return position;
  }

  #quoted(bytes: Buffer, start: number, end: number): void {
    const column = this.#column++;
    if (this.format.forceNull[column] === true && sameBytes(bytes, start, end, this.#null)) this.target.nullField();
    else this.target.field(bytes, start, end);
  }
}

function unquotedReturn(): Error {
  return badCopyFile('unquoted carriage return found in data', 'Use quoted CSV field to represent carriage return.');
}

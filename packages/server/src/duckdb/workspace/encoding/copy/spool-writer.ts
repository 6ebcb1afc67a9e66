import { SqlError } from '../../../../errors/sql-error.js';
import { WireBuffer } from '../wire-buffer.js';
import { badCopyFile } from './copy-errors.js';
import type { RecordTarget } from './record-reader.js';
import type { SpoolColumn } from './spool-column.js';
import type { VerbatimRecords, WholeRecords } from './verbatim-records.js';

const NEWLINE = 0x0a;

/** Writes records as rows of the spool. Knows at any time which column it is at, for errors. */
export class SpoolWriter implements RecordTarget {
  readonly out = new WireBuffer();
  rowCount = 0;
  longestRowBytes = 0;
  /** Of the row that is being written. */
  column = 0;
  /** The value that could not be written. */
  failedText: string | undefined;
  #rowStart = 0;

  constructor(
    readonly columns: readonly SpoolColumn[],
    /** A byte. */
    readonly delimiter: number,
    private readonly verbatim: VerbatimRecords | undefined,
  ) {}

  get currentColumn(): SpoolColumn | undefined {
    return this.columns[this.column];
  }

  field(bytes: Buffer, start: number, end: number): void {
    const column = this.#begin();
    try {
      column.writeText(bytes, start, end, this.out);
    } catch (error) {
      this.failedText = bytes.toString('utf8', start, end);
      throw error;
    }
    this.column++;
  }

  wholeRecords(bytes: Buffer, start: number): WholeRecords | undefined {
    const found = this.verbatim?.find(bytes, start);
    if (found === undefined) return undefined;
    this.out.writeBytes(bytes.subarray(start, found.end));
    this.rowCount += found.count;
    this.longestRowBytes = Math.max(this.longestRowBytes, found.longestBytes);
    this.#rowStart = this.out.length;
    return found;
  }

  binaryField(bytes: Buffer, start: number, end: number): void {
    this.#begin().writeBinary(bytes, start, end, this.out);
    this.column++;
  }

  nullField(): void {
    this.#begin();
    this.column++;
  }

  endRecord(): void {
    const missing = this.currentColumn;
    if (missing !== undefined) throw badCopyFile(`missing data for column "${missing.name}"`);
    this.out.writeByte(NEWLINE);
    this.longestRowBytes = Math.max(this.longestRowBytes, this.out.length - this.#rowStart);
    this.rowCount++;
    this.column = 0;
    this.#rowStart = this.out.length;
  }

  dropRecord(): void {
    this.out.length = this.#rowStart;
    this.column = 0;
  }

  /** The rows since the last call. A row that is not finished stays. */
  take(): Buffer {
    if (this.out.length > this.#rowStart) throw new Error('a row of the spool is not finished');
    this.#rowStart = 0;
    return this.out.take();
  }

  #begin(): SpoolColumn {
    const column = this.columns[this.column];
    if (column === undefined) throw badCopyFile('extra data after last expected column');
    if (this.column > 0) this.out.writeByte(this.delimiter);
    return column;
  }
}

/** The first record names the columns: skipped, or compared. */
export class HeaderCheck implements RecordTarget {
  readonly #found: string[] = [];
  isDone = false;

  constructor(
    readonly names: readonly string[] | undefined,
    readonly rows: SpoolWriter,
  ) {}

  wholeRecords(bytes: Buffer, start: number): WholeRecords | undefined {
    return this.isDone ? this.rows.wholeRecords(bytes, start) : undefined;
  }

  field(bytes: Buffer, start: number, end: number): void {
    if (this.isDone) this.rows.field(bytes, start, end);
    else this.#found.push(bytes.toString('utf8', start, end));
  }

  nullField(): void {
    if (this.isDone) this.rows.nullField();
    else this.#found.push('');
  }

  endRecord(): void {
    if (this.isDone) {
      this.rows.endRecord();
      return;
    }
    this.isDone = true;
    if (this.names === undefined) return;
    const { names } = this;
    if (this.#found.length !== names.length) {
      throw badCopyFile(`wrong number of fields in header line: got ${this.#found.length}, expected ${names.length}`);
    }
    for (const [index, name] of names.entries()) {
      const found = this.#found[index] ?? '';
      if (found !== name) {
        throw badCopyFile(`column name mismatch in header line field ${index + 1}: got "${found}", expected "${name}"`);
      }
    }
  }

  dropRecord(): void {
    if (this.isDone) this.rows.dropRecord();
    else this.#found.length = 0;
  }
}

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
/** Bit 16: rows carry OIDs, which PostgreSQL 12 gave up. Bits 16 to 31 are critical. */
const CRITICAL_FLAGS = 0xffff_0000;
const MAX_EXTENSION_BYTES = 1_048_576;

/** COPY data in binary: pieces that end anywhere. */
export class BinaryRecordReader {
  #rest: Buffer = Buffer.alloc(0);
  #neededBytes = 0;
  #hasHeader = false;
  #ended = false;

  constructor(
    readonly columnCount: number,
    readonly target: SpoolWriter,
  ) {}

  get line(): number {
    return this.target.rowCount + 1;
  }

  write(piece: Buffer): void {
    if (this.#ended) {
      if (piece.length > 0) throw badCopyFile('received copy data after EOF marker');
      return;
    }
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    if (this.#rest.length < this.#neededBytes) return;
    const bytes = this.#rest;
    let start = this.#hasHeader ? 0 : this.#readHeader(bytes);
    while (this.#hasHeader && !this.#ended) {
      const end = this.#readRow(bytes, start);
      if (end < 0) {
        this.target.dropRecord();
        break;
      }
      start = end;
    }
    this.#neededBytes = start === 0 ? bytes.length * 2 : 0;
    this.#rest = Buffer.from(bytes.subarray(start));
  }

  end(): void {
    if (this.#rest.length > 0 && !this.#ended) {
      this.#neededBytes = 0;
      this.write(Buffer.alloc(0));
    }
    if (!this.#hasHeader) throw badCopyFile('COPY file signature not recognized');
    // The end marker may be missing, as it may in PostgreSQL; half a row may not be there.
    if (this.#rest.length > 0) throw badCopyFile('unexpected EOF in COPY data');
  }

  #readHeader(bytes: Buffer): number {
    const compared = Math.min(bytes.length, SIGNATURE.length);
    if (!bytes.subarray(0, compared).equals(SIGNATURE.subarray(0, compared))) {
      throw badCopyFile('COPY file signature not recognized');
    }
    if (bytes.length < SIGNATURE.length + 8) return 0;
    const flags = bytes.readUInt32BE(SIGNATURE.length);
    if ((flags & CRITICAL_FLAGS) !== 0) throw badCopyFile('unrecognized critical flags in COPY file header');
    const extensionBytes = bytes.readInt32BE(SIGNATURE.length + 4);
    if (extensionBytes < 0 || extensionBytes > MAX_EXTENSION_BYTES) {
      throw badCopyFile('invalid COPY file header (wrong length)');
    }
    const end = SIGNATURE.length + 8 + extensionBytes;
    if (bytes.length < end) return 0;
    this.#hasHeader = true;
    return end;
  }

  /** Answers where the next row begins; -1 when this one is not whole. */
  #readRow(bytes: Buffer, start: number): number {
    const { length } = bytes;
    if (start + 2 > length) return -1;
    const fieldCount = bytes.readInt16BE(start);
    let position = start + 2;
    if (fieldCount === -1) {
      this.#ended = true;
      if (position < length) throw badCopyFile('received copy data after EOF marker');
      return position;
    }
    if (fieldCount !== this.columnCount) {
      throw badCopyFile(`row field count is ${fieldCount}, expected ${this.columnCount}`);
    }
    for (let field = 0; field < fieldCount; field++) {
      if (position + 4 > length) return -1;
      const fieldBytes = bytes.readInt32BE(position);
      position += 4;
      if (fieldBytes === -1) {
        this.target.nullField();
        continue;
      }
      if (fieldBytes < 0) throw badCopyFile('invalid field size');
      if (position + fieldBytes > length) return -1;
      this.target.binaryField(bytes, position, position + fieldBytes);
      position += fieldBytes;
    }
    this.target.endRecord();
    return position;
  }
}

export function tooLong(longestRowBytes: number): SqlError {
  return new SqlError('54000', 'a row of the COPY data is too long', { detail: `It has ${longestRowBytes} bytes.` });
}

import type { CsvDialect } from './csv-dialect.js';
import { openText } from './csv-text.js';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/**
 * A record as the scanner saw it. `record` counts as the engine's "line" does: every record is one, blank ones included,
 * the header is 1. `line` is where the record starts in the file, 1-based, line ends inside quotes counted.
 */
export interface ScannedRecord {
  record: number;
  line: number;
  fieldCount: number;
  /** Nothing between two line ends. */
  blank: boolean;
  fault: 'unterminated quote' | 'text after a closing quote' | null;
}

const enum State {
  fieldStart,
  plain,
  quoted,
  afterQuote,
}

/**
 * Walks the records of a file and tells `visit` of each, until it returns false. The engine numbers records, people number
 * lines, and some faults the engine reports without a place: this walk is how an error gets its line. It runs only
 * after a failure or for rejected rows. The record object is reused.
 */
export async function scanRecords(
  path: string,
  dialect: CsvDialect,
  signal: AbortSignal,
  visit: (record: Readonly<ScannedRecord>) => boolean,
): Promise<void> {
  const walker = new RecordWalker(Buffer.from(dialect.delimiter), dialect.quote.charCodeAt(0), visit);
  for await (const chunk of (await openText(path, signal)) as AsyncIterable<Buffer>) {
    if (!walker.push(chunk)) return;
  }
  walker.end();
}

class RecordWalker {
  readonly #current: ScannedRecord = { record: 1, line: 1, fieldCount: 1, blank: true, fault: null };
  #state = State.fieldStart;
  #line = 1;
  #afterCr = false;
  #matched = 0;
  #stopped = false;

  constructor(
    private readonly delimiter: Buffer,
    /** NaN when nothing is quoted: equal to no byte. */
    private readonly quote: number,
    private readonly visit: (record: Readonly<ScannedRecord>) => boolean,
  ) {}

  push(chunk: Buffer): boolean {
    for (const byte of chunk) {
      this.#step(byte);
      if (this.#stopped) return false;
    }
    return true;
  }

  end(): void {
    if (this.#current.blank && this.#state === State.fieldStart && this.#current.fieldCount === 1) return;
    if (this.#state === State.quoted) this.#current.fault = 'unterminated quote';
    this.#emit();
  }

  #step(byte: number): void {
    const isLineEnd = byte === LF || byte === CR;
    const continuesCrLf = byte === LF && this.#afterCr;
    this.#afterCr = byte === CR;
    if (continuesCrLf) return;
    if (isLineEnd) this.#line += 1;
    if (this.#state === State.quoted) {
      if (byte === this.quote) this.#state = State.afterQuote;
      return;
    }
    if (isLineEnd) {
      this.#emit();
      return;
    }
    this.#current.blank = false;
    if (byte === this.quote) {
      if (this.#state === State.afterQuote || this.#state === State.fieldStart) {
        this.#state = State.quoted;
        this.#matched = 0;
        return;
      }
    }
    if (this.#matchesDelimiter(byte)) {
      this.#current.fieldCount += 1;
      this.#state = State.fieldStart;
      return;
    }
    if (this.#matched > 0 || byte === SPACE) return;
    if (this.#state === State.afterQuote) this.#current.fault ??= 'text after a closing quote';
    this.#state = State.plain;
  }

  #matchesDelimiter(byte: number): boolean {
    if (byte !== this.delimiter[this.#matched]) this.#matched = 0;
    if (byte === this.delimiter[this.#matched]) this.#matched += 1;
    if (this.#matched < this.delimiter.length) return false;
    this.#matched = 0;
    return true;
  }

  #emit(): void {
    if (!this.visit(this.#current)) this.#stopped = true;
    this.#current.record += 1;
    this.#current.line = this.#line;
    this.#current.fieldCount = 1;
    this.#current.blank = true;
    this.#current.fault = null;
    this.#state = State.fieldStart;
    this.#matched = 0;
  }
}

/** The lines at which the given records (ascending, counted as the engine counts) start. */
export async function linesOfRecords(
  path: string,
  dialect: CsvDialect,
  records: readonly number[],
  signal: AbortSignal,
): Promise<Map<number, number>> {
  const lines = new Map<number, number>();
  let next = 0;
  if (records.length === 0) return lines;
  await scanRecords(path, dialect, signal, ({ record, line }) => {
    if (record === records[next]) {
      lines.set(record, line);
      next += 1;
    }
    return next < records.length;
  });
  return lines;
}

/**
 * The lines of the given data rows. `rows` are 0-based and ascending and count only what the engine loaded: not the header,
 * not `rejected` records, not blank ones (which are rows only in a file of one column).
 */
export async function linesOfRows(
  path: string,
  dialect: CsvDialect,
  columnCount: number,
  rows: readonly number[],
  rejected: ReadonlySet<number>,
  signal: AbortSignal,
): Promise<number[]> {
  const lines: number[] = [];
  let row = 0;
  if (rows.length === 0) return lines;
  await scanRecords(path, dialect, signal, ({ record, line, blank }) => {
    if ((dialect.header && record === 1) || rejected.has(record) || (blank && columnCount > 1)) return true;
    if (row === rows[lines.length]) lines.push(line);
    row += 1;
    return lines.length < rows.length;
  });
  return lines;
}

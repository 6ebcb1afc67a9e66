import type { DuckDBMaterializedResult, DuckDBType } from '@duckdb/node-api';
import { SqlError } from '../../../../errors/sql-error.js';
import { quoteIdentifier, quoteLiteral } from '../../../quoting.js';
import type { WireSettings } from '../wire-settings.js';
import { located } from './copy-errors.js';
import type { CopyFormat } from './copy-options.js';
import { failedValue } from './failed-value.js';
import { CsvRecordReader, TextRecordReader } from './record-reader.js';
import { SpoolColumn } from './spool-column.js';
import { SpoolSegment } from './spool-segment.js';
import { BinaryRecordReader, HeaderCheck, SpoolWriter, tooLong } from './spool-writer.js';
import { spoolDelimiterOf, VerbatimRecords } from './verbatim-records.js';

export interface CopyTarget {
  /** The table as SQL: quoted and qualified. */
  readonly sql: string;
  /** As messages call it. */
  readonly name: string;
  /** Those that the COPY names, or all. Others get their defaults. */
  readonly columns: readonly { readonly name: string; readonly type: DuckDBType }[];
}

export interface CopyInOptions {
  readonly format: CopyFormat;
  readonly settings: WireSettings;
  /** Where DuckDB may read; the spool is there. */
  readonly directory: string;
  /** Runs a statement in the transaction of the COPY. */
  readonly run: RunSql;
  /** Runs a statement on another connection, for the place of an error when the transaction is already lost. */
  readonly diagnose?: RunSql;
  /** Of a segment of the spool, about. */
  readonly segmentBytes?: number;
}

export type RunSql = (sql: string) => Promise<DuckDBMaterializedResult>;

/** A multiple of what DuckDB's reader gives a thread at once. */
const DEFAULT_SEGMENT_BYTES = 16_000_000;

/** What one row may take of DuckDB's reader by default, and at most. */
const DEFAULT_ROW_BYTES = 2_000_000;
const MAX_ROW_BYTES = 256_000_000;

/**
 * COPY … FROM STDIN with bounded memory and disk, all or nothing.
 *
 *   write ─► records are taken apart and checked ─► segment of the spool, a file ─► INSERT INTO t SELECT … FROM the segment
 *                                                    the next segment fills meanwhile
 *   finish: the last segment; abort: at any time. No segment is left behind in either case
 *
 * Wrong data are an error as soon as they are seen, with line and column, and then the transaction is the caller's to roll back. DuckDB reads a
 * segment many times faster than rows can be given to it one by one. One caller at a time: each `write` is awaited before the next.
 */
export class CopyIn {
  readonly #writer: SpoolWriter;
  readonly #reader: TextRecordReader | CsvRecordReader | BinaryRecordReader;
  readonly #segmentBytes: number;
  #segment: SpoolSegment | undefined;
  #linesBefore: number;
  /** Of the segment before; at most one at a time. */
  #inserting: Promise<void> = Promise.resolve();
  #insertedRows = 0;

  constructor(
    readonly target: CopyTarget,
    readonly options: CopyInOptions,
  ) {
    const { format, settings } = options;
    const columns = target.columns.map(({ name, type }) => new SpoolColumn(name, type, settings));
    this.#writer = new SpoolWriter(columns, spoolDelimiterOf(format), VerbatimRecords.of(format, columns));
    this.#segmentBytes = options.segmentBytes ?? DEFAULT_SEGMENT_BYTES;
    if (format.format === 'binary') {
      this.#linesBefore = 0;
      this.#reader = new BinaryRecordReader(target.columns.length, this.#writer);
      return;
    }
    this.#linesBefore = format.header === false ? 0 : 1;
    const names = format.header === 'match' ? target.columns.map(({ name }) => name) : undefined;
    const Reader = format.format === 'csv' ? CsvRecordReader : TextRecordReader;
    this.#reader = new Reader(format, format.header === false ? this.#writer : new HeaderCheck(names, this.#writer));
  }

  /** Takes a piece of the data. Rejects as soon as they are known to be wrong; `abort` is then the caller's to call. */
  async write(piece: Uint8Array): Promise<void> {
    await this.#read(() => this.#reader.write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)));
    if (!this.#writer.out.isFull) return;
    const segment = await this.#spool();
    if (segment.byteCount >= this.#segmentBytes) await this.#handOver(segment);
  }

  /** Puts the last rows into the table and answers how many all were. No segment is left, whatever happens. */
  async finish(): Promise<number> {
    try {
      await this.#read(() => this.#reader.end());
      if (this.#writer.out.length > 0) await this.#spool();
      if (this.#segment !== undefined) await this.#handOver(this.#segment);
      await this.#inserting;
      return this.#insertedRows;
    } finally {
      await this.abort();
    }
  }

  /** Resolves when nothing runs any more. */
  async abort(): Promise<void> {
    await this.#inserting.catch(() => undefined);
    await this.#segment?.remove();
    this.#segment = undefined;
  }

  async #spool(): Promise<SpoolSegment> {
    this.#segment ??= await SpoolSegment.create(this.options.directory, this.#linesBefore);
    await this.#segment.append(this.#writer.take());
    return this.#segment;
  }

  /** Begins to insert a segment, when the one before has been inserted. */
  async #handOver(segment: SpoolSegment): Promise<void> {
    await this.#inserting;
    this.#segment = undefined;
    this.#linesBefore = this.#reader.line - 1;
    this.#inserting = this.#insert(segment);
    // Whoever awaits it gets the error; until then nobody may be told that it is unhandled.
    this.#inserting.catch(() => undefined);
  }

  async #insert(segment: SpoolSegment): Promise<void> {
    try {
      await segment.close();
      const { rowsChanged } = await this.options.run(this.#insertSql(segment.path));
      this.#insertedRows += rowsChanged;
    } catch (error) {
      throw (await this.#explain(error, segment)) ?? error;
    } finally {
      await segment.remove();
    }
  }

  /** What is wrong in an earlier segment is told first, as it stands before what is wrong here. */
  async #read(read: () => void): Promise<void> {
    try {
      this.#locateErrors(read);
    } catch (error) {
      await this.#inserting;
      throw error;
    }
  }

  #locateErrors(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      const { line } = this.#reader;
      const { failedText, currentColumn } = this.#writer;
      const table = this.target.name;
      if (failedText !== undefined && currentColumn !== undefined) {
        throw located(error, { table, line, column: currentColumn.name, text: failedText });
      }
      if (!('lineText' in this.#reader)) {
        const column = error.sqlState === '22P04' ? undefined : currentColumn?.name;
        throw located(error, { table, line, ...(column === undefined ? {} : { column }) });
      }
      throw located(error, { table, line, text: this.#reader.lineText() });
    }
  }

  #insertSql(path: string): string {
    const { columns } = this.target;
    const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ');
    const values = this.#writer.columns.map((column, index) => column.expression(spoolColumn(index)));
    return `INSERT INTO ${this.target.sql} (${names}) SELECT ${values.join(', ')} FROM ${this.#readSql(path, true)}`;
  }

  /** A segment as a table of `c0`, `c1`, …; all text, or in the types that the reader converts itself. */
  #readSql(path: string, isTyped: boolean): string {
    const longest = this.#writer.longestRowBytes;
    if (longest > MAX_ROW_BYTES) throw tooLong(longest);
    const types = this.#writer.columns.map(
      ({ readerType }, index) => `'${spoolColumn(index)}': ${quoteLiteral(isTyped ? readerType : 'VARCHAR')}`,
    );
    const limits =
      longest <= DEFAULT_ROW_BYTES - 1_000
        ? ''
        : `, max_line_size = ${longest + 1_000}, buffer_size = ${(longest + 1_000) * 2}`;
    return (
      `read_csv(${quoteLiteral(path)}, auto_detect = false, header = false, columns = {${types.join(', ')}}, ` +
      `delim = ${quoteLiteral(String.fromCharCode(this.#writer.delimiter))}, quote = '"', escape = '"', nullstr = '', ` +
      `allow_quoted_nulls = false, new_line = '\\n', comment = ''${limits})`
    );
  }

  /** What PostgreSQL would have said about a value that could not be converted; undefined when it was something else. */
  #explain(error: unknown, { path, linesBefore }: SpoolSegment): Promise<SqlError | undefined> {
    return failedValue(error, {
      columns: this.#writer.columns,
      table: this.target.name,
      path,
      linesBefore,
      isCsv: this.options.format.format === 'csv',
      textRowsSql: this.#readSql(path, false),
      diagnose: this.options.diagnose,
    });
  }
}

function spoolColumn(index: number): string {
  return `c${index}`;
}

import { randomUUID } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBMaterializedResult, DuckDBType } from '@duckdb/node-api';
import { SqlError } from '../../../../errors/sql-error.js';
import { quoteIdentifier, quoteLiteral } from '../../../quoting.js';
import type { WireSettings } from '../wire-settings.js';
import { located } from './copy-errors.js';
import type { CopyFormat } from './copy-options.js';
import { failedValue } from './failed-value.js';
import { CsvRecordReader, TextRecordReader } from './record-reader.js';
import { SpoolColumn } from './spool-column.js';
import { BinaryRecordReader, HeaderCheck, SpoolWriter, tooLong } from './spool-writer.js';

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
  /** Where DuckDB may read; the spool is there, under a name that cannot be guessed. */
  readonly directory: string;
  /** Of the spool; beyond it 53100. */
  readonly quotaBytes: number;
}

/** Runs a statement on the session's connection, in its transaction, as an interruptible statement like any other. */
export type RunSql = (sql: string) => Promise<DuckDBMaterializedResult>;

/** What one row may take of DuckDB's reader by default, and at most. */
const DEFAULT_ROW_BYTES = 2_000_000;
const MAX_ROW_BYTES = 256_000_000;

/**
 * COPY … FROM STDIN with bounded memory, all or nothing.
 *
 *   open ─► write … write ─► finish: INSERT INTO t SELECT … FROM the spool
 *                 └─ each piece is taken apart, checked and appended to a spool file; wrong data are an error at once, with line and column
 *   abort at any time; the spool is removed in every case
 *
 * One caller at a time: each `write` is awaited before the next. DuckDB reads the spool many times faster than rows can be given to it one by
 * one, and only when all data are there and well-formed.
 */
export class CopyIn {
  readonly #writer: SpoolWriter;
  readonly #reader: TextRecordReader | CsvRecordReader | BinaryRecordReader;
  readonly #header: HeaderCheck | undefined;
  #spooledBytes = 0;

  static async open(target: CopyTarget, options: CopyInOptions): Promise<CopyIn> {
    const path = join(options.directory, `copy-${randomUUID()}.csv`);
    return new CopyIn(target, options, path, await open(path, 'wx', 0o600));
  }

  private constructor(
    readonly target: CopyTarget,
    readonly options: CopyInOptions,
    readonly path: string,
    readonly file: FileHandle,
  ) {
    const { format, settings } = options;
    this.#writer = new SpoolWriter(target.columns.map(({ name, type }) => new SpoolColumn(name, type, settings)));
    if (format.format === 'binary') {
      this.#reader = new BinaryRecordReader(target.columns.length, this.#writer);
      return;
    }
    const names = format.header === 'match' ? target.columns.map(({ name }) => name) : undefined;
    this.#header = format.header === false ? undefined : new HeaderCheck(names, this.#writer);
    const Reader = format.format === 'csv' ? CsvRecordReader : TextRecordReader;
    this.#reader = new Reader(format, this.#header ?? this.#writer);
  }

  /** Takes a piece of the data. Rejects as soon as they are known to be wrong; `abort` is then the caller's to call. */
  async write(piece: Uint8Array): Promise<void> {
    this.#locateErrors(() => this.#reader.write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)));
    if (this.#writer.out.isFull) await this.#spool();
  }

  /**
   * Puts the rows into the table and answers how many they were. Removes the spool, whatever happens. `diagnose` runs a statement on another
   * connection, for the place of an error when the transaction is already lost.
   */
  async finish(run: RunSql, diagnose?: RunSql): Promise<number> {
    try {
      this.#locateErrors(() => this.#reader.end());
      await this.#spool();
      await this.file.close();
      if (this.#writer.rowCount === 0) return 0;
      try {
        return (await run(this.#insertSql())).rowsChanged;
      } catch (error) {
        throw (await this.#explain(error, diagnose)) ?? error;
      }
    } finally {
      await this.abort();
    }
  }

  async abort(): Promise<void> {
    await this.file.close();
    await rm(this.path, { force: true });
  }

  async #spool(): Promise<void> {
    const rows = this.#writer.take();
    this.#spooledBytes += rows.length;
    if (this.#spooledBytes > this.options.quotaBytes) {
      throw new SqlError('53100', 'the COPY data are larger than what may be held on the disk', {
        detail: `The limit is ${this.options.quotaBytes} bytes.`,
        hint: 'Copy the data in several parts.',
      });
    }
    await this.file.appendFile(rows);
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

  #insertSql(): string {
    const { columns } = this.target;
    const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ');
    const values = this.#writer.columns.map((column, index) => column.expression(spoolColumn(index)));
    return `INSERT INTO ${this.target.sql} (${names}) SELECT ${values.join(', ')} FROM ${this.#readSql(true)}`;
  }

  /** The spool as a table of `c0`, `c1`, …; all text, or in the types that the reader converts itself. */
  #readSql(isTyped: boolean): string {
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
      `read_csv(${quoteLiteral(this.path)}, auto_detect = false, header = false, columns = {${types.join(', ')}}, ` +
      `delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, new_line = '\\n', comment = ''${limits})`
    );
  }

  /** What PostgreSQL would have said about a value that could not be converted; undefined when it was something else. */
  #explain(error: unknown, diagnose: RunSql | undefined): Promise<SqlError | undefined> {
    return failedValue(error, {
      columns: this.#writer.columns,
      table: this.target.name,
      path: this.path,
      headerLines: this.#header === undefined ? 0 : 1,
      isCsv: this.options.format.format === 'csv',
      textRowsSql: this.#readSql(false),
      diagnose,
    });
  }
}

function spoolColumn(index: number): string {
  return `c${index}`;
}

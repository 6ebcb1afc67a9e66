import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnDefinition } from '../../model/columns.js';
import type { RejectedRow } from '../../workers/messages.js';
import { quoteLiteral } from '../quoting.js';
import type { ColumnMapping } from './column-mapping.js';
import type { CsvDialect } from './csv-dialect.js';
import { engineColumnName, faultOf, isUnreadableDialect, mayBeLongLine, recordOfError } from './csv-error.js';
import { normaliseCsv } from './csv-rewrite.js';
import { linesOfRecords, linesOfRows, scanRecords } from './csv-scanner.js';
import { MAX_LINE_BYTES, NORMAL_LINE_BYTES } from './csv-text.js';
import { dataErrorMessage, firstSentence, importFailed, importFailedAt } from './import-failure.js';
import { loadedName, SHOWN_REJECTED_ROWS, type ImportSource, type RejectedRows } from './import-source.js';
import { changeRows, readNumber, readRows } from './query.js';

/** As fast as the engine's 32 MB, and four times as many fit into a small memory limit. */
const BUFFER_BYTES = 8 * 1024 * 1024;
/** A buffer must hold the longest line twice over to be sure of it. */
const LONG_LINE_BUFFER_BYTES = 2 * MAX_LINE_BYTES;
/** Measured on flights and order data: a table file is a third of its CSV. */
const CSV_BYTES_PER_TABLE_BYTE = 3;
const REJECTS = 'import_rejects';
const REJECTED_SCANS = 'import_rejected_scans';
/** Remembered record numbers of rejected rows, when lines of other rows must be found between them. */
const REMEMBERED_REJECTS = 1_000_000;

export interface CsvSourceSettings {
  readonly path: string;
  readonly sizeBytes: number;
  readonly hasLongLastLine: boolean;
  readonly dialect: CsvDialect;
  readonly mapping: ColumnMapping;
  readonly warnings: readonly string[];
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/**
 * A plain UTF-8 CSV file. The engine reads it in parallel, converting straight to the table's types. Two things it cannot read at first
 * are given a second try: lines above 2 MB (larger buffers) and mixed line ends (the file is rewritten).
 */
export class CsvSource implements ImportSource {
  readonly unit = 'line';
  readonly columns: readonly ColumnDefinition[];
  readonly estimatedTableBytes: number;
  readonly #settings: CsvSourceSettings;
  readonly #warnings: string[];
  #path: string;
  #longLines: boolean;
  #normalised = false;

  constructor(settings: CsvSourceSettings) {
    this.#settings = settings;
    this.#path = settings.path;
    this.#longLines = settings.hasLongLastLine;
    this.#warnings = [...settings.warnings, ...settings.mapping.warnings];
    this.columns = settings.mapping.loaded.map(({ column }) => column);
    this.estimatedTableBytes = settings.sizeBytes / CSV_BYTES_PER_TABLE_BYTE;
  }

  get warnings(): readonly string[] {
    return this.#warnings;
  }

  selectSql(): string {
    return this.#selectSql('');
  }

  async load(connection: DuckDBConnection, statement: (selectSql: string) => string): Promise<number> {
    return this.#adapting(() => changeRows(connection, statement(this.selectSql())));
  }

  async loadLeniently(connection: DuckDBConnection, table: string, maxBadRows: number): Promise<RejectedRows> {
    const limit = Math.min((maxBadRows + 1) * (this.columns.length + 1), 2 ** 31);
    await this.#adapting(async () => {
      await this.#readWithRejects(connection, table, limit);
      if (this.#longLines || !(await this.#rejectedLongLines(connection))) return;
      this.#longLines = true;
      await this.#readWithRejects(connection, table, limit);
    });
    const count = await readNumber(connection, `SELECT count(DISTINCT line) FROM temp.${REJECTS}`);
    return { count, first: await this.#firstRejected(connection) };
  }

  async placesOf(connection: DuckDBConnection, rows: readonly number[]): Promise<number[]> {
    const { dialect, mapping, signal } = this.#settings;
    const rejected = await this.#rejectedRecords(connection);
    return linesOfRows(this.#path, dialect, mapping.fileColumnCount, rows, rejected, signal);
  }

  #selectSql(extraOptions: string): string {
    const { dialect, mapping } = this.#settings;
    const columns = mapping.loaded
      .map(({ fileIndex }, index) => `${engineColumnName(fileIndex)} AS ${loadedName(index)}`)
      .join(', ');
    const types = new Map(mapping.loaded.map(({ column, fileIndex }) => [fileIndex, column.type]));
    const fileColumns = Array.from(
      { length: mapping.fileColumnCount },
      (_, index) => `${quoteLiteral(engineColumnName(index))}: ${quoteLiteral(types.get(index) ?? 'VARCHAR')}`,
    ).join(', ');
    const options = [
      `auto_detect = false, compression = 'none', encoding = 'utf-8', comment = '', strict_mode = true, null_padding = false`,
      `columns = {${fileColumns}}`,
      `header = ${dialect.header}`,
      `delim = ${quoteLiteral(dialect.delimiter)}, quote = ${quoteLiteral(dialect.quote)}, escape = ${quoteLiteral(dialect.quote)}`,
      `nullstr = ${quoteLiteral(dialect.nullString)}`,
      `max_line_size = ${this.#longLines ? MAX_LINE_BYTES : NORMAL_LINE_BYTES}`,
      `buffer_size = ${this.#longLines ? LONG_LINE_BUFFER_BYTES : BUFFER_BYTES}`,
    ];
    return `SELECT ${columns} FROM read_csv(${quoteLiteral(this.#path)}, ${options.join(', ')}${extraOptions})`;
  }

  /** Runs `read` again after each change of reading that may help, and explains the failure when none does. */
  async #adapting<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await read();
      } catch (error) {
        const message = dataErrorMessage(error);
        if (mayBeLongLine(message) && !this.#longLines) this.#longLines = true;
        else if (isUnreadableDialect(message) && !this.#normalised) await this.#normalise();
        else throw await this.#explain(message, error);
      }
    }
  }

  async #normalise(): Promise<void> {
    const { dialect, scratch, signal } = this.#settings;
    const target = join(scratch, 'normalised.csv');
    await normaliseCsv(this.#path, target, { ...dialect, escape: dialect.quote }, signal);
    this.#path = target;
    this.#normalised = true;
    this.#warnings.push('The file mixes line ends; each of LF, CR and CRLF was taken as the end of a row.');
  }

  async #explain(message: string, cause: unknown): Promise<unknown> {
    const { dialect, mapping, signal } = this.#settings;
    const record = recordOfError(message);
    if (record !== undefined) {
      const line = (await linesOfRecords(this.#path, dialect, [record], signal)).get(record) ?? record;
      return importFailedAt('line', { line, ...faultOf(message, mapping.loaded) }, cause);
    }
    if (message.startsWith('Constraint Error')) return cause;
    return (await this.#structuralFault(cause)) ?? importFailed(firstSentence(message, this.#path), {}, cause);
  }

  /** For errors without a place: the first record whose structure is not that of a CSV file with these columns. */
  async #structuralFault(cause: unknown): Promise<Error | undefined> {
    const { dialect, mapping, signal } = this.#settings;
    const expected = mapping.fileColumnCount;
    let found: Error | undefined;
    await scanRecords(this.#path, dialect, signal, ({ line, fieldCount, blank, fault }) => {
      const isRagged = fieldCount !== expected && !(blank && expected > 1);
      if (fault === null && !isRagged) return true;
      const reason = fault ?? `expected ${expected} columns, found ${fieldCount}`;
      found = importFailedAt('line', { line, column: null, value: null, reason }, cause);
      return false;
    });
    return found;
  }

  async #readWithRejects(connection: DuckDBConnection, table: string, limit: number): Promise<void> {
    await connection.run(`DROP TABLE IF EXISTS temp.${REJECTS}; DROP TABLE IF EXISTS temp.${REJECTED_SCANS}`);
    const options = `, store_rejects = true, rejects_table = '${REJECTS}', rejects_scan = '${REJECTED_SCANS}', rejects_limit = ${limit}`;
    await connection.run(`CREATE OR REPLACE TEMP TABLE ${table} AS ${this.#selectSql(options)}`);
  }

  async #rejectedLongLines(connection: DuckDBConnection): Promise<boolean> {
    const count = `SELECT count(*) FROM temp.${REJECTS} WHERE error_type IN ('LINE SIZE OVER MAXIMUM', 'UNQUOTED VALUE')`;
    return (await readNumber(connection, count)) > 0;
  }

  async #firstRejected(connection: DuckDBConnection): Promise<RejectedRow[]> {
    const { dialect, mapping, signal } = this.#settings;
    const rows = await readRows(
      connection,
      `SELECT line, error_message FROM temp.${REJECTS}
       QUALIFY row_number() OVER (PARTITION BY line ORDER BY column_idx) = 1 ORDER BY line LIMIT ${SHOWN_REJECTED_ROWS}`,
    );
    const records = rows.map(([record]) => Number(record));
    const lines = await linesOfRecords(this.#path, dialect, records, signal);
    return rows.map(([record, message]) => ({
      line: lines.get(Number(record)) ?? Number(record),
      ...faultOf(String(message), mapping.loaded),
    }));
  }

  async #rejectedRecords(connection: DuckDBConnection): Promise<ReadonlySet<number>> {
    const exists = await readNumber(
      connection,
      `SELECT count(*) FROM duckdb_tables() WHERE temporary AND table_name = '${REJECTS}'`,
    );
    if (exists === 0) return new Set();
    const sql = `SELECT DISTINCT line FROM temp.${REJECTS} ORDER BY line LIMIT ${REMEMBERED_REJECTS}`;
    return new Set((await readRows(connection, sql)).map(([line]) => Number(line)));
  }
}

import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnDefinition } from '../../model/columns.js';
import type { ColumnMapping } from './column-mapping.js';
import {
  castSql,
  countBadRows,
  findBadRows,
  isBadRowSql,
  loadedColumnsSql,
  tryCastSql,
  type Conversion,
} from './conversion.js';
import type { CsvDialect } from './csv-dialect.js';
import { faultOf, isUnreadableDialect, mayBeLongLine, recordOfError } from './csv-error.js';
import { CsvRejects } from './csv-rejects.js';
import { csvConversions, rawColumnsSql, readCsvSql } from './csv-relation.js';
import { normaliseCsv } from './csv-rewrite.js';
import { linesOfRecords, linesOfRows, scanRecords } from './csv-scanner.js';
import { dataErrorMessage, firstSentence, importFailed, importFailedAt } from './import-failure.js';
import { loadedName, SHOWN_REJECTED_ROWS, SOURCE_ROW, type ImportSource, type RejectedRows } from './import-source.js';
import { changeRows } from './query.js';

/** Measured on flights and order data: a table file is a third of its CSV. */
const CSV_BYTES_PER_TABLE_BYTE = 3;
/** Rows as read, before the types that the reader cannot be trusted with are cast. */
const RAW_ROWS = 'temp.incoming_raw';

export interface CsvSourceSettings {
  readonly path: string;
  readonly sizeBytes: number;
  readonly hasLongLastLine: boolean;
  /** Of the engine's reader. */
  readonly bufferBytes: number;
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
  readonly #conversions: readonly Conversion[];
  readonly #warnings: string[];
  #path: string;
  #longLines: boolean;
  #normalised = false;

  constructor(settings: CsvSourceSettings) {
    this.#settings = settings;
    this.#path = settings.path;
    this.#longLines = settings.hasLongLastLine;
    this.#warnings = [...settings.warnings, ...settings.mapping.warnings];
    this.#conversions = csvConversions(settings.mapping);
    this.columns = settings.mapping.loaded.map(({ column }) => column);
    this.estimatedTableBytes = settings.sizeBytes / CSV_BYTES_PER_TABLE_BYTE;
  }

  get warnings(): readonly string[] {
    return this.#warnings;
  }

  selectSql(): string {
    return `SELECT ${loadedColumnsSql(this.#conversions, castSql)} FROM ${this.#readCsv()}`;
  }

  load(connection: DuckDBConnection, statement: (selectSql: string) => string): Promise<number> {
    return this.#adapting(connection, () => changeRows(connection, statement(this.selectSql())));
  }

  async loadLeniently(connection: DuckDBConnection, table: string, maxBadRows: number): Promise<RejectedRows> {
    const rejects = new CsvRejects(connection, (maxBadRows + 1) * (this.columns.length + 1));
    await this.#adapting(connection, async () => {
      await this.#readRawRows(connection, rejects);
      if (this.#longLines || !(await rejects.mayHoldLongLines())) return;
      this.#longLines = true;
      await this.#readRawRows(connection, rejects);
    });
    const unreadable = await this.#unreadableRows(rejects);
    const unconverted = await this.#unconvertedRows(connection);
    const conversions = this.#loadedConversions;
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT ${loadedColumnsSql(conversions, tryCastSql)}, ${SOURCE_ROW}
       FROM ${RAW_ROWS} WHERE NOT (${isBadRowSql(conversions)})`,
    );
    await connection.run(`DROP TABLE ${RAW_ROWS}`);
    const first = [...unreadable.first, ...unconverted.first].sort((a, b) => a.line - b.line);
    return { count: unreadable.count + unconverted.count, first: first.slice(0, SHOWN_REJECTED_ROWS) };
  }

  async placesOf(connection: DuckDBConnection, rows: readonly number[]): Promise<number[]> {
    const { dialect, mapping, signal } = this.#settings;
    const rejected = await new CsvRejects(connection).records();
    return linesOfRows(this.#path, dialect, mapping.fileColumnCount, rows, rejected, signal);
  }

  #readCsv(extraOptions = ''): string {
    const { dialect, mapping, bufferBytes } = this.#settings;
    return readCsvSql(dialect, mapping, { path: this.#path, longLines: this.#longLines, bufferBytes, extraOptions });
  }

  #numberedRows(extraOptions = ''): string {
    return `SELECT ${rawColumnsSql(this.#conversions)}, row_number() OVER () - 1 AS ${SOURCE_ROW} FROM ${this.#readCsv(extraOptions)}`;
  }

  /** The raw values under loaded names, as `#numberedRows` has them. */
  get #loadedConversions(): Conversion[] {
    return this.#conversions.map((conversion, index) => ({ ...conversion, raw: loadedName(index) }));
  }

  async #readRawRows(connection: DuckDBConnection, rejects: CsvRejects): Promise<void> {
    await rejects.clear();
    await connection.run(`CREATE OR REPLACE TEMP TABLE incoming_raw AS ${this.#numberedRows(rejects.readerOptions())}`);
  }

  async #unreadableRows(rejects: CsvRejects): Promise<RejectedRows> {
    const { dialect, mapping, signal } = this.#settings;
    const first = await rejects.first(SHOWN_REJECTED_ROWS);
    const records = first.map(({ record }) => record);
    const lines = await linesOfRecords(this.#path, dialect, records, signal);
    return {
      count: await rejects.count(),
      first: first.map(({ record, message }) => ({
        line: lines.get(record) ?? record,
        ...faultOf(message, mapping.loaded),
      })),
    };
  }

  async #unconvertedRows(connection: DuckDBConnection): Promise<RejectedRows> {
    const bad = await findBadRows(connection, this.#loadedConversions, RAW_ROWS, SHOWN_REJECTED_ROWS);
    if (bad.length === 0) return { count: 0, first: [] };
    const rows = bad.map(({ row }) => row);
    const lines = await this.placesOf(connection, rows);
    return {
      count: await countBadRows(connection, this.#loadedConversions, RAW_ROWS),
      first: bad.map(({ row, fault }, index) => ({ line: lines[index] ?? row + 1, ...fault })),
    };
  }

  /** Runs `read` again after each change of reading that may help, and explains the failure when none does. */
  async #adapting<T>(connection: DuckDBConnection, read: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await read();
      } catch (error) {
        const message = dataErrorMessage(error);
        if (mayBeLongLine(message) && !this.#longLines) this.#longLines = true;
        else if (isUnreadableDialect(message) && !this.#normalised) await this.#normalise();
        else throw await this.#explain(connection, message, error);
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

  async #explain(connection: DuckDBConnection, message: string, cause: unknown): Promise<unknown> {
    const { dialect, mapping, signal } = this.#settings;
    const record = recordOfError(message);
    if (record !== undefined) {
      const line = (await linesOfRecords(this.#path, dialect, [record], signal)).get(record) ?? record;
      return importFailedAt('line', { line, ...faultOf(message, mapping.loaded) }, cause);
    }
    if (message.startsWith('Constraint Error')) return cause;
    return (
      (await this.#conversionFault(connection, cause)) ??
      (await this.#structuralFault(cause)) ??
      importFailed(firstSentence(message, this.#path), {}, cause)
    );
  }

  /** For casts after reading, which do not know their row. */
  async #conversionFault(connection: DuckDBConnection, cause: unknown): Promise<Error | undefined> {
    const castOnly = this.#loadedConversions.filter(({ needed }) => needed);
    if (castOnly.length === 0) return undefined;
    const [bad] = await findBadRows(connection, castOnly, `(${this.#numberedRows()})`, 1);
    if (bad === undefined) return undefined;
    const [line = bad.row + 1] = await this.placesOf(connection, [bad.row]);
    return importFailedAt('line', { line, ...bad.fault }, cause);
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
}

import { open } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnDefinition } from '../../model/columns.js';
import type { ImportRequest, RejectedRow } from '../../workers/messages.js';
import { quoteIdentifier, quoteLiteral } from '../quoting.js';
import { mapColumns, type ColumnMapping } from './column-mapping.js';
import { dataErrorMessage, firstSentence, importFailed, importFailedAt, shorten } from './import-failure.js';
import { loadedName, SHOWN_REJECTED_ROWS, type ImportSource, type RejectedRows } from './import-source.js';
import { changeRows, readNumber, readRows } from './query.js';
import { fileSizeBytes } from './source-compression.js';

const MAGIC = 'PAR1';

interface FileColumn {
  readonly name: string;
  readonly type: string;
}

export async function openParquet(
  path: string,
  request: ImportRequest,
  connection: DuckDBConnection,
): Promise<ParquetSource> {
  await mustBeParquet(path);
  let columns: FileColumn[];
  try {
    const rows = await readRows(connection, `DESCRIBE SELECT * FROM ${readParquet(path)}`);
    columns = rows.map(([name, type]) => ({ name: String(name), type: String(type) }));
  } catch (error) {
    throw unreadable(dataErrorMessage(error), path, error);
  }
  const names = columns.map(({ name }) => name);
  const mapping = mapColumns(request.shape, names, names.length, request.columns);
  return new ParquetSource(path, await fileSizeBytes(path), columns, mapping);
}

/** The engine would say so too; this says it before a damaged file reaches its reader. */
async function mustBeParquet(path: string): Promise<void> {
  const sizeBytes = await fileSizeBytes(path);
  if (sizeBytes === 0) throw importFailed('the file is empty (0 bytes)');
  const file = await open(path, 'r');
  try {
    const ends = Buffer.alloc(8);
    await file.read(ends, 0, 4, 0);
    await file.read(ends, 4, 4, Math.max(0, sizeBytes - 4));
    if (ends.toString('latin1', 0, 4) !== MAGIC) throw importFailed('the content is not Parquet');
    if (sizeBytes < 12 || ends.toString('latin1', 4, 8) !== MAGIC) {
      throw importFailed('the Parquet file is cut off: its end is missing');
    }
  } finally {
    await file.close();
  }
}

function unreadable(message: string, path: string, cause: unknown): Error {
  return importFailed(`the Parquet file cannot be read: ${firstSentence(message, path)}`, {}, cause);
}

function readParquet(path: string): string {
  return `read_parquet(${quoteLiteral(path)}, hive_partitioning = false, union_by_name = false)`;
}

/**
 * A plain Parquet file. Values are cast to the table's types; when a cast fails, the engine does not tell the row, so a second
 * query looks for it. `TRY(CAST …)` and not TRY_CAST: the latter turns a bad element of a list into NULL and keeps the row.
 */
export class ParquetSource implements ImportSource {
  readonly unit = 'row';
  readonly columns: readonly ColumnDefinition[];
  readonly warnings: readonly string[];

  constructor(
    private readonly path: string,
    readonly estimatedTableBytes: number,
    private readonly fileColumns: readonly FileColumn[],
    private readonly mapping: ColumnMapping,
  ) {
    this.columns = mapping.loaded.map(({ column }) => column);
    this.warnings = mapping.warnings;
  }

  selectSql(): string {
    const columns = this.#loaded.map(
      ({ column, source }, index) => `CAST(${source} AS ${column.type}) AS ${loadedName(index)}`,
    );
    return `SELECT ${columns.join(', ')} FROM ${readParquet(this.path)}`;
  }

  async load(connection: DuckDBConnection, statement: (selectSql: string) => string): Promise<number> {
    try {
      return await changeRows(connection, statement(this.selectSql()));
    } catch (error) {
      const message = dataErrorMessage(error);
      if (message.startsWith('Constraint Error')) throw error;
      throw await this.#explain(connection, message, error);
    }
  }

  async loadLeniently(connection: DuckDBConnection, table: string): Promise<RejectedRows> {
    const converted = this.#loaded.map((_, index) => `${this.#tryCast(index)} AS ${loadedName(index)}`);
    try {
      const count = await readNumber(connection, `SELECT count(*) FROM (${this.#numbered()}) WHERE ${this.#isBad()}`);
      const first = count === 0 ? [] : await this.#badRows(connection, SHOWN_REJECTED_ROWS);
      await connection.run(
        `CREATE OR REPLACE TEMP TABLE ${table} AS
         SELECT ${converted.join(', ')} FROM (${this.#numbered()}) WHERE NOT (${this.#isBad()})`,
      );
      return { count, first };
    } catch (error) {
      throw unreadable(dataErrorMessage(error), this.path, error);
    }
  }

  async placesOf(connection: DuckDBConnection, rows: readonly number[]): Promise<number[]> {
    if (rows.length === 0) return [];
    const found = await readRows(
      connection,
      `SELECT n FROM (SELECT n, row_number() OVER () - 1 AS loaded FROM (${this.#numbered()}) WHERE NOT (${this.#isBad()}))
       WHERE loaded IN (${rows.join(', ')}) ORDER BY n`,
    );
    return found.map(([place]) => Number(place));
  }

  get #loaded(): { column: ColumnDefinition; source: string; convertible: boolean }[] {
    return this.mapping.loaded.map(({ column, fileIndex }) => {
      const file = this.fileColumns[fileIndex];
      return {
        column,
        source: quoteIdentifier(file?.name ?? column.name),
        convertible: file?.type !== column.type,
      };
    });
  }

  /** All loaded columns as they are in the file, with the number of their row. */
  #numbered(): string {
    const values = this.#loaded.map(({ source }, index) => `${source} AS ${loadedName(index)}`);
    return `SELECT row_number() OVER () AS n, ${values.join(', ')} FROM ${readParquet(this.path)}`;
  }

  #tryCast(index: number): string {
    const loaded = this.#loaded[index];
    return loaded?.convertible === true
      ? `TRY(CAST(${loadedName(index)} AS ${loaded.column.type}))`
      : `${loadedName(index)}`;
  }

  #isBadValue(index: number): string {
    return `(${loadedName(index)} IS NOT NULL AND ${this.#tryCast(index)} IS NULL)`;
  }

  #isBad(): string {
    const conditions = this.#loaded.flatMap(({ convertible }, index) => (convertible ? [this.#isBadValue(index)] : []));
    return conditions.length === 0 ? 'false' : conditions.join(' OR ');
  }

  async #badRows(connection: DuckDBConnection, limit: number): Promise<RejectedRow[]> {
    const cases = this.#loaded.flatMap(({ convertible }, index) =>
      convertible
        ? [`WHEN ${this.#isBadValue(index)} THEN {'i': ${index}, 'v': CAST(${loadedName(index)} AS VARCHAR)}`]
        : [],
    );
    if (cases.length === 0) return [];
    const rows = await readRows(
      connection,
      `SELECT n, bad.i, bad.v FROM (SELECT n, CASE ${cases.join(' ')} END AS bad FROM (${this.#numbered()}) WHERE ${this.#isBad()})
       ORDER BY n LIMIT ${limit}`,
    );
    return rows.map(([place, index, value]) => {
      const column = this.columns[Number(index)];
      const shown = value === null || value === undefined ? null : shorten(String(value));
      return {
        line: Number(place),
        column: column?.name ?? null,
        value: shown,
        reason: `could not convert '${shown ?? ''}' to ${column?.type ?? 'the type of the column'}`,
      };
    });
  }

  async #explain(connection: DuckDBConnection, message: string, cause: unknown): Promise<Error> {
    try {
      const [row] = await this.#badRows(connection, 1);
      if (row !== undefined) return importFailedAt('row', row, cause);
    } catch (error) {
      return unreadable(dataErrorMessage(error), this.path, error);
    }
    return message.startsWith('Conversion Error') || message.startsWith('Binder Error')
      ? importFailed(firstSentence(message, this.path), {}, cause)
      : unreadable(message, this.path, cause);
  }
}

import { open } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnDefinition } from '../../model/columns.js';
import type { ImportRequest } from '../../workers/messages.js';
import { quoteIdentifier, quoteLiteral } from '../quoting.js';
import { mapColumns, type ColumnMapping } from './column-mapping.js';
import {
  castSql,
  countBadRows,
  findBadRows,
  isBadRowSql,
  loadedColumnsSql,
  tryCastSql,
  type Conversion,
} from './conversion.js';
import { dataErrorMessage, firstSentence, importFailed, importFailedAt } from './import-failure.js';
import { loadedName, SHOWN_REJECTED_ROWS, SOURCE_ROW, type ImportSource, type RejectedRows } from './import-source.js';
import { changeRows, readRows } from './query.js';
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
 * query looks for it.
 */
export class ParquetSource implements ImportSource {
  readonly unit = 'row';
  readonly columns: readonly ColumnDefinition[];
  readonly warnings: readonly string[];
  readonly #conversions: readonly Conversion[];

  constructor(
    private readonly path: string,
    readonly estimatedTableBytes: number,
    fileColumns: readonly FileColumn[],
    mapping: ColumnMapping,
  ) {
    this.columns = mapping.loaded.map(({ column }) => column);
    this.warnings = mapping.warnings;
    this.#conversions = mapping.loaded.map(({ column, fileIndex }) => {
      const file = fileColumns[fileIndex];
      return { column, raw: quoteIdentifier(file?.name ?? column.name), needed: file?.type !== column.type };
    });
  }

  selectSql(): string {
    return `SELECT ${loadedColumnsSql(this.#conversions, castSql)} FROM ${readParquet(this.path)}`;
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
    const rows = this.#numberedRows();
    try {
      const count = await countBadRows(connection, this.#loadedConversions, rows);
      const bad = await findBadRows(connection, this.#loadedConversions, rows, SHOWN_REJECTED_ROWS);
      await connection.run(
        `CREATE OR REPLACE TEMP TABLE ${table} AS
         SELECT ${loadedColumnsSql(this.#loadedConversions, tryCastSql)}, ${SOURCE_ROW}
         FROM ${rows} WHERE NOT (${isBadRowSql(this.#loadedConversions)})`,
      );
      return { count, first: bad.map(({ row, fault }) => ({ line: row + 1, ...fault })) };
    } catch (error) {
      throw unreadable(dataErrorMessage(error), this.path, error);
    }
  }

  placesOf(_connection: DuckDBConnection, rows: readonly number[]): Promise<number[]> {
    return Promise.resolve(rows.map((row) => row + 1));
  }

  /** The raw values under loaded names, as `#numberedRows` has them. */
  get #loadedConversions(): Conversion[] {
    return this.#conversions.map((conversion, index) => ({ ...conversion, raw: loadedName(index) }));
  }

  #numberedRows(): string {
    const raw = loadedColumnsSql(this.#conversions, (conversion) => conversion.raw);
    return `(SELECT ${raw}, row_number() OVER () - 1 AS ${SOURCE_ROW} FROM ${readParquet(this.path)})`;
  }

  async #explain(connection: DuckDBConnection, message: string, cause: unknown): Promise<Error> {
    try {
      const [bad] = await findBadRows(connection, this.#loadedConversions, this.#numberedRows(), 1);
      if (bad !== undefined) return importFailedAt('row', { line: bad.row + 1, ...bad.fault }, cause);
    } catch (error) {
      return unreadable(dataErrorMessage(error), this.path, error);
    }
    return message.startsWith('Conversion Error') || message.startsWith('Binder Error')
      ? importFailed(firstSentence(message, this.path), {}, cause)
      : unreadable(message, this.path, cause);
  }
}

import type { DuckDBConnection } from '@duckdb/node-api';
import { readNumber, readRows } from './query.js';

const REJECTS = 'import_rejects';
const REJECTED_SCANS = 'import_rejected_scans';
/** Remembered record numbers of rejected rows, when lines of other rows must be found between them. */
const REMEMBERED_RECORDS = 1_000_000;
const MAX_LIMIT = 2 ** 31;

/**
 * The rows that the engine's CSV reader set aside, in temporary tables of the connection that it fills itself. A row can be in them
 * several times, once for each of its faults; `record` numbers it as the scanner does.
 */
export class CsvRejects {
  constructor(
    private readonly connection: DuckDBConnection,
    private readonly limit = MAX_LIMIT,
  ) {}

  /** To be appended to the options of `read_csv`. */
  readerOptions(): string {
    const limit = Math.min(this.limit, MAX_LIMIT);
    return `, store_rejects = true, rejects_table = '${REJECTS}', rejects_scan = '${REJECTED_SCANS}', rejects_limit = ${limit}`;
  }

  async clear(): Promise<void> {
    await this.connection.run(`DROP TABLE IF EXISTS temp.${REJECTS}`);
    await this.connection.run(`DROP TABLE IF EXISTS temp.${REJECTED_SCANS}`);
  }

  async count(): Promise<number> {
    return readNumber(this.connection, `SELECT count(DISTINCT line) FROM temp.${REJECTS}`);
  }

  async first(limit: number): Promise<{ record: number; message: string }[]> {
    const rows = await readRows(
      this.connection,
      `SELECT line, error_message FROM temp.${REJECTS}
       QUALIFY row_number() OVER (PARTITION BY line ORDER BY column_idx) = 1 ORDER BY line LIMIT ${limit}`,
    );
    return rows.map(([record, message]) => ({ record: Number(record), message: String(message) }));
  }

  /** A line longer than a buffer looks like a quote without an end. */
  async mayHoldLongLines(): Promise<boolean> {
    const count = `SELECT count(*) FROM temp.${REJECTS} WHERE error_type IN ('LINE SIZE OVER MAXIMUM', 'UNQUOTED VALUE')`;
    return (await readNumber(this.connection, count)) > 0;
  }

  /** Empty when nothing was read leniently on this connection. */
  async records(): Promise<ReadonlySet<number>> {
    const known = `SELECT count(*) FROM duckdb_tables() WHERE temporary AND table_name = '${REJECTS}'`;
    if ((await readNumber(this.connection, known)) === 0) return new Set();
    const sql = `SELECT DISTINCT line FROM temp.${REJECTS} ORDER BY line LIMIT ${REMEMBERED_RECORDS}`;
    return new Set((await readRows(this.connection, sql)).map(([line]) => Number(line)));
  }
}

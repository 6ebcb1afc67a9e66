import type { DuckDBConnection } from '@duckdb/node-api';
import type { ProfileSample } from '../../model/table-profile.js';
import type { ProfiledColumn } from './profiled-column.js';

/** Below this, looking at every row costs nothing worth saving. */
const SMALL_TABLE_ROWS = 1_000_000;

/** Fewer rows are spread over as many blocks as this many rows fill, so that a few neighbours do not stand for the table. */
const MIN_BLOCK_ROWS = 200_000;

const SAMPLE_TABLE = 'profiled_sample';

/**
 * The rows to profile: the table itself, or a sample of it in a temporary table, so that every later statement sees the same rows.
 * That table belongs to the connection and goes with it.
 *
 *     small table   each row by chance
 *     large table   blocks of 2,048 neighbours by chance, which leaves most of the file unread; then, for a small sample,
 *                   each row of those by chance
 */
export async function withProfiledRows<T>(
  connection: DuckDBConnection,
  table: string,
  input: {
    readonly columns: readonly ProfiledColumn[];
    readonly sample: ProfileSample | null;
  },
  use: (source: string, rowCount: number) => Promise<T>,
): Promise<T> {
  const tableRows = await countRows(connection, table);
  const fraction = input.sample === null ? 1 : fractionOf(input.sample, tableRows);
  if (fraction >= 1) return await use(table, tableRows);
  const names = input.columns.map(({ sql }) => sql).join(', ');
  await connection.run(
    `CREATE TEMP TABLE ${SAMPLE_TABLE} AS SELECT ${names} FROM ${sampledSql(table, tableRows, fraction)}`,
  );
  return await use(SAMPLE_TABLE, await countRows(connection, SAMPLE_TABLE));
}

function fractionOf(sample: ProfileSample, tableRows: number): number {
  if (sample.kind === 'percent') return sample.percent / 100;
  return tableRows === 0 ? 1 : sample.rows / tableRows;
}

function sampledSql(table: string, tableRows: number, fraction: number): string {
  if (tableRows <= SMALL_TABLE_ROWS) return `${table} TABLESAMPLE bernoulli(${percentSql(fraction)})`;
  const blocks = Math.min(1, Math.max(fraction, MIN_BLOCK_ROWS / tableRows));
  const sampled = `${table} TABLESAMPLE system(${percentSql(blocks)})`;
  return blocks === fraction
    ? sampled
    : `(SELECT * FROM ${sampled}) TABLESAMPLE bernoulli(${percentSql(fraction / blocks)})`;
}

function percentSql(fraction: number): string {
  return `${(100 * fraction).toFixed(9)} PERCENT`;
}

async function countRows(connection: DuckDBConnection, table: string): Promise<number> {
  const result = await connection.runAndReadAll(`SELECT count(*) FROM ${table}`);
  return Number(result.getRows()[0]?.[0] ?? 0);
}

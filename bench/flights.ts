import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Three million real flights. */
export const FLIGHTS_PARQUET = join(
  dirname(createRequire(import.meta.url).resolve('vega-datasets')),
  '../data/flights-3m.parquet',
);
export const FLIGHT_ROWS = 3_000_000;

export type Columns = Readonly<Record<string, string>>;

const DATA_COLUMNS: Columns = {
  date: 'TIMESTAMP',
  delay: 'BIGINT',
  distance: 'BIGINT',
  origin: 'VARCHAR',
  destination: 'VARCHAR',
};

/** As they come: nothing in them is unique. */
export const FLIGHTS = { columns: DATA_COLUMNS, key: [] as readonly string[] };
/** With a number of their own. */
export const NUMBERED_FLIGHTS = { columns: { id: 'BIGINT', ...DATA_COLUMNS }, key: ['id'] };
/** With a text of their own, in no order: the least favourable key. */
export const CODED_FLIGHTS = { columns: { code: 'VARCHAR', ...DATA_COLUMNS }, key: ['code'] };

export function columnsSql(columns: Columns): string {
  return Object.entries(columns)
    .map(([name, type]) => `${name} ${type}`)
    .join(', ');
}

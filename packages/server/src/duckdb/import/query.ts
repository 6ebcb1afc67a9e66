import type { DuckDBConnection, Json } from '@duckdb/node-api';

/** Small answers only: everything that grows with the file stays inside the engine. */
export async function readRows(connection: DuckDBConnection, sql: string): Promise<Json[][]> {
  return (await connection.runAndReadAll(sql)).getRowsJson();
}

/** The single number of a single row; the engine's 64-bit counts arrive as text. */
export async function readNumber(connection: DuckDBConnection, sql: string): Promise<number> {
  return Number((await readRows(connection, sql))[0]?.[0] ?? 0);
}

/** Runs a statement that changes rows and tells how many. */
export async function changeRows(connection: DuckDBConnection, sql: string): Promise<number> {
  return (await connection.run(sql)).rowsChanged;
}

const BINARY_UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** The engine tells its limit only as a text such as `1.8 GiB`. */
export async function readMemoryLimit(connection: DuckDBConnection): Promise<number> {
  const text = String((await readRows(connection, `SELECT current_setting('memory_limit')`))[0]?.[0] ?? '');
  const [, amount = '', unit = ''] = /^([\d.]+) (\w+)$/.exec(text) ?? [];
  const exponent = BINARY_UNITS.indexOf(unit);
  return exponent === -1 ? Number.POSITIVE_INFINITY : Number(amount) * 1024 ** exponent;
}

export function readThreads(connection: DuckDBConnection): Promise<number> {
  return readNumber(connection, `SELECT current_setting('threads')`);
}

import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnCorrelation } from '../../model/table-profile.js';
import { isOverflow } from './column-measures.js';
import { MeasureList } from './measure-list.js';
import type { ProfiledColumn } from './profiled-column.js';

/** The pairs grow with the square. */
const CORRELATED_COLUMNS = 10;

interface Pair {
  readonly left: string;
  readonly right: string;
  readonly sql: string;
}

/** Pearson's coefficient of every pair of the first numeric columns, by one statement; null with fewer than two of them. */
export async function measureCorrelations(
  connection: DuckDBConnection,
  source: string,
  columns: readonly ProfiledColumn[],
): Promise<readonly ColumnCorrelation[] | null> {
  const numbers = columns.flatMap(({ name, number }) => (number === null ? [] : [{ name, sql: number.asDouble }]));
  const first = numbers.slice(0, CORRELATED_COLUMNS);
  if (first.length < 2) return null;
  const pairs = first.flatMap((left, index) =>
    first.slice(index + 1).map((right) => ({
      left: left.name,
      right: right.name,
      sql: `corr(${left.sql}, ${right.sql})`,
    })),
  );
  return await measurePairs(connection, source, pairs);
}

/** A pair whose squares overflow has no coefficient; halving finds it. */
async function measurePairs(
  connection: DuckDBConnection,
  source: string,
  pairs: readonly Pair[],
): Promise<readonly ColumnCorrelation[]> {
  const list = new MeasureList();
  const places = pairs.map(({ sql }) => list.add(sql));
  try {
    const row = await list.read(connection, source);
    return pairs.flatMap(({ left, right }, index) => {
      const place = places[index];
      const coefficient = place === undefined ? null : row.number(place);
      return coefficient === null ? [] : [{ left, right, coefficient }];
    });
  } catch (error) {
    if (!isOverflow(error)) throw error;
    if (pairs.length === 1) return [];
    const half = Math.ceil(pairs.length / 2);
    return [
      ...(await measurePairs(connection, source, pairs.slice(0, half))),
      ...(await measurePairs(connection, source, pairs.slice(half))),
    ];
  }
}

import type { DuckDBConnection } from '@duckdb/node-api';
import {
  QUANTILES,
  type ColumnMeasurements,
  type NumericMeasurements,
  type TextMeasurements,
} from '../../model/table-profile.js';
import { engineFailure } from '../engine-errors.js';
import { MeasureList, type MeasuredRow } from './measure-list.js';
import type { ProfiledColumn } from './profiled-column.js';
import { shownTextSql } from './short-json.js';
import { matchCount, patternCounts } from './text-patterns.js';

export interface MeasureOptions {
  readonly exactQuantiles: boolean;
  readonly valueForm: 'text' | 'native';
  readonly patterns: boolean;
}

/** What one scan finds out; what needs its results follows in `distribution.ts`. */
export type FirstMeasurements = Omit<ColumnMeasurements, 'numeric' | 'topValues'> & {
  readonly numeric: Omit<NumericMeasurements, 'outliers' | 'histogram'> | null;
};

type Reader<T> = (row: MeasuredRow) => T;

/**
 * The figures of some columns by one statement. It fails as a whole where the powers of large doubles overflow, and where the
 * columns together need more memory than there is, although one by one they would spill. Then the columns are halved; a single
 * one whose moments nobody can compute goes without.
 */
export async function measureColumns(
  connection: DuckDBConnection,
  source: string,
  columns: readonly ProfiledColumn[],
  options: MeasureOptions,
  moments: 'all' | 'average' = 'all',
): Promise<readonly FirstMeasurements[]> {
  const list = new MeasureList();
  const readers = columns.map((column) => addColumn(list, column, options, moments));
  try {
    const row = await list.read(connection, source);
    return readers.map((read) => read(row));
  } catch (error) {
    if (columns.length === 1) {
      if (!isOverflow(error) || moments === 'average') throw error;
      return await measureColumns(connection, source, columns, options, 'average');
    }
    if (!isOverflow(error) && engineFailure(error)?.code !== 'out_of_memory') throw error;
    const half = Math.ceil(columns.length / 2);
    return [
      ...(await measureColumns(connection, source, columns.slice(0, half), options)),
      ...(await measureColumns(connection, source, columns.slice(half), options)),
    ];
  }
}

/** `STDDEV_SAMP is out of range!`, and likewise of skewness, kurtosis and correlation. */
export function isOverflow(error: unknown): boolean {
  return error instanceof Error && /out of range!/i.test(error.message);
}

function addColumn(
  list: MeasureList,
  column: ProfiledColumn,
  options: MeasureOptions,
  moments: 'all' | 'average',
): Reader<FirstMeasurements> {
  const { name, type } = column;
  const nonNull = list.add(`count(${column.sql})`);
  const distinct = column.isKey ? nonNull : list.add(`count(DISTINCT ${column.sql})`);
  const min = list.add(shownValueSql(`min(${column.ordered})`, column, options));
  const max = list.add(shownValueSql(`max(${column.ordered})`, column, options));
  const numeric = addNumber(list, column, options, moments);
  const text = addText(list, column, options);
  return (row) => ({
    name,
    type,
    nonNullCount: row.count(nonNull),
    distinctCount: row.count(distinct),
    minJson: row.json(min),
    maxJson: row.json(max),
    numeric: numeric(row),
    text: text(row),
  });
}

function shownValueSql(sql: string, column: ProfiledColumn, options: MeasureOptions): string {
  if (options.valueForm === 'text') return shownTextSql(`CAST(${sql} AS VARCHAR)`);
  return column.kind === 'text' ? shownTextSql(sql) : sql;
}

function addNumber(
  list: MeasureList,
  { sql, number, kind }: ProfiledColumn,
  { exactQuantiles }: MeasureOptions,
  moments: 'all' | 'average',
): Reader<FirstMeasurements['numeric']> {
  if (number === null) return () => null;
  const nonFinite = list.add(kind === 'float' ? `count(*) FILTER (WHERE NOT isfinite(${sql}))` : '0');
  const average = list.add(`avg(${number.asDouble})`);
  const [deviation, skewness, kurtosis] =
    moments === 'average'
      ? []
      : ['stddev_samp', 'skewness', 'kurtosis'].map((aggregate) => list.add(`${aggregate}(${number.asDouble})`));
  const quantiles = list.add(
    exactQuantiles
      ? `quantile_cont(${number.sql}, [${QUANTILES.join(', ')}])`
      : `approx_quantile(${number.asDouble}, [${QUANTILES.join(', ')}])`,
  );
  return (row) => {
    const found = row.numbers(quantiles);
    return {
      nonFiniteCount: row.count(nonFinite),
      average: row.number(average),
      standardDeviation: deviation === undefined ? null : row.number(deviation),
      skewness: skewness === undefined ? null : row.number(skewness),
      kurtosis: kurtosis === undefined ? null : row.number(kurtosis),
      quantiles: QUANTILES.map((_, index) => found[index] ?? null),
      quantilesAreExact: exactQuantiles,
    };
  };
}

function addText(
  list: MeasureList,
  { sql, kind }: ProfiledColumn,
  options: MeasureOptions,
): Reader<TextMeasurements | null> {
  if (kind !== 'text') return () => null;
  const average = list.add(`avg(length(${sql}))`);
  const min = list.add(`min(length(${sql}))`);
  const max = list.add(`max(length(${sql}))`);
  const empty = list.add(`count(*) FILTER (WHERE ${sql} = '')`);
  // White space sorts before everything that is visible, so that nearly all values are passed over at no cost.
  const whitespace = list.add(matchCount(sql, `${sql} < '!'`, '\\s+'));
  const patterns = options.patterns
    ? patternCounts(sql).map(({ pattern, sql: count }) => ({ pattern, place: list.add(count) }))
    : null;
  return (row) => ({
    averageLength: row.number(average),
    minLength: row.number(min),
    maxLength: row.number(max),
    emptyCount: row.count(empty),
    whitespaceOnlyCount: row.count(whitespace),
    patterns: patterns?.map(({ pattern, place }) => ({ pattern, count: row.count(place) })) ?? null,
  });
}

import type { DuckDBConnection } from '@duckdb/node-api';
import {
  QUANTILES,
  type HistogramBucket,
  type NumericMeasurements,
  type ValueCount,
} from '../../model/table-profile.js';
import type { FirstMeasurements } from './column-measures.js';
import { MeasureList, type MeasuredRow } from './measure-list.js';
import type { ProfiledColumn } from './profiled-column.js';
import { shownTextSql, valueJson } from './short-json.js';

/** Up to so many different numbers, each has a bucket of its own. */
const HISTOGRAM_BUCKETS = 20;
const TOP_VALUES = 10;

/** Beyond so many interquartile ranges from the quartiles, after Tukey. */
const OUTLIER_RANGES = 1.5;

type Spread = Pick<NumericMeasurements, 'outliers' | 'histogram'>;

/** Outliers, and histograms where wanted, of the columns that are numeric, by one statement. In the order of the columns. */
export async function measureSpread(
  connection: DuckDBConnection,
  source: string,
  columns: readonly { readonly column: ProfiledColumn; readonly first: FirstMeasurements }[],
  wanted: { readonly histogram: boolean },
): Promise<readonly (Spread | null)[]> {
  const list = new MeasureList();
  const readers = columns.map(({ column, first }) => {
    if (column.number === null || first.numeric === null) return () => null;
    const outliers = addOutliers(list, column.number.asDouble, first.numeric.quantiles);
    const histogram = wanted.histogram ? addHistogram(list, column.number.asDouble, first) : () => null;
    return (row: MeasuredRow) => ({ outliers: outliers(row), histogram: histogram(row) });
  });
  const row = await list.read(connection, source);
  return readers.map((read) => read(row));
}

function addOutliers(
  list: MeasureList,
  number: string,
  quantiles: readonly (number | null)[],
): (row: MeasuredRow) => Spread['outliers'] {
  const q25 = quantiles[QUANTILES.indexOf(0.25)] ?? null;
  const q75 = quantiles[QUANTILES.indexOf(0.75)] ?? null;
  if (q25 === null || q75 === null) return () => null;
  const reach = OUTLIER_RANGES * (q75 - q25);
  const bounds = { lower: q25 - reach, upper: q75 + reach };
  if (!Number.isFinite(bounds.lower) || !Number.isFinite(bounds.upper)) return () => null;
  const place = list.add(
    `count(*) FILTER (WHERE ${number} NOT BETWEEN ${doubleSql(bounds.lower)} AND ${doubleSql(bounds.upper)})`,
  );
  return (row) => ({ ...bounds, count: row.count(place) });
}

function addHistogram(
  list: MeasureList,
  number: string,
  { distinctCount, minJson, maxJson, numeric }: FirstMeasurements,
): (row: MeasuredRow) => readonly HistogramBucket[] {
  const min = asNumber(minJson);
  const max = asNumber(maxJson);
  if (numeric === null || min === null || max === null) return () => [];
  const bounds = distinctCount > HISTOGRAM_BUCKETS ? bucketBounds(min, max) : [];
  const place = list.add(
    bounds.length === 0
      ? `histogram(${number})`
      : `histogram(${number}, [${bounds.map(doubleSql).join(', ')}]::DOUBLE[])`,
  );
  return (row) => withoutOverflow(row.buckets(place), max);
}

/** The engine may round a wide number above the bound that was rounded here; such values belong to the last bucket. */
function withoutOverflow(
  found: readonly { readonly bound: number; readonly count: number }[],
  max: number,
): readonly HistogramBucket[] {
  const counts = new Map<number, number>();
  for (const { bound, count } of found) {
    const upperBound = Math.min(bound, max);
    counts.set(upperBound, (counts.get(upperBound) ?? 0) + count);
  }
  return [...counts].map(([upperBound, count]) => ({ upperBound, count }));
}

/**
 * Upper bounds of equally wide buckets, the last one the largest value itself. (The engine's own `equi_width_bins` with pleasant
 * bounds never returns for some large numbers.)
 */
export function bucketBounds(min: number, max: number): readonly number[] {
  const width = max / HISTOGRAM_BUCKETS - min / HISTOGRAM_BUCKETS;
  const inner = Array.from({ length: HISTOGRAM_BUCKETS - 1 }, (_, index) => min + (index + 1) * width);
  // Where doubles are coarser than the buckets, neighbours fall together.
  return [...new Set([...inner.filter((bound) => bound < max), max])];
}

/** The most frequent values of one column; equal counts in the order of the values. */
export async function topValues(
  connection: DuckDBConnection,
  source: string,
  { sql, kind }: ProfiledColumn,
): Promise<readonly ValueCount[]> {
  const shown = kind === 'text' ? shownTextSql('value') : 'value';
  const result = await connection.runAndReadAll(
    `SELECT ${shown}, frequency FROM (SELECT ${sql} AS value, count(*) AS frequency FROM ${source} WHERE ${sql} IS NOT NULL ` +
      `GROUP BY ${sql}) ORDER BY frequency DESC, value LIMIT ${TOP_VALUES}`,
  );
  const [type] = result.columnTypes();
  return result.getRows().map(([value = null, count]) => {
    if (type === undefined || value === null) throw new Error('a value that is not null came back as null');
    return { valueJson: valueJson(type, value), count: Number(count) };
  });
}

/** Of a JSON number, or of the JSON of its text. */
function asNumber(json: string | null): number | null {
  if (json === null) return null;
  const number = Number(JSON.parse(json));
  return Number.isFinite(number) ? number : null;
}

/** A literal that is exactly this double. */
function doubleSql(value: number): string {
  return `CAST('${value}' AS DOUBLE)`;
}

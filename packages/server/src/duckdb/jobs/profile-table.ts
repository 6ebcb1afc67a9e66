import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnMeasurements, ProfileMode, TableMeasurements } from '../../model/table-profile.js';
import type { JobHandler } from '../../workers/job-context.js';
import type { ProfileRequest } from '../../workers/messages.js';
import { measureColumns, type FirstMeasurements } from '../profile/column-measures.js';
import { measureCorrelations } from '../profile/correlations.js';
import { measureSpread, topValues } from '../profile/distribution.js';
import { profiledColumn, type ProfiledColumn } from '../profile/profiled-column.js';
import { withProfiledRows } from '../profile/sample.js';
import { selectedColumns } from '../row-selection.js';
import { dataTable } from '../table-ddl.js';

/** A basic profile of more rows than this estimates its quantiles. */
const BASIC_EXACT_ROWS = 1_000_000;

/** Exact quantiles hold their column in memory, 8 bytes a value, and cannot spill; above this they are estimated in every mode. */
const MAX_EXACT_ROWS = 10_000_000;

/** Values that the statements of exact aggregates may hold at once: they bound how many columns share a statement. */
const VALUES_PER_STATEMENT = 16_000_000;
/** What counting distinct values costs grows with how many columns one statement does it for. */
const MAX_COLUMNS_PER_STATEMENT = 8;

interface Wanted {
  readonly histogram: boolean;
  readonly topValues: boolean;
  readonly patterns: boolean;
  readonly correlations: boolean;
}

const WANTED: Readonly<Record<ProfileMode, Wanted>> = {
  basic: { histogram: false, topValues: false, patterns: false, correlations: false },
  distribution: { histogram: true, topValues: true, patterns: false, correlations: false },
  quality: { histogram: false, topValues: false, patterns: true, correlations: true },
  full: { histogram: true, topValues: true, patterns: true, correlations: true },
};

/**
 * Measures a version by a few statements over all rows:
 *
 *     1  counts, extremes, moments, quantiles, lengths, patterns     many aggregates of some columns in each statement
 *     2  outliers and histograms, whose bounds come from 1           the same columns
 *     3  the most frequent values                                    one column in each statement; the others are not read
 *     4  correlations                                                one statement
 *
 * Tables are stored by column, so that slices of columns read no more than one wide statement would, in bounded memory.
 */
export const profileTable: JobHandler<'profileTable'> = ({ version, shape, ...request }, { database, signal }) =>
  database.withVersion(version, (alias) =>
    database.withConnection(signal, async (connection) => {
      const columns = selectedColumns(shape, request.columns).map((column) => profiledColumn(column, shape));
      return await withProfiledRows(connection, dataTable(alias), { columns, sample: request.sample }, (source, rows) =>
        profileRows(connection, source, rows, columns, request),
      );
    }),
  );

async function profileRows(
  connection: DuckDBConnection,
  source: string,
  profiledRows: number,
  columns: readonly ProfiledColumn[],
  request: Pick<ProfileRequest, 'mode' | 'valueForm'>,
): Promise<TableMeasurements> {
  const wanted = WANTED[request.mode];
  const options = {
    exactQuantiles: profiledRows <= (request.mode === 'basic' ? BASIC_EXACT_ROWS : MAX_EXACT_ROWS),
    valueForm: request.valueForm,
    patterns: wanted.patterns,
  };
  const measured: ColumnMeasurements[] = [];
  for (const slice of slicesOf(columns, profiledRows)) {
    const first = await measureColumns(connection, source, slice, options);
    measured.push(...(await completeSlice(connection, source, slice, first, wanted)));
  }
  const correlations = wanted.correlations ? await measureCorrelations(connection, source, columns) : null;
  return { profiledRows, columns: measured, correlations };
}

async function completeSlice(
  connection: DuckDBConnection,
  source: string,
  slice: readonly ProfiledColumn[],
  firsts: readonly FirstMeasurements[],
  wanted: Wanted,
): Promise<readonly ColumnMeasurements[]> {
  const pairs = slice.flatMap((column, index) => {
    const first = firsts[index];
    return first === undefined ? [] : [{ column, first }];
  });
  const spreads = await measureSpread(connection, source, pairs, wanted);
  const complete: ColumnMeasurements[] = [];
  for (const [index, { column, first }] of pairs.entries()) {
    const spread = spreads[index] ?? null;
    complete.push({
      ...first,
      numeric: first.numeric === null || spread === null ? null : { ...first.numeric, ...spread },
      topValues: wanted.topValues ? await mostFrequent(connection, source, column, first) : null,
    });
  }
  return complete;
}

/** Where every value is there once, none is frequent, and grouping them all would be the dearest part of the profile. */
async function mostFrequent(
  connection: DuckDBConnection,
  source: string,
  column: ProfiledColumn,
  { distinctCount, nonNullCount }: FirstMeasurements,
): Promise<ColumnMeasurements['topValues']> {
  return distinctCount === nonNullCount ? [] : await topValues(connection, source, column);
}

function slicesOf(columns: readonly ProfiledColumn[], rows: number): readonly (readonly ProfiledColumn[])[] {
  const fitting = Math.floor(VALUES_PER_STATEMENT / Math.max(1, rows));
  const size = Math.min(MAX_COLUMNS_PER_STATEMENT, Math.max(1, fitting));
  return Array.from({ length: Math.ceil(columns.length / size) }, (_, index) =>
    columns.slice(index * size, (index + 1) * size),
  );
}

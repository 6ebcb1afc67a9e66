/** What a profile measures, as the engine counts it; `services/profile-quality.ts` says what it means. */

/** What is measured beyond the basics: `full` everything, `distribution` how values spread, `quality` what looks wrong. */
export const PROFILE_MODES = ['basic', 'full', 'distribution', 'quality'] as const;

export type ProfileMode = (typeof PROFILE_MODES)[number];

/** How much of the table is read; about so many rows, because they are taken at random. */
export type ProfileSample =
  { readonly kind: 'rows'; readonly rows: number } | { readonly kind: 'percent'; readonly percent: number };

export interface TableMeasurements {
  /** Rows that were read: those of the table, or of the sample. */
  readonly profiledRows: number;
  readonly columns: readonly ColumnMeasurements[];
  /** Null where the mode has none, or the table has fewer than two numeric columns. */
  readonly correlations: readonly ColumnCorrelation[] | null;
}

export interface ColumnMeasurements {
  readonly name: string;
  readonly type: string;
  readonly nonNullCount: number;
  /** Different values that are not null; exact. */
  readonly distinctCount: number;
  /** JSON of the value, or of its text when text was asked for. Not finite numbers are left out of `min` and `max`. */
  readonly minJson: string | null;
  readonly maxJson: string | null;
  readonly numeric: NumericMeasurements | null;
  readonly text: TextMeasurements | null;
  /** The most frequent values that are not null, most frequent first. Null where the mode has none. */
  readonly topValues: readonly ValueCount[] | null;
}

export interface ValueCount {
  readonly valueJson: string;
  readonly count: number;
}

/** Of the finite values; null where there are too few values, or the result is not a number. */
export interface NumericMeasurements {
  /** NaN and infinities. */
  readonly nonFiniteCount: number;
  readonly average: number | null;
  readonly standardDeviation: number | null;
  readonly skewness: number | null;
  readonly kurtosis: number | null;
  /** In the order of QUANTILES. */
  readonly quantiles: readonly (number | null)[];
  readonly quantilesAreExact: boolean;
  readonly outliers: { readonly lower: number; readonly upper: number; readonly count: number } | null;
  readonly histogram: readonly HistogramBucket[] | null;
}

export const QUANTILES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const;

/** Values above the bound of the bucket before, up to and including this one. */
export interface HistogramBucket {
  readonly upperBound: number;
  readonly count: number;
}

export interface TextMeasurements {
  readonly averageLength: number | null;
  readonly minLength: number | null;
  readonly maxLength: number | null;
  readonly emptyCount: number;
  /** Not empty, and nothing but white space. */
  readonly whitespaceOnlyCount: number;
  /** Null where the mode looks for none. */
  readonly patterns: readonly { readonly pattern: string; readonly count: number }[] | null;
}

export interface ColumnCorrelation {
  readonly left: string;
  readonly right: string;
  readonly coefficient: number;
}

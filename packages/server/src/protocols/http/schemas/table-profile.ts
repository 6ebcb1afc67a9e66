import { Type, type TSchema } from 'typebox';
import { QUANTILES, type ProfileSample } from '../../../model/table-profile.js';
import type { ColumnProfile, TableProfile } from '../../../services/table-profiles.js';
import { JsonText } from '../json-text.js';
import { Nullable, Shared } from './nullable.js';

const maybe = (schema: TSchema, description: string): TSchema => Nullable({ ...schema, description });
const number = (description: string): TSchema => maybe(Type.Number(), description);
const integer = (description: string): TSchema => maybe(Type.Integer(), description);

const QUANTILE_NAMES = QUANTILES.map((fraction) => `q${String(Math.round(fraction * 100)).padStart(2, '0')}`);

/** Quartiles were text before there were modes. */
const TEXT_QUANTILES = new Set(['q25', 'q50', 'q75']);

const TopValueSchema = Type.Object(
  {
    value: Type.Unknown(),
    count: Type.Integer(),
    percentage: Type.Number({ description: 'Of the values, two decimals' }),
  },
  { $id: 'TopValue' },
);

const PatternSchema = Type.Object(
  { pattern: Type.String(), match_count: Type.Integer(), match_percentage: Type.Number() },
  { $id: 'DetectedPattern' },
);

export const ColumnProfileSchema = Type.Object(
  {
    column_name: Type.String(),
    column_type: Type.String(),
    min: Type.Unknown({ description: 'As in a preview; as text when no mode is given' }),
    max: Type.Unknown(),
    approx_unique: Type.Integer({ description: 'Different values, nulls not counted; exact in spite of its name' }),
    cardinality_ratio: Type.Number({ description: 'Different values by values, four decimals' }),
    cardinality_class: Type.String({ description: '`unique`, `constant`, `high`, `medium`, `low`, `very_low`' }),
    count: Type.Integer({ description: 'Values that are not null; all rows when no mode is given' }),
    null_count: Type.Integer(),
    null_percentage: Type.Number(),
    avg: number('Of the finite values, like everything about numbers'),
    std: number('Standard deviation of a sample'),
    skewness: number('Null also where the engine cannot compute it'),
    kurtosis: number('Excess kurtosis'),
    ...Object.fromEntries(
      QUANTILE_NAMES.map((name) => [
        name,
        TEXT_QUANTILES.has(name)
          ? Nullable(Type.Union([Type.Number(), Type.String()], { description: 'Text when no mode is given' }))
          : number('Quantile, interpolated'),
      ]),
    ),
    quantiles_exact: maybe(Type.Boolean(), 'False: the quantiles, and what follows from them, are estimates'),
    outlier_count: integer('Values outside the bounds'),
    outlier_lower_bound: number('q25 − 1.5 × (q75 − q25)'),
    outlier_upper_bound: number('q75 + 1.5 × (q75 − q25)'),
    non_finite_count: integer('NaN and infinities'),
    histogram: maybe(
      Type.Record(Type.String(), Type.Integer()),
      'Upper bound of each bucket, inclusive, and how many values are in it; a bucket for each value while there are few',
    ),
    avg_length: number('Of text, in characters, like everything about text'),
    min_length: integer('Shortest'),
    max_length: integer('Longest'),
    empty_count: integer('Empty texts'),
    whitespace_only_count: integer('Texts of nothing but white space'),
    detected_patterns: maybe(Type.Array(Shared(PatternSchema)), 'Forms that whole values have, most frequent first'),
    top_values: maybe(Type.Array(Shared(TopValueSchema)), 'Most frequent values; none when all are different'),
  },
  { $id: 'ColumnProfile', description: 'What does not apply to a type or a mode is null' },
);

const QualityIssueSchema = Type.Object(
  { column: Type.String(), type: Type.String(), severity: Type.String(), message: Type.String() },
  { $id: 'QualityIssue' },
);

const CorrelationSchema = Type.Object(
  { column1: Type.String(), column2: Type.String(), correlation: Type.Number(), strength: Type.String() },
  { $id: 'Correlation' },
);

export const TableProfileSchema = Type.Object(
  {
    table_name: Type.String(),
    bucket_name: Type.String(),
    mode: Type.String(),
    row_count: Type.Integer({ description: 'Rows of the table' }),
    column_count: Type.Integer({ description: 'Columns of the table' }),
    profiled_rows: Type.Integer({ description: 'Rows that the figures are about' }),
    is_sample: Type.Boolean({ description: 'Some rows were looked at, not all' }),
    statistics: Type.Array(Shared(ColumnProfileSchema)),
    quality_score: Type.Number(),
    quality_issues: Type.Array(Shared(QualityIssueSchema)),
    correlations: maybe(Type.Array(Shared(CorrelationSchema)), 'Null unless the mode is `full` or `quality`'),
  },
  { $id: 'TableProfile' },
);

export const profileSchemas = [
  TopValueSchema,
  PatternSchema,
  ColumnProfileSchema,
  QualityIssueSchema,
  CorrelationSchema,
  TableProfileSchema,
];

/** `1000` rows or `2.5%` of them; more than none, at most all. */
export const SAMPLE_PATTERN =
  '^(?:[1-9][0-9]{0,14}|(?:100(?:\\.0{1,9})?|[1-9][0-9]?(?:\\.[0-9]{1,9})?|0\\.[0-9]{0,8}[1-9][0-9]{0,8})%)$';

/** Of a text that matches the pattern. */
export function sampleFrom(text: string | undefined): ProfileSample | null {
  if (text === undefined) return null;
  return text.endsWith('%')
    ? { kind: 'percent', percent: Number(text.slice(0, -1)) }
    : { kind: 'rows', rows: Number(text) };
}

/** `isModeless`: the caller named no mode and gets the meaning that the members had before there were modes. */
export function renderProfile(profile: TableProfile, isModeless: boolean): JsonText {
  const { table, columns, correlations, profiledRows } = profile;
  const isSample = profiledRows !== table.current.rowCount;
  return jsonObject({
    table_name: table.name,
    bucket_name: table.bucketName,
    mode: profile.mode,
    row_count: table.current.rowCount,
    column_count: table.current.columns.length,
    profiled_rows: profiledRows,
    is_sample: isSample,
    statistics: jsonArray(columns.map((column) => renderColumn(column, profiledRows, isModeless))),
    quality_score: round(profile.qualityScore, 1),
    quality_issues: profile.qualityIssues,
    correlations:
      correlations?.map(({ left, right, coefficient, strength }) => ({
        column1: left,
        column2: right,
        correlation: round(coefficient, 4),
        strength,
      })) ?? null,
  });
}

function renderColumn(column: ColumnProfile, profiledRows: number, isModeless: boolean): JsonText {
  const { numeric, text, nonNullCount, topValues } = column;
  const decimals = isModeless ? (value: number | null) => value : (value: number | null) => rounded(value, 4);
  return jsonObject({
    column_name: column.name,
    column_type: column.type,
    min: column.minJson === null ? null : new JsonText(column.minJson),
    max: column.maxJson === null ? null : new JsonText(column.maxJson),
    approx_unique: column.distinctCount,
    cardinality_ratio: round(column.cardinalityRatio, 4),
    cardinality_class: column.cardinalityClass,
    count: isModeless ? profiledRows : nonNullCount,
    null_count: profiledRows - nonNullCount,
    null_percentage: round(column.nullPercentage, 2),
    avg: decimals(numeric?.average ?? null),
    std: decimals(numeric?.standardDeviation ?? null),
    skewness: rounded(numeric?.skewness ?? null, 4),
    kurtosis: rounded(numeric?.kurtosis ?? null, 4),
    ...renderQuantiles(numeric?.quantiles ?? [], isModeless),
    quantiles_exact: numeric?.quantilesAreExact ?? null,
    outlier_count: numeric?.outliers?.count ?? null,
    outlier_lower_bound: numeric?.outliers?.lower ?? null,
    outlier_upper_bound: numeric?.outliers?.upper ?? null,
    non_finite_count: numeric?.nonFiniteCount ?? null,
    histogram:
      numeric?.histogram == null
        ? null
        : // Text, because a JavaScript object would put members that look like integers first.
          jsonMembers(numeric.histogram.map(({ upperBound, count }) => [String(upperBound), count])),
    avg_length: rounded(text?.averageLength ?? null, 1),
    min_length: text?.minLength ?? null,
    max_length: text?.maxLength ?? null,
    empty_count: text?.emptyCount ?? null,
    whitespace_only_count: text?.whitespaceOnlyCount ?? null,
    detected_patterns: renderPatterns(text?.patterns ?? null, nonNullCount),
    top_values:
      topValues === null
        ? null
        : jsonArray(
            topValues.map(({ valueJson, count }) =>
              jsonObject({ value: new JsonText(valueJson), count, percentage: round((100 * count) / nonNullCount, 2) }),
            ),
          ),
  });
}

function renderQuantiles(quantiles: readonly (number | null)[], isModeless: boolean): Record<string, unknown> {
  return Object.fromEntries(
    QUANTILE_NAMES.map((name, index) => {
      const value = quantiles[index] ?? null;
      return [name, isModeless && TEXT_QUANTILES.has(name) && value !== null ? String(value) : value];
    }),
  );
}

function renderPatterns(
  patterns: readonly { readonly pattern: string; readonly count: number }[] | null,
  values: number,
) {
  if (patterns === null) return null;
  return patterns
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .map(({ pattern, count }) => ({
      pattern,
      match_count: count,
      match_percentage: round((100 * count) / values, 1),
    }));
}

/** JSON with finished parts in it: values that came as text from the engine, which parsing would round. */
function jsonObject(members: Readonly<Record<string, unknown>>): JsonText {
  return jsonMembers(Object.entries(members));
}

function jsonMembers(members: readonly (readonly [string, unknown])[]): JsonText {
  return new JsonText(`{${members.map(([name, value]) => `${JSON.stringify(name)}:${jsonOf(value)}`).join(',')}}`);
}

function jsonArray(items: readonly JsonText[]): JsonText {
  return new JsonText(`[${items.map(({ text }) => text).join(',')}]`);
}

function jsonOf(value: unknown): string {
  return value instanceof JsonText ? value.text : JSON.stringify(value);
}

function rounded(value: number | null, decimals: number): number | null {
  return value === null ? null : round(value, decimals);
}

/** Numbers so large that they have no decimals are left alone. */
function round(value: number, decimals: number): number {
  const factor = 10 ** decimals;
  return Math.abs(value) > Number.MAX_SAFE_INTEGER / factor ? value : Math.round(value * factor) / factor;
}

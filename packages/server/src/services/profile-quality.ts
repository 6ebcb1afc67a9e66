import type { ColumnCorrelation, ColumnMeasurements } from '../model/table-profile.js';

/** What measurements mean: classes, issues and a score. The bounds are those of the API contract. */

export type CardinalityClass = 'unique' | 'constant' | 'high' | 'medium' | 'low' | 'very_low';

export interface QualityIssue {
  readonly column: string;
  readonly type: 'high_nulls' | 'outliers' | 'skewed' | 'constant' | 'pk_candidate' | 'enum_candidate';
  readonly severity: 'warning' | 'info';
  readonly message: string;
}

const HIGH_NULLS_PERCENT = 50;
const MANY_OUTLIERS_SHARE = 0.05;
const STRONG_SKEW = 2;

const PENALTY: Readonly<Partial<Record<QualityIssue['type'], number>>> = { high_nulls: 5, outliers: 2 };

const SHOWN_CORRELATION = 0.3;
const STRONG_CORRELATION = 0.7;
const MAX_CORRELATIONS = 20;

/** The share of different values among those that are not null; 0 where there are none. */
export function cardinalityRatio({ distinctCount, nonNullCount }: ColumnMeasurements): number {
  return nonNullCount === 0 ? 0 : distinctCount / nonNullCount;
}

export function cardinalityClass(column: ColumnMeasurements): CardinalityClass {
  const ratio = cardinalityRatio(column);
  if (column.nonNullCount > 0 && column.distinctCount === column.nonNullCount) return 'unique';
  if (column.distinctCount === 1) return 'constant';
  if (ratio > 0.9) return 'high';
  if (ratio > 0.5) return 'medium';
  return ratio > 0.01 ? 'low' : 'very_low';
}

export function nullPercentage({ nonNullCount }: ColumnMeasurements, profiledRows: number): number {
  return profiledRows === 0 ? 0 : (100 * (profiledRows - nonNullCount)) / profiledRows;
}

export function qualityIssues(columns: readonly ColumnMeasurements[], profiledRows: number): readonly QualityIssue[] {
  return columns.flatMap((column) => issuesOf(column, profiledRows));
}

/** 100 without issues; 0 at least. */
export function qualityScore(issues: readonly QualityIssue[]): number {
  return Math.max(0, 100 - issues.reduce((sum, { type }) => sum + (PENALTY[type] ?? 0), 0));
}

function issuesOf(column: ColumnMeasurements, profiledRows: number): QualityIssue[] {
  const { name, numeric, text, nonNullCount } = column;
  const issues: QualityIssue[] = [];
  const report = (type: QualityIssue['type'], severity: QualityIssue['severity'], message: string): void => {
    issues.push({ column: name, type, severity, message });
  };
  const nulls = nullPercentage(column, profiledRows);
  const kind = cardinalityClass(column);
  const outliers = numeric?.outliers?.count ?? 0;
  const skewness = numeric?.skewness ?? 0;
  if (nulls > HIGH_NULLS_PERCENT) {
    report('high_nulls', 'warning', `${shown(nulls)} % of the values are null`);
  }
  if (outliers > MANY_OUTLIERS_SHARE * profiledRows) {
    report('outliers', 'warning', `${outliers} values (${shown((100 * outliers) / profiledRows)} %) are outliers`);
  }
  if (Math.abs(skewness) > STRONG_SKEW) {
    const side = skewness > 0 ? 'high' : 'low';
    report('skewed', 'info', `The values are skewed (${shown(skewness)}): few are far on the ${side} side`);
  }
  if (kind === 'constant') report('constant', 'info', 'There is only one value');
  if (kind === 'unique' && nonNullCount === profiledRows) {
    report('pk_candidate', 'info', 'Every value is there once and none is null: it could be the primary key');
  }
  // A column without values says nothing about which values it may have.
  if (text !== null && nonNullCount > 0 && (kind === 'low' || kind === 'very_low')) {
    report('enum_candidate', 'info', `${column.distinctCount} different values: an ENUM would do`);
  }
  return issues;
}

export interface ShownCorrelation extends ColumnCorrelation {
  readonly strength: 'strong' | 'moderate';
}

/** Those worth a look, strongest first. */
export function shownCorrelations(all: readonly ColumnCorrelation[]): readonly ShownCorrelation[] {
  return all
    .filter(({ coefficient }) => Math.abs(coefficient) > SHOWN_CORRELATION)
    .sort((a, b) => Math.abs(b.coefficient) - Math.abs(a.coefficient))
    .slice(0, MAX_CORRELATIONS)
    .map((pair) => ({
      ...pair,
      strength: Math.abs(pair.coefficient) > STRONG_CORRELATION ? 'strong' : 'moderate',
    }));
}

function shown(value: number): string {
  return String(Math.round(value * 100) / 100);
}

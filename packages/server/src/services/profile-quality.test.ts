import { describe, expect, it } from 'vitest';
import type { ColumnMeasurements } from '../model/table-profile.js';
import {
  cardinalityClass,
  cardinalityRatio,
  nullPercentage,
  qualityIssues,
  qualityScore,
  shownCorrelations,
} from './profile-quality.js';

const numeric = {
  nonFiniteCount: 0,
  average: 1,
  standardDeviation: 1,
  skewness: 0,
  kurtosis: 0,
  quantiles: [],
  quantilesAreExact: true,
  outliers: { lower: 0, upper: 1, count: 0 },
  histogram: null,
};
const text = { averageLength: 1, minLength: 1, maxLength: 1, emptyCount: 0, whitespaceOnlyCount: 0, patterns: null };

function measured(change: Partial<ColumnMeasurements>): ColumnMeasurements {
  return {
    name: 'c',
    type: 'INTEGER',
    nonNullCount: 1000,
    distinctCount: 300,
    minJson: '1',
    maxJson: '2',
    numeric: null,
    text: null,
    topValues: null,
    ...change,
  };
}

describe('cardinality', () => {
  it.each([
    [1000, 1000, 'unique'],
    [1, 1, 'unique'],
    [1000, 1, 'constant'],
    [1000, 901, 'high'],
    [1000, 900, 'medium'],
    [1000, 501, 'medium'],
    [1000, 500, 'low'],
    [1000, 11, 'low'],
    [1000, 10, 'very_low'],
    [0, 0, 'very_low'],
  ])('%i values, %i different: %s', (nonNullCount, distinctCount, expected) => {
    expect(cardinalityClass(measured({ nonNullCount, distinctCount }))).toBe(expected);
  });

  it('is a ratio of what is not null, and 0 without values', () => {
    expect(cardinalityRatio(measured({}))).toBe(0.3);
    expect(cardinalityRatio(measured({ nonNullCount: 0, distinctCount: 0 }))).toBe(0);
    expect(nullPercentage(measured({}), 4000)).toBe(75);
    expect(nullPercentage(measured({ nonNullCount: 0 }), 0)).toBe(0);
  });
});

describe('issues', () => {
  const typesOf = (change: Partial<ColumnMeasurements>, rows = 1000): string[] =>
    qualityIssues([measured(change)], rows).map(({ type }) => type);

  it.each<[string, Partial<ColumnMeasurements>, number, string[]]>([
    ['more than half null', { nonNullCount: 499 }, 1000, ['high_nulls']],
    ['half null', { nonNullCount: 500 }, 1000, []],
    [
      'more than 5 % outliers',
      { numeric: { ...numeric, outliers: { lower: 0, upper: 1, count: 51 } } },
      1000,
      ['outliers'],
    ],
    ['5 % outliers', { numeric: { ...numeric, outliers: { lower: 0, upper: 1, count: 50 } } }, 1000, []],
    ['skewed to the left', { numeric: { ...numeric, skewness: -2.1 } }, 1000, ['skewed']],
    ['one value', { distinctCount: 1 }, 1000, ['constant']],
    ['all different', { distinctCount: 1000 }, 1000, ['pk_candidate']],
    ['all different, one null', { distinctCount: 1000 }, 1001, []],
    ['text of few values', { text, distinctCount: 300 }, 1000, ['enum_candidate']],
    ['numbers of few values', { numeric, distinctCount: 3 }, 1000, []],
    ['text without values', { text, nonNullCount: 0, distinctCount: 0 }, 1000, ['high_nulls']],
    ['no rows', { text, nonNullCount: 0, distinctCount: 0 }, 0, []],
  ])('%s', (_case, change, rows, expected) => {
    expect(typesOf(change, rows)).toEqual(expected);
  });

  it('cost points when they are warnings, down to none', () => {
    const bad = measured({ nonNullCount: 10, numeric: { ...numeric, outliers: { lower: 0, upper: 1, count: 90 } } });
    expect(qualityScore(qualityIssues([bad], 1000))).toBe(93);
    expect(qualityScore(qualityIssues([measured({ distinctCount: 1 })], 1000))).toBe(100);
    expect(
      qualityScore(
        qualityIssues(
          Array.from({ length: 30 }, () => bad),
          1000,
        ),
      ),
    ).toBe(0);
  });
});

describe('correlations', () => {
  it('are shown above 0.3, strongest first, twenty at most', () => {
    const pair = (coefficient: number) => ({ left: 'a', right: 'b', coefficient });
    expect(shownCorrelations([0.3, -0.71, 0.5, 0.7].map(pair))).toEqual([
      { ...pair(-0.71), strength: 'strong' },
      { ...pair(0.7), strength: 'moderate' },
      { ...pair(0.5), strength: 'moderate' },
    ]);
    expect(shownCorrelations(Array.from({ length: 45 }, () => pair(0.9)))).toHaveLength(20);
  });
});

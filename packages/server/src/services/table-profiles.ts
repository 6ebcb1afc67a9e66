import type { TableEngine } from '../engine/table-engine.js';
import type { TableRecord } from '../metadata/records.js';
import type { TableVersionRef } from '../model/refs.js';
import type { ColumnMeasurements, ProfileMode, ProfileSample } from '../model/table-profile.js';
import {
  cardinalityClass,
  cardinalityRatio,
  nullPercentage,
  qualityIssues,
  qualityScore,
  shownCorrelations,
  type CardinalityClass,
  type QualityIssue,
  type ShownCorrelation,
} from './profile-quality.js';
import type { TableHistory } from './table-history.js';

export interface ProfileInput {
  readonly mode: ProfileMode;
  /** Null means all. */
  readonly columns: readonly string[] | null;
  /** Null: every row. */
  readonly sample: ProfileSample | null;
  /** How the smallest and largest values are wanted. */
  readonly valueForm: 'text' | 'native';
}

export interface ColumnProfile extends ColumnMeasurements {
  readonly nullPercentage: number;
  readonly cardinalityRatio: number;
  readonly cardinalityClass: CardinalityClass;
}

export interface TableProfile {
  readonly table: TableRecord;
  readonly mode: ProfileMode;
  /** Rows that the figures are about; fewer than the table has when a sample was wanted. */
  readonly profiledRows: number;
  readonly columns: readonly ColumnProfile[];
  readonly qualityScore: number;
  readonly qualityIssues: readonly QualityIssue[];
  readonly correlations: readonly ShownCorrelation[] | null;
}

/** What a table holds, column by column. */
export class TableProfiles {
  constructor(
    private readonly engine: TableEngine,
    private readonly history: TableHistory,
  ) {}

  async profile(ref: TableVersionRef, input: ProfileInput, signal?: AbortSignal): Promise<TableProfile> {
    return await this.engine.withPinned(
      () => this.history.requireTable(ref),
      async (table) => {
        const { profiledRows, columns, correlations } = await this.engine.profile(table.current, input, signal);
        const issues = qualityIssues(columns, profiledRows);
        return {
          table,
          mode: input.mode,
          profiledRows,
          columns: columns.map((column) => ({
            ...column,
            nullPercentage: nullPercentage(column, profiledRows),
            cardinalityRatio: cardinalityRatio(column),
            cardinalityClass: cardinalityClass(column),
          })),
          qualityScore: qualityScore(issues),
          qualityIssues: issues,
          correlations: correlations === null ? null : shownCorrelations(correlations),
        };
      },
    );
  }
}

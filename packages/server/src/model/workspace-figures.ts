/**
 * `composed_rows`: a query that answers text could not be put within one that composes its rows. `arithmetic`: a statement could not be planned with
 * PostgreSQL's division and sums. Both run all the same, slower or with the engine's types.
 */
export const FALL_BACKS = ['composed_rows', 'arithmetic'] as const;
export type FallBack = (typeof FALL_BACKS)[number];

/** How often that happened, and the first statement that it happened to. */
export interface FallBacks {
  readonly kind: FallBack;
  readonly count: number;
  readonly statement: string;
  readonly reason: string;
}

/** What has come since the figures were taken last. */
export interface CountedFigures {
  readonly copiedInBytes: number;
  readonly spooledBytes: number;
  /** How long it took to attach each version of a table. */
  readonly attachedInMs: readonly number[];
  readonly fallBacks: readonly FallBacks[];
}

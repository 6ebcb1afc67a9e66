import type { Spread } from '../measure/statistics.js';

export interface RawSettings {
  readonly threads: number;
  readonly memoryLimit: string;
  readonly tempDirectory: string;
}

/** What the raw process can be asked to do. Statements come from the benchmark, which is trusted. */
export type RawRequest =
  | {
      readonly kind: 'statements';
      /** Run before the clock starts. */
      readonly before?: readonly string[];
      readonly timed: readonly string[];
      /** A file that is synced before the clock stops. */
      readonly syncPath?: string;
      /** Run after the clock stopped. */
      readonly after?: readonly string[];
    }
  | { readonly kind: 'read'; readonly sql: string }
  | {
      readonly kind: 'openPerRequest';
      readonly path: string;
      readonly sql: string;
      readonly count: number;
    };

export interface RawAnswers {
  /** `syncMs` is part of `ms`. */
  readonly statements: { readonly ms: number; readonly cpuMs: number; readonly syncMs: number };
  readonly read: readonly (readonly string[])[];
  readonly openPerRequest: Spread;
}

import type { Outcome } from './change-outcome.js';

export interface TransferObserver {
  /** `bytes` are those of the file, `rows` the ones that were inserted or updated. */
  imported(load: {
    readonly format: string;
    readonly mode: 'full' | 'incremental';
    readonly outcome: Outcome;
    readonly durationMs: number;
    readonly rows: number;
    readonly bytes: number;
  }): void;
  exported(unload: {
    readonly format: string;
    readonly outcome: Outcome;
    readonly durationMs: number;
    readonly rows: number;
    readonly bytes: number;
  }): void;
}

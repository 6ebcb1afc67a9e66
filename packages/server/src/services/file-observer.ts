import type { Outcome } from './change-outcome.js';

export interface FileObserver {
  uploaded(outcome: Outcome, durationMs: number, bytes: number): void;
  /** `cancelled`: the client left before it had everything. `bytes` are those that it was sent. */
  downloaded(outcome: Outcome | 'cancelled', bytes: number): void;
}

import type { SnapshotTrigger, SnapshotType } from '../model/snapshot-settings.js';

/** Why a table loses data: one of the settings' triggers, or because another state takes its place. */
export type LossTrigger = SnapshotTrigger | 'restore' | 'pull' | 'merge';

/** Where the figures about snapshots go. Nothing here may throw. */
export interface SnapshotObserver {
  /** A snapshot is durable; `manual` is one that somebody asked for. */
  created(type: SnapshotType, trigger: LossTrigger | 'manual'): void;
  /** How long somebody waited for a snapshot; automatic ones are part of the change they precede. */
  taken(durationMs: number): void;
  restored(durationMs: number): void;
  expired(count: number): void;
}

import type { Logger } from '../lib/logger.js';
import type { WorkspaceHostsObserver, WorkspaceSource } from './workspace-hosts.js';

export interface WorkspaceHostOptions {
  /** The transpiled file a worker runs. */
  readonly entry: URL;
  /** Directory above everything a worker may see: workspaces and the folders below `base`. */
  readonly root: string;
  /** Below `root`, the hosts' own: emptied at start, each worker gets a folder with its attach, exchange and spill directories. */
  readonly base: string;
  readonly source: WorkspaceSource;
  readonly observer: WorkspaceHostsObserver;
  readonly logger: Logger;
  readonly limits: WorkspaceHostLimits;
  readonly timing: WorkspaceHostTiming;
}

export interface WorkspaceHostLimits {
  /** Workspaces open at the same time; beyond it an idle one is closed, or the session refused. */
  readonly maxOpen: number;
  /** Processes kept started for the next workspace that is opened. */
  readonly spareWorkers: number;
  /** Per workspace. */
  readonly memoryLimitBytes: number;
  readonly threads: number;
  readonly maxTempBytes: number;
  /** Any file of a worker may be so large; twice the size limit of its workspace where that is more. */
  readonly minFileSizeBytes: number;
  readonly attachedVersions: number;
  /** Resident memory at which a worker is killed. */
  readonly residentBytes: number;
  readonly addressSpaceBytes: number | null;
  readonly openFiles: number;
  /** First of `maxOpen + spareWorkers` user ids that nothing else has; used when the service runs as root. */
  readonly firstUserId: number;
}

export interface WorkspaceHostTiming {
  /** Between an interrupt and the kill of a worker that does not let go. */
  readonly graceMs: number;
  readonly startTimeoutMs: number;
  readonly openTimeoutMs: number;
  /** Without a session or operation. */
  readonly idleMs: number;
  readonly memorySampleMs: number;
  /** Without a sign of life of an open workspace, after which its worker is killed. */
  readonly silenceMs: number;
}

export const DEFAULT_HOST_TIMING: WorkspaceHostTiming = {
  graceMs: 2_000,
  startTimeoutMs: 20_000,
  // The log of a crashed workspace is replayed here: at most a few seconds.
  openTimeoutMs: 60_000,
  idleMs: 600_000,
  memorySampleMs: 250,
  // Taking apart a text of the longest permitted length, or making the text of a value of hundreds of megabytes, stays below.
  silenceMs: 60_000,
};

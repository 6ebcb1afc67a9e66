import { onTestFinished } from 'vitest';
import type { ErrorCode } from '../../src/errors/catalogue.js';
import { ChildProcessWorkerPool } from '../../src/workers/child-process-worker-pool.js';
import type { JobKind, JobRequest } from '../../src/workers/messages.js';
import {
  DEFAULT_TIMING,
  type LaneOptions,
  type PoolTiming,
  type WorkerPoolOptions,
} from '../../src/workers/pool-options.js';
import type { RunOptions } from '../../src/workers/worker-pool.js';
import { tempDir } from './temp-dir.js';

/** What a job of the scripted worker does; see scripted-worker.mjs. */
export type Script =
  | { readonly do: 'echo'; readonly value: unknown }
  | { readonly do: 'pid' | 'temp' | 'environment' | 'unsendable' | 'bug' | 'broken' | 'hang' | 'spin' | 'exit' }
  | { readonly do: 'fail'; readonly code: ErrorCode; readonly message: string; readonly details: object }
  | { readonly do: 'hold'; readonly until: string }
  | { readonly do: 'crash'; readonly signal?: string; readonly log?: string }
  | { readonly do: 'crashOnce'; readonly marker: string }
  | { readonly do: 'allocate'; readonly bytes: number }
  | { readonly do: 'complain'; readonly lines: number };

export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}

export interface ScriptedPool {
  readonly pool: ChildProcessWorkerPool;
  readonly directory: string;
  readonly log: readonly LoggedLine[];
  readonly outcomes: readonly string[];
  /** A short job on the read lane, repeatable. */
  read(script: Script, options?: RunOptions): Promise<unknown>;
  /** A job on the job lane, not repeatable. */
  job(script: Script, options?: RunOptions): Promise<unknown>;
  run(kind: JobKind, script: Script, options?: RunOptions): Promise<unknown>;
}

export interface ScriptedOptions {
  readonly read?: Partial<LaneOptions>;
  readonly job?: Partial<LaneOptions>;
  readonly timing?: Partial<PoolTiming>;
}

/** A real pool over real processes that run scripts; stopped when the test ends. */
export async function scriptedPool(options: ScriptedOptions = {}): Promise<ScriptedPool> {
  const directory = await tempDir();
  const log: LoggedLine[] = [];
  const outcomes: string[] = [];
  const pool = await ChildProcessWorkerPool.start(scriptedPoolOptions(directory, options, log, outcomes));
  onTestFinished(() => pool.stop(0));
  const run = (kind: JobKind, script: Script, runOptions?: RunOptions): Promise<unknown> =>
    pool.run(kind, script as unknown as JobRequest<typeof kind>, runOptions);
  return {
    pool,
    directory,
    log,
    outcomes,
    run,
    read: (script, runOptions) => run('previewTable', script, runOptions),
    job: (script, runOptions) => run('importFile', script, runOptions),
  };
}

export function scriptedPoolOptions(
  directory: string,
  options: ScriptedOptions = {},
  log: LoggedLine[] = [],
  outcomes: string[] = [],
): WorkerPoolOptions {
  const write =
    (level: LoggedLine['level']) =>
    (fields: object, message: string): void => {
      log.push({ level, fields, message });
    };
  return {
    entry: new URL('./scripted-worker.mjs', import.meta.url),
    tempBase: `${directory}/workers`,
    timing: { ...DEFAULT_TIMING, graceMs: 300, memorySampleMs: 50, ...options.timing },
    logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    observer: { onJob: (kind, outcome) => outcomes.push(`${kind}:${outcome}`) },
    lanes: {
      read: { ...LANE, jobsPerWorker: 4, ...options.read },
      job: { ...LANE, jobsPerWorker: 1, ...options.job },
    },
  };
}

export function settingsThatNeed(path: string): LaneOptions['settings'] {
  return { ...LANE.settings, memoryLimit: path };
}

const LANE: Omit<LaneOptions, 'jobsPerWorker'> = {
  maxWorkers: 1,
  warmWorkers: 1,
  maxQueued: 100,
  defaultDeadlineMs: 20_000,
  settings: { memoryLimit: '', threads: 1, maxTempBytes: null, attachedVersions: 1 },
  limits: { residentBytes: 1024 ** 3, addressSpaceBytes: 8 * 1024 ** 3, niceness: 0 },
};

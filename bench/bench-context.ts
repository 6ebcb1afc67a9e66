import type { Inputs } from './inputs.js';
import type { BenchOptions } from './options.js';
import type { RawEngine } from './raw/raw-engine.js';
import type { RawTables } from './raw/raw-tables.js';
import type { Report } from './report.js';
import type { ServerUnderTest } from './server-under-test.js';

/** What every group of measurements is given. */
export interface BenchContext {
  readonly options: BenchOptions;
  readonly report: Report;
  readonly inputs: Inputs;
  /** With the priority of a job worker. */
  readonly raw: RawEngine;
  /** Another one, which its caller stops. */
  startRaw(niceness: number): Promise<RawEngine>;
  readonly rawTables: RawTables;
  /** One server shared by the groups that do not restart or squeeze it. */
  sharedServer(): Promise<ServerUnderTest>;
}

export type Group = (context: BenchContext) => Promise<void>;

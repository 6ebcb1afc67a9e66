import type { EngineDatabase } from '../duckdb/engine-database.js';
import type { JobKind, JobRequest, JobResult } from './messages.js';

/** What a job may use. One file per job kind under `duckdb/jobs/`; `engine-worker.ts` has the table of them. */
export interface JobContext {
  readonly database: EngineDatabase;
  /** Aborts when the caller left, the deadline passed or the server stops. */
  readonly signal: AbortSignal;
  /** The worker's own directory for temporary files. */
  readonly tempDirectory: string;
}

export type JobHandler<K extends JobKind> = (request: JobRequest<K>, context: JobContext) => Promise<JobResult<K>>;

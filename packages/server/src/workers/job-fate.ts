import { DomainError } from '../errors/domain-error.js';
import { JOB_TRAITS } from './job-kinds.js';
import type { PoolJob } from './pool-job.js';

/** Why a worker ended or is about to. */
export type EndReason =
  /** By itself: a signal, an exit, a closed channel. */
  | 'crashed'
  /** It reported that its engine instance is unusable. */
  | 'broken'
  /** Killed: a cancelled job did not come back. */
  | 'unresponsive'
  /** Killed: above its resident memory. */
  | 'memory'
  /** Killed: not ready in time. */
  | 'start_timeout'
  /** Asked to, for want of work. */
  | 'idle'
  /** The pool stops. */
  | 'shutdown';

export function isPlannedEnd(reason: EndReason): boolean {
  return reason === 'idle' || reason === 'shutdown';
}

/** What a caller is told whose job was running in a worker that ended. */
export function errorOfEnding(reason: EndReason, description: string): DomainError {
  switch (reason) {
    case 'memory':
      return new DomainError(
        'out_of_memory',
        'The operation needs more memory than a worker may use; nothing was changed. ' +
          'Use smaller steps, or raise DUCKDB_MEMORY_LIMIT.',
      );
    case 'shutdown':
      return shuttingDown();
    default:
      return new DomainError(
        'worker_crashed',
        `The engine process ended in the middle of the operation (${description}); nothing was changed. ` +
          'Repeat the request; if it happens again, report the file or statement.',
      );
  }
}

export function shuttingDown(): DomainError {
  return new DomainError('shutting_down', 'The server is stopping. Repeat the request after the restart.');
}

/**
 * Whether a job whose worker broke is tried once more. Alone in its worker and over the memory limit, it would only do so
 * again; among others it may have been a neighbour's fault.
 */
export function mayTryAgain(job: PoolJob, reason: EndReason, jobsInWorker: number): boolean {
  if (job.cancelled !== undefined || job.attempt > 1 || !JOB_TRAITS[job.kind].repeatable) return false;
  if (reason === 'shutdown') return false;
  return reason !== 'memory' || jobsInWorker > 1;
}

import { DomainError } from '../errors/domain-error.js';
import { SqlError } from '../errors/sql-error.js';
import type { WorkspaceHostsObserver } from './workspace-hosts.js';

/** Why a process ended or is about to. */
export type WorkspaceEndReason = Parameters<WorkspaceHostsObserver['workerEnded']>[0];

/** What sessions and their statements are told. */
export function failureOf(reason: WorkspaceEndReason): { sqlState: string; message: string } {
  switch (reason) {
    case 'memory':
      return {
        sqlState: '53200',
        message: 'out of memory: the workspace used more memory than it may, and was restarted',
      };
    case 'unresponsive':
      return {
        sqlState: '57014',
        message: 'canceling statement due to statement timeout: the workspace was restarted',
      };
    case 'crashed':
      return { sqlState: '58000', message: 'the engine of the workspace ended unexpectedly, and was restarted' };
    default:
      return { sqlState: '57P01', message: 'terminating connection due to administrator command' };
  }
}

/** What operations of the REST door are told. */
export function operationFailure(reason: WorkspaceEndReason): DomainError {
  if (reason === 'memory') {
    return new DomainError(
      'out_of_memory',
      'The operation needs more memory than the workspace may use; nothing was changed.',
    );
  }
  if (reason === 'shutdown' || reason === 'closed') {
    return new DomainError(
      'shutting_down',
      'The workspace was closed before the operation was done. Repeat the request.',
    );
  }
  return new DomainError(
    'worker_crashed',
    'The engine of the workspace ended in the middle of the operation; nothing was changed.',
  );
}

export function processGone(): SqlError {
  return new SqlError('57P03', 'the workspace is being restarted; connect again');
}

import { DomainError } from '../errors/domain-error.js';
import { SqlError } from '../errors/sql-error.js';
import type { WorkspaceHosts } from './workspace-hosts.js';

/** Where no workspace can be opened: what needs one is refused, and there is nothing to end. */
export const noWorkspaceHosts: WorkspaceHosts = {
  openSession: () => Promise.reject(new SqlError('57P03', 'workspaces cannot be opened here', { severity: 'FATAL' })),
  cancel: () => undefined,
  endSessions: () => Promise.resolve(),
  run: () => Promise.reject(new DomainError('server_busy', 'Workspaces cannot be opened here')),
  exchangePath: () => {
    throw new Error('No workspace is open, so that none can have left a file');
  },
  discard: () => Promise.resolve(),
  activeSessions: () => 0,
  close: () => Promise.resolve(),
  status: () => ({ open: 0, sessions: 0, starts: 0, crashes: 0 }),
  stop: () => Promise.resolve(),
};

import { DomainError } from '../errors/domain-error.js';
import type { ApiKeyScope } from '../metadata/records.js';
import { nameKey } from '../model/columns.js';
import { describeOperation, type Access, type OperationName } from '../model/operations.js';
import type { Authentication } from './authenticator.js';
import type { Principal } from './principal.js';

/** No credentials at all: each door says so in its own way. */
export class NotAuthenticatedError extends Error {
  override readonly name = 'NotAuthenticatedError';
}

/** What a request is about, as far as its address says. */
export interface Resource {
  readonly projectId: string | undefined;
  /** `default` for main; undefined when the address names no branch. */
  readonly branchId: string | undefined;
}

const GRANTS: Readonly<Record<ApiKeyScope, readonly Access[]>> = {
  project_admin: ['read', 'write', 'manage'],
  project_read: ['read'],
  branch_admin: ['read', 'write'],
  branch_read: ['read'],
};

/**
 * May this caller run this operation on this resource?
 *
 * - The admin key may do everything.
 * - A project key stays in its project, and does what its scope grants.
 * - A branch key stays in its branch besides: of what belongs to no branch it may read, and write files (imports need them).
 *
 * Unknown projects are refused to project keys like foreign ones, so that a key cannot find out which projects exist.
 */
export function authorize(authentication: Authentication, operation: OperationName, resource: Resource): Principal {
  if (authentication.kind === 'missing') throw new NotAuthenticatedError('Not authenticated');
  const principal = authentication.kind === 'known' ? authentication.principal : undefined;
  if (principal?.kind === 'admin') return principal;
  if (describeOperation(operation).access === 'admin') {
    throw new DomainError('unauthorized', 'Invalid admin API key');
  }
  const projectId = resource.projectId ?? '';
  if (principal === undefined || nameKey(principal.projectId) !== nameKey(projectId)) {
    throw new DomainError('forbidden', `Access denied to project ${projectId}`.trimEnd(), {});
  }
  mustBeGranted(principal, operation, resource);
  return principal;
}

function mustBeGranted(
  key: Extract<Principal, { kind: 'project' }>,
  operation: OperationName,
  { branchId }: Resource,
): void {
  const { access, resource } = describeOperation(operation);
  const refuse = (reason: string): never => {
    throw new DomainError('forbidden', `Access denied: ${reason}`, { scope: key.scope, operation });
  };
  if (!GRANTS[key.scope].includes(access)) refuse(`a key of scope ${key.scope} may not run ${operation}`);
  if (key.branchId === null) return;
  if (branchId === undefined) {
    if (access === 'write' && resource !== 'file') refuse(`a key of branch ${key.branchId} may not run ${operation}`);
  } else if (branchId !== key.branchId) {
    refuse(`this key is for branch ${key.branchId}, not for ${branchId}`);
  }
}

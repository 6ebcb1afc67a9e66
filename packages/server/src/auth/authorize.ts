import { DomainError } from '../errors/domain-error.js';
import { describeOperation, type OperationName } from '../model/operations.js';
import type { Authentication } from './authenticator.js';
import type { Principal } from './principal.js';

/** No credentials at all: each door says so in its own way. */
export class NotAuthenticatedError extends Error {
  override readonly name = 'NotAuthenticatedError';
}

/**
 * May this caller run this operation on this project? Unknown projects are refused to project keys like foreign
 * ones, so that a key cannot find out which projects exist.
 */
export function authorize(
  authentication: Authentication,
  operation: OperationName,
  projectId: string | undefined,
): Principal {
  if (authentication.kind === 'missing') throw new NotAuthenticatedError('Not authenticated');
  const principal = authentication.kind === 'known' ? authentication.principal : undefined;
  if (principal?.kind === 'admin') return principal;
  if (describeOperation(operation).access === 'admin') {
    throw new DomainError('unauthorized', 'Invalid admin API key');
  }
  if (principal === undefined || principal.projectId !== projectId) {
    throw new DomainError('forbidden', `Access denied to project ${projectId ?? ''}`.trimEnd(), {});
  }
  return principal;
}

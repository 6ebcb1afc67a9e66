import { NotAuthenticatedError } from '../auth/authorize.js';
import { describeError } from '../errors/catalogue.js';
import { isDomainError } from '../errors/domain-error.js';

export type Outcome = 'success' | 'refused' | 'failed';

/** `refused`: the caller can do something about it. `failed`: only we can. */
export function outcomeOf(error: unknown): Exclude<Outcome, 'success'> {
  if (error instanceof NotAuthenticatedError) return 'refused';
  if (!isDomainError(error)) return 'failed';
  return (error.httpStatus ?? describeError(error.code).http) < 500 ? 'refused' : 'failed';
}

import { SqlError } from '../../errors/sql-error.js';

/** For what must not be interrupted. */
export const NEVER = new AbortController().signal;

export function abortedTransaction(): SqlError {
  return new SqlError('25P02', 'current transaction is aborted, commands ignored until end of transaction block');
}

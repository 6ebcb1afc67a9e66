import { DomainError, type ErrorDetails } from '../../errors/domain-error.js';

/** What is left of an SQLite error after it travelled between threads. */
export interface SqliteFailure {
  /** For the log only: it may name columns and SQL. */
  readonly message: string;
  /** The primary result code, see sqlite.org/rescode.html. */
  readonly code: number;
  readonly codeName: string;
}

export const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;
/** ERROR, CONSTRAINT, MISMATCH, MISUSE, RANGE: the statement is wrong, not the disk. */
const OUR_MISTAKES: ReadonlySet<number> = new Set([1, 19, 20, 21, 25]);

export function failureOf(error: unknown): SqliteFailure {
  if (!(error instanceof Error)) return { message: String(error), code: 0, codeName: 'unknown' };
  const extendedCode = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0;
  const codeName = 'sqliteCodeName' in error ? String(error.sqliteCodeName) : error.name;
  return { message: error.message, code: extendedCode & 0xff, codeName };
}

/** The caller learns what it means for the request; the log gets the database's own words as the cause. */
export function storageFailure(failure: SqliteFailure, sql?: string): DomainError {
  const place = sql === undefined ? '' : ` in: ${sql}`;
  const cause = new Error(`${failure.codeName}: ${failure.message}${place}`);
  const details: ErrorDetails = { reason: failure.codeName };
  if (failure.code === SQLITE_FULL) {
    const message =
      'The disk that holds the metadata database is full; nothing was changed. Free some space and repeat.';
    return new DomainError('storage_full', message, details, { cause });
  }
  if (OUR_MISTAKES.has(failure.code)) {
    const message = 'The metadata database refused a statement of this service; nothing was changed.';
    return new DomainError('internal_server_error', message, details, { cause });
  }
  const message = `The metadata database reported ${failure.codeName}; nothing was acknowledged. See the server log.`;
  return new DomainError('storage_error', message, details, { cause });
}

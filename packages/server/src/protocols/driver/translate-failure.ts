import { NotAuthenticatedError } from '../../auth/authorize.js';
import { describeError, type ErrorCode } from '../../errors/catalogue.js';
import { DomainError } from '../../errors/domain-error.js';
import { DRIVER_CODES, DriverFailure, type DriverStatus } from './driver-failure.js';

/** Errors whose number is not simply that of their kind. */
const CODES: Partial<Readonly<Record<ErrorCode, number>>> = {
  unknown_column: DRIVER_CODES.columnNotFound,
  column_not_found: DRIVER_CODES.columnNotFound,
  column_mismatch: DRIVER_CODES.columnCountMismatch,
  duplicate_column: DRIVER_CODES.duplicateColumns,
  file_not_found: DRIVER_CODES.fileNotFound,
  file_content_not_found: DRIVER_CODES.fileNotFound,
  duplicate_key: DRIVER_CODES.validation,
  bucket_not_empty: DRIVER_CODES.validation,
  bucket_linked: DRIVER_CODES.validation,
  primary_key_exists: DRIVER_CODES.validation,
  version_not_found: DRIVER_CODES.validation,
  idempotency_conflict: DRIVER_CODES.validation,
};

/** Sentences that Connection's users know from its other backends. */
const MESSAGES: Partial<Readonly<Record<ErrorCode, string>>> = {
  primary_key_exists: 'Primary key already exists',
};

/** Which detail of an error names the object that is missing. */
const MISSING_OBJECT: Partial<Readonly<Record<ErrorCode, string>>> = {
  bucket_not_found: 'bucket_name',
  link_not_found: 'bucket_name',
  table_not_found: 'table_name',
  project_not_found: 'project_id',
  project_db_not_found: 'project_id',
  db_not_found: 'project_id',
  not_found: 'project_id',
  file_not_found: 'file_id',
  workspace_not_found: 'workspace_id',
  object_not_found: 'object_name',
};

/** The one place where an error becomes a failed command. What is not a domain error is a defect of ours. */
export function translateFailure(error: unknown): DriverFailure {
  if (error instanceof DriverFailure) return error;
  if (error instanceof NotAuthenticatedError) {
    return new DriverFailure(
      'unauthenticated',
      DRIVER_CODES.authentication,
      'No key: send it as bearer token, or as the secret of the credentials.',
    );
  }
  if (!(error instanceof DomainError)) {
    return new DriverFailure('internal', DRIVER_CODES.unknown, 'An internal error occurred', { cause: error });
  }
  const kind = kindOf(error.httpStatus ?? describeError(error.code).http, error.retryable);
  const code = CODES[error.code] ?? kind.code;
  // What stands in the way of a command is a bad input to Connection; only two calls with one key really conflict.
  const isBadInput = code === DRIVER_CODES.validation && kind.status === 'already_exists';
  const status = isBadInput && error.code !== 'idempotency_conflict' ? 'invalid_argument' : kind.status;
  const missing = MISSING_OBJECT[error.code];
  const name = missing === undefined ? undefined : error.details[missing];
  const isNamed = kind.status === 'not_found' && CODES[error.code] === undefined && typeof name === 'string';
  return new DriverFailure(
    status,
    code,
    isNamed ? `Object "${name}" not found.` : (MESSAGES[error.code] ?? error.message),
    {
      context: { ...error.details, error: error.code },
      retryable: error.retryable,
      cause: error,
      ...(isNamed ? { objectName: name } : {}),
    },
  );
}

/** The same for the audit, whose words are those of every door. */
export function auditedError(failure: DriverFailure): Error {
  const { cause, message, httpStatus } = failure;
  if (cause instanceof DomainError || cause instanceof NotAuthenticatedError) return cause;
  if (httpStatus === 401) return new NotAuthenticatedError(message);
  if (httpStatus === 403) return new DomainError('forbidden', message);
  return httpStatus < 500 ? new DomainError('invalid_request', message) : failure;
}

/** Whether an error asks for a person: the same rule as at the REST door. */
export function isUnexpectedFailure(failure: DriverFailure): boolean {
  return failure.httpStatus === 500;
}

function kindOf(http: number, retryable: boolean): { status: DriverStatus; code: number } {
  if (http === 401) return { status: 'unauthenticated', code: DRIVER_CODES.authentication };
  if (http === 403) return { status: 'permission_denied', code: DRIVER_CODES.permissionDenied };
  if (http === 404) return { status: 'not_found', code: DRIVER_CODES.notFound };
  if (http === 409) {
    return retryable
      ? { status: 'aborted', code: DRIVER_CODES.connection }
      : { status: 'already_exists', code: DRIVER_CODES.alreadyExists };
  }
  if (http === 429 || http === 507) return { status: 'resource_exhausted', code: DRIVER_CODES.resourceFull };
  if (http === 499 || http === 502 || http === 503) return { status: 'unavailable', code: DRIVER_CODES.connection };
  if (http === 504) return { status: 'deadline_exceeded', code: DRIVER_CODES.queryTimeout };
  if (http >= 500) return { status: 'internal', code: DRIVER_CODES.unknown };
  return { status: 'invalid_argument', code: DRIVER_CODES.validation };
}

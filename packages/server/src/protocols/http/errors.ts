import { NotAuthenticatedError } from '../../auth/authorize.js';
import { describeError } from '../../errors/catalogue.js';
import { DomainError, isDomainError } from '../../errors/domain-error.js';
import type { Answer } from '../../services/idempotency-keys.js';
import { ValidationError, type ValidationIssue } from './validation/validation-error.js';

/** An error as this door sends it. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Finished JSON. */
  readonly body: string;
  /** ERROR asks for a person; overload and refusals do not. */
  readonly level: 'error' | 'warn' | 'info';
}

export class RouteNotFoundError extends Error {
  override readonly name = 'RouteNotFoundError';
}

export class MethodNotAllowedError extends Error {
  override readonly name = 'MethodNotAllowedError';

  constructor(readonly allowed: readonly string[]) {
    super(`Method Not Allowed; this path has ${allowed.join(', ')}`);
  }
}

/** The one place where an error becomes an HTTP answer. */
export function translateError(error: unknown): ErrorAnswer {
  if (error instanceof NotAuthenticatedError) {
    return answer(401, { detail: 'Not authenticated' }, { 'www-authenticate': 'Bearer' });
  }
  if (error instanceof RouteNotFoundError) return answer(404, { detail: 'Not Found' });
  if (error instanceof MethodNotAllowedError) {
    return answer(405, { detail: 'Method Not Allowed' }, { allow: error.allowed.join(', ') });
  }
  if (error instanceof DomainError) return translateDomainError(error);
  const refusal = frameworkRefusal(error);
  if (refusal !== undefined) return translateDomainError(refusal);
  return answer(500, { error: 'internal_server_error', message: 'An internal error occurred' });
}

/** The answer that the change runner keeps for retries of a refused change. */
export function renderErrorAnswer(error: DomainError): Answer {
  const { status, body } = translateError(error);
  return { status, body };
}

/** The code under which metrics and audit count an error. */
export function errorCodeOf(error: unknown): string {
  if (isDomainError(error)) return error.code;
  if (error instanceof NotAuthenticatedError) return 'not_authenticated';
  if (error instanceof MethodNotAllowedError) return 'method_not_allowed';
  if (error instanceof RouteNotFoundError) return 'route_not_found';
  return frameworkRefusal(error)?.code ?? 'internal_server_error';
}

/** The same error in our own terms, where the framework refused the request. */
export function refusalOf(error: unknown): unknown {
  return frameworkRefusal(error) ?? error;
}

export function isUnexpected(error: unknown): boolean {
  return translateError(error).status >= 500 && !isDomainError(error);
}

function translateDomainError(error: DomainError): ErrorAnswer {
  const status = error.httpStatus ?? describeError(error.code).http;
  const headers: Record<string, string> = {};
  const retryAfterSeconds = error.retryAfterSeconds ?? describeError(error.code).retryAfterSeconds;
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(Math.ceil(retryAfterSeconds));
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  if (error instanceof ValidationError) return answer(status, { detail: error.issues }, headers);
  if (error.code === 'internal_server_error') {
    return answer(status, { error: error.code, message: 'An internal error occurred' }, headers);
  }
  if (error.code === 'idempotency_conflict') {
    return answer(status, { error: error.code, message: error.message }, headers);
  }
  if (status === 422) return answer(status, { detail: [issueFromDomainError(error)] }, headers);
  const body = { detail: { error: error.code, message: error.message, details: error.details } };
  return answer(status, body, headers, isOverload(error, status) ? 'warn' : undefined);
}

/** The service is at a limit of its own; a caller at the limit of a key is nobody's worry. */
function isOverload(error: DomainError, status: number): boolean {
  return error.retryable && status !== 500 && status !== 507 && error.code !== 'rate_limited';
}

/** Where this door's requests carry the kinds of names that services check. */
const MEMBER_OF_NAME: Readonly<Record<string, string>> = {
  'project id': 'id',
  'column name': 'columns',
  'file name': 'filename',
};

/** A rule that a service states about one member, in the form of a validation error. */
function issueFromDomainError(error: DomainError): ValidationIssue {
  const { loc, input, ...ctx } = error.details;
  return {
    type: error.code,
    loc: isLocation(loc) ? loc : ['body', MEMBER_OF_NAME[String(ctx['kind'])] ?? 'name'],
    msg: error.message,
    input: input ?? ctx['name'] ?? null,
    ...(Object.keys(ctx).length === 0 ? {} : { ctx }),
  };
}

function isLocation(value: unknown): value is (string | number)[] {
  return Array.isArray(value) && value.every((part) => typeof part === 'string' || typeof part === 'number');
}

/** Fastify refuses some requests before any route sees them; those are the caller's mistakes, told in our words. */
function frameworkRefusal(error: unknown): DomainError | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('statusCode' in error)) return undefined;
  const { code, statusCode } = error;
  if (typeof code !== 'string' || typeof statusCode !== 'number' || statusCode >= 500 || statusCode < 400)
    return undefined;
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new DomainError('request_too_large', 'The JSON body is larger than 5 MB; upload data as a file instead');
    case 'FST_ERR_BAD_URL':
      return new DomainError('invalid_request', 'The path is not valid percent-encoded UTF-8');
    default:
      return new DomainError('invalid_request', error.message, {}, { httpStatus: statusCode, cause: error });
  }
}

function answer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  level: ErrorAnswer['level'] = status >= 500 ? 'error' : 'info',
): ErrorAnswer {
  return { status, headers, body: JSON.stringify(body), level };
}

import { DomainError } from '../errors/domain-error.js';
import type { WireError } from './messages.js';

/** Enough for a stack or the engine's own words, and a bound for what one failure can put into the log. */
const MAX_CAUSE_CHARACTERS = 4_000;

/** In the worker: what is no DomainError is a defect, of which the caller learns only that it happened. */
export function toWireError(error: unknown): WireError {
  if (error instanceof DomainError) {
    return {
      code: error.code,
      message: error.message,
      details: error.details,
      httpStatus: error.httpStatus ?? null,
      cause: error.cause === undefined ? null : describeCause(error.cause),
    };
  }
  return {
    code: 'internal_server_error',
    message: 'The engine worker met an unexpected condition; nothing was changed. Report it with the request id.',
    details: {},
    httpStatus: null,
    cause: describeCause(error),
  };
}

/** In the service. The cause stays text: its class belongs to the other process. */
export function fromWireError(error: WireError): DomainError {
  return new DomainError(error.code, error.message, error.details, {
    ...(error.httpStatus === null ? {} : { httpStatus: error.httpStatus }),
    ...(error.cause === null ? {} : { cause: new Error(error.cause) }),
  });
}

function describeCause(cause: unknown): string {
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return text.length > MAX_CAUSE_CHARACTERS ? `${text.slice(0, MAX_CAUSE_CHARACTERS)}…` : text;
}

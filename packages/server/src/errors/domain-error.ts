import { describeError, type ErrorCode } from './catalogue.js';

export type ErrorDetails = Record<string, unknown>;

/**
 * An error with a meaning for the caller. Services, engine and workers throw it; each protocol translates `code`
 * once. `message` and `details` are safe to show: no paths, no keys, no SQL of ours. `cause` is for the log only.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
    options: { cause?: unknown; retryAfterSeconds?: number; httpStatus?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.httpStatus = options.httpStatus;
  }

  readonly retryAfterSeconds: number | undefined;
  /** Where one code has two statuses in the native REST contract; the catalogue's status otherwise. */
  readonly httpStatus: number | undefined;

  /** The same error with more details, for a caller up the stack that knows more. */
  withDetails(details: ErrorDetails): DomainError {
    return new DomainError(
      this.code,
      this.message,
      { ...details, ...this.details },
      {
        cause: this.cause,
        ...(this.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: this.retryAfterSeconds }),
        ...(this.httpStatus === undefined ? {} : { httpStatus: this.httpStatus }),
      },
    );
  }

  get retryable(): boolean {
    return describeError(this.code).retryable === true;
  }
}

export function isDomainError(error: unknown, code?: ErrorCode): error is DomainError {
  return error instanceof DomainError && (code === undefined || error.code === code);
}

export interface SqlErrorDetails {
  readonly severity?: 'ERROR' | 'FATAL';
  readonly detail?: string;
  readonly hint?: string;
  /** Character of the statement it is about, counted from 1. */
  readonly position?: number;
  /** What was being done, as PostgreSQL's CONTEXT says it: `COPY orders, line 3, column id: "x"`. */
  readonly where?: string;
  /** What of the workspace it is about. */
  readonly origin?: ErrorOrigin;
  readonly cause?: unknown;
}

export interface ErrorOrigin {
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
}

/**
 * What a PostgreSQL client is told: a five-character SQLSTATE and a sentence that names no path and no other tenant. FATAL ends the
 * session. Codes: PostgreSQL 15, appendix A.
 */
export class SqlError extends Error {
  override readonly name = 'SqlError';
  readonly severity: 'ERROR' | 'FATAL';
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly position: number | undefined;
  readonly where: string | undefined;
  readonly origin: ErrorOrigin | undefined;

  constructor(
    readonly sqlState: string,
    message: string,
    details: SqlErrorDetails = {},
  ) {
    super(message, { cause: details.cause });
    this.severity = details.severity ?? 'ERROR';
    this.detail = details.detail;
    this.hint = details.hint;
    this.position = details.position;
    this.where = details.where;
    this.origin = details.origin;
  }
}

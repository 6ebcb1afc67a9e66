/** Numbers of the driver contract; Connection tells errors apart by them. */
export const DRIVER_CODES = {
  unknown: 0,
  commandNotSupported: 900,
  timeout: 1000,
  connection: 1001,
  authentication: 1002,
  notFound: 2000,
  unknownObject: 2001,
  columnNotFound: 2005,
  /** The contract has one number for both: `retryable` tells them apart. */
  alreadyExists: 2006,
  resourceFull: 2006,
  permissionDenied: 2007,
  validation: 3000,
  unknownImport: 4000,
  columnCountMismatch: 4100,
  duplicateColumns: 4102,
  noColumns: 4103,
  fileNotFound: 4201,
  invalidFileParameters: 4203,
  unknownExport: 5000,
  queryTimeout: 6002,
} as const;

export type DriverStatus = keyof typeof STATUSES;

/** How each kind of failure looks on the two wires; the gRPC numbers are those of the gRPC specification. */
const STATUSES = {
  invalid_argument: { http: 400, grpc: 3 },
  unauthenticated: { http: 401, grpc: 16 },
  permission_denied: { http: 403, grpc: 7 },
  not_found: { http: 404, grpc: 5 },
  already_exists: { http: 409, grpc: 6 },
  aborted: { http: 409, grpc: 10 },
  resource_exhausted: { http: 429, grpc: 8 },
  internal: { http: 500, grpc: 13 },
  unimplemented: { http: 501, grpc: 12 },
  unavailable: { http: 503, grpc: 14 },
  deadline_exceeded: { http: 504, grpc: 4 },
} as const;

export interface FailureDetails {
  readonly context?: Readonly<Record<string, unknown>>;
  /** The object that is missing, as its own name. */
  readonly objectName?: string;
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** A failed command, as the caller is told: everything that is needed to make the exception of the driver contract from it. */
export class DriverFailure extends Error {
  override readonly name = 'DriverFailure';
  readonly context: Readonly<Record<string, unknown>>;
  readonly objectName: string | undefined;
  readonly retryable: boolean;

  constructor(
    readonly status: DriverStatus,
    readonly code: number,
    message: string,
    details: FailureDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.context = details.context ?? {};
    this.objectName = details.objectName;
    this.retryable = details.retryable ?? false;
  }

  get httpStatus(): number {
    return STATUSES[this.status].http;
  }

  get grpcStatus(): number {
    return STATUSES[this.status].grpc;
  }

  /** `detail` is what clients of the reference read; `error` has the rest. */
  toJson(): string {
    const { code, message, retryable, context, objectName } = this;
    const error = { code, message, retryable, context, ...(objectName === undefined ? {} : { objectName }) };
    return JSON.stringify({ detail: message, error });
  }

  /** The failure that was kept for a repeated command. */
  static fromJson(httpStatus: number, json: string): DriverFailure {
    const { error } = JSON.parse(json) as {
      error: {
        code: number;
        message: string;
        retryable: boolean;
        context: Record<string, unknown>;
        objectName?: string;
      };
    };
    const status = (Object.keys(STATUSES) as DriverStatus[]).find((name) => STATUSES[name].http === httpStatus);
    const { context, objectName, retryable } = error;
    return new DriverFailure(status ?? 'internal', error.code, error.message, {
      context,
      retryable,
      ...(objectName === undefined ? {} : { objectName }),
    });
  }
}

export function invalid(message: string, context: Readonly<Record<string, unknown>> = {}): DriverFailure {
  return new DriverFailure('invalid_argument', DRIVER_CODES.validation, message, { context });
}

export function objectNotFound(objectName: string): DriverFailure {
  return new DriverFailure('not_found', DRIVER_CODES.notFound, `Object "${objectName}" not found.`, { objectName });
}

export function notSupported(command: string, reason: string): DriverFailure {
  const message = `Command "${command}" is not supported: ${reason}`;
  return new DriverFailure('unimplemented', DRIVER_CODES.commandNotSupported, message, { context: { command } });
}

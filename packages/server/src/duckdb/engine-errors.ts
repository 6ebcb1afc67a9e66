import { DomainError } from '../errors/domain-error.js';

/**
 * The engine declared its instance unusable (a fatal or internal error): every later statement in this process fails,
 * and what became of the running one is unknown. The worker answers with this error and is replaced.
 */
export class BrokenInstanceError extends DomainError {
  readonly instanceBroken = true;

  constructor(cause: unknown) {
    super('worker_crashed', 'The engine stopped in the middle of the operation; nothing was changed.', {}, { cause });
  }
}

export function breaksInstance(error: unknown): boolean {
  return error instanceof BrokenInstanceError;
}

/** The caller left, the deadline passed or the server stops. */
export function cancelledError(cause: unknown): DomainError {
  return new DomainError('request_cancelled', 'The operation was cancelled; nothing was changed.', {}, { cause });
}

interface FailureRule {
  readonly pattern: RegExp;
  readonly toError: (cause: unknown) => DomainError;
}

/**
 * Failures of the engine and its machine, recognised by the engine's own wording, most specific first. The wording is all
 * there is: the client library passes on plain errors whose message begins with the error class.
 */
const FAILURE_RULES: readonly FailureRule[] = [
  {
    pattern: /^INTERRUPT Error|\bInterrupted!$/,
    toError: (cause) => cancelledError(cause),
  },
  {
    pattern: /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/i,
    toError: (cause) =>
      new DomainError(
        'storage_full',
        'The disk is full; nothing was changed. Delete files, tables or snapshots, or add disk space, then repeat the request.',
        {},
        { cause },
      ),
  },
  {
    pattern: /max_temp_directory_size/,
    toError: (cause) =>
      new DomainError(
        'out_of_memory',
        'The operation needs more memory than a worker may use, and its temporary space on disk is used up; nothing was changed.',
        {},
        { cause },
      ),
  },
  {
    // "has been invalidated" also quotes the first error, so it is looked at before the rules about memory and files.
    pattern: /has been invalidated|^FATAL Error|^INTERNAL Error/,
    toError: (cause) => new BrokenInstanceError(cause),
  },
  {
    pattern: /^Out of Memory Error|std::bad_alloc|failed to allocate|could not allocate/i,
    toError: (cause) =>
      new DomainError(
        'out_of_memory',
        'The operation needs more memory than a worker may use; nothing was changed.',
        {},
        { cause },
      ),
  },
  {
    // A limit that only workers of workspaces have.
    pattern: /File too large|EFBIG/,
    toError: (cause) =>
      new DomainError(
        'workspace_full',
        'The statement needs a larger file than its workspace may have; nothing was changed. Ask for fewer rows, or use a workspace with a larger limit.',
        {},
        { cause },
      ),
  },
  {
    pattern: /Could not write|Could not sync|Could not truncate|fsync failed|Input\/output error|EIO/i,
    toError: (cause) =>
      new DomainError('storage_error', 'The disk reported an error; nothing was acknowledged.', {}, { cause }),
  },
];

/** These classes are about a statement or data and quote them: what stands there is somebody's text, and says nothing of engine or machine. */
const QUOTES_WHAT_WAS_GIVEN =
  /^(Binder|Catalog|Constraint|Conversion|Invalid Input|Mismatch Type|Out of Range|Parser|Syntax) Error: (?!failed to offload|Interrupted!$)/;

/**
 * The error for the caller when `error` says that engine, memory, disk or caller failed; undefined when it is about the
 * statement or the data (the caller of the statement knows what that means to the user).
 */
export function engineFailure(error: unknown): DomainError | undefined {
  if (error instanceof DomainError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (QUOTES_WHAT_WAS_GIVEN.test(message)) return undefined;
  return FAILURE_RULES.find((rule) => rule.pattern.test(message))?.toError(error);
}

/** `engineFailure`, or the error itself. */
export function translateEngineError(error: unknown): unknown {
  return engineFailure(error) ?? error;
}

/** For statements that cannot fail through a user's doing: what is not recognised is a defect of ours or of the file. */
export function fileFailure(error: unknown, message: string): DomainError {
  return engineFailure(error) ?? new DomainError('storage_error', message, {}, { cause: error });
}

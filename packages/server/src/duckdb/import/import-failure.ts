import { DomainError, type ErrorDetails } from '../../errors/domain-error.js';
import type { RejectedRow } from '../../workers/messages.js';
import { engineFailure } from '../engine-errors.js';

/** Values of a hostile file can be megabytes; an error shows their beginning. */
const SHOWN_CHARACTERS = 200;

export function shorten(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`;
}

export function importFailed(reason: string, details: ErrorDetails = {}, cause?: unknown): DomainError {
  return new DomainError('import_failed', `Failed to load file: ${reason}`, { reason, ...details }, { cause });
}

/** `unit` is what the format counts: lines of a CSV file, rows of a Parquet file. */
export function importFailedAt(unit: 'line' | 'row', row: RejectedRow, cause?: unknown): DomainError {
  const column = row.column === null ? '' : `, column ${JSON.stringify(row.column)}`;
  return new DomainError(
    'import_failed',
    `Failed to load file: ${unit} ${row.line}${column}: ${row.reason}`,
    { line: row.line, column: row.column, value: row.value, reason: row.reason },
    { cause },
  );
}

export function tooManyBadRows(
  rejectedCount: number,
  maxBadRows: number,
  rejected: readonly RejectedRow[],
): DomainError {
  return new DomainError(
    'too_many_bad_rows',
    `Failed to load file: more rows were rejected (${rejectedCount}) than max_bad_rows allows (${maxBadRows}); nothing was changed. ` +
      'Mend the file or raise the limit.',
    { rejected_count: rejectedCount, max_bad_rows: maxBadRows, rejected },
  );
}

/** Classes of engine errors that speak of the data; their text quotes the file, so no other rule may look into it. */
const DATA_ERROR =
  /^(Conversion|Invalid Input|Constraint|Out of Range|Mismatch Type|Binder|Parser|Not implemented|Invalid) Error:/;

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Throws what is not about the file (cancellation, memory, disk, a broken engine); returns the engine's message otherwise. */
export function dataErrorMessage(error: unknown): string {
  if (error instanceof DomainError) throw error;
  const message = messageOf(error);
  if (DATA_ERROR.test(message)) return message;
  const failure = engineFailure(error);
  if (failure !== undefined) throw failure;
  return message;
}

/**
 * The first line of an engine's message, without its class and without our path: the lines after it advise on options that a
 * caller does not have.
 */
export function firstSentence(message: string, path: string): string {
  const line = message.split('\n')[0] ?? '';
  return shorten(line.replace(/^[A-Z][A-Za-z ]* Error: /, '').replaceAll(path, 'source'));
}

export function mustNotBeCancelled(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new DomainError(
    'request_cancelled',
    'The operation was cancelled; nothing was changed.',
    {},
    { cause: signal.reason },
  );
}

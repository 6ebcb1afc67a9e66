import type { Duplex } from 'node:stream';
import { SqlError, type SqlErrorDetails } from '../../../errors/sql-error.js';
import type { ConnectionOutcome } from '../../../observability/pgwire-observer.js';
import { BackendWriter } from '../codec/backend-writer.js';

/** Why somebody did not get a session: always FATAL, and counted under its outcome. */
export class Refusal extends SqlError {
  constructor(
    readonly outcome: ConnectionOutcome,
    sqlState: string,
    message: string,
    details: Omit<SqlErrorDetails, 'severity'> = {},
  ) {
    super(sqlState, message, { ...details, severity: 'FATAL' });
  }
}

/** After an answer that ends the connection, the client has this long to take it and go. */
const LINGER_MS = 2_000;

/**
 * Answers and closes. What the client still sends is read and dropped: closing a socket with unread bytes resets the connection,
 * and the client would see that instead of the answer.
 */
export function refuse(stream: Duplex, error: SqlError): void {
  closeAfter(stream, new BackendWriter().errorResponse(asFatal(error)).take());
}

export function closeAfter(stream: Duplex, bytes: Uint8Array): void {
  if (stream.destroyed) return;
  const deadline = setTimeout(() => stream.destroy(), LINGER_MS);
  stream.once('close', () => clearTimeout(deadline));
  stream.end(bytes);
  stream.removeAllListeners('readable');
  stream.resume();
}

function asFatal(error: SqlError): SqlError {
  if (error.severity === 'FATAL') return error;
  const { sqlState, message, detail, hint } = error;
  return new SqlError(sqlState, message, {
    severity: 'FATAL',
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
  });
}

import { randomUUID } from 'node:crypto';

const MAX_REQUEST_ID_LENGTH = 128;
const PRINTABLE_ASCII = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;

/**
 * The id under which a request appears in logs, audit and answers. A client's own id is taken over so that its logs and
 * ours can be joined, unless it is too long or could forge a log line; such ids are replaced, not cut.
 */
export function requestIdFrom(header: string | readonly string[] | undefined): string {
  const candidate = typeof header === 'string' ? header : header?.[0];
  if (candidate !== undefined && candidate.length <= MAX_REQUEST_ID_LENGTH && PRINTABLE_ASCII.test(candidate)) {
    return candidate;
  }
  return randomUUID();
}

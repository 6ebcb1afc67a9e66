import { createHash } from 'node:crypto';
import { nameKey } from '../../model/columns.js';
import type { IdempotentRequest } from '../../services/idempotency-keys.js';

/** Repetitions of a command are known by this address, whichever door they come through. */
const IDEMPOTENT_PATH = '/driver/execute';

/** What is known of a command before it runs. */
export interface CommandIdentity {
  /** SHA-256 of the command as it came. */
  readonly digest: string;
  readonly runId: string;
  /** The caller's own, for repeating this very call; empty without one. */
  readonly idempotencyKey: string;
}

/** What its handler knows beside that. */
export interface Repetition<A> {
  /**
   * What the work is about and the command does not say: which state of the source, which table of that name. With another one the same
   * command is other work.
   */
  readonly workOn?: () => Promise<string>;
  /** Whether what the first answer says is still true: a login that was dropped is no answer. */
  readonly stands?: (answer: A) => Promise<boolean>;
}

/** The caller repeats this very call: it knows that the answer is that of the first one. */
export function ofCall({ digest, idempotencyKey }: CommandIdentity): Omit<IdempotentRequest, 'scope'> | undefined {
  if (idempotencyKey === '') return undefined;
  return { key: idempotencyKey, method: 'POST', path: IDEMPOTENT_PATH, bodyHash: digest };
}

/**
 * The run outlives a call: who sends the same command in a new call of the same run means the same work, as long as nothing else of the
 * run came between them that undid it.
 */
export function ofRun(
  { digest, runId }: CommandIdentity,
  place: string | null,
  workOn: string,
): Omit<IdempotentRequest, 'scope' | 'stands'> {
  const key = `${answersOfRun(runId, place)} ${digest} ${sha256(workOn)}`;
  return { key, method: 'POST', path: IDEMPOTENT_PATH, bodyHash: digest, forgetsErrors: true };
}

/** What the keys of a run begin with that are about a place, or about something within it. */
export function answersOfRun(runId: string, place: string | null): string {
  const segments = (place ?? '').split(/[./]/).map((segment) => `${encodeURIComponent(nameKey(segment))}/`);
  return `run ${sha256(runId)} ${segments.join('')}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

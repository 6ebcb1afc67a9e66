import { randomBytes } from 'node:crypto';
import type { SessionEnd } from '../../../model/workspace-activity.js';
import type { SessionEvent } from '../../../workers/workspace-messages.js';

export interface RegisteredSession {
  readonly sessionId: string;
  readonly workspaceId: string;
  /** What `pg_backend_pid()` answers. */
  readonly backendPid: number;
  readonly cancelSecret: number;
}

type Entry = RegisteredSession & { end?: SessionEnd };

const MAX_PID = 0x7fffffff;

/**
 * The sessions that are open at this moment: who may cancel what, and why one ended.
 *
 * A cancel names a session by number and secret, so it reaches that session or nothing. Which of its statements it hits, the
 * worker decides, which alone knows what runs; one that comes too late hits none.
 */
export class SessionRegistry {
  readonly #byPid = new Map<number, Entry>();
  readonly #byId = new Map<string, Entry>();
  #lastPid = 0;

  open(workspaceId: string): RegisteredSession {
    const entry: Entry = {
      sessionId: `pgw_${randomBytes(8).toString('hex')}`,
      workspaceId,
      backendPid: this.#freePid(),
      cancelSecret: randomBytes(4).readUInt32BE(),
    };
    this.#byPid.set(entry.backendPid, entry);
    this.#byId.set(entry.sessionId, entry);
    return entry;
  }

  /** The session that a CancelRequest names; undefined when there is none, or the secret is another's. */
  named(backendPid: number, secret: number): RegisteredSession | undefined {
    const entry = this.#byPid.get(backendPid);
    return entry?.cancelSecret === secret ? entry : undefined;
  }

  /** What the worker tells. */
  event(sessionId: string, event: SessionEvent): void {
    const entry = this.#byId.get(sessionId);
    if (entry !== undefined && event.kind === 'ended') entry.end = event.reason;
  }

  /** Why it ended, if the worker told. */
  endOf(sessionId: string): SessionEnd | undefined {
    return this.#byId.get(sessionId)?.end;
  }

  /** Its number may be given to another from now on. */
  close(sessionId: string): void {
    const entry = this.#byId.get(sessionId);
    if (entry === undefined) return;
    this.#byId.delete(sessionId);
    this.#byPid.delete(entry.backendPid);
  }

  #freePid(): number {
    do this.#lastPid = this.#lastPid === MAX_PID ? 1 : this.#lastPid + 1;
    while (this.#byPid.has(this.#lastPid));
    return this.#lastPid;
  }
}

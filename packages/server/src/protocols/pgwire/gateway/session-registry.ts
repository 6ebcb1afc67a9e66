import { randomBytes } from 'node:crypto';
import type { WorkspaceLogin, WorkspaceLogins } from '../../../services/workspace-access.js';
import type { SessionEvent } from '../../../workers/workspace-messages.js';

export type SessionState = 'starting' | 'active' | 'idle' | 'idle in transaction';
type SessionEnd = Parameters<WorkspaceLogins['sessionEnded']>[1];

/** One session of the PostgreSQL door, as administrators see it. */
export interface PgSession {
  readonly sessionId: string;
  readonly workspaceId: string;
  readonly projectId: string;
  readonly username: string;
  /** What `pg_backend_pid()` answers. */
  readonly backendPid: number;
  readonly clientIp: string;
  readonly encrypted: boolean;
  readonly applicationName: string | null;
  readonly connectedAt: Date;
  readonly state: SessionState;
  readonly stateSince: Date;
}

type Entry = { -readonly [Key in keyof PgSession]: PgSession[Key] } & {
  readonly cancelSecret: number;
  ended?: SessionEnd;
};

const MAX_PID = 0x7fffffff;

/**
 * The sessions that are open at this moment: who may cancel what, and what an administrator sees.
 *
 * A cancel names a session by number and secret, so it reaches that session or nothing. Which of its statements it hits, the
 * worker decides, which alone knows what runs; one that comes too late hits none.
 */
export class SessionRegistry {
  readonly #byPid = new Map<number, Entry>();
  readonly #byId = new Map<string, Entry>();
  #lastPid = 0;

  constructor(private readonly now: () => Date) {}

  open(
    login: Pick<WorkspaceLogin, 'workspaceId' | 'projectId' | 'username'>,
    client: Pick<PgSession, 'clientIp' | 'encrypted' | 'applicationName'>,
  ): PgSession & { readonly cancelSecret: number } {
    const now = this.now();
    const entry: Entry = {
      sessionId: `pgw_${randomBytes(8).toString('hex')}`,
      workspaceId: login.workspaceId,
      projectId: login.projectId,
      username: login.username,
      backendPid: this.#freePid(),
      cancelSecret: randomBytes(4).readUInt32BE(),
      ...client,
      connectedAt: now,
      state: 'starting',
      stateSince: now,
    };
    this.#byPid.set(entry.backendPid, entry);
    this.#byId.set(entry.sessionId, entry);
    return entry;
  }

  /** Of the session that a CancelRequest names; undefined when there is none, or the secret is another's. */
  cancelled(backendPid: number, secret: number): PgSession | undefined {
    const entry = this.#byPid.get(backendPid);
    return entry?.cancelSecret === secret ? entry : undefined;
  }

  find(sessionId: string): PgSession | undefined {
    return this.#byId.get(sessionId);
  }

  /** In the order they were opened. */
  list(): PgSession[] {
    return [...this.#byId.values()].map(({ cancelSecret: _secret, ended: _ended, ...session }) => session);
  }

  /** What the worker tells. */
  event(sessionId: string, event: SessionEvent): void {
    const entry = this.#byId.get(sessionId);
    if (entry === undefined) return;
    switch (event.kind) {
      case 'opened':
      case 'applicationName':
        entry.applicationName = event.applicationName;
        if (event.kind === 'opened') this.#setState(entry, 'idle');
        break;
      case 'state':
        this.#setState(entry, event.state);
        break;
      case 'ended':
        entry.ended = event.reason;
    }
  }

  /** Why it ended, if the worker told. */
  endOf(sessionId: string): SessionEnd | undefined {
    return this.#byId.get(sessionId)?.ended;
  }

  /** Its number may be given to another from now on. */
  close(sessionId: string): void {
    const entry = this.#byId.get(sessionId);
    if (entry === undefined) return;
    this.#byId.delete(sessionId);
    this.#byPid.delete(entry.backendPid);
  }

  #setState(entry: Entry, state: SessionState): void {
    if (entry.state === state) return;
    entry.state = state;
    entry.stateSince = this.now();
  }

  #freePid(): number {
    do this.#lastPid = this.#lastPid === MAX_PID ? 1 : this.#lastPid + 1;
    while (this.#byPid.has(this.#lastPid));
    return this.#lastPid;
  }
}

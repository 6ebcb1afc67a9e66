import { SqlError } from '../../../errors/sql-error.js';
import { addressGroup } from './client-address.js';

export interface ConnectionLimits {
  readonly total: number;
  readonly perWorkspace: number;
  /** 0: no limit of its own. */
  readonly perAddress: number;
}

/** Connections that have not logged in yet cost little, but not nothing. */
const WAITING_PER_SESSION = 2;
const MIN_WAITING = 32;

/**
 * Counts connections. Those that have not logged in are limited apart from sessions, so that strangers who only open sockets
 * cannot keep users out: they may hold so many, and one address at most half of them.
 *
 * Each slot is taken by a function that gives it back; giving it back twice is harmless.
 */
export class ConnectionSlots {
  readonly #limits: ConnectionLimits;
  readonly #maxWaiting: number;
  readonly #waitingBy = new Counts();
  readonly #sessionsBy = new Counts();
  readonly #workspaceSessions = new Counts();
  #waiting = 0;
  #sessions = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
    this.#maxWaiting = Math.max(MIN_WAITING, limits.total * WAITING_PER_SESSION);
  }

  get sessions(): number {
    return this.#sessions;
  }

  /** For a connection that was just accepted. Undefined: there are too many. */
  wait(address: string): (() => void) | undefined {
    const group = addressGroup(address);
    if (this.#waiting >= this.#maxWaiting || this.#waitingBy.of(group) >= this.#maxWaiting / 2) return undefined;
    this.#waiting += 1;
    this.#waitingBy.add(group, 1);
    return once(() => {
      this.#waiting -= 1;
      this.#waitingBy.add(group, -1);
    });
  }

  /** For a session of somebody who proved who they are. */
  open(address: string, workspaceId: string): () => void {
    const group = addressGroup(address);
    const { total, perWorkspace, perAddress } = this.#limits;
    if (this.#sessions >= total)
      throw tooMany('sorry, too many clients already', `The server allows ${total} sessions.`);
    if (perAddress > 0 && this.#sessionsBy.of(group) >= perAddress) {
      throw tooMany(
        'too many connections from this address',
        `The server allows ${perAddress} sessions of one address.`,
      );
    }
    if (this.#workspaceSessions.of(workspaceId) >= perWorkspace) {
      throw tooMany(
        'too many connections for this workspace',
        `The server allows ${perWorkspace} sessions of one workspace.`,
      );
    }
    this.#sessions += 1;
    this.#sessionsBy.add(group, 1);
    this.#workspaceSessions.add(workspaceId, 1);
    return once(() => {
      this.#sessions -= 1;
      this.#sessionsBy.add(group, -1);
      this.#workspaceSessions.add(workspaceId, -1);
    });
  }
}

/** Keeps no key that is at zero. */
class Counts {
  readonly #counts = new Map<string, number>();

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string, difference: number): void {
    const count = this.of(key) + difference;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }
}

function once(release: () => void): () => void {
  let released = false;
  return () => {
    if (released) return;
    released = true;
    release();
  };
}

function tooMany(message: string, detail: string): SqlError {
  return new SqlError('53300', message, { severity: 'FATAL', detail });
}

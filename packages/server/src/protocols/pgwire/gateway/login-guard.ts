import { addressGroup } from './client-address.js';

/** What one key did lately. */
interface Failures {
  /** Monotonic times of failures within the window, oldest first. */
  readonly times: number[];
  bannedUntilMs: number;
}

export interface LoginGuardOptions {
  /** Failures within the window that lead to a ban; 0 never bans. */
  readonly maxFailures: number;
  /** Length of the window and of the ban. */
  readonly banMs: number;
  /** Of a clock that never goes back. */
  readonly nowMs?: () => number;
  readonly onBan?: (last: { readonly address: string; readonly username: string }) => void;
}

/** A user is tried from many addresses only by an attack that was spread on purpose: it takes more failures than one address. */
const USER_FACTOR = 5;
/** Names and addresses are chosen by strangers: remember a bounded number, the oldest go first. */
const MAX_KEYS = 10_000;

/**
 * Slows guessing down: too many wrong passwords within the window close the door for a while, to the address they came from, and,
 * when they came from many addresses, to the user they were for. The second must not become a way to lock a user out: an
 * address from which that user has logged in is never affected by failures of others.
 *
 * The passwords themselves cannot be guessed (192 random bits); this keeps attempts from costing time and filling the log.
 */
export class LoginGuard {
  readonly #byAddress = new Map<string, Failures>();
  readonly #byUser = new Map<string, Failures>();
  /** `user` and address of logins that worked. */
  readonly #known = new Set<string>();
  readonly #nowMs: () => number;

  constructor(private readonly options: LoginGuardOptions) {
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** Milliseconds until a login may be tried again; 0 is now. Without a user: is the address as such banned? */
  waitMs(address: string, username?: string): number {
    const group = addressGroup(address);
    const ofAddress = this.#remaining(this.#byAddress.get(group));
    if (username === undefined || this.#known.has(pair(username, group))) return ofAddress;
    return Math.max(ofAddress, this.#remaining(this.#byUser.get(username)));
  }

  failed(address: string, username: string): void {
    const group = addressGroup(address);
    const { maxFailures } = this.options;
    const bannedAddress = this.#count(this.#byAddress, group, maxFailures);
    const bannedUser =
      !this.#known.has(pair(username, group)) && this.#count(this.#byUser, username, maxFailures * USER_FACTOR);
    if (bannedAddress || bannedUser) this.options.onBan?.({ address, username });
  }

  succeeded(address: string, username: string): void {
    const group = addressGroup(address);
    this.#byAddress.delete(group);
    remember(this.#known, pair(username, group));
  }

  #remaining(failures: Failures | undefined): number {
    return failures === undefined ? 0 : Math.max(0, failures.bannedUntilMs - this.#nowMs());
  }

  #count(failuresOf: Map<string, Failures>, key: string, limit: number): boolean {
    if (limit === 0) return false;
    const now = this.#nowMs();
    const failures = failuresOf.get(key) ?? { times: [], bannedUntilMs: 0 };
    failuresOf.delete(key);
    failuresOf.set(key, failures);
    dropOldest(failuresOf);
    failures.times.push(now);
    while ((failures.times[0] ?? now) < now - this.options.banMs) failures.times.shift();
    if (failures.times.length < limit) return false;
    failures.times.length = 0;
    failures.bannedUntilMs = now + this.options.banMs;
    return true;
  }
}

function pair(username: string, group: string): string {
  return `${group} ${username}`;
}

function remember(set: Set<string>, key: string): void {
  set.delete(key);
  set.add(key);
  dropOldest(set);
}

function dropOldest(keys: Map<string, unknown> | Set<string>): void {
  if (keys.size <= MAX_KEYS) return;
  for (const oldest of keys.keys()) {
    keys.delete(oldest);
    return;
  }
}

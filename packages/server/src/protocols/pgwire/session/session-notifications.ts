import { SqlError } from '../../../errors/sql-error.js';
import { bytesOf, type Listener, type Notification, type NotificationHub } from './notification-hub.js';

const MAX_CHANNEL_BYTES = 63;
const MAX_PAYLOAD_BYTES = 7_999;

type Change =
  | { readonly kind: 'listen'; readonly channel: string }
  | { readonly kind: 'unlisten'; readonly channel: string | undefined }
  | { readonly kind: 'notify'; readonly notification: Notification };

/**
 * LISTEN, NOTIFY and UNLISTEN of one session. Within a transaction they wait for its end, and are forgotten when it is rolled back. What
 * others say waits in `take` until the client may be told: between transactions.
 *
 *   NOTIFY ─► (COMMIT) ─► hub ─► inbox of each listener ─► ReadyForQuery, or at once when its session is idle
 */
export class SessionNotifications implements Listener {
  #changes: Change[] = [];
  #inbox: Notification[] = [];
  #waitingBytes = 0;

  constructor(
    private readonly hub: NotificationHub,
    private readonly backendPid: number,
    private readonly isInTransaction: () => boolean,
    /** Something is in the inbox. */
    private readonly arrived: () => void,
  ) {}

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  listen(channel: string): void {
    this.#change({ kind: 'listen', channel });
  }

  unlisten(channel: string | undefined): void {
    this.#change({ kind: 'unlisten', channel });
  }

  notify(channel: string, payload: string): void {
    if (channel === '') throw new SqlError('22023', 'channel name cannot be empty');
    if (Buffer.byteLength(channel) > MAX_CHANNEL_BYTES) throw new SqlError('22023', 'channel name too long');
    if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) throw new SqlError('22023', 'payload string too long');
    this.#change({ kind: 'notify', notification: { channel, payload, backendPid: this.backendPid } });
  }

  #change(change: Change): void {
    this.#changes.push(change);
    if (this.isInTransaction()) return;
    try {
      this.mustFit();
      this.committed();
    } finally {
      this.#changes = [];
    }
  }

  /** For savepoints. */
  mark(): number {
    return this.#changes.length;
  }

  backTo(mark: number): void {
    this.#changes.length = Math.min(mark, this.#changes.length);
  }

  /** Before the transaction commits. */
  mustFit(): void {
    this.hub.mustTake(this.#changes.flatMap((change) => (change.kind === 'notify' ? [change.notification] : [])));
  }

  /** The same said twice in a transaction is said once. */
  committed(): void {
    const changes = this.#changes;
    this.#changes = [];
    const said = new Set<string>();
    for (const change of changes) {
      if (change.kind === 'listen') this.hub.listen(change.channel, this);
      else if (change.kind === 'unlisten') this.hub.unlisten(change.channel, this);
    }
    for (const change of changes) {
      if (change.kind !== 'notify') continue;
      const { channel, payload } = change.notification;
      const key = `${channel}\0${payload}`;
      if (!said.has(key)) this.hub.notify(change.notification);
      said.add(key);
    }
  }

  rolledBack(): void {
    this.#changes = [];
  }

  deliver(notification: Notification): void {
    this.#inbox.push(notification);
    this.#waitingBytes += bytesOf(notification);
    this.arrived();
  }

  /** The next one for the client. */
  take(): Notification | undefined {
    const next = this.#inbox.shift();
    if (next !== undefined) this.#waitingBytes -= bytesOf(next);
    return next;
  }

  /** The session is over. */
  leave(): void {
    this.hub.unlisten(undefined, this);
    this.#inbox = [];
  }
}

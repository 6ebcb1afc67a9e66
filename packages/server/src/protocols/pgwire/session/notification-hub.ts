import { SqlError } from '../../../errors/sql-error.js';

export interface Notification {
  readonly channel: string;
  readonly payload: string;
  /** Of the session that said NOTIFY. */
  readonly backendPid: number;
}

/** A session, as others see it that notify. */
export interface Listener {
  /** What it was told and has not sent to its client yet. */
  readonly waitingBytes: number;
  deliver(notification: Notification): void;
}

/** A session that listens and never reads, or never ends its transaction, stops those that notify, and not the process. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** Who listens to what among the sessions of one workspace, all of which are in this process. */
export class NotificationHub {
  readonly #listeners = new Map<string, Set<Listener>>();

  listen(channel: string, listener: Listener): void {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
  }

  /** Undefined: all of its channels. */
  unlisten(channel: string | undefined, listener: Listener): void {
    for (const [name, listeners] of this.#listeners) {
      if (channel !== undefined && channel !== name) continue;
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(name);
    }
  }

  /** 54000 when a listener has too much waiting. */
  mustTake(notifications: readonly Notification[]): void {
    const bytes = new Map<Listener, number>();
    for (const notification of notifications) {
      for (const listener of this.#listeners.get(notification.channel) ?? []) {
        const waiting = (bytes.get(listener) ?? listener.waitingBytes) + bytesOf(notification);
        if (waiting > MAX_WAITING_BYTES) throw new SqlError('54000', 'too many notifications in the NOTIFY queue');
        bytes.set(listener, waiting);
      }
    }
  }

  notify(notification: Notification): void {
    for (const listener of this.#listeners.get(notification.channel) ?? []) listener.deliver(notification);
  }
}

export function bytesOf({ channel, payload }: Notification): number {
  return 2 * (channel.length + payload.length) + 64;
}

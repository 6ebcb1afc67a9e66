import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** After the worker's last word, a client that takes nothing of it for so long is cut off. */
const TAKES_NOTHING_MS = 10_000;
/** A client that has taken all of it has this long to close, too. */
const LINGER_MS = 2_000;

/**
 * Joins a client and its session until the session is over; tells who ended it. `pipe` carries the back-pressure: a client that
 * does not read stops the worker at the size of the buffers in between, and the other way round.
 *
 *     client half-closes ─▶ the worker's stream ends, too; the worker may still answer
 *     client closes      ─▶ the worker's stream is destroyed
 *     worker ends        ─▶ the client is given the rest, then closed
 *
 * Resolves when the worker's stream is closed and the client has everything, or is gone.
 */
export function relay(
  client: Duplex & Partial<Pick<Socket, 'setTimeout'>>,
  worker: Duplex,
): Promise<'client' | 'worker'> {
  return new Promise((resolve) => {
    let first: 'client' | 'worker' | undefined;
    let ending = false;
    const settle = (): void => {
      if (worker.closed && (client.closed || client.writableFinished)) resolve(first ?? 'client');
    };
    /** Whatever the client still sends is dropped; unread, it would keep the connection from ending in order. */
    const endSession = (): void => {
      first ??= 'worker';
      if (ending || client.destroyed) return;
      ending = true;
      client.unpipe(worker);
      client.resume();
      client.setTimeout?.(TAKES_NOTHING_MS, () => client.destroy());
      client.once('finish', () => {
        const linger = setTimeout(() => client.destroy(), LINGER_MS);
        client.once('close', () => clearTimeout(linger));
        settle();
      });
      client.end();
      worker.end();
    };
    // Errors are followed by `close`; a client that vanishes is nothing to report.
    client.on('error', () => client.destroy());
    worker.on('error', () => worker.destroy());
    client.once('end', () => (first ??= 'client'));
    client.once('close', () => {
      first ??= 'client';
      worker.destroy();
      settle();
    });
    worker.once('end', endSession);
    worker.once('close', () => {
      endSession();
      settle();
    });
    client.pipe(worker);
    worker.pipe(client, { end: false });
    if (client.destroyed) worker.destroy();
  });
}

/**
 * Opens a door at its port. A default one that another program has is no reason not to start, as nobody chose it: the door then opens
 * at a free one. `open` leaves nothing behind when it fails.
 */
export async function openAt<T>(
  { port, portIsDefault }: { readonly port: number; readonly portIsDefault: boolean },
  open: (port: number) => Promise<T>,
  onTaken: () => void,
): Promise<T> {
  try {
    return await open(port);
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!portIsDefault || !isTaken) throw error;
    onTaken();
    return await open(0);
  }
}

/**
 * The doors of the service, which close at the same time: each lets its clients finish within the deadline of the whole stop, so
 * one after the other they would take several of them. A door that does not close cleanly does not keep the others from it.
 */
export class Doors {
  readonly #closing: (() => Promise<void>)[] = [];

  opened(close: () => Promise<void>): void {
    this.#closing.push(close);
  }

  async close(): Promise<void> {
    const results = await Promise.allSettled(this.#closing.splice(0).map((close) => close()));
    const errors = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []));
    if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors);
  }
}

/**
 * Opens a door at its port. The option's default is no reason not to start when another program has it, as nobody need have chosen it: the
 * door then opens at a free one. `open` leaves nothing behind when it fails.
 */
export async function openAt<T>(
  { port, defaultPort }: { readonly port: number; readonly defaultPort: number },
  open: (port: number) => Promise<T>,
  onTaken: () => void,
): Promise<T> {
  try {
    return await open(port);
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!isTaken || port !== defaultPort) throw error;
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

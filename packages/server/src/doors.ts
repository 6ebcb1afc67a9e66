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

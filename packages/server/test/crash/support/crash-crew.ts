import type { Api } from '../../../../../acceptance/helpers/api.js';
import { CrashClient, type ClientFigures } from './crash-client.js';
import type { SeededRandom } from './seeded-random.js';

/** Several clients that work at the same time and are checked together. */
export class CrashCrew {
  readonly #clients: readonly CrashClient[];

  constructor(random: SeededRandom, options: { readonly clients: number; readonly bigRows: number }) {
    this.#clients = Array.from(
      { length: options.clients },
      (_, index) => new CrashClient(`client${index}`, random, index === 0 ? options.bigRows : 0),
    );
  }

  async setUp(admin: Api): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.setUp(admin)));
  }

  /** Resolves when every client has stopped, for want of answers or because `stop` was called. */
  start(admin: Api): { readonly ended: Promise<unknown>; stop(): void } {
    let stopped = false;
    const ended = Promise.all(this.#clients.map((client) => client.run(admin, () => stopped)));
    // Awaited after the crash; a rejection until then is not unhandled.
    ended.catch(() => undefined);
    return { ended, stop: () => void (stopped = true) };
  }

  /** What is wrong after a restart, one line each. */
  async recover(admin: Api): Promise<string[]> {
    return (await Promise.all(this.#clients.map((client) => client.recover(admin)))).flat();
  }

  get figures(): ClientFigures {
    const total: ClientFigures = { acknowledged: 0, unanswered: 0, refused: 0, lost: 0, torn: 0 };
    for (const { figures } of this.#clients) {
      for (const name of Object.keys(total) as (keyof ClientFigures)[]) total[name] += figures[name];
    }
    return total;
  }
}

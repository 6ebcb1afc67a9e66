import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import { FINGERPRINT_SQL, markStatements, SNAPSHOT_STATEMENTS } from './definitions/snapshot.js';
import { SessionVariables, type CatalogSession } from './session-variables.js';

/**
 * Keeps the picture of the catalogue that fast statements read, see `definitions/snapshot.ts`.
 *
 *   a statement comes ─► does the session see the objects that the picture shows? ─► yes: over the picture
 *                                                                                └─► no: over the views, and a new picture is begun
 *
 * A session that has made objects in its open transaction sees others than the picture and stays with the views; so does one whose
 * transaction began before the latest change. Nobody waits for a picture. It is taken with a connection of its own, in one transaction
 * with the fingerprint that it is known by.
 */
export class CatalogSnapshot {
  readonly #connection: DuckDBConnection;
  readonly #variables = new SessionVariables();
  readonly #questions = new WeakMap<DuckDBConnection, DuckDBPreparedStatement>();
  /** What the picture shows; undefined while there is none. */
  #fingerprint: string | undefined;
  /** Everything on the connection, one after the other. */
  #work: Promise<unknown> = Promise.resolve();
  #taking = false;

  constructor(
    connection: DuckDBConnection,
    private readonly onFailed: (error: unknown) => void,
  ) {
    this.#connection = connection;
  }

  async holdsFor(connection: DuckDBConnection, session: CatalogSession): Promise<boolean> {
    if (session.searchPath.join() !== 'public') return false;
    const { fingerprint, picture } = await this.#seenBy(connection);
    if (fingerprint !== this.#fingerprint) {
      this.#begin(session);
      return false;
    }
    return picture === fingerprint;
  }

  /** Runs what changes the rows under the picture; it is taken anew when next somebody asks. */
  drop(change: () => Promise<void>): Promise<void> {
    this.#fingerprint = undefined;
    return this.#enqueue(async () => {
      this.#fingerprint = undefined;
      await change();
    });
  }

  /** Resolves when nothing is in progress. */
  async settled(): Promise<void> {
    await this.#work;
  }

  #begin(session: CatalogSession): void {
    if (this.#taking) return;
    this.#taking = true;
    // A picture that cannot be taken is one less: statements run over the views, which is slower, so somebody should know.
    this.#enqueue(() => this.#take(session))
      .catch(this.onFailed)
      .finally(() => {
        this.#taking = false;
      });
  }

  async #take(session: CatalogSession): Promise<void> {
    await this.#variables.set(this.#connection, { ...session, searchPath: ['public'] });
    this.#fingerprint = undefined;
    await this.#connection.run('BEGIN');
    try {
      const { fingerprint } = await this.#seenBy(this.#connection);
      await this.#connection.run([...SNAPSHOT_STATEMENTS, ...markStatements(fingerprint)].join('; '));
      await this.#connection.run('COMMIT');
      this.#fingerprint = fingerprint;
    } catch (error) {
      await this.#connection.run('ROLLBACK');
      throw error;
    }
  }

  async #seenBy(connection: DuckDBConnection): Promise<{ fingerprint: string; picture: string | null }> {
    let question = this.#questions.get(connection);
    if (question === undefined) {
      question = await connection.prepare(FINGERPRINT_SQL);
      this.#questions.set(connection, question);
    }
    const [row] = (await question.runAndReadAll()).getRows();
    return { fingerprint: String(row?.[0]), picture: (row?.[1] ?? null) as string | null };
  }

  #enqueue<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#work.then(step);
    this.#work = done.catch(() => undefined);
    return done;
  }
}

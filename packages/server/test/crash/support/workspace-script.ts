import { DatabaseError, type Client } from 'pg';
import type { SeededRandom } from './seeded-random.js';
import { sameContent, type WorkspaceModel } from './workspace-model.js';
import { workspaceOperation, type WorkspaceOperation } from './workspace-operations.js';

/** How the script ended a transaction that the server has not told the end of. */
export interface InDoubt {
  readonly before: WorkspaceModel;
  readonly after: WorkspaceModel;
}

/**
 * Definitions and rows over a PostgreSQL connection, transaction by transaction, with the content that the workspace must have by what the
 * client was told. The connection may end at any moment: then `inDoubt` says what a COMMIT without an answer leaves open.
 */
export class WorkspaceScript {
  readonly figures = { committed: 0, rolledBack: 0, inDoubt: 0, inDoubtKept: 0, cutBeforeCommit: 0 };
  #inDoubt: InDoubt | undefined;

  constructor(
    private readonly random: SeededRandom,
    private known: WorkspaceModel,
  ) {}

  /** Until the connection is lost. Any other failure is thrown. */
  async runUntilLost(client: Client): Promise<void> {
    for (;;) {
      try {
        await this.#transaction(client);
      } catch (error) {
        if (!isLoss(error)) throw error;
        return;
      }
    }
  }

  /** What the workspace holds now, after a loss: throws when it is neither what was committed nor what was in doubt. */
  mustHold(found: WorkspaceModel, when: string): void {
    const doubt = this.#inDoubt;
    this.#inDoubt = undefined;
    if (doubt !== undefined && sameContent(found, doubt.after)) {
      this.figures.inDoubtKept += 1;
      this.known = doubt.after;
      return;
    }
    if (sameContent(found, this.known)) return;
    const candidates = [this.known, ...(doubt === undefined ? [] : [doubt.after])].map(describe).join('\n  or  ');
    throw new Error(`${when}: the workspace holds\n      ${describe(found)}\n  not ${candidates}`);
  }

  async #transaction(client: Client): Promise<void> {
    const after = structuredClone(this.known);
    const operations: WorkspaceOperation[] = [];
    const touched = new Set<string>();
    const wanted = this.random.between(1, 4);
    while (operations.length < wanted) operations.push(workspaceOperation(this.random, after, touched));
    const form = this.random.pick(['alone', 'block', 'block', 'text', 'rolled back'] as const);
    if (form === 'alone' || form === 'text') {
      // One statement, or several in one text: a transaction of their own, of which nothing is known until its answer.
      if (form === 'alone') operations.splice(1);
      const alone = structuredClone(this.known);
      for (const operation of operations) operation.apply(alone);
      await this.#commit(alone, () => client.query(operations.map(({ sql }) => sql).join('; ')));
      return;
    }
    try {
      await client.query('BEGIN');
      for (const { sql, values } of operations) await client.query(sql, values === undefined ? undefined : [...values]);
    } catch (error) {
      if (isLoss(error)) this.figures.cutBeforeCommit += 1;
      throw error;
    }
    if (form === 'rolled back') {
      await client.query('ROLLBACK');
      this.figures.rolledBack += 1;
      return;
    }
    await this.#commit(after, () => client.query('COMMIT'));
  }

  async #commit(after: WorkspaceModel, send: () => Promise<unknown>): Promise<void> {
    this.#inDoubt = { before: this.known, after };
    try {
      await send();
    } catch (error) {
      if (isLoss(error)) this.figures.inDoubt += 1;
      throw error;
    }
    this.#inDoubt = undefined;
    this.known = after;
    this.figures.committed += 1;
  }
}

/** The end of the connection, told or not; not an error about a statement. */
export function isLoss(error: unknown): boolean {
  if (error instanceof DatabaseError) return /^(57P0|58000)/.test(error.code ?? '');
  return (
    error instanceof Error && /Connection terminated|ECONNRE|EPIPE|not queryable|Client was closed/.test(String(error))
  );
}

function describe(model: WorkspaceModel): string {
  return JSON.stringify(model).slice(0, 3_000);
}

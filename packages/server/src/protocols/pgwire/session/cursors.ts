import { SqlError } from '../../../errors/sql-error.js';
import type { SessionCursor } from '../../../duckdb/workspace/catalog/session-variables.js';
import type { PreparedSql, RowBatch, RowSource, WireFormat } from '../../../duckdb/workspace/sql-engine.js';

export interface Cursor {
  readonly name: string;
  readonly statement: string;
  readonly hold: boolean;
  readonly binary: boolean;
  readonly prepared: PreparedSql;
  readonly rows: RowSource;
  readonly createdAt: Date;
}

interface OpenCursor extends Cursor {
  ended: boolean;
  /** It survived the commit of its transaction. */
  held: boolean;
}

/** Cursors of DECLARE: rows that are read by name, forwards, and belong to the transaction unless they are WITH HOLD. */
export class Cursors {
  readonly #open = new Map<string, OpenCursor>();

  list(): readonly Cursor[] {
    return [...this.#open.values()];
  }

  /** As `pg_cursors` shows them. */
  facts(): SessionCursor[] {
    return this.list().map(({ name, statement, hold, binary, createdAt }) => ({
      name,
      statement,
      is_holdable: hold,
      is_binary: binary,
      is_scrollable: false,
      creation_time: createdAt.toISOString(),
    }));
  }

  add(cursor: Cursor): void {
    this.#open.set(cursor.name, { ...cursor, ended: false, held: false });
  }

  has(name: string): boolean {
    return this.#open.has(name);
  }

  mustBeNew(name: string): void {
    if (this.#open.has(name)) throw new SqlError('42P03', `cursor "${name}" already exists`);
  }

  get(name: string): Cursor {
    return this.#get(name);
  }

  #get(name: string): OpenCursor {
    const cursor = this.#open.get(name);
    if (cursor === undefined) throw new SqlError('34000', `cursor "${name}" does not exist`);
    return cursor;
  }

  /** The next rows, at most `maxRows`. A cursor that has ended stays open and has no more. */
  async fetch(name: string, maxRows: number, formats: readonly WireFormat[], signal: AbortSignal): Promise<RowBatch> {
    const cursor = this.#get(name);
    if (cursor.ended || maxRows === 0) return { bytes: [], rows: 0, end: true };
    const encoding = { kind: 'rows', formats: cursor.binary ? [1 as const] : formats } as const;
    const batch = await cursor.rows.next(maxRows, encoding, signal);
    cursor.ended = batch.end;
    return batch;
  }

  async close(name: string): Promise<void> {
    const cursor = this.#get(name);
    this.#open.delete(name);
    await cursor.rows.close();
    cursor.prepared.close();
  }

  /** Its rows failed. */
  async abort(name: string): Promise<void> {
    const cursor = this.#open.get(name);
    this.#open.delete(name);
    await cursor?.rows.abort();
    cursor?.prepared.close();
  }

  async closeAll(): Promise<void> {
    for (const name of [...this.#open.keys()]) await this.close(name);
  }

  /** Takes the rows of cursors WITH HOLD out of the transaction, and closes the others. */
  async beforeCommit(signal: AbortSignal): Promise<void> {
    for (const cursor of [...this.#open.values()]) {
      if (!cursor.hold) await this.close(cursor.name);
      else if (!cursor.held) {
        await cursor.rows.hold(signal);
        cursor.held = true;
      }
    }
  }

  /** Only what was held by an earlier transaction is left. */
  async rolledBack(): Promise<void> {
    for (const cursor of [...this.#open.values()]) if (!cursor.held) await this.close(cursor.name);
  }
}

import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';

/** More distinct statements than the store has; the rest are lists of varying length, which may come and go. */
const MAX_STATEMENTS = 256;

export type SqliteValue = string | number | bigint | null | Uint8Array;

export interface StatementResult {
  readonly rows: readonly unknown[];
  readonly changes: number;
}

/** Runs statements on one connection and keeps the most recently used ones prepared. */
export class PreparedStatements {
  /** In order of last use, oldest first. */
  readonly #prepared = new Map<string, { statement: StatementSyncInstance; returnsRows: boolean }>();

  constructor(private readonly database: DatabaseSyncInstance) {}

  run(sql: string, parameters: readonly SqliteValue[]): StatementResult {
    const { statement, returnsRows } = this.#prepare(sql);
    if (returnsRows) {
      const rows: readonly unknown[] = statement.all(...parameters);
      return { rows, changes: rows.length };
    }
    return { rows: [], changes: statement.run(...parameters).changes };
  }

  #prepare(sql: string): { statement: StatementSyncInstance; returnsRows: boolean } {
    let entry = this.#prepared.get(sql);
    if (entry === undefined) {
      const statement = this.database.prepare(sql);
      entry = { statement, returnsRows: statement.columns().length > 0 };
      const oldest = this.#prepared.keys().next();
      if (this.#prepared.size >= MAX_STATEMENTS && oldest.done !== true) this.#prepared.delete(oldest.value);
    } else {
      this.#prepared.delete(sql);
    }
    this.#prepared.set(sql, entry);
    return entry;
  }
}

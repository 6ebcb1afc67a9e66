import type { DuckDBConnection } from '@duckdb/node-api';

/** Views and macros that users made, by name in lower case; several schemas may have the same name. */
export type StoredSqlByName = ReadonlyMap<string, readonly string[]>;

const STORED_SQL = `
  SELECT view_name, sql FROM system.main.duckdb_views() WHERE database_name IN ('ws', 'temp') AND NOT internal
  UNION ALL
  SELECT function_name, macro_definition FROM system.main.duckdb_functions()
  WHERE database_name IN ('ws', 'temp') AND NOT internal AND macro_definition IS NOT NULL`;

/**
 * The SQL behind the views and macros of the workspace: what it names must be attached, too, when a statement uses one of them. A list
 * for everybody serves until somebody has stored something; a transaction that has, or a connection with temporary ones, reads its own.
 */
export class StoredSql {
  #shared: Promise<StoredSqlByName> | undefined;
  readonly #withTemporary = new WeakSet<DuckDBConnection>();

  constructor(private readonly control: (sql: string) => Promise<readonly (readonly unknown[])[]>) {}

  /** `own`: the connection sees what others do not, or not yet. */
  async of(connection: DuckDBConnection, own: boolean): Promise<StoredSqlByName> {
    if (own || this.#withTemporary.has(connection)) {
      const reader = await connection.runAndReadAll(STORED_SQL);
      return byName(reader.getRows());
    }
    this.#shared ??= this.control(STORED_SQL).then(byName);
    const reading = this.#shared;
    try {
      return await reading;
    } catch (error) {
      if (this.#shared === reading) this.#shared = undefined;
      throw error;
    }
  }

  /** Before a statement that may store something runs. */
  willStore(connection: DuckDBConnection, temporary: boolean): void {
    if (temporary) this.#withTemporary.add(connection);
    this.#shared = undefined;
  }

  /** What was stored may be visible to others now. */
  forget(): void {
    this.#shared = undefined;
  }
}

function byName(rows: readonly (readonly unknown[])[]): StoredSqlByName {
  const found = new Map<string, string[]>();
  for (const [name, sql] of rows) {
    const key = String(name).toLowerCase();
    const known = found.get(key);
    if (known === undefined) found.set(key, [String(sql)]);
    else known.push(String(sql));
  }
  return found;
}

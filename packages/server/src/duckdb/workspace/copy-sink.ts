import type { DuckDBMaterializedResult } from '@duckdb/node-api';
import { quoteIdentifier } from '../quoting.js';
import type { DuckDbSqlConnection } from './duckdb-sql-connection.js';
import { CopyIn, type CopyTarget } from './encoding/copy/copy-in.js';
import { copyFormatOf } from './encoding/copy/copy-options.js';
import { wireSettingsOf } from './result-encoding.js';
import type { CopySink, WireFormat } from './sql-engine.js';
import type { CopyInStatement } from './sql-statement.js';

/** COPY … FROM STDIN: data are checked as they come, and go into the table in several statements of one transaction. */
export class DuckDbCopySink implements CopySink {
  readonly #copy: CopyIn;
  #hasBegun = false;

  private constructor(
    private readonly connection: DuckDbSqlConnection,
    target: CopyTarget,
    private readonly options: CopyInStatement['options'],
    /** `alone`: the transaction is the COPY's own. */
    private readonly run: { readonly alone: boolean; readonly signal: AbortSignal },
  ) {
    this.#copy = new CopyIn(target, {
      format: copyFormatOf(
        options,
        'from',
        target.columns.map(({ name }) => name),
      ),
      settings: wireSettingsOf(connection.options.settings),
      directory: connection.parts.database.exchangeDirectory,
      run: (sql) => this.#insert(sql),
      diagnose: (sql) => this.#diagnose(sql),
    });
  }

  static async open(
    connection: DuckDbSqlConnection,
    statement: CopyInStatement,
    run: { readonly alone: boolean; readonly signal: AbortSignal },
  ): Promise<DuckDbCopySink> {
    const target = await targetOf(connection, statement, run.signal);
    return new DuckDbCopySink(connection, target, statement.options, run);
  }

  get format(): WireFormat {
    return this.options.format === 'binary' ? 1 : 0;
  }

  get columnCount(): number {
    return this.#copy.target.columns.length;
  }

  write(data: Uint8Array): Promise<void> {
    this.connection.parts.database.figures.copiedIn(data.length);
    return this.#undoneWhenItFails(() => this.#copy.write(data));
  }

  finish(): Promise<number> {
    return this.#undoneWhenItFails(async () => {
      const rows = await this.#copy.finish();
      if (this.#hasBegun) await this.connection.commit(this.run.signal);
      this.#hasBegun = false;
      return rows;
    });
  }

  async abort(): Promise<void> {
    await this.#copy.abort();
    if (this.#hasBegun) await this.connection.rollback();
    this.#hasBegun = false;
  }

  async #insert(sql: string): Promise<DuckDBMaterializedResult> {
    const { connection } = this;
    const { alone, signal } = this.run;
    if (alone && !this.#hasBegun) {
      await connection.begin(signal);
      this.#hasBegun = true;
    }
    await connection.beforeWrite({ mayGrow: true });
    return connection.guarded(signal, () => connection.duckdb.run(sql));
  }

  async #undoneWhenItFails<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.#copy.abort();
      const reason = await this.connection.undo(error, this.#hasBegun);
      this.#hasBegun = false;
      throw this.connection.translateWrite(reason, `INSERT INTO ${this.#copy.target.sql}`);
    }
  }

  /** On a connection of its own, because the session's transaction is lost by then. */
  async #diagnose(sql: string): Promise<DuckDBMaterializedResult> {
    const { signal } = this.run;
    signal.throwIfAborted();
    const other = await this.connection.parts.database.connect();
    const interrupt = (): void => other.interrupt();
    signal.addEventListener('abort', interrupt, { once: true });
    try {
      return await other.run(sql);
    } finally {
      signal.removeEventListener('abort', interrupt);
      other.closeSync();
    }
  }
}

/** The table and its columns as the session sees them. */
async function targetOf(
  connection: DuckDbSqlConnection,
  { table: { schema, name }, columns }: CopyInStatement,
  signal: AbortSignal,
): Promise<CopyTarget> {
  const qualified = schema === undefined ? [name] : [schema === 'public' ? 'main' : schema, name];
  const sql = qualified.map(quoteIdentifier).join('.');
  const chosen = columns === undefined ? '*' : columns.map(quoteIdentifier).join(', ');
  const described = await connection.runExclusive(signal, async () => {
    const query = `SELECT ${chosen} FROM ${sql}`;
    await connection.usePathFor(query);
    return connection.duckdb.prepare(query);
  });
  try {
    return {
      sql,
      name,
      columns: Array.from({ length: described.columnCount }, (_, index) => ({
        name: described.columnName(index),
        type: described.columnType(index),
      })),
    };
  } finally {
    described.destroySync();
  }
}

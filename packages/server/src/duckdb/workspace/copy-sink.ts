import type { DuckDBMaterializedResult } from '@duckdb/node-api';
import { quoteIdentifier } from '../quoting.js';
import type { DuckDbSqlConnection } from './duckdb-sql-connection.js';
import { CopyIn, type CopyTarget } from './encoding/copy/copy-in.js';
import { copyFormatOf } from './encoding/copy/copy-options.js';
import { wireSettingsOf } from './result-encoding.js';
import type { CopySink, WireFormat } from './sql-engine.js';
import type { CopyInStatement } from './sql-statement.js';

/** COPY … FROM STDIN: data are collected and checked as they come; the table changes in one statement at the end. */
export class DuckDbCopySink implements CopySink {
  private constructor(
    private readonly connection: DuckDbSqlConnection,
    private readonly copy: CopyIn,
    private readonly alone: boolean,
    readonly format: WireFormat,
  ) {}

  static async open(
    connection: DuckDbSqlConnection,
    statement: CopyInStatement,
    { alone, signal }: { readonly alone: boolean; readonly signal: AbortSignal },
  ): Promise<DuckDbCopySink> {
    const target = await targetOf(connection, statement, signal);
    const names = target.columns.map(({ name }) => name);
    const copy = await CopyIn.open(target, {
      format: copyFormatOf(statement.options, 'from', names),
      settings: wireSettingsOf(connection.options.settings),
      directory: connection.parts.database.exchangeDirectory,
      quotaBytes: connection.parts.limits.heldRowsBytes,
    });
    return new DuckDbCopySink(connection, copy, alone, statement.options.format === 'binary' ? 1 : 0);
  }

  get columnCount(): number {
    return this.copy.target.columns.length;
  }

  write(data: Uint8Array): Promise<void> {
    this.connection.parts.database.figures.copiedIn(data.length);
    return this.copy.write(data);
  }

  async finish(signal: AbortSignal): Promise<number> {
    const { connection, copy, alone } = this;
    try {
      if (alone) await connection.begin(signal);
      await connection.beforeWrite({ mayGrow: true });
      const rows = await copy.finish(
        (sql) => connection.guarded(signal, () => connection.duckdb.run(sql)),
        (sql) => this.#diagnose(sql, signal),
      );
      if (alone) await connection.commit(signal);
      return rows;
    } catch (error) {
      await connection.mustHaveFitted();
      throw connection.translate(error);
    } finally {
      // After a commit there is nothing to undo.
      if (alone) await connection.rollback();
    }
  }

  abort(): Promise<void> {
    return this.copy.abort();
  }

  /** On a connection of its own, because the session's transaction is lost by then. */
  async #diagnose(sql: string, signal: AbortSignal): Promise<DuckDBMaterializedResult> {
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

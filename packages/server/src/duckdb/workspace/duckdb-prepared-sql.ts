import type { DuckDBPreparedStatement } from '@duckdb/node-api';
import { SqlError } from '../../errors/sql-error.js';
import type { DuckDbSqlConnection } from './duckdb-sql-connection.js';
import { existenceNotices } from './existence-notices.js';
import { MadeRows } from './made-rows.js';
import { bindParameters, describeColumns, parameterOids } from './result-encoding.js';
import { settingsCalls } from './settings-functions.js';
import type {
  ColumnDescription,
  OpenOptions,
  ParameterValues,
  PreparedSql,
  RowSource,
  SqlNotice,
} from './sql-engine.js';
import type { EngineStatement, SqlStatement, StatementText } from './sql-statement.js';
import { applyEdits, type EditedSql } from './statement-edits.js';
import { StreamedRows } from './streamed-rows.js';

type EngineSql = StatementText & EngineStatement;

interface Plan {
  readonly edited: EditedSql;
  readonly duckdb: DuckDBPreparedStatement;
  /** The search path and versions it was made for. */
  readonly pathKey: string;
  readonly onOpen: readonly (() => void)[];
}

/**
 * A statement planned by DuckDB. A plan keeps the versions of tables it was made for, so one that is used again in a later transaction is
 * made again when they changed; a change of its columns is then PostgreSQL's "cached plan must not change result type".
 */
export class DuckDbPreparedSql implements PreparedSql {
  readonly parameterTypes: readonly number[];
  readonly columns: readonly ColumnDescription[] | undefined;
  #plan: Plan;

  private constructor(
    private readonly connection: DuckDbSqlConnection,
    readonly statement: EngineSql,
    private readonly givenTypes: readonly number[],
    plan: Plan,
  ) {
    this.#plan = plan;
    this.parameterTypes = parameterOids(plan.duckdb, givenTypes);
    this.columns = this.#columnsOf(plan);
  }

  static async prepare(
    connection: DuckDbSqlConnection,
    statement: SqlStatement,
    givenTypes: readonly number[],
    signal: AbortSignal,
  ): Promise<DuckDbPreparedSql> {
    if (statement.kind !== 'engine') throw new SqlError('XX000', `a ${statement.kind} statement is not the engine's`);
    return new DuckDbPreparedSql(connection, statement, givenTypes, await makePlan(connection, statement, signal));
  }

  async open(parameters: ParameterValues, options: OpenOptions): Promise<RowSource> {
    const { connection, statement } = this;
    const { signal } = options;
    await this.#replanIfNeeded(signal);
    const { duckdb, edited, onOpen } = this.#plan;
    bindParameters(duckdb, parameters, this.parameterTypes, connection.options.settings);
    const notices = await connection.runExclusive(signal, () => existenceNotices(connection.duckdb, statement));
    for (const action of onOpen) action();
    try {
      if (statement.small) return await this.#make(notices, options);
      return await this.#stream(parameters, notices, options);
    } catch (error) {
      throw connection.translate(error, edited, statement);
    }
  }

  close(): void {
    this.#plan.duckdb.destroySync();
  }

  /** All rows at once. A write that is alone gets a transaction, so that it can be undone when it exceeds the workspace's size. */
  async #make(notices: readonly SqlNotice[], { alone, signal }: OpenOptions): Promise<RowSource> {
    const { connection, statement } = this;
    const { duckdb } = this.#plan;
    const ownTransaction = alone && statement.writes && !statement.standsAlone;
    if (ownTransaction) await connection.begin(signal);
    try {
      if (statement.writes) await connection.beforeWrite(statement);
      const result = await connection.guarded(signal, () => duckdb.run());
      if (ownTransaction) await connection.commit(signal);
      return new MadeRows(result, this.columns, notices, connection.options.settings);
    } catch (error) {
      throw await this.#failed(error, ownTransaction);
    }
  }

  async #stream(
    parameters: ParameterValues,
    notices: readonly SqlNotice[],
    { alone, signal, encoding }: OpenOptions,
  ): Promise<RowSource> {
    const { connection, statement } = this;
    const { duckdb, edited } = this.#plan;
    if (alone) await connection.begin(signal);
    try {
      if (statement.writes) await connection.beforeWrite(statement);
      const result = await connection.guarded(signal, () => duckdb.stream());
      const rows = new StreamedRows(connection, result, {
        columns: this.columns,
        notices,
        alone,
        encoding,
        statement,
        edited,
        parameters,
        parameterTypes: this.parameterTypes,
      });
      connection.setLive(rows);
      return rows;
    } catch (error) {
      throw await this.#failed(error, alone);
    }
  }

  /** What to tell the client, after a transaction of the statement's own was undone. */
  async #failed(error: unknown, ownTransaction: boolean): Promise<unknown> {
    let reason = error;
    try {
      await this.connection.mustHaveFitted();
    } catch (full) {
      reason = full;
    }
    if (ownTransaction) await this.connection.rollback();
    return reason;
  }

  async #replanIfNeeded(signal: AbortSignal): Promise<void> {
    const { connection, statement } = this;
    const key = await connection.runExclusive(signal, () => connection.usePathFor(this.#plan.edited.sql));
    const calls = this.#plan.onOpen.length > 0;
    if (key === this.#plan.pathKey && !calls) return;
    const plan = await makePlan(connection, statement, signal);
    const columns = this.#columnsOf(plan);
    const same =
      columns?.length === this.columns?.length &&
      (columns ?? []).every((column, index) => column.typeOid === this.columns?.[index]?.typeOid);
    if (!same) {
      plan.duckdb.destroySync();
      throw new SqlError('0A000', 'cached plan must not change result type');
    }
    this.#plan.duckdb.destroySync();
    this.#plan = plan;
  }

  #columnsOf({ duckdb }: Plan): readonly ColumnDescription[] | undefined {
    return this.statement.returnsRows ? describeColumns(duckdb) : undefined;
  }
}

async function makePlan(connection: DuckDbSqlConnection, statement: EngineSql, signal: AbortSignal): Promise<Plan> {
  const { settings } = connection.options;
  const calls = settingsCalls(statement.sql, settings);
  const edited = calls.edits.length > 0 ? applyEdits(statement.sql, calls.edits) : undefined;
  const rewritten = await connection.parts.rewrite(
    edited === undefined ? statement : { ...statement, sql: edited.sql },
    connection.options,
  );
  // Where both changed the text, places of the second are not those of the client any more.
  const text = edited === undefined ? rewritten : { sql: rewritten.sql, edits: undefined };
  return connection.runExclusive(signal, async () => {
    const pathKey = await connection.usePathFor(text.sql);
    try {
      const duckdb = await connection.guarded(signal, () => connection.prepareText(text.sql));
      return { edited: text, duckdb, pathKey, onOpen: calls.apply };
    } catch (error) {
      throw connection.translate(error, text, statement);
    }
  });
}

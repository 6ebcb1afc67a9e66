import type { DuckDBConnection, DuckDBMaterializedResult } from '@duckdb/node-api';
import { SqlError } from '../../errors/sql-error.js';
import { dropOf } from './dependent-views.js';
import type { DuckDbSqlConnection } from './duckdb-sql-connection.js';
import type { RewrittenSql } from './duckdb-sql-engine.js';
import { existenceNotices } from './existence-notices.js';
import { runDefinition } from './gate/prepare-checked.js';
import { likeClauses, withoutLike } from './like-clause.js';
import { MadeRows } from './made-rows.js';
import { renamingStatements } from './renaming.js';
import { dropSequences, ownedSequences } from './owned-sequences.js';
import { onCommitDrop } from './on-commit-drop.js';
import type { OpenOptions, ParameterValues, PreparedSql, RowSource, SqlNotice } from './sql-engine.js';
import { singleAlters } from './single-alters.js';
import { singleDrops } from './single-drops.js';
import type { EngineStatement, StatementText } from './sql-statement.js';
import { plannable } from './stored-arithmetic.js';

/**
 * CREATE, ALTER, DROP, COMMENT: planned when it runs, because what it needs may be made by the statement before it in the same pipeline, or
 * by itself (the sequence of a serial column). It has no parameters and answers no rows.
 */
export class DefinitionSql implements PreparedSql {
  readonly parameterTypes = [];
  readonly columns = undefined;

  constructor(
    private readonly connection: DuckDbSqlConnection,
    readonly statement: StatementText & EngineStatement,
  ) {}

  async open({ values }: ParameterValues, { alone, signal }: OpenOptions): Promise<RowSource> {
    const { connection } = this;
    if (values.length > 0) throw new SqlError('42P02', `${this.statement.tag} takes no parameters`);
    const { parts, options, duckdb } = connection;
    const drop = onCommitDrop(this.statement.sql);
    const statement = await this.#withoutLike({ ...this.statement, ...(drop && { sql: drop.sql }) }, signal);
    const edited = await connection.runExclusive(signal, async () => {
      const rewritten = await parts.rewrite(statement, options, duckdb);
      await connection.usePathFor(rewritten.sql);
      return { ...(await plannable(duckdb, rewritten, parts.database.figures)), before: rewritten.before };
    });
    const notices = await connection.runExclusive(signal, () => existenceNotices(duckdb, statement));
    if (alone) await connection.begin(signal);
    try {
      await connection.beforeDefinition(statement);
      const run = await connection.guarded(signal, () => runRewrittenDefinition(duckdb, edited));
      if (drop !== undefined) connection.runAtCommit(drop.dropSql);
      if (alone) await connection.commit(signal);
      return new MadeRows(run.result, undefined, [...notices, ...run.notices], options.settings);
    } catch (error) {
      throw connection.translate(await connection.undo(error, alone), edited, statement);
    }
  }

  async #withoutLike(
    statement: StatementText & EngineStatement,
    signal: AbortSignal,
  ): Promise<StatementText & EngineStatement> {
    const { connection } = this;
    const clauses = likeClauses(statement.sql);
    if (clauses.length === 0) return statement;
    const sql = await connection.runExclusive(signal, async () => {
      await connection.usePathFor(clauses.map(({ relation }) => `SELECT * FROM ${relation}`).join(';'));
      return withoutLike(connection.duckdb, statement.sql, clauses);
    });
    return { ...statement, sql };
  }

  close(): void {
    // Nothing is kept between runs.
  }
}

/** A definition after its rewriting, with what has to run before it, within the transaction that is open. */
export async function runRewrittenDefinition(
  duckdb: DuckDBConnection,
  { sql, before = [] }: { readonly sql: string; readonly before?: RewrittenSql['before'] | undefined },
): Promise<{ readonly result: DuckDBMaterializedResult; readonly notices: readonly SqlNotice[] }> {
  const owned = await ownedSequences(duckdb, sql);
  const drop = await dropOf(duckdb, sql);
  const steps = (await renamingStatements(duckdb, sql)) ?? singleDrops(sql) ?? singleAlters(sql) ?? [sql];
  for (const first of [...before, ...(drop?.before ?? []), ...steps.slice(0, -1)]) await duckdb.run(first);
  const result = await runDefinition(duckdb, steps.at(-1) ?? sql);
  await dropSequences(duckdb, owned);
  return { result, notices: drop?.notices ?? [] };
}

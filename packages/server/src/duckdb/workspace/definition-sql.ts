import { SqlError } from '../../errors/sql-error.js';
import type { DuckDbSqlConnection } from './duckdb-sql-connection.js';
import { existenceNotices } from './existence-notices.js';
import { runDefinition } from './gate/prepare-checked.js';
import { MadeRows } from './made-rows.js';
import { renamingStatements } from './renaming.js';
import type { OpenOptions, ParameterValues, PreparedSql, RowSource } from './sql-engine.js';
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
    const { connection, statement } = this;
    if (values.length > 0) throw new SqlError('42P02', `${statement.tag} takes no parameters`);
    const { parts, options, duckdb } = connection;
    const edited = await connection.runExclusive(signal, async () => {
      const rewritten = await parts.rewrite(statement, options, duckdb);
      await connection.usePathFor(rewritten.sql);
      return { ...(await plannable(duckdb, rewritten)), before: rewritten.before };
    });
    const notices = await connection.runExclusive(signal, () => existenceNotices(duckdb, statement));
    if (alone) await connection.begin(signal);
    try {
      await connection.beforeWrite(statement);
      const result = await connection.guarded(signal, async () => {
        const steps = (await renamingStatements(duckdb, edited.sql)) ?? [edited.sql];
        for (const sql of [...(edited.before ?? []), ...steps.slice(0, -1)]) await duckdb.run(sql);
        return await runDefinition(duckdb, steps.at(-1) ?? edited.sql);
      });
      if (alone) await connection.commit(signal);
      return new MadeRows(result, undefined, notices, options.settings);
    } catch (error) {
      throw connection.translate(await connection.undo(error, alone), edited, statement);
    }
  }

  close(): void {
    // Nothing is kept between runs.
  }
}

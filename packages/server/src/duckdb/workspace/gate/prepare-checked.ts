import { StatementType, type DuckDBConnection, type DuckDBPreparedStatement } from '@duckdb/node-api';
import { SqlError } from '../../../errors/sql-error.js';
import { forbiddenStatement } from './statement-class.js';

/** What a user's statement may be to the engine. Everything else is either done by the session or by nobody. */
const PERMITTED: ReadonlySet<StatementType> = new Set([
  StatementType.SELECT,
  StatementType.INSERT,
  StatementType.UPDATE,
  StatementType.DELETE,
  StatementType.MERGE_INTO,
  StatementType.CREATE,
  StatementType.DROP,
  StatementType.ALTER,
  StatementType.EXPLAIN,
  StatementType.VACUUM,
  StatementType.ANALYZE,
]);

/**
 * Prepares one statement that went through the gate, as the engine sees it: exactly one, of a permitted type. Should the gate's reading of
 * the text ever differ from the engine's, this is where it ends.
 */
export async function prepareChecked(connection: DuckDBConnection, sql: string): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1) {
    throw new SqlError('42601', 'cannot insert multiple commands into a prepared statement');
  }
  const prepared = await statements.prepare(0);
  if (PERMITTED.has(prepared.statementType)) return prepared;
  prepared.destroySync();
  throw forbiddenStatement(StatementType[prepared.statementType] ?? 'this');
}

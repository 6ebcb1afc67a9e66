import {
  StatementType,
  type DuckDBConnection,
  type DuckDBMaterializedResult,
  type DuckDBPreparedStatement,
} from '@duckdb/node-api';
import { SqlError } from '../../../errors/sql-error.js';
import { mustNotAskEngineSettings } from './engine-settings.js';
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
  mustNotAskEngineSettings(sql);
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1) {
    throw new SqlError('42601', 'cannot insert multiple commands into a prepared statement');
  }
  return mustBePermitted(await statements.prepare(0));
}

/**
 * Runs one definition that went through the gate. `ALTER TABLE … ADD COLUMN` with a function as its default is five statements to the engine, which
 * open and close a transaction where none is open; only together do they know which, so they cannot be prepared one by one.
 */
export async function runDefinition(connection: DuckDBConnection, sql: string): Promise<DuckDBMaterializedResult> {
  mustNotAskEngineSettings(sql);
  const statements = await connection.extractStatements(sql);
  if (statements.count > 1 && /^\s*ALTER\s/i.test(sql)) return connection.run(sql);
  const prepared = await prepareChecked(connection, sql);
  try {
    return await prepared.run();
  } finally {
    prepared.destroySync();
  }
}

function mustBePermitted(prepared: DuckDBPreparedStatement): DuckDBPreparedStatement {
  if (PERMITTED.has(prepared.statementType)) return prepared;
  const type = StatementType[prepared.statementType];
  prepared.destroySync();
  throw forbiddenStatement(type ?? 'this');
}

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { SqlError } from '../../../errors/sql-error.js';
import { DomainError } from '../../../errors/domain-error.js';
import { cancelledError, translateEngineError } from '../../engine-errors.js';
import { interruptOnAbort } from '../../interruption.js';
import { quoteIdentifier, quoteLiteral } from '../../quoting.js';
import type { DuckDbWorkspaceDatabase } from '../duckdb-workspace-database.js';
import type { TablePins } from '../workspace-database.js';

/** What an operation of the REST door works with: a connection that no session has. */
export interface OperationContext {
  readonly database: DuckDbWorkspaceDatabase;
  readonly connection: DuckDBConnection;
  readonly pins: TablePins;
  readonly signal: AbortSignal;
}

/**
 * Runs an operation on a connection and pins of its own. Whatever it leaves open is rolled back. Statements are ours: names quoted, values bound,
 * conditions rebuilt.
 */
export async function withOperation<T>(
  database: DuckDbWorkspaceDatabase,
  signal: AbortSignal,
  use: (context: OperationContext) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw cancelledError(signal.reason);
  const connection = await database.connect();
  // The engine's failures are recognised by their plain wording.
  await connection.run('SET errors_as_json = false');
  const pins = database.beginPins(connection);
  database.objectChanges.happened();
  const stopWatching = interruptOnAbort(connection, signal);
  try {
    return await use({ database, connection, pins, signal });
  } catch (error) {
    if (signal.aborted) throw cancelledError(error);
    throw translateEngineError(error);
  } finally {
    stopWatching();
    database.objectChanges.happened();
    pins.release();
    connection.closeSync();
  }
}

/** One transaction; with `mayGrow` under the size limit of the workspace. */
export async function inTransaction<T>(
  { database, connection }: OperationContext,
  mayGrow: boolean,
  work: () => Promise<T>,
): Promise<T> {
  const growth = mayGrow ? await beginGrowth(database, connection) : undefined;
  try {
    await connection.run('BEGIN');
    try {
      const result = await work();
      await growth?.mustFit();
      await connection.run('COMMIT');
      return result;
    } catch (error) {
      await rollBack(connection);
      await growth?.mustFit();
      throw error;
    }
  } catch (error) {
    throw isSizeExceeded(error) ? sizeExceeded(error) : error;
  } finally {
    await growth?.end();
  }
}

/** Names in `sql` that are tables of the project can be read by the statements that follow. */
export async function usePath({ database, connection, pins }: OperationContext, sql: string): Promise<void> {
  const path = await database.pathFor(sql, pins);
  await connection.run(`SET search_path = ${quoteLiteral(path.value)}`);
}

export function workspaceTable(schema: string, name: string): string {
  return `ws.${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** For a file that the service takes over. */
export function newExchangeFile(database: DuckDbWorkspaceDatabase, extension: string): { name: string; path: string } {
  const name = `${randomUUID()}.${extension}`;
  return { name, path: join(database.exchangeDirectory, name) };
}

async function beginGrowth(
  database: DuckDbWorkspaceDatabase,
  connection: DuckDBConnection,
): ReturnType<DuckDbWorkspaceDatabase['beginGrowth']> {
  try {
    return await database.beginGrowth(connection);
  } catch (error) {
    throw isSizeExceeded(error) ? sizeExceeded(error) : error;
  }
}

function isSizeExceeded(error: unknown): error is SqlError {
  return error instanceof SqlError && error.sqlState === '53100';
}

function sizeExceeded(error: SqlError): DomainError {
  return new DomainError(
    'workspace_full',
    `${capitalised(error.message)}. ${error.hint ?? ''}`.trim(),
    {},
    { cause: error },
  );
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

async function rollBack(connection: DuckDBConnection): Promise<void> {
  try {
    await connection.run('ROLLBACK');
  } catch {
    // No transaction is open any more: the statement that failed has ended it, and that error is the one to tell.
    return;
  }
}

import { SqlError } from '../../errors/sql-error.js';
import type { DuckDbSqlConnection } from './duckdb-sql-connection.js';
import { bindParameters } from './result-encoding.js';
import type { StreamOrigin } from './streamed-rows.js';

/**
 * DuckDB does not tell why a stream ended early. Running the query once more over every column, without keeping rows, raises the same
 * error where it can be caught. Only for queries, outside of a transaction that has written.
 */
export async function errorByRunningAgain(
  connection: DuckDbSqlConnection,
  { edited, parameters, parameterTypes }: StreamOrigin,
  signal: AbortSignal,
): Promise<SqlError> {
  try {
    // The names were resolved by the search path of the failed statement; it is still set.
    const again = await connection.prepareText(`SELECT sum(hash(q)) FROM (${edited.sql}\n) q`);
    try {
      bindParameters(again, parameters, parameterTypes, connection.options.settings);
      await connection.guarded(signal, () => again.run());
    } finally {
      again.destroySync();
    }
  } catch (error) {
    return connection.translate(error);
  }
  return new SqlError('22000', 'the statement failed while its rows were read', {
    hint: 'The engine did not say why, and the same query ran to its end when it was repeated.',
  });
}

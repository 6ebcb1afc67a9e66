import type { DuckDBConnection } from '@duckdb/node-api';
import { DomainError } from '../../errors/domain-error.js';
import type { ColumnDefinition } from '../../model/columns.js';
import type { JobHandler } from '../../workers/job-context.js';
import { fileFailure } from '../engine-errors.js';
import { checksumFile } from '../file-checksum.js';
import { quoteIdentifier } from '../quoting.js';
import { dataTable } from '../table-ddl.js';

/**
 * Reads a published file through: its bytes for the checksum, and every value of every column in the engine, whose own block
 * checksums are verified on the way. The file does not know its primary key, so the shape reported here has none.
 */
export const verifyVersion: JobHandler<'verifyVersion'> = async ({ path }, { database, signal }) => {
  const { checksum } = await checksumFile(path, signal).catch((error: unknown) => {
    if (error instanceof DomainError) throw error;
    throw new DomainError(
      'storage_error',
      'The stored file of the table is missing or cannot be read.',
      {},
      { cause: error },
    );
  });
  return database.withVersion({ id: path, path }, (alias) =>
    database.withConnection(signal, async (connection) => {
      try {
        const columns = await readColumns(connection, alias);
        return {
          rowCount: await readThrough(connection, alias, columns),
          checksum,
          shape: { columns, primaryKey: [] },
        };
      } catch (error) {
        throw fileFailure(error, 'The stored file of the table is damaged: it cannot be read through.');
      }
    }),
  );
};

async function readColumns(connection: DuckDBConnection, alias: string): Promise<ColumnDefinition[]> {
  const result = await connection.runAndReadAll(`DESCRIBE ${dataTable(alias)}`);
  return result.getRowObjectsJson().map((row) => ({
    name: textOf(row.column_name),
    type: textOf(row.column_type),
    nullable: row.null === 'YES',
    default: row.default === null || row.default === undefined ? null : textOf(row.default),
  }));
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new Error('the description of a table holds something other than text');
  return value;
}

async function readThrough(
  connection: DuckDBConnection,
  alias: string,
  columns: readonly ColumnDefinition[],
): Promise<number> {
  const hashes = columns.map((column) => `bit_xor(hash(${quoteIdentifier(column.name)}))`);
  const result = await connection.runAndReadAll(
    `SELECT count(*)::DOUBLE, ${hashes.join(', ')} FROM ${dataTable(alias)}`,
  );
  return Number(result.getRowsJson()[0]?.[0]);
}

import { stat } from 'node:fs/promises';
import { DomainError } from '../../../errors/domain-error.js';
import type { ColumnDefinition } from '../../../model/columns.js';
import type { OperationResult, UnloadRequest } from '../../../workers/workspace-messages.js';
import { parquetColumn } from '../../parquet-types.js';
import { quoteLiteral } from '../../quoting.js';
import { selectedColumns } from '../../row-selection.js';
import { newExchangeFile, usePath, workspaceTable, type OperationContext } from './operation-context.js';

/** The rows of a table or view as a Parquet file that the service imports like any other. */
export async function unloadObject(
  context: OperationContext,
  { schema, name, columns, fingerprinted = false }: UnloadRequest,
): Promise<OperationResult<'unload'>> {
  const { connection, database } = context;
  const source = workspaceTable(schema === 'public' ? 'main' : schema, name);
  await usePath(context, `SELECT * FROM ${source}`);
  const all = await columnsOf(context, source, name);
  const chosen = selectedColumns({ columns: all, primaryKey: [] }, columns);
  const file = newExchangeFile(database, 'parquet');
  const select = `SELECT ${chosen.map(parquetColumn).join(', ')} FROM ${source}`;
  const result = await connection.run(
    `COPY (${select}) TO ${quoteLiteral(file.path)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`,
  );
  return {
    fileName: file.name,
    rows: result.rowsChanged,
    sizeBytes: (await stat(file.path)).size,
    fingerprint: fingerprinted ? await fingerprintOf(context, file.path) : null,
    columns: chosen.map(({ name: columnName, type, nullable }) => ({ name: columnName, type, nullable })),
  };
}

async function fingerprintOf({ connection }: OperationContext, path: string): Promise<string> {
  const reader = await connection.runAndReadAll(
    `SELECT count(*) || ':' || coalesce(sum(hash(r)), 0) FROM read_parquet(${quoteLiteral(path)}) AS r`,
  );
  return String(reader.getRows()[0]?.[0]);
}

async function columnsOf(
  { connection }: OperationContext,
  source: string,
  name: string,
): Promise<readonly ColumnDefinition[]> {
  try {
    const rows = (await connection.runAndReadAll(`DESCRIBE ${source}`)).getRows();
    return rows.map(([column, type, nullable]): ColumnDefinition => ({
      name: String(column),
      type: String(type),
      nullable: nullable !== 'NO',
      default: null,
    }));
  } catch (error) {
    if (!(error instanceof Error) || !/^(Catalog|Binder) Error/.test(error.message)) throw error;
    throw new DomainError(
      'object_not_found',
      `Object '${name}' was not found in the workspace.`,
      { object: name },
      { cause: error },
    );
  }
}

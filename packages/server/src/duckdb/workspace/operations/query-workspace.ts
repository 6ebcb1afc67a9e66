import { open, stat, type FileHandle } from 'node:fs/promises';
import type { DuckDBPreparedStatement, DuckDBResult } from '@duckdb/node-api';
import { DomainError } from '../../../errors/domain-error.js';
import { SqlError } from '../../../errors/sql-error.js';
import type { OperationResult, QueryRequest } from '../../../workers/workspace-messages.js';
import { engineFailure } from '../../engine-errors.js';
import { quoteLiteral } from '../../quoting.js';
import { ndjsonWriter } from '../../value-json.js';
import type { GatedStatement } from '../gate/gated-statement.js';
import { prepareChecked } from '../gate/prepare-checked.js';
import type { StatementGate } from '../gate/statement-gate.js';
import { sqlErrorOf } from '../sql-state.js';
import { inTransaction, newExchangeFile, usePath, type OperationContext } from './operation-context.js';

const COPY_OPTIONS = {
  csv: `FORMAT csv, HEADER true, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR '', USE_TMP_FILE false`,
  parquet: 'FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false',
};

/** Statements that belong to a session, of which HTTP has none. */
const KINDS: ReadonlySet<string> = new Set(['query', 'write', 'definition', 'explain', 'maintenance']);

/**
 * One statement over HTTP, through the same gate as those of a session and in a transaction of its own. Rows go to a file: in the engine's
 * own formats by COPY, as JSON lines chunk by chunk, so that neither memory nor the channel holds them.
 */
export async function queryWorkspace(
  context: OperationContext,
  gate: StatementGate,
  request: QueryRequest,
): Promise<OperationResult<'query'>> {
  try {
    const statement = await onlyStatement(gate, request.statement);
    return await inTransaction(context, statement.mayGrow, () => runStatement(context, statement, request));
  } catch (error) {
    throw toDomainError(error);
  }
}

async function onlyStatement(gate: StatementGate, sql: string): Promise<GatedStatement> {
  const [statement, second] = await gate.admit(sql);
  if (second !== undefined) throw new SqlError('42601', 'send one statement per request');
  if (statement === undefined || statement.kind === 'empty') throw new SqlError('42601', 'the statement is empty');
  if (!KINDS.has(statement.kind)) {
    throw new SqlError('0A000', `${statement.verb} needs a session: connect with a PostgreSQL client`);
  }
  return statement;
}

async function runStatement(
  context: OperationContext,
  statement: GatedStatement,
  request: QueryRequest,
): Promise<OperationResult<'query'>> {
  const { connection, database } = context;
  await usePath(context, statement.text);
  const prepared = await prepareChecked(connection, statement.text);
  try {
    if (!statement.returnsRows) {
      const rowsChanged = statement.tagHasCount ? await changedRows(prepared) : 0;
      if (!statement.tagHasCount) await prepared.run();
      return {
        commandTag: statement.tagHasCount ? `${statement.commandTag} ${rowsChanged}` : statement.commandTag,
        file: null,
        columns: [],
        rows: rowsChanged,
        truncated: false,
      };
    }
    const columns = Array.from({ length: prepared.columnCount }, (_, index) => ({
      name: prepared.columnName(index),
      type: prepared.columnType(index).toString(),
    }));
    const file = newExchangeFile(database, request.format);
    // COPY takes a query; DESCRIBE, EXPLAIN and RETURNING are none.
    const copies =
      request.format !== 'ndjson' &&
      statement.kind === 'query' &&
      /^(SELECT|WITH|FROM|VALUES|TABLE|)$/.test(statement.verb);
    if (request.format !== 'ndjson' && !copies) {
      throw new SqlError('0A000', `the rows of ${statement.verb} can only be had as ndjson`);
    }
    const written = copies
      ? await copyRows(
          context,
          statement.text,
          file.path,
          COPY_OPTIONS[request.format === 'csv' ? 'csv' : 'parquet'],
          request.maxRows,
        )
      : await writeRows(await prepared.stream(), file.path, request.maxRows);
    // A stream that fails half way ends like one that is complete; only the transaction knows.
    await connection.run('SELECT 1');
    return {
      commandTag: statement.tagHasCount ? `${statement.commandTag} ${written.rows}` : statement.commandTag,
      file: { fileName: file.name, sizeBytes: (await stat(file.path)).size },
      columns,
      ...written,
    };
  } finally {
    prepared.destroySync();
  }
}

/** The engine answers a number; for CREATE TABLE AS, `rowsChanged` is not told of it. */
async function changedRows(prepared: DuckDBPreparedStatement): Promise<number> {
  const result = await prepared.run();
  return result.rowsChanged > 0 ? result.rowsChanged : Number((await result.getRows())[0]?.[0] ?? 0);
}

async function copyRows(
  { connection }: OperationContext,
  sql: string,
  path: string,
  options: string,
  maxRows: number | null,
): Promise<{ rows: number; truncated: boolean }> {
  const limited = maxRows === null ? sql : `SELECT * FROM (${sql}\n) LIMIT ${maxRows}`;
  const { rowsChanged } = await connection.run(`COPY (${limited}\n) TO ${quoteLiteral(path)} (${options})`);
  if (maxRows === null || rowsChanged < maxRows) return { rows: rowsChanged, truncated: false };
  const more = await connection.runAndReadAll(
    `SELECT count(*) FROM (SELECT 1 FROM (${sql}\n) LIMIT 1 OFFSET ${maxRows})`,
  );
  return { rows: rowsChanged, truncated: Number(more.getRows()[0]?.[0]) > 0 };
}

async function writeRows(
  result: DuckDBResult,
  path: string,
  maxRows: number | null,
): Promise<{ rows: number; truncated: boolean }> {
  const file = await open(path, 'wx', 0o600);
  try {
    return await writeChunks(result, file, maxRows);
  } finally {
    await file.close();
  }
}

async function writeChunks(
  result: DuckDBResult,
  file: FileHandle,
  maxRows: number | null,
): Promise<{ rows: number; truncated: boolean }> {
  const toText = ndjsonWriter(result.columnNames(), result.columnTypes());
  let rows = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return { rows, truncated: false };
    const wanted = maxRows === null ? chunk.rowCount : Math.min(chunk.rowCount, maxRows - rows);
    if (wanted > 0) await file.appendFile(toText(chunk, wanted));
    rows += wanted;
    if (wanted < chunk.rowCount) return { rows, truncated: true };
  }
}

/** What is about the statement has its SQLSTATE; what is about the machine is said as for every other operation. */
function toDomainError(error: unknown): DomainError {
  const failure = error instanceof SqlError ? undefined : engineFailure(error);
  if (failure !== undefined) return failure;
  const { sqlState, message, position, hint } = sqlErrorOf(error).error;
  return new DomainError(
    'query_failed',
    message,
    {
      sqlstate: sqlState,
      ...(position === undefined ? {} : { position }),
      ...(hint === undefined ? {} : { hint }),
    },
    { cause: error },
  );
}

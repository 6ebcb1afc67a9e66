import { open, stat, type FileHandle } from 'node:fs/promises';
import type { DuckDBMaterializedResult, DuckDBResult } from '@duckdb/node-api';
import { DomainError } from '../../../errors/domain-error.js';
import { SqlError } from '../../../errors/sql-error.js';
import type { OperationResult, QueryRequest } from '../../../workers/workspace-messages.js';
import { engineFailure } from '../../engine-errors.js';
import { quoteLiteral } from '../../quoting.js';
import { ndjsonWriter } from '../../value-json.js';
import { assignedLiteralEdits } from '../assigned-literals.js';
import { runRewrittenDefinition } from '../definition-sql.js';
import { editedTwice } from '../duckdb-prepared-sql.js';
import type { StatementRewriter } from '../duckdb-sql-engine.js';
import type { GatedStatement } from '../gate/gated-statement.js';
import { prepareChecked } from '../gate/prepare-checked.js';
import type { StatementGate } from '../gate/statement-gate.js';
import { wireSettingsOf } from '../result-encoding.js';
import { notifyCalls } from '../notify-calls.js';
import { settingsCalls } from '../settings-functions.js';
import type { SqlConnectionOptions } from '../sql-engine.js';
import { sqlErrorOf } from '../sql-state.js';
import type { EngineStatement, StatementText } from '../sql-statement.js';
import { plannable } from '../stored-arithmetic.js';
import type { EditedSql } from '../statement-edits.js';
import { parseStatement } from '../statements/parse-statement.js';
import { inTransaction, newExchangeFile, usePath, type OperationContext } from './operation-context.js';

const COPY_OPTIONS = {
  csv: `FORMAT csv, HEADER true, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR '', USE_TMP_FILE false`,
  parquet: 'FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false',
};

/** How statements are understood: the same as in a session of the PostgreSQL door. */
export interface StatementMeaning {
  readonly gate: StatementGate;
  readonly rewrite: StatementRewriter;
  /** What a session would have at its start; HTTP has none. */
  readonly session: SqlConnectionOptions;
}

interface Understood {
  readonly gated: GatedStatement;
  readonly statement: StatementText & EngineStatement;
}

/**
 * One statement over HTTP, through the same gate and rewriter as those of a session and in a transaction of its own. Rows go to a file: in the engine's
 * own formats by COPY, as JSON lines chunk by chunk, so that neither memory nor the channel holds them.
 */
export async function queryWorkspace(
  context: OperationContext,
  meaning: StatementMeaning,
  request: QueryRequest,
): Promise<OperationResult<'query'>> {
  try {
    const understood = await onlyStatement(meaning, request.statement);
    const { mayGrow } = understood.statement;
    return await inTransaction(context, mayGrow, () => runStatement(context, meaning, understood, request));
  } catch (error) {
    throw toDomainError(error);
  }
}

async function onlyStatement({ gate }: StatementMeaning, sql: string): Promise<Understood> {
  const [gated, second] = await gate.admit(sql);
  if (second !== undefined) throw new SqlError('42601', 'send one statement per request');
  if (gated === undefined || gated.kind === 'empty') throw new SqlError('42601', 'the statement is empty');
  const statement = await parseStatement(gated, { offset: gated.start, characters: undefined, source: sql }, gate);
  if (statement.kind !== 'engine') {
    throw new SqlError('0A000', `${gated.verb} needs a session: connect with a PostgreSQL client`);
  }
  return { gated, statement };
}

async function runStatement(
  context: OperationContext,
  meaning: StatementMeaning,
  { gated, statement }: Understood,
  request: QueryRequest,
): Promise<OperationResult<'query'>> {
  const { connection, database } = context;
  const sql = await rewritten(context, meaning, statement);
  const withoutRows = (rows: number): OperationResult<'query'> => ({
    commandTag: gated.tagHasCount ? `${gated.commandTag} ${rows}` : gated.commandTag,
    file: null,
    columns: [],
    rows,
    truncated: false,
  });
  if (statement.class === 'definition') {
    const { result } = await runRewrittenDefinition(connection, { sql });
    return withoutRows(gated.tagHasCount ? await changedRows(result) : 0);
  }
  const prepared = await prepareChecked(connection, sql);
  try {
    if (!gated.returnsRows) {
      const result = await prepared.run();
      return withoutRows(gated.tagHasCount ? await changedRows(result) : 0);
    }
    const columns = Array.from({ length: prepared.columnCount }, (_, index) => ({
      name: prepared.columnName(index),
      type: prepared.columnType(index).toString(),
    }));
    const file = newExchangeFile(database, request.format);
    // COPY takes a query; DESCRIBE, EXPLAIN and RETURNING are none.
    const copies =
      request.format !== 'ndjson' && gated.kind === 'query' && /^(SELECT|WITH|FROM|VALUES|TABLE|)$/.test(gated.verb);
    if (request.format !== 'ndjson' && !copies) {
      throw new SqlError('0A000', `the rows of ${gated.verb} can only be had as ndjson`);
    }
    const written = copies
      ? await copyRows(
          context,
          sql,
          file.path,
          COPY_OPTIONS[request.format === 'csv' ? 'csv' : 'parquet'],
          request.maxRows,
        )
      : await writeRows(await prepared.stream(), file.path, request.maxRows);
    // A stream that fails half way ends like one that is complete; only the transaction knows.
    await connection.run('SELECT 1');
    return {
      commandTag: gated.tagHasCount ? `${gated.commandTag} ${written.rows}` : gated.commandTag,
      file: { fileName: file.name, sizeBytes: (await stat(file.path)).size },
      columns,
      ...written,
    };
  } finally {
    prepared.destroySync();
  }
}

/** What the engine gets; the names in it can be read by what follows. */
async function rewritten(
  context: OperationContext,
  { rewrite, session }: StatementMeaning,
  statement: StatementText & EngineStatement,
): Promise<string> {
  const { connection, database } = context;
  const calls = settingsCalls(statement.sql, session.settings);
  const notifies = notifyCalls(statement.sql, session.notify).apply.length > 0;
  if (calls.apply.length > 0 || notifies) throw new SqlError('0A000', 'set_config() and pg_notify() need a session');
  const meant = await rewrite(statement, session, connection);
  // What was made anew reads the catalogue, and names all of it in full.
  if (meant.edits !== undefined) await usePath(context, meant.sql);
  for (const first of meant.before ?? []) await connection.run(first);
  const literals =
    statement.class === 'write'
      ? await assignedLiteralEdits(connection, statement.sql, wireSettingsOf(session.settings))
      : [];
  const twice = (one: EditedSql): EditedSql => editedTwice(statement.sql, one, [...calls.edits, ...literals]);
  const both = { ...twice(meant), ...(meant.plain && { plain: twice(meant.plain) }) };
  return (await plannable(connection, both, database.figures)).sql;
}

/** The engine answers a number; for CREATE TABLE AS, `rowsChanged` is not told of it. */
async function changedRows(result: DuckDBMaterializedResult): Promise<number> {
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

import type { DuckDBPreparedStatement, DuckDBResult, DuckDBType } from '@duckdb/node-api';
import type { DuckDbSqlConnection } from './duckdb-sql-connection.js';
import { composeCopy } from './encoding/composed/composed-copy.js';
import { composeDataRows } from './encoding/composed/composed-data-rows.js';
import type { Composition } from './encoding/composed/composition.js';
import { copyFormatOf } from './encoding/copy/copy-options.js';
import {
  bindParameters,
  columnTypesOf,
  composedEncoder,
  wireSettingsOf,
  type ChunkEncoder,
  type ColumnTypeNames,
} from './result-encoding.js';
import type { ParameterValues, RowEncoding, SettingsView } from './sql-engine.js';
import type { SqlStatement } from './sql-statement.js';
import { applyEdits, type EditedSql } from './statement-edits.js';

/** A query within one that answers its rows as text that is ready to be sent. */
export interface ComposedQuery extends EditedSql {
  createEncoder(): ChunkEncoder;
}

/** What is known of the query when it has been planned for itself. */
interface PlannedQuery {
  readonly edited: EditedSql;
  readonly duckdb: DuckDBPreparedStatement;
  readonly columnTypes: ColumnTypeNames;
}

/** Undefined where rows must be encoded value by value: in binary, and when a column has a type whose text DuckDB writes differently. */
export function composedQuery(
  clientSql: string,
  { edited: { edits }, duckdb, columnTypes }: PlannedQuery,
  encoding: RowEncoding,
  settings: SettingsView,
): ComposedQuery | undefined {
  if (edits === undefined) return undefined;
  const types = columnTypesOf(duckdb, columnTypes);
  const names = Array.from(types, (_, index) => duckdb.columnName(index));
  const composition = compositionOf(types, names, encoding, settings);
  if (composition === undefined) return undefined;
  const start = { start: 0, end: 0, text: composition.before };
  const end = { start: clientSql.length, end: clientSql.length, text: composition.after };
  return {
    ...applyEdits(clientSql, [start, ...edits, end]),
    createEncoder: () => composedEncoder(composition.createEncoder(), { types, names, encoding, settings }),
  };
}

function compositionOf(
  types: readonly DuckDBType[],
  names: readonly string[],
  encoding: RowEncoding,
  settings: SettingsView,
): Composition | undefined {
  const wireSettings = wireSettingsOf(settings);
  if (encoding.kind === 'rows') {
    return encoding.formats.every((format) => format === 0) ? composeDataRows(types, wireSettings) : undefined;
  }
  const format = copyFormatOf(encoding.options, 'to', names);
  return format.format === 'binary' ? undefined : composeCopy(types, format, wireSettings);
}

export interface ComposedStream {
  readonly result: DuckDBResult;
  readonly encoder: ChunkEncoder;
}

/** The composed query of a statement, planned once for all of its runs that are encoded in the same way. */
export class ComposedPlan {
  #kept: { readonly sql: string; readonly duckdb: DuckDBPreparedStatement } | undefined;

  /** Undefined for a query that cannot stand within another, or whose columns have changed: run by itself, it says what is wrong. */
  async stream(
    connection: DuckDbSqlConnection,
    query: ComposedQuery,
    { statement, parameters, parameterTypes, signal }: ComposedRun,
  ): Promise<ComposedStream | undefined> {
    const duckdb = await this.#planned(connection, query, statement, signal);
    if (duckdb === undefined) return undefined;
    try {
      bindParameters(duckdb, parameters, parameterTypes, connection.options.settings);
      const result = await connection.guarded(signal, () => duckdb.stream());
      return { result, encoder: query.createEncoder() };
    } catch (error) {
      throw connection.translate(error, query, statement);
    }
  }

  async #planned(
    connection: DuckDbSqlConnection,
    { sql }: ComposedQuery,
    statement: SqlStatement,
    signal: AbortSignal,
  ): Promise<DuckDBPreparedStatement | undefined> {
    if (this.#kept?.sql === sql) return this.#kept.duckdb;
    this.close();
    try {
      // What is put around is ours, and within is one statement that was prepared already: it needs no second look, which would be a trip more.
      this.#kept = { sql, duckdb: await connection.guarded(signal, () => connection.duckdb.prepare(sql)) };
      return this.#kept.duckdb;
    } catch (error) {
      signal.throwIfAborted();
      connection.parts.database.figures.fellBack('composed_rows', statement.sql, error);
      return undefined;
    }
  }

  close(): void {
    this.#kept?.duckdb.destroySync();
    this.#kept = undefined;
  }
}

interface ComposedRun {
  readonly statement: SqlStatement;
  readonly parameters: ParameterValues;
  readonly parameterTypes: readonly number[];
  readonly signal: AbortSignal;
}

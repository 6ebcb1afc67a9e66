import type { PreparedSql, RowEncoding, RowSource } from '../../../duckdb/workspace/sql-engine.js';
import type { CopyOutStatement, SqlStatement, StatementText } from '../../../duckdb/workspace/sql-statement.js';
import { tagOf, type Executable, type Execution, type ExecutionRows } from './executable.js';

/** A statement that the engine runs. */
export function engineExecutable(prepared: PreparedSql): Executable {
  const { statement, parameterTypes, columns } = prepared;
  return {
    statement,
    parameterTypes,
    columns,
    async start({ parameters, formats, alone, signal }) {
      const encoding: RowEncoding = { kind: 'rows', formats };
      const source = await prepared.open(parameters, { alone, signal, encoding, encodingIsFinal: true });
      return executionOf(statement, source, encoding);
    },
    close: () => prepared.close(),
  };
}

function executionOf(statement: SqlStatement, source: RowSource, encoding: RowEncoding): Execution {
  const tag = (rowCount: number): string => tagOf(statement, source.affectedRows ?? rowCount);
  if (source.columns === undefined) return { notices: source.notices, tag };
  return { notices: source.notices, rows: rowsOf(source, encoding), tag };
}

function rowsOf(source: RowSource, encoding: RowEncoding): ExecutionRows {
  return {
    next: (maxRows, signal) => source.next(maxRows, encoding, signal),
    close: () => source.close(),
    abort: () => source.abort(),
  };
}

/** COPY (query) TO STDOUT. */
export function copyOutExecutable(statement: StatementText & CopyOutStatement, query: PreparedSql): Executable {
  const { options } = statement;
  const encoding: RowEncoding = { kind: 'copy', options };
  return {
    statement,
    parameterTypes: query.parameterTypes,
    columns: undefined,
    async start({ parameters, alone, signal }) {
      const source = await query.open(parameters, { alone, signal, encoding, encodingIsFinal: true });
      const columnCount = source.columns?.length ?? 0;
      const format = options.format === 'binary' ? 1 : 0;
      return {
        notices: source.notices,
        copyOut: { rows: rowsOf(source, encoding), columnCount, format },
        tag: (rowCount) => `COPY ${rowCount}`,
      };
    },
    close: () => query.close(),
  };
}

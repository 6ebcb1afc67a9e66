import { SqlError } from '../../../errors/sql-error.js';
import type { PreparedSql, WireFormat } from '../../../duckdb/workspace/sql-engine.js';
import type { DeclareStatement, FetchStatement, StatementText } from '../../../duckdb/workspace/sql-statement.js';
import type { Cursors } from './cursors.js';
import type { Executable, ExecutionRows } from './executable.js';

/** DECLARE: opens the query under a name; its rows come with FETCH. */
export function declareExecutable(
  statement: StatementText & DeclareStatement,
  query: PreparedSql,
  cursors: Cursors,
): Executable {
  const { name, hold, binary } = statement;
  let handedOver = false;
  return {
    statement,
    parameterTypes: query.parameterTypes,
    columns: undefined,
    async start({ parameters, signal }) {
      cursors.mustBeNew(name);
      const encoding = { kind: 'rows', formats: binary ? [1 as const] : [] } as const;
      const rows = await query.open(parameters, { alone: false, signal, encoding, encodingIsFinal: false });
      handedOver = true;
      cursors.add({ name, hold, binary, rows, prepared: query, statement: statement.sql, createdAt: new Date() });
      return { notices: rows.notices, tag: () => 'DECLARE CURSOR' };
    },
    close: () => {
      if (!handedOver) query.close();
    },
  };
}

/** FETCH, whose rows are the cursor's next ones, and MOVE, which passes over them. */
export function fetchExecutable(statement: StatementText & FetchStatement, cursors: Cursors): Executable {
  const { name, move, count } = statement;
  const cursor = cursors.get(name);
  return {
    statement,
    parameterTypes: [],
    columns: move ? undefined : cursor.prepared.columns,
    async start({ formats, signal }) {
      if (count === undefined) {
        throw new SqlError('55000', 'cursor can only scan forward', {
          hint: 'Declare it again to start from the beginning.',
        });
      }
      const rows = limitedRows(cursors, name, count === 'all' ? Number.POSITIVE_INFINITY : count, formats);
      if (!move) return { notices: [], rows, tag: (rowCount) => `FETCH ${rowCount}` };
      let moved = 0;
      for (let end = false; !end;) {
        const batch = await rows.next(Number.MAX_SAFE_INTEGER, signal);
        moved += batch.rows;
        end = batch.end;
      }
      return { notices: [], tag: () => `MOVE ${moved}` };
    },
    close: () => undefined,
  };
}

function limitedRows(cursors: Cursors, name: string, limit: number, formats: readonly WireFormat[]): ExecutionRows {
  let left = limit;
  return {
    async next(maxRows, signal) {
      const batch = await cursors.fetch(name, Math.min(maxRows, left, Number.MAX_SAFE_INTEGER), formats, signal);
      left -= batch.rows;
      return { ...batch, end: batch.end || left <= 0 };
    },
    close: () => Promise.resolve(),
    // Rows that were taken from it and not sent are lost, so there is nothing to go on from.
    abort: () => cursors.abort(name),
  };
}

import { SqlError } from '../../../errors/sql-error.js';
import type { PreparedSql, WireFormat } from '../../../duckdb/workspace/sql-engine.js';
import type { DeclareStatement, FetchStatement, StatementText } from '../../../duckdb/workspace/sql-statement.js';
import type { Cursors } from './cursors.js';
import type { Executable, ExecutionRows } from './executable.js';
import type { Portal } from './portals.js';

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
      const rows = limitedRows(cursors, name, forwards(count), formats);
      if (!move) return { notices: [], rows, tag: (rowCount) => `FETCH ${rowCount}` };
      const moved = await passOver(rows, Number.POSITIVE_INFINITY, signal);
      return { notices: [], tag: () => `MOVE ${moved}` };
    },
    close: () => undefined,
  };
}

/** MOVE in the rows of a portal of the extended protocol: asyncpg's cursors are such. */
export function movePortalExecutable(statement: StatementText & FetchStatement, portal: Portal): Executable {
  return {
    statement,
    parameterTypes: [],
    columns: undefined,
    async start({ signal }) {
      const limit = forwards(statement.count);
      const rows = portal.execution?.rows;
      if (rows === undefined) throw new SqlError('55000', `portal "${portal.name}" has not begun to answer rows`);
      const moved = portal.done ? 0 : await passOver(rows, limit, signal);
      if (moved < limit) portal.done = true;
      return { notices: [], tag: () => `MOVE ${moved}` };
    },
    close: () => undefined,
  };
}

function forwards(count: FetchStatement['count']): number {
  if (count !== undefined) return count === 'all' ? Number.POSITIVE_INFINITY : count;
  throw new SqlError('55000', 'cursor can only scan forward', {
    hint: 'Declare it again to start from the beginning.',
  });
}

/** Takes at most so many rows, and answers how many there were. */
async function passOver(rows: ExecutionRows, limit: number, signal: AbortSignal): Promise<number> {
  let passed = 0;
  for (let end = false; !end && passed < limit;) {
    const batch = await rows.next(Math.min(limit - passed, Number.MAX_SAFE_INTEGER), signal);
    batch.release?.();
    passed += batch.rows;
    end = batch.end;
  }
  return passed;
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

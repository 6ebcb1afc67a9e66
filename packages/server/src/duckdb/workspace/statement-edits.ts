import { SqlError } from '../../errors/sql-error.js';
import { characterPosition } from './sql-tokens.js';
import type { SqlStatement } from './sql-statement.js';

/** A span of the client's statement and what DuckDB gets instead. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What DuckDB runs for a statement, and how to find a place of it in what the client wrote. */
export interface EditedSql {
  readonly sql: string;
  /** Sorted, without overlap; undefined where the statement was made anew and no place of it is the client's. */
  readonly edits: readonly TextEdit[] | undefined;
}

export function applyEdits(sql: string, edits: readonly TextEdit[]): EditedSql {
  const sorted = edits.toSorted((a, b) => a.start - b.start);
  let edited = '';
  let copied = 0;
  for (const edit of sorted) {
    edited += sql.slice(copied, edit.start) + edit.text;
    copied = edit.end;
  }
  return { sql: edited + sql.slice(copied), edits: sorted };
}

/** The same error with its position in the client's text, counted in characters from 1. */
export function withPosition(
  error: SqlError,
  bytePosition: number | undefined,
  edited: EditedSql,
  statement: SqlStatement,
): SqlError {
  const base = statement.offsetCharacters;
  if (bytePosition === undefined || edited.edits === undefined || base === undefined) return error;
  const offset = Buffer.from(edited.sql).subarray(0, bytePosition).toString().length;
  return new SqlError(error.sqlState, error.message, {
    severity: error.severity,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.origin === undefined ? {} : { origin: error.origin }),
    position: base + characterPosition(statement.sql, originalOffset(offset, edited.edits)),
    cause: error.cause,
  });
}

function originalOffset(offset: number, edits: readonly TextEdit[]): number {
  let shift = 0;
  for (const edit of edits) {
    const start = edit.start + shift;
    if (offset < start) break;
    if (offset < start + edit.text.length) return edit.start;
    shift += edit.text.length - (edit.end - edit.start);
  }
  return offset - shift;
}

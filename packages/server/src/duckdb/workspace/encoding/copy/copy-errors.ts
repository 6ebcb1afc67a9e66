import { SqlError } from '../../../../errors/sql-error.js';

/** PostgreSQL shows so much of a line or a value. */
const SHOWN_CHARACTERS = 100;

export function badCopyFile(message: string, hint?: string): SqlError {
  return new SqlError('22P04', message, hint === undefined ? {} : { hint });
}

/** `COPY orders, line 3, column id: "x"`. Without a column the whole line is shown. */
export interface CopyPlace {
  readonly table: string;
  readonly line: number;
  readonly column?: string;
  /** The value, or the line; null for NULL. */
  readonly text?: string | null;
}

export function located(error: SqlError, { table, line, column, text }: CopyPlace): SqlError {
  if (error.where !== undefined) return error;
  const place = `COPY ${table}, line ${line}${column === undefined ? '' : `, column ${column}`}`;
  const shown = text === undefined ? '' : text === null ? ': null input' : `: "${shorten(text)}"`;
  const { sqlState, message, detail, hint } = error;
  return new SqlError(sqlState, message, {
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
    where: place + shown,
    cause: error,
  });
}

function shorten(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
}

import { createReadStream } from 'node:fs';
import { DuckDBDecimalType, type DuckDBMaterializedResult } from '@duckdb/node-api';
import { SqlError } from '../../../../errors/sql-error.js';
import { PG_TYPES } from '../../../../model/pg-types.js';
import { inputFor } from '../parameters/bind-parameter.js';
import { located } from './copy-errors.js';
import type { SpoolColumn } from './spool-column.js';

export interface FailedCopy {
  readonly columns: readonly SpoolColumn[];
  readonly table: string;
  readonly path: string;
  /** Of the COPY data, before the first row of the spool. */
  readonly linesBefore: number;
  /** Whether a row may be several lines. */
  readonly isCsv: boolean;
  /** The spool as a table of texts. */
  readonly textRowsSql: string;
  /** Runs a statement outside the transaction, which the error has ended. */
  readonly diagnose: ((sql: string) => Promise<DuckDBMaterializedResult>) | undefined;
}

interface FailedValue {
  /** From 1. */
  readonly row: number;
  readonly column: SpoolColumn;
  readonly text: string;
}

const READER_ERROR =
  /CSV Error on Line: (\d+)[\s\S]*?Error when converting column "c(\d+)"\. Could not convert string "([\s\S]*?)" to '/;

/**
 * Why DuckDB could not put the spool into the table, in PostgreSQL's words and with line and column. Undefined when it was no value's fault:
 * a constraint, the memory, an interruption.
 */
export async function failedValue(error: unknown, copy: FailedCopy): Promise<SqlError | undefined> {
  const message = messageOf(error);
  const found = readerFailure(message, copy) ?? (await castFailure(message, copy));
  if (found === undefined) return undefined;
  const { row, column, text } = found;
  const line = copy.linesBefore + (copy.isCsv ? await lineOfRow(copy.path, row) : row);
  return located(conversionError(column, text), { table: copy.table, line, column: column.name, text });
}

/** Sessions ask DuckDB for errors as JSON. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (!message.startsWith('{')) return message;
  try {
    const { exception_message: inner } = JSON.parse(message) as { exception_message?: unknown };
    return typeof inner === 'string' ? inner : message;
  } catch {
    // Not JSON after all: a message that begins with a brace.
    return message;
  }
}

function readerFailure(message: string, { columns }: FailedCopy): FailedValue | undefined {
  const [, row, index, text] = READER_ERROR.exec(message) ?? [];
  const column = columns[Number(index)];
  return column === undefined || text === undefined ? undefined : { row: Number(row), column, text };
}

/** Casts of our own say nothing of rows: the first value that cannot be cast is looked for. */
async function castFailure(message: string, copy: FailedCopy): Promise<FailedValue | undefined> {
  if (copy.diagnose === undefined || !/convert|cast|json|enum/i.test(message)) return undefined;
  for (const [index, column] of copy.columns.entries()) {
    const value = `c${index}`;
    const expression = column.expression(value);
    if (expression === value) continue;
    const result = await copy.diagnose(
      `SELECT n, ${value} FROM (SELECT row_number() OVER () AS n, * FROM ${copy.textRowsSql}) ` +
        `WHERE ${value} IS NOT NULL AND TRY(${expression}) IS NULL ORDER BY n LIMIT 1`,
    );
    const [first] = await result.getRows();
    if (first !== undefined) return { row: Number(first[0]), column, text: String(first[1]) };
  }
  return undefined;
}

function conversionError(column: SpoolColumn, text: string): SqlError {
  const { type, wireType } = column;
  const asPostgres = readError(column, text);
  if (asPostgres !== undefined) return asPostgres;
  if (type instanceof DuckDBDecimalType) {
    return new SqlError('22003', 'numeric field overflow', {
      detail: `A field with precision ${type.width}, scale ${type.scale} must round to an absolute value less than 10^${type.width - type.scale}.`,
    });
  }
  if (wireType.oid === PG_TYPES.json.oid) return new SqlError('22P02', 'invalid input syntax for type json');
  if (/^(DATE|TIME)/.test(type.toString())) {
    return new SqlError('22008', `date/time field value out of range: "${text}"`);
  }
  const isNumber = /^[+-]?[\d.]+([eE][+-]?\d+)?$/.test(text);
  const name = type.toString().toLowerCase();
  return isNumber
    ? new SqlError('22003', `value "${text}" is out of range for type ${name}`)
    : new SqlError('22P02', `invalid input value for type ${name.replace(/\(.*/s, '')}: "${text}"`);
}

function readError({ wireType, settings }: SpoolColumn, text: string): SqlError | undefined {
  if (wireType.element !== undefined) return undefined;
  try {
    inputFor(wireType.oid, 0).fromText(text, settings);
    return undefined;
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
}

/** The last line of a row: rows have as many line breaks in the spool as they had when they came. */
async function lineOfRow(path: string, row: number): Promise<number> {
  let rows = 0;
  let lines = 0;
  let isQuoted = false;
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    for (const byte of piece) {
      if (byte === 0x22) isQuoted = !isQuoted;
      else if (byte === 0x0a) {
        lines++;
        if (!isQuoted && ++rows === row) return lines;
      }
    }
  }
  return lines;
}

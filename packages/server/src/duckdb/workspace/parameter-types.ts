import { DuckDBTypeId, type DuckDBPreparedStatement } from '@duckdb/node-api';
import { duckdbTypeOf } from './encoding/parameters/bind-parameter.js';
import { tokenize } from './sql-tokens.js';
import { applyEdits, type EditedSql, type TextEdit } from './statement-edits.js';

/**
 * DuckDB finds out the type of a parameter only where it is compared with a column or put into one. What is left is the type that the
 * client has given, else text, else the first of these that the statement can be planned with.
 */
const GUESSES = ['VARCHAR', 'BIGINT', 'DOUBLE', 'TIMESTAMP', 'DATE', 'INTERVAL'];

/** Indexes, from 1, of parameters whose type DuckDB does not know. Then it does not know the columns either. */
export function unknownParameters(prepared: DuckDBPreparedStatement): number[] {
  const unknown: number[] = [];
  for (let index = 1; index <= prepared.parameterCount; index++) {
    if (prepared.parameterTypeId(index) === DuckDBTypeId.INVALID) unknown.push(index);
  }
  return unknown;
}

/** The statement with casts around such parameters, in the order in which they should be tried. */
export function withParameterCasts(
  { sql, edits }: EditedSql,
  original: string,
  unknown: readonly number[],
  givenTypes: readonly number[],
): EditedSql[] {
  const text = edits === undefined ? sql : original;
  const guessed = unknown.some((index) => givenType(givenTypes, index) === undefined);
  const guesses = guessed ? GUESSES : GUESSES.slice(0, 1);
  return guesses.map((guess) => {
    const casts: TextEdit[] = tokenize(text).flatMap(({ kind, value, start, end }) => {
      const index = kind === 'parameter' ? Number(value) : 0;
      if (!unknown.includes(index)) return [];
      return [{ start, end, text: `CAST($${index} AS ${givenType(givenTypes, index) ?? guess})` }];
    });
    const others = (edits ?? []).filter((edit) =>
      casts.every(({ start, end }) => edit.end <= start || edit.start >= end),
    );
    const edited = applyEdits(text, [...others, ...casts]);
    return edits === undefined ? { sql: edited.sql, edits: undefined } : edited;
  });
}

function givenType(givenTypes: readonly number[], index: number): string | undefined {
  const oid = givenTypes[index - 1] ?? 0;
  return oid === 0 ? undefined : (duckdbTypeOf(oid)?.toString() ?? 'VARCHAR');
}

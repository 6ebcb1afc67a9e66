import { DuckDBTypeId, type DuckDBPreparedStatement } from '@duckdb/node-api';
import { PG_TYPES } from '../../model/pg-types.js';
import { duckdbTypeOf } from './encoding/parameters/bind-parameter.js';
import { tokenize } from './sql-tokens.js';
import { declaredTypes } from './statement-shape.js';
import { applyEdits, type EditedSql, type TextEdit } from './statement-edits.js';

/**
 * DuckDB finds out the type of a parameter only where it is compared with a column or put into one. What is left is the type that the
 * client has given, else text, else the first of these that the statement can be planned with.
 */
const GUESSES = ['VARCHAR', 'BIGINT', 'DOUBLE', 'TIMESTAMP', 'DATE', 'INTERVAL'];

/** Likewise where only an array can stand. */
const ARRAY_GUESSES = ['VARCHAR[]', 'BIGINT[]', 'DOUBLE[]', 'UUID[]', 'DATE[]', 'TIMESTAMP[]', 'BOOLEAN[]'];

/** Indexes, from 1, of parameters whose type DuckDB does not know. Then it does not know the columns either. */
export function unknownParameters(prepared: DuckDBPreparedStatement): number[] {
  const unknown: number[] = [];
  for (let index = 1; index <= prepared.parameterCount; index++) {
    if (prepared.parameterTypeId(index) === DuckDBTypeId.INVALID) unknown.push(index);
  }
  return unknown;
}

/** A way to plan the statement, and the type that each parameter of unknown type is given in it. */
export interface TypedAttempt {
  readonly edited: EditedSql;
  readonly types: ReadonlyMap<number, string>;
}

/** The statement with casts around such parameters, in the order in which they should be tried. */
export function withParameterCasts(
  { sql, edits }: EditedSql,
  original: string,
  unknown: readonly number[],
  givenTypes: readonly number[],
): TypedAttempt[] {
  const text = edits === undefined ? sql : original;
  const declared = declaredTypes(sql);
  const knownType = (index: number): string | undefined => givenType(givenTypes, index) ?? declared.get(index);
  const guessed = unknown.filter((index) => knownType(index) === undefined);
  const arrays = arrayParameters(sql);
  const scalars = guessed.some((index) => !arrays.has(index)) ? GUESSES : GUESSES.slice(0, 1);
  const attempts = arrayGuesses(guessed.filter((index) => arrays.has(index))).flatMap((chosen) =>
    scalars.map((scalar) => (index: number) => knownType(index) ?? chosen.get(index) ?? scalar),
  );
  return attempts.map((typeOf) => {
    const types = new Map(unknown.map((index): [number, string] => [index, typeOf(index)]));
    const castsIn = (part: string): TextEdit[] =>
      tokenize(part).flatMap(({ kind, value, start, end }) => {
        const isNamed = kind === 'parameter' && !isNumeric(givenTypes, Number(value));
        const type = isNamed ? types.get(Number(value)) : undefined;
        return type === undefined ? [] : [{ start, end, text: `CAST($${value} AS ${type})` }];
      });
    const casts = castsIn(text);
    const others = (edits ?? [])
      .filter((edit) => casts.every(({ start, end }) => edit.end <= start || edit.start >= end))
      // What a rule says once more has the parameter once more.
      .map((edit) =>
        edit.text.includes('$') ? { ...edit, text: applyEdits(edit.text, castsIn(edit.text)).sql } : edit,
      );
    const edited = applyEdits(text, [...others, ...casts]);
    return { edited: edits === undefined ? { sql: edited.sql, edits: undefined } : edited, types };
  });
}

/** So many ways are tried, no more. */
const MAX_ARRAY_GUESSES = 64;

function arrayGuesses(indexes: readonly number[]): readonly ReadonlyMap<number, string>[] {
  const none: readonly ReadonlyMap<number, string>[] = [new Map()];
  return indexes.reduce(
    (chosen, index) =>
      chosen
        .flatMap((one) => ARRAY_GUESSES.map((type) => new Map([...one, [index, type]])))
        .slice(0, MAX_ARRAY_GUESSES),
    none,
  );
}

/** Parameters of `= ANY ($1)`, `<> ALL ($1)` and `unnest($1)`. */
function arrayParameters(sql: string): ReadonlySet<number> {
  const tokens = tokenize(sql);
  const found = tokens.filter(({ kind }, at) => {
    const isAlone = tokens[at - 1]?.value === '(' && tokens[at + 1]?.value === ')';
    return kind === 'parameter' && isAlone && /^(any|some|all|unnest)$/.test(tokens[at - 2]?.value ?? '');
  });
  return new Set(found.map(({ value }) => Number(value)));
}

/** A numeric of PostgreSQL has the digits of its value, a DECIMAL those of its type: DuckDB has to plan with the value's. */
function isNumeric(givenTypes: readonly number[], index: number): boolean {
  const oid = givenTypes[index - 1] ?? 0;
  return oid === PG_TYPES.numeric.oid || oid === PG_TYPES.numeric.arrayOid;
}

const INTEGERS: readonly DuckDBTypeId[] = [DuckDBTypeId.SMALLINT, DuckDBTypeId.INTEGER, DuckDBTypeId.BIGINT];

/**
 * Types that the client gave and that may change the columns, because DuckDB found out others: it plans with what is bound in the end. By
 * number of the parameter.
 */
export function differingTypes(
  prepared: DuckDBPreparedStatement,
  givenTypes: readonly number[],
): ReadonlyMap<number, string> {
  const differing = new Map<number, string>();
  for (let index = 1; index <= prepared.parameterCount; index++) {
    const given = duckdbTypeOf(givenTypes[index - 1] ?? 0)?.typeId;
    const found = prepared.parameterTypeId(index);
    const name = givenType(givenTypes, index);
    if (name === undefined || given === undefined || given === DuckDBTypeId.VARCHAR) continue;
    if (found === DuckDBTypeId.INVALID || found === given) continue;
    if (INTEGERS.includes(given) && INTEGERS.indexOf(given) <= INTEGERS.indexOf(found)) continue;
    differing.set(index, name);
  }
  return differing;
}

function givenType(givenTypes: readonly number[], index: number): string | undefined {
  const oid = givenTypes[index - 1] ?? 0;
  if (oid === 0) return undefined;
  if (isNumeric(givenTypes, index)) return oid === PG_TYPES.numeric.oid ? 'DECIMAL(18, 3)' : 'DECIMAL(18, 3)[]';
  return duckdbTypeOf(oid)?.toString() ?? 'VARCHAR';
}

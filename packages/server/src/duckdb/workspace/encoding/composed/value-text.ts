import { DuckDBDecimalType, DuckDBEnumType, DuckDBTypeId, type DuckDBType } from '@duckdb/node-api';
import type { TextCharacters } from '../text/text-writer.js';
import type { WireSettings } from '../wire-settings.js';

/** A value's text as PostgreSQL writes it, as an expression of DuckDB that is NULL where the value is. */
export interface ValueText {
  readonly sql: string;
  readonly characters: TextCharacters;
}

/** DuckDB's own function, whatever macros of that name a user has. */
export function builtIn(name: string, ...parameters: readonly string[]): string {
  return `system.main.${name}(${parameters.join(', ')})`;
}

/**
 * Undefined for a type whose text DuckDB does not write as PostgreSQL does; `text/` writes those. The column is cast to the type that was
 * described, which costs nothing while it has that type.
 */
export function valueTextOf(column: string, type: DuckDBType, settings: WireSettings): ValueText | undefined {
  if (type instanceof DuckDBEnumType) return { sql: `CAST(${column} AS VARCHAR)`, characters: 'any' };
  // 0.5 of a DECIMAL without whole digits is `.5`.
  if (type instanceof DuckDBDecimalType && type.width === type.scale) return undefined;
  if (type.typeId === DuckDBTypeId.VARCHAR) return { sql: `CAST(${column} AS VARCHAR)`, characters: 'any' };
  const sql = TEXTS[type.typeId]?.(`CAST(${column} AS ${type.toString()})`, settings);
  if (sql === undefined) return undefined;
  return { sql, characters: type.typeId === DuckDBTypeId.BLOB ? 'any' : 'spaced' };
}

type TextSql = (value: string, settings: WireSettings) => string | undefined;

const cast: TextSql = (value) => `CAST(${value} AS VARCHAR)`;

const TEXTS: Readonly<Partial<Record<DuckDBTypeId, TextSql>>> = {
  [DuckDBTypeId.BOOLEAN]: (value) => `CASE ${value} WHEN true THEN 't' WHEN false THEN 'f' END`,
  [DuckDBTypeId.TINYINT]: cast,
  [DuckDBTypeId.UTINYINT]: cast,
  [DuckDBTypeId.SMALLINT]: cast,
  [DuckDBTypeId.USMALLINT]: cast,
  [DuckDBTypeId.INTEGER]: cast,
  [DuckDBTypeId.UINTEGER]: cast,
  [DuckDBTypeId.BIGINT]: cast,
  [DuckDBTypeId.UBIGINT]: cast,
  [DuckDBTypeId.HUGEINT]: cast,
  [DuckDBTypeId.UHUGEINT]: cast,
  [DuckDBTypeId.DECIMAL]: cast,
  [DuckDBTypeId.UUID]: cast,
  [DuckDBTypeId.TIME]: cast,
  [DuckDBTypeId.DOUBLE]: doubleText,
  [DuckDBTypeId.DATE]: (value) =>
    `CASE WHEN ${value} >= DATE '0001-01-01' THEN CAST(${value} AS VARCHAR) ELSE ${beforeChrist(value, '')} END`,
  [DuckDBTypeId.TIMESTAMP]: (value) => timestampText(value, ''),
  [DuckDBTypeId.TIMESTAMP_TZ]: (value, { timeZone }) => {
    if (timeZone !== 'UTC') return undefined;
    // The engine's own conversion asks a library for the offset of each value.
    const inUtc = builtIn('make_timestamp', builtIn('epoch_us', value));
    return `CASE WHEN ${builtIn('isfinite', value)} THEN ${timestampText(inUtc, '+00')} ELSE CAST(${value} AS VARCHAR) END`;
  },
  [DuckDBTypeId.BLOB]: (value, { byteaOutput }) =>
    byteaOutput === 'hex' ? `'\\x' || ${builtIn('lower', builtIn('hex', value))}` : undefined,
};

function timestampText(value: string, offset: string): string {
  const text = `CAST(${value} AS VARCHAR)`;
  const shown = offset === '' ? text : `${text} || '${offset}'`;
  return `CASE WHEN ${value} >= TIMESTAMP '0001-01-01 00:00:00' THEN ${shown} ELSE ${beforeChrist(value, offset)} END`;
}

/** DuckDB: `0044-03-15 (BC) 12:00:00`; PostgreSQL: `0044-03-15 12:00:00 BC`. Infinity is the same word to both. */
function beforeChrist(value: string, offset: string): string {
  return builtIn('regexp_replace', `CAST(${value} AS VARCHAR)`, `'^(\\S+) \\(BC\\)( .*)?$'`, `'\\1\\2${offset} BC'`);
}

/**
 * The shortest digits that read back as the same number, which both write. They differ in where an exponent begins, in whole numbers, which
 * have `.0` in DuckDB, and from 2^53 on in the digits of a few numbers: where a shorter decimal lies exactly half way to the neighbouring
 * number (1e23), PostgreSQL takes a longer one, although the shorter one reads back as well.
 */
function doubleText(value: string, { extraFloatDigits }: WireSettings): string | undefined {
  if (extraFloatDigits <= 0) return undefined;
  const size = builtIn('abs', value);
  const text = `CAST(${value} AS VARCHAR)`;
  const whole = `CAST(CAST(${value} AS BIGINT) AS VARCHAR)`;
  // From 1e15 to 1e16 DuckDB writes 16 digits and a fraction; PostgreSQL writes an exponent.
  const digits = builtIn('rtrim', builtIn('replace', `CAST(${size} AS VARCHAR)`, `'.'`, `''`), `'0'`);
  const fraction = `CASE WHEN ${builtIn('strlen', digits)} = 1 THEN '' ELSE '.' || ${builtIn('substr', digits, '2')} END`;
  const scientific = `CASE WHEN ${value} < 0 THEN '-' ELSE '' END || ${builtIn('substr', digits, '1', '1')} || ${fraction} || 'e+15'`;
  return (
    `CASE WHEN ${size} >= 1e-4 AND ${size} < 1e15 THEN CASE WHEN ${value} = ${builtIn('trunc', value)} THEN ${whole} ELSE ${text} END ` +
    `WHEN ${value} = 0 THEN CASE WHEN ${builtIn('signbit', value)} THEN '-0' ELSE '0' END ` +
    `WHEN ${builtIn('isnan', value)} THEN 'NaN' ` +
    `WHEN ${builtIn('isinf', value)} THEN CASE WHEN ${value} > 0 THEN 'Infinity' ELSE '-Infinity' END ` +
    `WHEN ${size} >= 1e15 AND ${size} < 1e16 THEN ${scientific} ELSE ${text} END`
  );
}

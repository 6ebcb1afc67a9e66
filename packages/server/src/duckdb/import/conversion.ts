import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnDefinition } from '../../model/columns.js';
import type { RejectedRow } from '../../workers/messages.js';
import { shorten } from './import-failure.js';
import { loadedName, SOURCE_ROW } from './import-source.js';
import { readNumber, readRows } from './query.js';

/** How a loaded column gets its type. */
export interface Conversion {
  readonly column: ColumnDefinition;
  /** The value as the reader yields it. */
  readonly raw: string;
  /** False when the reader yields the column's type already. */
  readonly needed: boolean;
}

/** A NULL cast to a UNION becomes a value: its first member, holding NULL. */
export function castSql({ raw, needed, column }: Conversion): string {
  if (!needed) return raw;
  const cast = `CAST(${raw} AS ${column.type})`;
  return column.type.startsWith('UNION(') ? `CASE WHEN ${raw} IS NULL THEN NULL ELSE ${cast} END` : cast;
}

/** NULL where the value does not convert. TRY and not TRY_CAST: that one keeps a list and makes its bad elements NULL. */
export function tryCastSql(conversion: Conversion): string {
  return conversion.needed ? `TRY(${castSql(conversion)})` : conversion.raw;
}

function isBadValueSql(conversion: Conversion): string {
  return `(${conversion.raw} IS NOT NULL AND ${tryCastSql(conversion)} IS NULL)`;
}

export function isBadRowSql(conversions: readonly Conversion[]): string {
  const conditions = conversions.filter(({ needed }) => needed).map(isBadValueSql);
  return conditions.length === 0 ? 'false' : conditions.join(' OR ');
}

/** The loaded columns under their names, each with `sqlOf` around its raw value. */
export function loadedColumnsSql(
  conversions: readonly Conversion[],
  sqlOf: (conversion: Conversion) => string,
): string {
  return conversions.map((conversion, index) => `${sqlOf(conversion)} AS ${loadedName(index)}`).join(', ');
}

export function countBadRows(
  connection: DuckDBConnection,
  conversions: readonly Conversion[],
  from: string,
): Promise<number> {
  return readNumber(connection, `SELECT count(*) FROM ${from} WHERE ${isBadRowSql(conversions)}`);
}

/**
 * The first rows of `from` (which has the raw values and `SOURCE_ROW`) that do not convert, with the row number in place of the
 * line: how CSV rows relate to lines only the scanner knows.
 */
export async function findBadRows(
  connection: DuckDBConnection,
  conversions: readonly Conversion[],
  from: string,
  limit: number,
): Promise<{ row: number; fault: Omit<RejectedRow, 'line'> }[]> {
  const cases = conversions.flatMap((conversion, index) =>
    conversion.needed
      ? [`WHEN ${isBadValueSql(conversion)} THEN {'i': ${index}, 'v': CAST(${conversion.raw} AS VARCHAR)}`]
      : [],
  );
  if (cases.length === 0) return [];
  const rows = await readRows(
    connection,
    `SELECT ${SOURCE_ROW}, bad.i, bad.v FROM (
       SELECT ${SOURCE_ROW}, CASE ${cases.join(' ')} END AS bad FROM ${from} WHERE ${isBadRowSql(conversions)}
     ) ORDER BY ${SOURCE_ROW} LIMIT ${limit}`,
  );
  return rows.map(([row, index, value]) => {
    const column = conversions[Number(index)]?.column;
    const shown = value === null || value === undefined ? null : shorten(String(value));
    return { row: Number(row), fault: { column: column?.name ?? null, ...conversionFault(shown, column) } };
  });
}

export function conversionFault(
  value: string | null,
  column: ColumnDefinition | undefined,
): { value: string | null; reason: string } {
  return { value, reason: `could not convert '${value ?? ''}' to ${column?.type ?? 'the type of the column'}` };
}

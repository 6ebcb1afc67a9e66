import type { DuckDBConnection } from '@duckdb/node-api';
import { DomainError } from '../../errors/domain-error.js';
import type { ColumnDefinition } from '../../model/columns.js';
import { castSql } from '../import/conversion.js';
import { dataErrorMessage, firstSentence, shorten } from '../import/import-failure.js';
import type { KeyColumn } from '../import/key-uniqueness.js';
import { readNumber, readRows } from '../import/query.js';
import { quoteIdentifier } from '../quoting.js';

/** Enough to see what is wrong; all of them could be the whole table. */
const SHOWN_ROWS = 20;
const SHOWN_IN_MESSAGE = 3;

/**
 * Why the rows of a table do not permit a change of its shape: how many, and the first ones with their numbers, counted from 1 in the
 * order of the table. Looked for only after the engine refused, so that a change which succeeds reads nothing twice.
 */
export async function missingValues(
  connection: DuckDBConnection,
  table: string,
  columnName: string,
  wanted: string,
): Promise<DomainError> {
  const isMissing = `${quoteIdentifier(columnName)} IS NULL`;
  const count = await readNumber(connection, `SELECT count(*) FROM ${table} WHERE ${isMissing}`);
  const rows = await readRows(
    connection,
    `SELECT place FROM (SELECT row_number() OVER () AS place, ${isMissing} AS is_missing FROM ${table})
     WHERE is_missing ORDER BY place LIMIT ${SHOWN_ROWS}`,
  );
  const places = rows.map(([place]) => Number(place));
  return new DomainError(
    'not_null_violation',
    `Column '${columnName}' cannot be ${wanted}: ${amount(count, 'row has', 'rows have')} no value, ` +
      `the first at row ${places[0] ?? 0}. Nothing was changed.`,
    { column_name: columnName, null_count: count, rows: places },
  );
}

export async function uncastableValues(
  connection: DuckDBConnection,
  table: string,
  column: ColumnDefinition,
  type: string,
  cause: unknown,
): Promise<DomainError> {
  const reason = firstSentence(dataErrorMessage(cause), '');
  const details = { column_name: column.name, from_type: column.type, to_type: type };
  const change = `column '${column.name}' from ${column.type} to ${type}`;
  const failed = await findUncastable(connection, table, column, type);
  if (failed === undefined || failed.count === 0) {
    return new DomainError(
      'cast_failed',
      `Cannot change ${change}: ${reason}. Nothing was changed.`,
      { ...details, failed_count: null, failed_values: [], reason },
      { cause },
    );
  }
  const shown = failed.first.slice(0, SHOWN_IN_MESSAGE).map(({ row, value }) => `'${value}' in row ${row}`);
  return new DomainError(
    'cast_failed',
    `Cannot change ${change}: ${amount(failed.count, 'value does', 'values do')} not convert, ` +
      `${failed.count === 1 ? '' : 'for example '}${shown.join(', ')}. Nothing was changed.`,
    { ...details, failed_count: failed.count, failed_values: failed.first, reason },
    { cause },
  );
}

/** Undefined when the engine has no such cast at all. Within a struct, a value that converts to NULL is not a failure. */
async function findUncastable(
  connection: DuckDBConnection,
  table: string,
  column: ColumnDefinition,
  type: string,
): Promise<{ count: number; first: readonly { row: number; value: string }[] } | undefined> {
  const raw = quoteIdentifier(column.name);
  const isFailed = `TRY({'value': ${castSql({ raw, needed: true, column: { ...column, type } })}}) IS NULL`;
  try {
    const count = await readNumber(connection, `SELECT count(*) FROM ${table} WHERE ${isFailed}`);
    const rows = await readRows(
      connection,
      `SELECT place, value FROM (
         SELECT row_number() OVER () AS place, CAST(${raw} AS VARCHAR) AS value, ${isFailed} AS is_failed FROM ${table}
       ) WHERE is_failed ORDER BY place LIMIT ${SHOWN_ROWS}`,
    );
    return { count, first: rows.map(([row, value]) => ({ row: Number(row), value: shorten(String(value)) })) };
  } catch (error) {
    dataErrorMessage(error);
    return undefined;
  }
}

/** `circumstance` says when the key repeats, for instance `after the change of its type`. */
export async function repeatedKeys(
  connection: DuckDBConnection,
  table: string,
  key: readonly KeyColumn[],
  circumstance: string,
): Promise<DomainError> {
  const names = key.map(({ name }) => name);
  const aliases = key.map((_, index) => `k${index}`);
  const selected = key.map(({ sql }, index) => `${sql} AS k${index}`).join(', ');
  const groups = `SELECT ${aliases.join(', ')}, count(*) AS amount, min(place) AS place
    FROM (SELECT row_number() OVER () AS place, ${selected} FROM ${table}) GROUP BY ${aliases.join(', ')} HAVING count(*) > 1`;
  const [[keyCount, rowCount] = []] = await readRows(connection, `SELECT count(*), sum(amount) FROM (${groups})`);
  const texts = aliases.map((alias) => `CAST(${alias} AS VARCHAR)`).join(', ');
  const rows = await readRows(
    connection,
    `SELECT amount, place, ${texts} FROM (${groups}) ORDER BY place LIMIT ${SHOWN_ROWS}`,
  );
  const duplicates = rows.map(([rowsWithKey, place, ...values]) => ({
    key: Object.fromEntries(names.map((name, index) => [name, shorten(String(values[index] ?? ''))])),
    rows: Number(rowsWithKey),
    first_row: Number(place),
  }));
  const shown = duplicates
    .slice(0, SHOWN_IN_MESSAGE)
    .map((duplicate) => `${Object.values(duplicate.key).join(', ')} (${duplicate.rows} rows)`);
  return new DomainError(
    'duplicate_key',
    `The primary key (${names.join(', ')}) would repeat${circumstance}: ${amount(Number(keyCount), 'key is', 'keys are')} ` +
      `in ${Number(rowCount)} rows, for example ${shown.join('; ')}. Nothing was changed.`,
    { primary_key: names, duplicate_keys: Number(keyCount), duplicate_rows: Number(rowCount), duplicates },
  );
}

function amount(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

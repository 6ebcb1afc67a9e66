import type { DuckDBConnection } from '@duckdb/node-api';
import { DomainError } from '../../errors/domain-error.js';
import { shorten } from './import-failure.js';
import { changeRows, readNumber, readRows } from './query.js';

/** Rows looked at before the whole column is: a file that is not sorted shows it early. */
const SAMPLE_ROWS = 20_000;
/** A bitmap of 32 MB per thread at most, and not much sparser than it takes to be faster than sorting. */
const MAX_BITMAP_BITS = 2 ** 28;
const MAX_BITS_PER_ROW = 32;
/** Above, 32-bit hashes of different keys meet so often that looking at those keys costs more than longer hashes. */
const SHORT_HASH_ROWS = 20_000_000;
const EXAMPLES = 5;

export interface KeyColumn {
  /** As the user knows it. */
  readonly name: string;
  /** As the statement knows it, quoted. */
  readonly sql: string;
  readonly type: string;
}

const INTEGER_TYPES = new Set(['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER']);

/**
 * Whether a key occurs twice in `table`. Keys are kept unique by the write path, without an index, so this runs on every import
 * with a key and must be cheap when, as nearly always, nothing is repeated. Cheapest proof first:
 *
 *   strictly ascending in file order     one pass, nothing remembered      files that were exported in key order
 *   bitmap of a narrow integer range     as many bits set as rows          numbers without large gaps
 *   neighbours in sorted order           integers, or hashes of the key    everything else; spills to disk
 *
 * Equal hashes only raise a suspicion, which is then checked on the keys themselves. Key columns hold no NULL here.
 */
export async function hasRepeatedKey(
  connection: DuckDBConnection,
  table: string,
  key: readonly KeyColumn[],
  rowCount: number,
): Promise<boolean> {
  if (rowCount < 2) return false;
  const names = key.map(({ sql }) => sql);
  if (await isAscending(connection, table, names, rowCount)) return false;
  const [first] = names;
  if (first !== undefined && names.length === 1 && INTEGER_TYPES.has(key[0]?.type ?? '')) {
    const range = await integerRange(connection, table, first);
    if (range.size < rowCount) return true;
    if (range.size <= Math.min(MAX_BITMAP_BITS, rowCount * MAX_BITS_PER_ROW)) {
      const bits = `SELECT bit_count(bitstring_agg(${first}, ${range.min}, ${range.max})) FROM ${table}`;
      return (await readNumber(connection, bits)) < rowCount;
    }
    return (await readNumber(connection, `SELECT count(*) FROM (${equalNeighbours(table, first)})`)) > 0;
  }
  return hasRepeatedHashedKey(connection, table, names, rowCount);
}

async function isAscending(
  connection: DuckDBConnection,
  table: string,
  names: readonly string[],
  rowCount: number,
): Promise<boolean> {
  const selected = names.join(', ');
  const descents = (from: string): string => {
    const previous = names.map((name, index) => `lag(${name}) OVER () AS p${index}`).join(', ');
    const greater = names
      .map((name, index) => {
        const equalBefore = names.slice(0, index).map((before, position) => `${before} = p${position} AND `);
        return `(${equalBefore.join('')}${name} > p${index})`;
      })
      .join(' OR ');
    return `SELECT count(*) FROM (SELECT ${selected}, ${previous} FROM ${from}) WHERE p0 IS NOT NULL AND NOT (${greater})`;
  };
  if (rowCount > SAMPLE_ROWS) {
    const sample = `(SELECT ${selected} FROM ${table} LIMIT ${SAMPLE_ROWS})`;
    if ((await readNumber(connection, descents(sample))) > 0) return false;
  }
  return (await readNumber(connection, descents(table))) === 0;
}

async function integerRange(
  connection: DuckDBConnection,
  table: string,
  name: string,
): Promise<{ min: string; max: string; size: number }> {
  const rows = await readRows(connection, `SELECT min(${name})::VARCHAR, max(${name})::VARCHAR FROM ${table}`);
  const min = String(rows[0]?.[0] ?? '0');
  const max = String(rows[0]?.[1] ?? '0');
  return { min, max, size: Number(BigInt(max) - BigInt(min)) + 1 };
}

/** Sorting first and then looking one row back is twice as fast as a window with its own order. */
function equalNeighbours(table: string, expression: string): string {
  return `SELECT h FROM (SELECT h, lag(h) OVER () AS p FROM (SELECT ${expression} AS h FROM ${table} ORDER BY h)) WHERE h = p`;
}

async function hasRepeatedHashedKey(
  connection: DuckDBConnection,
  table: string,
  names: readonly string[],
  rowCount: number,
): Promise<boolean> {
  const full = `hash(${names.join(', ')})`;
  const hash = rowCount <= SHORT_HASH_ROWS ? `(${full} >> 32)::UINTEGER` : full;
  await connection.run(`CREATE OR REPLACE TEMP TABLE suspects AS ${equalNeighbours(table, hash)}`);
  try {
    if ((await readNumber(connection, 'SELECT count(*) FROM temp.suspects')) === 0) return false;
    const repeated = `SELECT 1 FROM ${table} WHERE ${hash} IN (SELECT h FROM temp.suspects) GROUP BY ${names.join(', ')} HAVING count(*) > 1 LIMIT 1`;
    return (await readRows(connection, repeated)).length > 0;
  } finally {
    await connection.run('DROP TABLE IF EXISTS temp.suspects');
  }
}

/**
 * Of the rows with one key, only the last in file order stays, at its place. Returns how many went. Grouping all rows by key would take
 * twice as long as sorting their hashes and then looking at the few that meet.
 */
export async function removeEarlierRows(
  connection: DuckDBConnection,
  table: string,
  key: readonly KeyColumn[],
): Promise<number> {
  const names = key.map(({ sql }) => sql).join(', ');
  const hash = `(hash(${names}) >> 32)::UINTEGER`;
  await connection.run(`CREATE OR REPLACE TEMP TABLE suspects AS ${equalNeighbours(table, hash)}`);
  try {
    return await changeRows(
      connection,
      `DELETE FROM ${table} WHERE rowid IN (
         SELECT place FROM (
           SELECT rowid AS place, max(rowid) OVER (PARTITION BY ${names}) AS last_place
           FROM ${table} WHERE ${hash} IN (SELECT h FROM temp.suspects)
         ) WHERE place < last_place
       )`,
    );
  } finally {
    await connection.run('DROP TABLE IF EXISTS temp.suspects');
  }
}

/** `select` yields the key columns of repeated keys; a few of them go into the error. */
export async function duplicateKeyError(
  connection: DuckDBConnection,
  key: readonly KeyColumn[],
  where: string,
  select: string,
): Promise<DomainError> {
  const columns = key.map(({ sql }) => `CAST(${sql} AS VARCHAR)`).join(', ');
  const rows = await readRows(connection, `SELECT ${columns} FROM (${select}) LIMIT ${EXAMPLES}`);
  const examples = rows.map((row) =>
    Object.fromEntries(key.map(({ name }, index) => [name, shorten(String(row[index] ?? ''))])),
  );
  const shown = examples.map((example) => Object.values(example).join(', ')).join('; ');
  return new DomainError(
    'duplicate_key',
    `The primary key (${key.map(({ name }) => name).join(', ')}) repeats ${where}, for example: ${shown}. Nothing was changed. ` +
      'Use dedup_mode update_duplicates, or remove the duplicates.',
    { primary_key: key.map(({ name }) => name), examples },
  );
}

export function repeatedKeysSql(table: string, key: readonly KeyColumn[]): string {
  const names = key.map(({ sql }) => sql).join(', ');
  return `SELECT ${names} FROM ${table} GROUP BY ${names} HAVING count(*) > 1`;
}

import type { DuckDBConnection } from '@duckdb/node-api';
import type { TableShape } from '../../model/columns.js';
import { hasRepeatedKey } from '../import/key-uniqueness.js';
import { readRows } from '../import/query.js';
import { storedKey } from '../import/table-columns.js';
import { quoteIdentifier } from '../quoting.js';
import { columnOf, type PreparedAlteration } from './alteration.js';
import { setNotNull } from './not-null.js';
import { missingValues, repeatedKeys } from './violations.js';

/**
 * Keys are not in the file, so the rows are checked where they are, and only columns that become NOT NULL need a new file.
 * `table` is the table of the base version.
 */
export async function prepareAddPrimaryKey(
  connection: DuckDBConnection,
  table: string,
  shape: TableShape,
  columnNames: readonly string[],
  rowCount: number,
): Promise<PreparedAlteration> {
  const columns = columnNames.map((name) => columnOf(shape, name));
  const optional = columns.filter(({ nullable }) => nullable);
  const next = {
    columns: shape.columns.map((column) => (optional.includes(column) ? { ...column, nullable: false } : column)),
    primaryKey: columns.map(({ name }) => name),
  };
  const missing = optional.map(({ name }) => `count(*) - count(${quoteIdentifier(name)})`);
  const [counts = []] =
    missing.length === 0 ? [] : await readRows(connection, `SELECT ${missing.join(', ')} FROM ${table}`);
  const incomplete = optional.find((_, index) => Number(counts[index]) > 0);
  if (incomplete !== undefined) {
    throw await missingValues(connection, table, incomplete.name, 'part of the primary key');
  }
  const key = storedKey(next);
  if (await hasRepeatedKey(connection, table, key, rowCount)) throw await repeatedKeys(connection, table, key, '');
  return {
    shape: next,
    apply:
      optional.length === 0
        ? null
        : async (target) => {
            for (const { name } of optional) await setNotNull(target, name, 'part of the primary key');
          },
  };
}

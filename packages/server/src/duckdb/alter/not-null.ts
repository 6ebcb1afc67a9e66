import { dataErrorMessage } from '../import/import-failure.js';
import { readNumber } from '../import/query.js';
import { quoteIdentifier } from '../quoting.js';
import type { AlterTarget } from './alteration.js';
import { missingValues } from './violations.js';

/** `wanted` completes "cannot be", for instance `NOT NULL`. */
export async function setNotNull({ connection, table }: AlterTarget, name: string, wanted: string): Promise<void> {
  try {
    await connection.run(`ALTER TABLE ${table} ALTER COLUMN ${quoteIdentifier(name)} SET NOT NULL`);
  } catch (error) {
    if (!dataErrorMessage(error).startsWith('Constraint Error')) throw error;
    throw await missingValues(connection, table, name, wanted);
  }
}

/** The engine does not check a NOT NULL column again when its type changes, and some values convert to NULL. */
export async function mustHaveNoMissingValues({ connection, table }: AlterTarget, name: string): Promise<void> {
  const missing = await readNumber(connection, `SELECT count(*) FROM ${table} WHERE ${quoteIdentifier(name)} IS NULL`);
  if (missing > 0) throw await missingValues(connection, table, name, 'NOT NULL');
}

import type { JobHandler } from '../../workers/job-context.js';
import { selectionFailure, selectionSql, unfilteredSelectionSql } from '../row-selection.js';
import { textPrinter } from '../text-value.js';
import { rowsToJson } from '../value-json.js';

/** The first rows of a version. The number of rows is bounded by the caller, so the answer is built in memory. */
export const previewTable: JobHandler<'previewTable'> = async (
  { version, shape, asText, ...selection },
  { database, signal },
) => {
  const print = asText && textPrinter(asText.maxCharacters);
  const form = { texts: asText !== undefined };
  if (selection.filter === null) {
    const sqlOf = (alias: string): string => unfilteredSelectionSql(alias, shape, selection, print);
    return rowsToJson(await database.readVersion(version, sqlOf, signal), form);
  }
  return database.withVersion(version, (alias) =>
    database.withConnection(signal, async (connection) => {
      const sql = await selectionSql(connection, alias, shape, selection, print);
      try {
        return rowsToJson(await connection.run(sql), form);
      } catch (error) {
        throw selectionFailure(error, selection);
      }
    }),
  );
};

import type { JobHandler } from '../../workers/job-context.js';
import { selectionFailure, selectionSql } from '../row-selection.js';
import { rowsToJson } from '../value-json.js';

/** The first rows of a version. The number of rows is bounded by the caller, so the answer is built in memory. */
export const previewTable: JobHandler<'previewTable'> = ({ version, shape, ...selection }, { database, signal }) =>
  database.withVersion(version, (alias) =>
    database.withConnection(signal, async (connection) => {
      const sql = await selectionSql(connection, alias, shape, selection);
      try {
        return await rowsToJson(await connection.run(sql));
      } catch (error) {
        throw selectionFailure(error, selection);
      }
    }),
  );

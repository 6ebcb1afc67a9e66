import type { TableRecord } from '../../../metadata/records.js';
import { defineCommand } from '../define-command.js';
import { invalid } from '../driver-failure.js';
import { ObjectInfoResponseSchema } from '../gen/proto/info_pb.js';
import { CreateTableFromTimeTravelCommandSchema } from '../gen/proto/table_pb.js';
import { tableObjectInfo } from '../shapes/table-info.js';

export const createTableFromTimeTravel = defineCommand({
  level: 'project',
  operation: 'table.create',
  summary: 'Makes a table with the state another one had at a moment, from the versions that are kept. It has no key.',
  onceInRun: () => true,
  request: CreateTableFromTimeTravelCommandSchema,
  response: ObjectInfoResponseSchema,
  run: async (call, { source, destination, timestamp }) => {
    if (source === undefined) throw invalid('The source is missing.');
    if (destination === undefined) throw invalid('The destination is missing.');
    if (timestamp <= 0n || timestamp > 253_402_300_799n) {
      throw invalid(`The timestamp must be in seconds since 1970: ${timestamp}.`);
    }
    const from = call.table(source.path, source.tableName);
    const to = call.table(destination.path, destination.tableName);
    await call.mustMayRead('table.preview', from.projectId, from);
    // The whole of that second counts: what was written in it was there at its end.
    const at = { asOf: new Date(Number(timestamp) * 1000 + 999) };
    return await call.change(
      { operation: 'table.create', projectId: to.projectId, resourceId: `${to.bucketName}.${to.tableName}` },
      (change) => call.services.copies.copy(change, { ...from, at }, to, { replace: false, keepsKey: false }),
      { schema: ObjectInfoResponseSchema, render: (table: TableRecord) => tableObjectInfo(table, destination.path) },
      { stands: () => call.hasTable(to) },
    );
  },
});

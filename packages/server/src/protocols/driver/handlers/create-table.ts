import type { TableRecord } from '../../../metadata/records.js';
import { defineCommand } from '../define-command.js';
import { invalid } from '../driver-failure.js';
import { ObjectInfoResponseSchema } from '../gen/proto/info_pb.js';
import { CreateTableCommandSchema } from '../gen/proto/table_pb.js';
import { columnFrom } from '../shapes/column-definition.js';
import { tableObjectInfo } from '../shapes/table-info.js';

export const createTable = defineCommand({
  level: 'project',
  operation: 'table.create',
  summary: 'Makes an empty table; `_timestamp` is a column like the others.',
  request: CreateTableCommandSchema,
  response: ObjectInfoResponseSchema,
  run: (call, { path, tableName, columns, primaryKeysNames }) => {
    const table = call.table(path, tableName);
    if (columns.length === 0) throw invalid('A table has at least one column.');
    const input = {
      name: tableName,
      description: null,
      columns: columns.map(columnFrom),
      columnDescriptions: {},
      primaryKey: primaryKeysNames,
    };
    return call.change(
      { operation: 'table.create', projectId: table.projectId, resourceId: `${table.bucketName}.${tableName}` },
      (change) => call.services.tables.create(change, table, input),
      { schema: ObjectInfoResponseSchema, render: (created: TableRecord) => tableObjectInfo(created, path) },
    );
  },
});

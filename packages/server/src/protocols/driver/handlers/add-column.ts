import type { TableRecord } from '../../../metadata/records.js';
import { defineCommand } from '../define-command.js';
import { invalid } from '../driver-failure.js';
import { ObjectInfoResponseSchema } from '../gen/proto/info_pb.js';
import { AddColumnCommandSchema } from '../gen/proto/table_pb.js';
import { columnFrom } from '../shapes/column-definition.js';
import { tableObjectInfo } from '../shapes/table-info.js';

export const addColumn = defineCommand({
  level: 'project',
  operation: 'column.add',
  summary: 'Adds a column at the end; a NOT NULL one needs a default when the table has rows.',
  request: AddColumnCommandSchema,
  response: ObjectInfoResponseSchema,
  run: (call, { path, tableName, columnDefinition }) => {
    const table = call.table(path, tableName);
    if (columnDefinition === undefined) throw invalid('The definition of the column is missing.');
    const column = columnFrom(columnDefinition);
    return call.change(
      {
        operation: 'column.add',
        projectId: table.projectId,
        resourceId: `${table.bucketName}.${tableName}.${column.name}`,
      },
      (change) => call.services.schemas.addColumn(change, table, column, null),
      { schema: ObjectInfoResponseSchema, render: (changed: TableRecord) => tableObjectInfo(changed, path) },
    );
  },
});

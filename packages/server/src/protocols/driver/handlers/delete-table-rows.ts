import { create } from '@bufbuild/protobuf';
import type { DeletedRows } from '../../../services/table-rows.js';
import { defineCommand } from '../define-command.js';
import {
  DeleteTableRowsCommand_WhereRefTableFilter_Operator as Operator,
  DeleteTableRowsCommandSchema,
  DeleteTableRowsResponseSchema,
} from '../gen/proto/table_pb.js';
import { conditionFrom } from '../shapes/row-filters.js';

export const deleteTableRows = defineCommand({
  level: 'project',
  operation: 'table.delete_rows',
  summary: 'Deletes the rows that filters, a time of change and other tables choose; without any of them, all.',
  request: DeleteTableRowsCommandSchema,
  response: DeleteTableRowsResponseSchema,
  run: async (call, command) => {
    const ref = call.table(command.path, command.tableName);
    const condition = conditionFrom(command);
    const references = command.whereRefTableFilters.map(({ column, operator, refPath, refTable, refColumn }) => ({
      column,
      negated: operator === Operator.NOT_IN,
      table: call.table(refPath, refTable),
      tableColumn: refColumn,
    }));
    for (const { table } of references) await call.mustMayRead('table.preview', table.projectId, table);
    return await call.change(
      { operation: 'table.delete_rows', projectId: ref.projectId, resourceId: `${ref.bucketName}.${ref.tableName}` },
      (change) => call.services.rows.deleteRows(change, ref, { condition, references }),
      {
        schema: DeleteTableRowsResponseSchema,
        render: ({ deletedRows, tableRowsAfter, tableSizeBytesAfter }: DeletedRows) =>
          create(DeleteTableRowsResponseSchema, {
            deletedRowsCount: BigInt(deletedRows),
            tableRowsCount: BigInt(tableRowsAfter),
            tableSizeBytes: BigInt(tableSizeBytesAfter),
          }),
      },
    );
  },
});

import { defineSilentCommand } from '../define-command.js';
import { invalid } from '../driver-failure.js';
import { DropColumnCommandSchema } from '../gen/proto/table_pb.js';

export const dropColumn = defineSilentCommand({
  level: 'project',
  operation: 'column.drop',
  summary: 'Drops a column that is not part of the key.',
  request: DropColumnCommandSchema,
  run: async (call, { path, tableName, columnName }) => {
    const table = call.table(path, tableName);
    if (columnName === '') throw invalid('The name of the column is empty.');
    await call.silentChange(
      {
        operation: 'column.drop',
        projectId: table.projectId,
        resourceId: `${table.bucketName}.${tableName}.${columnName}`,
      },
      (change) => call.services.schemas.dropColumn(change, table, columnName),
    );
  },
});

import { isDomainError } from '../../../errors/domain-error.js';
import { defineSilentCommand } from '../define-command.js';
import { DropTableCommandSchema } from '../gen/proto/table_pb.js';

export const dropTable = defineSilentCommand({
  level: 'project',
  operation: 'table.delete',
  summary: 'Drops a table. One that is gone is fine.',
  request: DropTableCommandSchema,
  run: async (call, { path, tableName }) => {
    const table = call.table(path, tableName);
    try {
      await call.silentChange<void>(
        { operation: 'table.delete', projectId: table.projectId, resourceId: `${table.bucketName}.${tableName}` },
        (change) => call.services.tables.delete(change, table),
      );
    } catch (error) {
      if (!isDomainError(error, 'table_not_found')) throw error;
      call.log.notice(`Table ${tableName} was gone already.`);
    }
  },
});

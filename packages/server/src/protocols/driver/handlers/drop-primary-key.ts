import { isDomainError } from '../../../errors/domain-error.js';
import { defineSilentCommand } from '../define-command.js';
import { DropPrimaryKeyCommandSchema } from '../gen/proto/table_pb.js';

export const dropPrimaryKey = defineSilentCommand({
  level: 'project',
  operation: 'table.drop_primary_key',
  summary: 'Takes the key away. A table without one is fine.',
  request: DropPrimaryKeyCommandSchema,
  run: async (call, { path, tableName }) => {
    const table = call.table(path, tableName);
    try {
      await call.silentChange(
        {
          operation: 'table.drop_primary_key',
          projectId: table.projectId,
          resourceId: `${table.bucketName}.${tableName}`,
        },
        (change) => call.services.schemas.dropPrimaryKey(change, table),
      );
    } catch (error) {
      if (!isDomainError(error, 'no_primary_key')) throw error;
    }
  },
});

import { isDomainError } from '../../../errors/domain-error.js';
import { defineSilentCommand } from '../define-command.js';
import { invalid } from '../driver-failure.js';
import { AddPrimaryKeyCommandSchema } from '../gen/proto/table_pb.js';

/** Keys are guaranteed here, whoever writes: `skipDuplicatesCheck` cannot let a key in that does not hold. */
export const addPrimaryKey = defineSilentCommand({
  level: 'project',
  operation: 'table.add_primary_key',
  summary: 'Sets the key. Its columns must be NOT NULL and free of duplicates, whatever skipDuplicatesCheck says.',
  request: AddPrimaryKeyCommandSchema,
  run: async (call, { path, tableName, primaryKeysNames }) => {
    const table = call.table(path, tableName);
    if (primaryKeysNames.length === 0) throw invalid('A key has at least one column.');
    try {
      await call.silentChange(
        {
          operation: 'table.add_primary_key',
          projectId: table.projectId,
          resourceId: `${table.bucketName}.${tableName}`,
        },
        (change) => call.services.schemas.addPrimaryKey(change, table, primaryKeysNames, { nullableColumns: 'refuse' }),
      );
    } catch (error) {
      if (isDomainError(error, 'duplicate_key')) throw invalid('Selected columns contain duplicities', error.details);
      throw error;
    }
  },
});

import { defineRead } from '../../define-route.js';
import { BackupParams, BackupSchema, renderBackup } from '../../schemas/backups.js';

export const getBackup = defineRead({
  operation: 'backup.get',
  method: 'GET',
  path: '/backend/backups/:backup_name',
  summary: 'Get a backup',
  params: BackupParams,
  success: { status: 200, description: 'The backup', schema: BackupSchema },
  errors: ['backup_not_found', 'storage_error'],
  handle: async ({ services, params }) => renderBackup(await services.backups.get(params.backup_name)),
});

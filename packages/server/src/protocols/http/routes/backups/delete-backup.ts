import { defineChange } from '../../define-route.js';
import { BackupParams } from '../../schemas/backups.js';

export const deleteBackup = defineChange({
  operation: 'backup.delete',
  method: 'DELETE',
  path: '/backend/backups/:backup_name',
  summary: 'Delete a backup',
  params: BackupParams,
  success: { status: 204, description: 'Deleted' },
  errors: ['backup_not_found', 'storage_error'],
  subject: ({ params }) => ({ resourceId: params.backup_name }),
  run: ({ services, params }, change) => services.backups.delete(change, params.backup_name),
});

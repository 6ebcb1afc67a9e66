import { defineChange } from '../../define-route.js';
import { BackupSchema, CreateBackupBody, renderBackup } from '../../schemas/backups.js';

export const createBackup = defineChange({
  operation: 'backup.create',
  method: 'POST',
  path: '/backend/backups',
  summary: 'Make a backup of everything, as of one moment',
  description:
    'Answers when the backup is complete and on the disk. Reading and writing go on meanwhile. On the file system of the ' +
    'data it consists of hard links and takes seconds; see the operations guide for restoring.',
  body: CreateBackupBody,
  success: { status: 201, description: 'The backup is complete', schema: BackupSchema },
  errors: ['invalid_name', 'backup_exists', 'backup_running', 'storage_full', 'storage_error', 'shutting_down'],
  subject: ({ body }) => (body.name == null ? {} : { resourceId: body.name }),
  run: ({ services, body }, change) => services.backups.create(change, { name: body.name ?? null }),
  render: renderBackup,
});

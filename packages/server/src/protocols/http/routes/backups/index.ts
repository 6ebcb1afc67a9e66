import type { Route } from '../../define-route.js';
import { createBackup } from './create-backup.js';
import { deleteBackup } from './delete-backup.js';
import { getBackup } from './get-backup.js';
import { listBackups } from './list-backups.js';

export const backupRoutes: readonly Route[] = [createBackup, listBackups, getBackup, deleteBackup];

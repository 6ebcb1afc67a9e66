import { Type } from 'typebox';
import { defineRead } from '../../define-route.js';
import { BackupListSchema, renderBackup } from '../../schemas/backups.js';
import { pageFrom, pagingQuery } from '../../schemas/paging.js';

export const listBackups = defineRead({
  operation: 'backup.list',
  method: 'GET',
  path: '/backend/backups',
  summary: 'List complete backups, newest first',
  query: Type.Object(pagingQuery),
  success: { status: 200, description: 'One page, and how many there are in all', schema: BackupListSchema },
  errors: ['storage_error'],
  handle: async ({ services, query }) => {
    const { items, total } = await services.backups.list(pageFrom(query));
    return { backups: items.map(renderBackup), total };
  },
});

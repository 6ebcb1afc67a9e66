import type { Route } from '../../define-route.js';
import { addPrimaryKey } from './add-primary-key.js';
import { createTable } from './create-table.js';
import { deleteRows } from './delete-rows.js';
import { deleteTable } from './delete-table.js';
import { dropPrimaryKey } from './drop-primary-key.js';
import { getTable } from './get-table.js';
import { listTables } from './list-tables.js';
import { previewTable } from './preview-table.js';
import { profileTable } from './profile-table.js';
import { updateTable } from './update-table.js';

export const tableRoutes: readonly Route[] = [
  createTable,
  listTables,
  getTable,
  updateTable,
  deleteTable,
  previewTable,
  addPrimaryKey,
  dropPrimaryKey,
  deleteRows,
  profileTable,
];

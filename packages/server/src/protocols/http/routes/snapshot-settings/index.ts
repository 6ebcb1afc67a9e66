import type { Route } from '../../define-route.js';
import { getBucketSettings } from './get-bucket-settings.js';
import { getProjectSettings } from './get-project-settings.js';
import { getTableSettings } from './get-table-settings.js';
import { putBucketSettings } from './put-bucket-settings.js';
import { putProjectSettings } from './put-project-settings.js';
import { putTableSettings } from './put-table-settings.js';
import { resetBucketSettings } from './reset-bucket-settings.js';
import { resetProjectSettings } from './reset-project-settings.js';
import { resetTableSettings } from './reset-table-settings.js';

export const snapshotSettingsRoutes: readonly Route[] = [
  getProjectSettings,
  putProjectSettings,
  resetProjectSettings,
  getBucketSettings,
  putBucketSettings,
  resetBucketSettings,
  getTableSettings,
  putTableSettings,
  resetTableSettings,
];

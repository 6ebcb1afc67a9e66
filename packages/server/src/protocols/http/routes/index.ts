import type { Route } from '../define-route.js';
import { serviceRoutes } from './service/index.js';
import { backendRoutes } from './backend/index.js';
import { backupRoutes } from './backups/index.js';
import { projectRoutes } from './projects/index.js';
import { apiKeyRoutes } from './api-keys/index.js';
import { auditRoutes } from './audit/index.js';
import { branchRoutes } from './branches/index.js';
import { bucketRoutes } from './buckets/index.js';
import { sharingRoutes } from './sharing/index.js';
import { tableRoutes } from './tables/index.js';
import { columnRoutes } from './columns/index.js';
import { transferRoutes } from './transfers/index.js';
import { snapshotRoutes } from './snapshots/index.js';
import { snapshotSettingsRoutes } from './snapshot-settings/index.js';
import { pgwireInternalRoutes } from './pgwire-internal/index.js';
import { queryRoutes } from './queries/index.js';
import { versionRoutes } from './versions/index.js';
import { fileRoutes } from './files/index.js';
import { workspaceRoutes } from './workspaces/index.js';

/** Every operation of the native REST API. */
export const routes: readonly Route[] = [
  ...serviceRoutes,
  ...backendRoutes,
  ...backupRoutes,
  ...projectRoutes,
  ...apiKeyRoutes,
  ...auditRoutes,
  ...branchRoutes,
  ...bucketRoutes,
  ...sharingRoutes,
  ...tableRoutes,
  ...columnRoutes,
  ...transferRoutes,
  ...versionRoutes,
  ...snapshotRoutes,
  ...snapshotSettingsRoutes,
  ...fileRoutes,
  ...workspaceRoutes,
  ...queryRoutes,
  ...pgwireInternalRoutes,
];

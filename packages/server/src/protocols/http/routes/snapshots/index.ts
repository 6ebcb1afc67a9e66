import type { Route } from '../../define-route.js';
import { createSnapshot } from './create-snapshot.js';
import { deleteSnapshot } from './delete-snapshot.js';
import { downloadSnapshot } from './download-snapshot.js';
import { getSnapshot } from './get-snapshot.js';
import { listSnapshots } from './list-snapshots.js';
import { restoreSnapshot } from './restore-snapshot.js';

export const snapshotRoutes: readonly Route[] = [
  createSnapshot,
  listSnapshots,
  getSnapshot,
  deleteSnapshot,
  restoreSnapshot,
  downloadSnapshot,
];

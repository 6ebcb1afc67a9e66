import type { Route } from '../../define-route.js';
import { exportTable } from './export-table.js';
import { importFile } from './import-file.js';

export const transferRoutes: readonly Route[] = [importFile, exportTable];

import type { Route } from '../../define-route.js';
import { listVersions } from './list-versions.js';
import { restoreVersion } from './restore-version.js';

export const versionRoutes: readonly Route[] = [listVersions, restoreVersion];

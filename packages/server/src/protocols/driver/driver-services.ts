import type { Authenticator } from '../../auth/authenticator.js';
import type { Backend } from '../../services/backend.js';
import type { Buckets } from '../../services/buckets.js';
import type { ChangeRunner } from '../../services/change-runner.js';
import type { Projects } from '../../services/projects.js';
import type { RateLimiter } from '../../services/rate-limiter.js';
import type { RemoteLoads } from '../../services/remote-loads.js';
import type { Sharing } from '../../services/sharing.js';
import type { SlicedExports } from '../../services/sliced-exports.js';
import type { StoredFiles } from '../../services/stored-files.js';
import type { TableCopies } from '../../services/table-copies.js';
import type { TableLoads } from '../../services/table-loads.js';
import type { TableProfiles } from '../../services/table-profiles.js';
import type { TableRows } from '../../services/table-rows.js';
import type { TableSchemas } from '../../services/table-schemas.js';
import type { Tables } from '../../services/tables.js';
import type { WorkspaceOutput } from '../../services/workspace-output.js';
import type { WorkspaceQueries } from '../../services/workspace-queries.js';
import type { Workspaces } from '../../services/workspaces.js';

/** What this door asks of the services: the same ones that the REST door calls. */
export interface DriverServices {
  readonly backend: Pick<Backend, 'init' | 'remove'>;
  readonly projects: Pick<Projects, 'create' | 'get' | 'update' | 'delete'>;
  readonly buckets: Pick<Buckets, 'create' | 'get' | 'list' | 'delete'>;
  readonly sharing: Pick<
    Sharing,
    'share' | 'unshare' | 'link' | 'unlink' | 'listShares' | 'mustMayRead' | 'grantReadonly' | 'revokeReadonly'
  >;
  readonly tables: Pick<Tables, 'create' | 'get' | 'list' | 'delete' | 'preview'>;
  readonly schemas: Pick<TableSchemas, 'addColumn' | 'alterColumn' | 'dropColumn' | 'addPrimaryKey' | 'dropPrimaryKey'>;
  readonly rows: Pick<TableRows, 'deleteRows'>;
  readonly profiles: Pick<TableProfiles, 'profile'>;
  readonly loads: Pick<TableLoads, 'loadFiles' | 'loadTable'>;
  readonly remoteLoads: Pick<RemoteLoads, 'fetch' | 'load'>;
  readonly copies: Pick<TableCopies, 'copy'>;
  readonly slicedExports: Pick<SlicedExports, 'export'>;
  readonly storedFiles: Pick<StoredFiles, 'require' | 'slicesOf'>;
  readonly workspaces: Pick<
    Workspaces,
    | 'create'
    | 'list'
    | 'get'
    | 'delete'
    | 'clear'
    | 'dropObject'
    | 'load'
    | 'ofUser'
    | 'resetCredentials'
    | 'acceptsLogin'
  >;
  readonly workspaceQueries: Pick<WorkspaceQueries, 'run'>;
  readonly workspaceOutput: Pick<WorkspaceOutput, 'unload' | 'load'>;
  readonly changes: Pick<ChangeRunner, 'run' | 'outdate' | 'refused' | 'refusedRead'>;
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly rateLimiter: Pick<RateLimiter, 'mustBeWithinRate'>;
}

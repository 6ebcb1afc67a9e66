import { formatSize } from './config/parse-size.js';
import type { Config } from './config/config.js';
import type { Layout } from './engine/layout.js';
import type { VersionPins } from './engine/version-pins.js';
import type { WorkspaceFiles } from './engine/workspace-files.js';
import type { Clock } from './lib/clock.js';
import type { FileSystem } from './lib/file-system.js';
import type { Logger } from './lib/logger.js';
import type { MetadataStore } from './metadata/metadata-store.js';
import type { HttpServices } from './protocols/http/services.js';
import type { DoorSettings } from './protocols/http/server-options.js';
import type { DiskGuard } from './services/disk-guard.js';
import { ExchangeFiles } from './services/exchange-files.js';
import { MetadataWorkspaceAccess } from './services/metadata-workspace-access.js';
import { PgwireInternal } from './services/pgwire-internal.js';
import { QueryLog, type StatementObserver } from './services/query-log.js';
import type { TableLoads } from './services/table-loads.js';
import type { Transfers } from './services/transfers.js';
import { WireSessions } from './services/wire-sessions.js';
import type { WorkspaceAccess } from './services/workspace-access.js';
import { WorkspaceCatalogs } from './services/workspace-catalogs.js';
import { WorkspaceExpiry } from './services/workspace-expiry.js';
import { WorkspaceOutput } from './services/workspace-output.js';
import { WorkspaceQueries } from './services/workspace-queries.js';
import { WorkspaceSessions } from './services/workspace-sessions.js';
import { WorkspaceTables } from './services/workspace-tables.js';
import { WorkspaceUnload } from './services/workspace-unload.js';
import { Workspaces } from './services/workspaces.js';
import type { WorkspaceHosts } from './workers/workspace-hosts.js';

export interface WorkspaceParts {
  readonly config: Pick<Config, 'pgwire' | 'engine' | 'http' | 'queryLog'>;
  readonly metadata: MetadataStore;
  readonly fileSystem: FileSystem;
  readonly layout: Layout;
  readonly files: WorkspaceFiles;
  readonly pins: VersionPins;
  readonly clock: Clock;
  readonly observer: StatementObserver;
  readonly logger: Logger;
}

/** What the gateway and the hosts ask, and what they tell. Built before them. */
export interface WorkspaceRecords {
  readonly access: WorkspaceAccess;
  readonly catalogs: WorkspaceCatalogs;
  readonly sessions: WireSessions;
  readonly queries: QueryLog;
}

export function composeWorkspaceRecords(parts: WorkspaceParts): WorkspaceRecords {
  const { config, metadata, fileSystem, layout, files, pins, clock, observer, logger } = parts;
  const sessions = new WireSessions(metadata, clock, logger);
  const queries = new QueryLog(metadata, clock, logger, config.queryLog.retentionDays, observer);
  const tables = new WorkspaceTables(metadata, pins, layout, fileSystem);
  const catalogs = new WorkspaceCatalogs(metadata);
  return {
    sessions,
    queries,
    catalogs,
    access: new MetadataWorkspaceAccess(metadata, files, tables, catalogs, sessions, queries, clock),
  };
}

type WorkspaceServices = Pick<
  HttpServices,
  'workspaceQueries' | 'workspaceUnload' | 'workspaceSessions' | 'queryLog' | 'pgwireInternal'
> & { readonly workspaces: Workspaces; readonly workspaceOutput: WorkspaceOutput; readonly expiry: WorkspaceExpiry };

/** The services of the REST door, over the hosts. */
export function composeWorkspaceServices(
  parts: WorkspaceParts,
  { access, catalogs, sessions, queries }: WorkspaceRecords,
  hosts: WorkspaceHosts,
  others: { readonly guard: DiskGuard; readonly transfers: Transfers; readonly loads: TableLoads },
): WorkspaceServices {
  const { config, metadata, fileSystem, layout, files, clock } = parts;
  const exchange = new ExchangeFiles(fileSystem, layout, hosts);
  const limits = { operationMs: config.engine.operationTimeoutMs, statementMs: config.pgwire.queryTimeoutMs };
  return {
    workspaces: new Workspaces(metadata, files, catalogs, hosts, others.guard, clock, limits),
    workspaceQueries: new WorkspaceQueries(metadata, hosts, exchange, others.guard, queries, clock, limits),
    workspaceUnload: new WorkspaceUnload(metadata, hosts, exchange, others.transfers, clock, limits),
    workspaceOutput: new WorkspaceOutput(metadata, hosts, exchange, others.loads, clock, limits),
    workspaceSessions: new WorkspaceSessions(metadata, sessions, hosts),
    queryLog: queries,
    pgwireInternal: new PgwireInternal(metadata, access, sessions, layout, clock, {
      maxSessions: config.pgwire.maxConnectionsPerWorkspace,
      idleTimeoutMs: config.pgwire.idleTimeoutMs,
      showsPaths: config.http.internalAccess.open,
    }),
    expiry: new WorkspaceExpiry(metadata, files, hosts, clock),
  };
}

/** What the REST door tells about the PostgreSQL door. `port`: where it listens, once it does. */
export function workspaceSettings({ pgwire }: Pick<Config, 'pgwire'>, port: () => number): DoorSettings['workspaces'] {
  return {
    connection: () => ({ host: pgwire.publicHost, port: pgwire.publicPort ?? port(), sslMode: pgwire.sslMode }),
    memoryLimit: formatSize(pgwire.sessionMemoryLimitBytes),
    queryTimeoutSeconds: pgwire.queryTimeoutMs / 1000,
  };
}

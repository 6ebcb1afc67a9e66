import { createHttpServer } from './protocols/http/server.js';
import { Authenticator } from './auth/authenticator.js';
import { KeyUses } from './auth/key-uses.js';
import { explainGrpc, explainPgwire } from './commands/start-failure.js';
import { composeBackups } from './compose-backups.js';
import { composePgGateway } from './compose-pgwire.js';
import { composeWorkspaceHosts } from './compose-workspace-hosts.js';
import { composeWorkspaceRecords, composeWorkspaceServices, workspaceSettings } from './compose-workspaces.js';
import type { Config } from './config/config.js';
import { describeOption } from './config/options.js';
import { Doors, openAt } from './doors.js';
import { LiveTree } from './engine/live-tree.js';
import { prepareDisk } from './engine/prepare-disk.js';
import { Recovery } from './engine/recovery.js';
import { TableEngine } from './engine/table-engine.js';
import { TableLocks } from './engine/table-lock.js';
import { VersionCollector } from './engine/version-collector.js';
import { VersionPins } from './engine/version-pins.js';
import { VersionWriter } from './engine/version-writer.js';
import { WorkspaceFiles } from './engine/workspace-files.js';
import { DiskFileStore } from './files/disk/disk-file-store.js';
import { RemoteFiles } from './files/remote-files.js';
import { Maintenance } from './jobs/maintenance.js';
import { maintenanceJobs } from './jobs/maintenance-jobs.js';
import { systemClock, type Clock } from './lib/clock.js';
import type { FileSystem } from './lib/file-system.js';
import { NodeFileSystem } from './lib/node-file-system.js';
import { RemovalGate } from './lib/removal-gate.js';
import { Lifecycle } from './lifecycle.js';
import { observeMetadata } from './metadata/observed-metadata-store.js';
import { SqliteMetadataStore } from './metadata/sqlite/sqlite-metadata-store.js';
import type { MetadataStore } from './metadata/metadata-store.js';
import { Metrics } from './observability/metrics.js';
import { DriverExecutor } from './protocols/driver/driver-executor.js';
import type { DriverServices } from './protocols/driver/driver-services.js';
import { startGrpcServer } from './protocols/driver/grpc-server.js';
import type { HttpServices } from './protocols/http/services.js';
import type { PgGateway } from './protocols/pgwire/gateway/pg-gateway.js';
import { ApiKeys } from './services/api-keys.js';
import { AuditLog } from './services/audit-log.js';
import { AuditTrail } from './services/audit-trail.js';
import { AutoSnapshots } from './services/auto-snapshots.js';
import { Backend } from './services/backend.js';
import { BranchDiff } from './services/branch-diff.js';
import { BranchMerge } from './services/branch-merge.js';
import { BranchPull } from './services/branch-pull.js';
import { Branches } from './services/branches.js';
import { Buckets } from './services/buckets.js';
import { ChangeRunner } from './services/change-runner.js';
import { FileSystemDiskGuard } from './services/disk-guard.js';
import { FileQuota } from './services/file-quota.js';
import { Files } from './services/files.js';
import { IdempotencyKeys } from './services/idempotency-keys.js';
import { ProjectConcurrency } from './services/project-concurrency.js';
import { MeasuredTransfers } from './services/measured-transfers.js';
import { Projects } from './services/projects.js';
import { SnapshotDownloads } from './services/snapshot-downloads.js';
import { SnapshotSettingsService } from './services/snapshot-settings.js';
import { Snapshots } from './services/snapshots.js';
import { TableHistory } from './services/table-history.js';
import { RateLimiter } from './services/rate-limiter.js';
import { Sharing } from './services/sharing.js';
import { SlicedExports } from './services/sliced-exports.js';
import { StoredFiles } from './services/stored-files.js';
import { TableCopies } from './services/table-copies.js';
import { RemoteLoads } from './services/remote-loads.js';
import { TableLoads } from './services/table-loads.js';
import { TableProfiles } from './services/table-profiles.js';
import { TablePublisher } from './services/table-publisher.js';
import { TableRows } from './services/table-rows.js';
import { TableSchemas } from './services/table-schemas.js';
import { Tables } from './services/tables.js';
import { Transfers } from './services/transfers.js';
import { Versions } from './services/versions.js';
import { layoutOf } from './storage-places.js';
import { ChildProcessWorkerPool } from './workers/child-process-worker-pool.js';
import { enginePoolOptions } from './workers/engine-pool-options.js';
import type { Logger as PinoLogger } from 'pino';

export interface App {
  /** `http://host:port` of the REST door. */
  readonly address: string;
  /** Of the gRPC door. */
  readonly grpcPort: number;
  /** Of the PostgreSQL door; null when it is left out. */
  readonly pgwirePort: number | null;
  readonly metadata: MetadataStore;
  /** Runs every background job once; for tests and for an orderly stop. */
  runMaintenance(): Promise<void>;
  /** Resolves when the background reconciliation that follows the start has ended. */
  readonly swept: Promise<void>;
  stop(): Promise<void>;
}

/** What tests replace: the clock they move, the file system they break. */
export interface AppOverrides {
  readonly clock?: Clock;
  readonly fileSystem?: FileSystem;
  /** Another program for the workers of workspaces. */
  readonly workspaceWorker?: URL;
}

/**
 * The composition root: builds every object from the configuration and starts them in order.
 *
 *     directories, metadata -> recovery -> workers -> services -> maintenance -> doors: REST, gRPC, PostgreSQL; then the background sweep
 */
export async function startApp(
  config: Config,
  logger: PinoLogger,
  adminKey: string,
  overrides: AppOverrides = {},
): Promise<App> {
  const clock = overrides.clock ?? systemClock;
  const fileSystem = overrides.fileSystem ?? new NodeFileSystem();
  const lifecycle = new Lifecycle(logger);
  const metrics = new Metrics({ version: config.service.version });
  const layout = layoutOf(config);

  await lifecycle.start('directories', async () => {
    for (const directory of Object.values(layout.directories)) await fileSystem.makeDirectory(directory);
  });
  const metadata = observeMetadata(
    await lifecycle.start(
      'metadata',
      () => SqliteMetadataStore.open(config.storage.metadataPath),
      (store) => store.close(),
    ),
    metrics.metadata,
  );

  const pins = new VersionPins();
  const removals = new RemovalGate(logger);
  const writer = new VersionWriter(fileSystem, layout, metadata, clock, logger);
  const liveTree = new LiveTree(fileSystem, layout, logger);
  const { maxAgeMs, maxVersions } = config.engine.history;
  const collector = new VersionCollector(metadata, fileSystem, layout, pins, removals, clock, maxAgeMs, logger);
  const fileStore = new DiskFileStore(config.storage.filesDirectory, fileSystem, removals);
  await lifecycle.start('recovery', () => prepareDisk(metadata, fileSystem, layout, clock));

  const pool = await lifecycle.start(
    'workers',
    () =>
      ChildProcessWorkerPool.start(
        enginePoolOptions({
          engine: config.engine,
          tempBase: layout.stagingDirectory,
          maxTempBytes: null,
          logger,
          observer: metrics.jobs,
        }),
      ),
    (started) => started.stop(config.lifecycle.shutdownTimeoutMs),
  );

  const workspaceFiles = new WorkspaceFiles(fileSystem, layout, pool, metadata, removals, clock, logger);
  const recovery = new Recovery(
    metadata,
    fileSystem,
    layout,
    { liveTree, writer, workspaces: workspaceFiles },
    removals,
    logger,
  );
  const engine = new TableEngine(pool, writer, pins, layout, metadata, {
    readMs: config.engine.readTimeoutMs,
    jobMs: config.engine.operationTimeoutMs,
  });
  const locks = new TableLocks({ maxWaiting: config.engine.tableQueueLimit, observer: metrics.tableLocks });
  const guard = new FileSystemDiskGuard(fileSystem, {
    path: config.storage.dataDirectory,
    reserveBytes: config.storage.diskReserveBytes,
    makeRoom: () => collector.collectHistory(),
  });
  const quota = new FileQuota(metadata, {
    maxFiles: config.files.projectMaxFiles,
    maxBytes: config.files.projectMaxFileBytes,
  });
  const keyUses = new KeyUses(metadata, logger);
  const authenticator = new Authenticator(metadata, adminKey, clock, keyUses);
  const audit = new AuditLog(metadata, logger);
  const auditTrail = new AuditTrail(metadata, audit, clock, config.audit.retentionDays);
  const idempotencyKeys = new IdempotencyKeys(metadata, clock, config.idempotency.ttlMs, metrics.idempotency);
  const changes = new ChangeRunner(
    metadata,
    idempotencyKeys,
    audit,
    clock,
    new ProjectConcurrency(config.limits.concurrentPerProject),
    metrics.operations,
  );
  const files = new Files({
    store: metadata,
    fileStore,
    clock,
    logger,
    diskGuard: guard,
    observer: metrics.files,
    limits: {
      maxUploadBytes: config.files.maxUploadBytes,
      maxFiles: config.files.projectMaxFiles,
      maxBytes: config.files.projectMaxFileBytes,
      uploadLifetimeMs: config.files.uploadLifetimeMs,
    },
  });
  const autoSnapshots = new AutoSnapshots(metrics.snapshots);
  const publisher = new TablePublisher(metadata, autoSnapshots, locks, { liveTree, collector }, { maxVersions });
  const history = new TableHistory(metadata, clock, { maxAgeMs });
  const backups = composeBackups({ config, metadata, fileSystem, removals, clock, observer: metrics.backups, logger });
  const snapshots = new Snapshots(metadata, engine, locks, publisher, autoSnapshots, collector, metrics.snapshots);
  const transfers = new Transfers(
    metadata,
    engine,
    locks,
    history,
    publisher,
    { fileStore, guard, quota },
    config.engine,
  );
  const loads = new TableLoads(metadata, engine, locks, publisher, { fileStore, guard }, config.engine);
  const { importUrls } = config.driver;
  const { maxUploadBytes } = config.files;
  const remoteLoads = new RemoteLoads(
    metadata,
    new RemoteFiles({ ...importUrls, maxBytes: maxUploadBytes }),
    loads,
    { fileSystem, layout, guard },
    { maxBytes: maxUploadBytes },
  );
  const workspaceParts = {
    config,
    metadata,
    fileSystem,
    layout,
    files: workspaceFiles,
    pins,
    clock,
    observer: metrics.pgwire,
    logger,
  };
  const workspaceRecords = composeWorkspaceRecords(workspaceParts);
  // The hosts tell the gateway, which is built over them.
  const told: { gateway?: PgGateway } = {};
  const hosts = composeWorkspaceHosts({
    config,
    layout,
    ...(overrides.workspaceWorker === undefined ? {} : { entry: overrides.workspaceWorker }),
    source: workspaceRecords.access,
    observer: {
      sessionEvent: (_workspaceId, sessionId, event) => told.gateway?.sessionEvent(sessionId, event),
      workerOpened: (durationMs) => metrics.pgwire.workerOpened(durationMs),
      workerEnded: (reason) => metrics.pgwire.workerEnded(reason),
      counted: (figures) => metrics.pgwire.counted(figures),
    },
    logger,
  });
  const { expiry, ...workspaceServices } = composeWorkspaceServices(workspaceParts, workspaceRecords, hosts, {
    guard,
    transfers,
    loads,
  });
  const services: HttpServices & DriverServices = {
    ...workspaceServices,
    backend: new Backend(layout.directories, fileSystem, metadata, pool, guard),
    backups,
    projects: new Projects(
      metadata,
      { layout, fileSystem, fileStore, collector, guard },
      workspaceServices.workspaces,
      logger,
    ),
    apiKeys: new ApiKeys(metadata, keyUses),
    branches: new Branches(metadata, liveTree, collector, guard, workspaceServices.workspaces),
    branchDiff: new BranchDiff(metadata, engine),
    branchPull: new BranchPull(metadata, locks, autoSnapshots, { liveTree, collector }),
    branchMerge: new BranchMerge(
      metadata,
      engine,
      locks,
      autoSnapshots,
      { liveTree, collector, guard },
      { maxVersions },
    ),
    buckets: new Buckets(metadata, autoSnapshots, liveTree, collector, guard),
    sharing: new Sharing(metadata),
    tables: new Tables(metadata, engine, locks, history, publisher, autoSnapshots, liveTree, collector, guard),
    schemas: new TableSchemas(metadata, engine, locks, publisher, guard),
    rows: new TableRows(metadata, engine, locks, publisher, guard),
    profiles: new TableProfiles(engine, history),
    loads,
    remoteLoads,
    copies: new TableCopies(metadata, engine, locks, history, publisher),
    slicedExports: new SlicedExports(metadata, engine, { fileStore, guard, quota }),
    storedFiles: new StoredFiles(metadata, fileStore),
    transfers: new MeasuredTransfers(transfers, metrics.transfers),
    snapshots,
    snapshotDownloads: new SnapshotDownloads(metadata, engine, guard, fileSystem, layout),
    snapshotSettings: new SnapshotSettingsService(metadata),
    versions: new Versions(metadata, engine, locks, history, publisher),
    files,
    changes,
    authenticator,
    rateLimiter: new RateLimiter(config.limits.requestsPerMinute),
    audit: auditTrail,
  };
  metrics.watch({
    totals: () => metadata.totals(),
    poolStatus: () => pool.status(),
    workspaceHosts: () => hosts.status(),
    disk: () => guard.state(),
    metadataSizeBytes: () => sizeOfMetadata(fileSystem, config.storage.metadataPath),
    waitingWriters: () => locks.waitingByProject(),
  });

  // Last things to write, after the doors closed and before the metadata does.
  await lifecycle.start(
    'buffers',
    () => undefined,
    async () => {
      await keyUses.flush();
      await audit.flush();
      await workspaceRecords.sessions.flush();
      await workspaceRecords.queries.flush();
    },
  );
  // The gateway stops them with its clients; without it, and for the REST door, this does.
  await lifecycle.start(
    'workspaces',
    () => hosts,
    (started) => started.stop(config.lifecycle.shutdownTimeoutMs),
  );
  await lifecycle.start(
    'collector',
    () => collector,
    (started) => started.stop(),
  );
  const sweepStop = new AbortController();
  const maintenance = await lifecycle.start(
    'maintenance',
    () =>
      new Maintenance(
        maintenanceJobs(
          {
            snapshots,
            files,
            versions: collector,
            audit: auditTrail,
            workspaces: expiry,
            sessions: workspaceRecords.sessions,
            queries: workspaceRecords.queries,
            metadata,
          },
          clock,
        ),
        config.maintenance.intervalMs,
        clock,
        logger,
        metrics.maintenance,
      ),
    async (started) => {
      sweepStop.abort();
      await started.stop();
    },
  );
  const gateway = config.pgwire.enabled
    ? await lifecycle.start('pgwire', () =>
        composePgGateway({ config, logins: workspaceRecords.access, hosts, observer: metrics.pgwire, clock, logger }),
      )
    : undefined;
  if (gateway !== undefined) told.gateway = gateway;
  const driver = new DriverExecutor(services, logger, metrics.driver);
  const server = createHttpServer({
    services,
    settings: {
      ...config.service,
      ...config.http,
      workspaces: workspaceSettings(config, () => gateway?.port ?? config.pgwire.port),
    },
    logger,
    metrics,
    driver,
  });
  const doors = await lifecycle.start(
    'doors',
    () => new Doors(),
    (opened) => opened.close(),
  );
  const { shutdownTimeoutMs } = config.lifecycle;
  const address = await lifecycle.start('http', async () => {
    doors.opened(async () => {
      const deadline = setTimeout(() => server.server.closeAllConnections(), shutdownTimeoutMs);
      await server.close();
      clearTimeout(deadline);
    });
    return await server.listen({ host: config.http.host, port: config.http.port });
  });
  const grpc = await lifecycle.start('grpc', async () => {
    try {
      const started = await openAt(
        { port: config.driver.grpc.port, defaultPort: defaultPort('GRPC_PORT') },
        (port) => startGrpcServer({ ...config.driver.grpc, port }, driver),
        () =>
          logger.warn(
            { port: config.driver.grpc.port },
            'the default of GRPC_PORT is in use: the gRPC door takes a free port',
          ),
      );
      doors.opened(() => started.stop(shutdownTimeoutMs));
      return started;
    } catch (error) {
      throw explainGrpc(error);
    }
  });
  logger.info(
    { host: config.driver.grpc.host, port: grpc.port, tls: config.driver.grpc.tls !== null },
    'gRPC door is open',
  );
  if (gateway !== undefined) {
    await lifecycle.start('pgwire door', async () => {
      doors.opened(() => gateway.stop(shutdownTimeoutMs));
      await openAt(
        { port: config.pgwire.port, defaultPort: defaultPort('PGWIRE_PORT') },
        (port) => gateway.listen(port),
        () =>
          logger.warn(
            { port: config.pgwire.port },
            'the default of PGWIRE_PORT is in use: the PostgreSQL door takes a free port',
          ),
      ).catch((error: unknown) => {
        throw explainPgwire(error);
      });
    });
    const { host, sslMode } = config.pgwire;
    logger.info({ host, port: gateway.port, sslMode }, 'PostgreSQL door is open');
  }
  // Last to start, first to stop: a backup that would take hours gives up instead of holding the stop.
  await lifecycle.start(
    'backups',
    () => undefined,
    () => backups.stop(),
  );
  maintenance.start();
  const sweeping = Promise.all([recovery.sweep(sweepStop.signal), backups.removeUnfinished()]);
  const swept = sweeping.then(
    () => undefined,
    (error: unknown) => {
      logger.error({ err: error }, 'the disk could not be reconciled with the metadata');
    },
  );

  return {
    address,
    grpcPort: grpc.port,
    pgwirePort: gateway?.port ?? null,
    metadata,
    swept,
    runMaintenance: () => maintenance.runOnce(),
    stop: async () => {
      sweepStop.abort();
      await swept;
      if (!(await lifecycle.stop())) throw new Error('a part of the server did not stop cleanly; see the log');
    },
  };
}

function defaultPort(option: 'PGWIRE_PORT' | 'GRPC_PORT'): number {
  return Number(describeOption(option).default);
}

/** The database and its log; the log is folded into the database from time to time. */
async function sizeOfMetadata(fileSystem: FileSystem, path: string): Promise<number> {
  const [database, log] = await Promise.all([fileSystem.stat(path), fileSystem.stat(`${path}-wal`)]);
  return (database?.size ?? 0) + (log?.size ?? 0);
}

import { Gauge, type Registry } from 'prom-client';
import type { MetadataTotals } from '../metadata/metadata-store.js';
import type { PoolStatus } from '../workers/worker-pool.js';
import type { WorkspaceHostsStatus } from '../workers/workspace-hosts.js';
import { BoundedLabels, MAX_LABELLED_PROJECTS } from './bounded-labels.js';

/** Where the figures of a scrape come from. None of them walks a directory. */
export interface MetricsSources {
  totals(): Promise<MetadataTotals>;
  poolStatus(): PoolStatus;
  workspaceHosts(): Pick<
    WorkspaceHostsStatus,
    'open' | 'starts' | 'residentBytes' | 'engineMemoryBytes' | 'eventLoopLagMs'
  >;
  disk(): Promise<{ availableBytes: number; totalBytes: number; reserveBytes: number }>;
  metadataSizeBytes(): Promise<number>;
  /** Writers that wait for the lock of a table, by project; projects where none does are absent. */
  waitingWriters(): ReadonlyMap<string, number>;
}

/** Gauges that are read when somebody scrapes, not kept up to date in between. */
export class ScrapeGauges {
  readonly #serviceInfo: Gauge<'version' | 'duckdb_version'>;
  readonly #projects: Gauge;
  readonly #buckets: Gauge;
  readonly #bucketShares: Gauge;
  readonly #bucketLinks: Gauge;
  readonly #tables: Gauge;
  readonly #workspaces: Gauge;
  readonly #files: Gauge;
  readonly #snapshots: Gauge<'type'>;
  readonly #snapshotBytes: Gauge;
  readonly #storage: Gauge<'type'>;
  readonly #idempotencyRecords: Gauge;
  readonly #disk: Gauge<'kind'>;
  readonly #workers: Gauge<'lane' | 'state'>;
  readonly #queued: Gauge<'lane'>;
  readonly #openWorkspaces: Gauge;
  readonly #startedWorkers: Gauge;
  readonly #workerMemory: Gauge;
  readonly #engineMemory: Gauge;
  readonly #workerLag: Gauge;
  readonly #waitingWriters: Gauge<'project_id'>;
  readonly #waitingProjects = new BoundedLabels(['project_id'], MAX_LABELLED_PROJECTS);
  readonly #labelsThatWaited = new Set<string>();
  readonly #stagedFiles: Gauge;
  readonly #replaced: Gauge<'lane'>;

  constructor(
    registry: Registry,
    private readonly version: string,
  ) {
    const gauge = <Label extends string>(name: string, help: string, labelNames: Label[] = []): Gauge<Label> =>
      new Gauge({ name, help, labelNames, registers: [registry] });
    this.#serviceInfo = gauge('duckdb_api_service_info', 'Version of the service and of its engine', [
      'version',
      'duckdb_version',
    ]);
    this.#projects = gauge('duckdb_projects_total', 'Active projects');
    this.#buckets = gauge('duckdb_buckets_total', 'Buckets, linked ones included');
    this.#bucketShares = gauge('duckdb_bucket_shares_total', 'Shares of buckets with projects');
    this.#bucketLinks = gauge('duckdb_bucket_links_total', 'Linked buckets');
    this.#tables = gauge('duckdb_tables_total', 'Tables');
    this.#workspaces = gauge('duckdb_workspaces_total', 'Workspaces');
    this.#files = gauge('duckdb_files_total', 'Registered files');
    this.#snapshots = gauge('duckdb_snapshots_total', 'Snapshots, by type', ['type']);
    this.#snapshotBytes = gauge(
      'duckdb_snapshots_size_bytes',
      'Bytes of the table states that snapshots hold, once for every snapshot; files are shared',
    );
    this.#storage = gauge('duckdb_storage_size_bytes', 'Bytes in use, by kind', ['type']);
    this.#idempotencyRecords = gauge('duckdb_idempotency_cache_size', 'Kept answers for idempotent retries');
    this.#disk = gauge('duckdb_disk_space_bytes', 'Space on the data disk: available, total, reserve', ['kind']);
    this.#workers = gauge('duckdb_engine_workers', 'Engine processes by lane and state', ['lane', 'state']);
    this.#openWorkspaces = gauge('pgwire_workers_open', 'Workspaces that have a process');
    this.#startedWorkers = gauge(
      'pgwire_workers_started',
      'Processes of workspaces started since the start, spares included',
    );
    this.#workerMemory = gauge(
      'pgwire_workers_resident_bytes',
      'Memory of all processes of workspaces, spares included',
    );
    this.#engineMemory = gauge(
      'pgwire_workers_engine_memory_bytes',
      'Memory that the engines of open workspaces say they use',
    );
    this.#workerLag = gauge(
      'pgwire_workers_event_loop_lag_seconds',
      'By how much the event loop of a workspace process was late; of the latest one, in the last second',
    );
    this.#queued = gauge('duckdb_engine_queue_depth', 'Engine jobs that wait for a worker', ['lane']);
    this.#waitingWriters = gauge(
      'duckdb_write_queue_depth',
      'Writers that wait for the lock of a table, of each project',
      ['project_id'],
    );
    this.#stagedFiles = gauge('duckdb_files_staging_count', 'Uploaded files that are not registered yet');
    this.#replaced = gauge(
      'duckdb_engine_workers_replaced',
      'Engine processes that ended unexpectedly since the start',
      ['lane'],
    );
  }

  /** Reads every source; a source that fails leaves its gauges as they were and is reported, the others are set. */
  async refresh(sources: MetricsSources, onFailure: (source: string, error: unknown) => void): Promise<void> {
    const attempt = async (source: string, read: () => Promise<void> | void): Promise<void> => {
      try {
        await read();
      } catch (error) {
        onFailure(source, error);
      }
    };
    await Promise.all([
      attempt('metadata', async () => this.#setTotals(await sources.totals())),
      attempt('metadata size', async () => {
        this.#storage.set({ type: 'metadata' }, await sources.metadataSizeBytes());
      }),
      attempt('disk', async () => {
        const { availableBytes, totalBytes, reserveBytes } = await sources.disk();
        this.#disk.set({ kind: 'available' }, availableBytes);
        this.#disk.set({ kind: 'total' }, totalBytes);
        this.#disk.set({ kind: 'reserve' }, reserveBytes);
      }),
      attempt('workers', () => this.#setPool(sources.poolStatus())),
      attempt('workspaces', () => {
        const { open, starts, residentBytes, engineMemoryBytes, eventLoopLagMs } = sources.workspaceHosts();
        this.#openWorkspaces.set(open);
        this.#startedWorkers.set(starts);
        this.#workerMemory.set(residentBytes);
        this.#engineMemory.set(engineMemoryBytes);
        this.#workerLag.set(eventLoopLagMs / 1000);
      }),
      attempt('table locks', () => this.#setWaiting(sources.waitingWriters())),
    ]);
  }

  /** A project that had waiting writers once stays, at 0: a series that comes and goes cannot be drawn. */
  #setWaiting(waiting: ReadonlyMap<string, number>): void {
    const counts = new Map([...this.#labelsThatWaited].map((label) => [label, 0]));
    for (const [projectId, count] of waiting) {
      const { project_id: label } = this.#waitingProjects.labelsFor({ project_id: projectId });
      counts.set(label, (counts.get(label) ?? 0) + count);
    }
    for (const [label, count] of counts) {
      this.#labelsThatWaited.add(label);
      this.#waitingWriters.set({ project_id: label }, count);
    }
  }

  #setTotals(totals: MetadataTotals): void {
    this.#projects.set(totals.activeProjects);
    this.#buckets.set(totals.buckets);
    this.#bucketShares.set(totals.bucketShares);
    this.#bucketLinks.set(totals.bucketLinks);
    this.#tables.set(totals.tables);
    this.#workspaces.set(totals.workspaces);
    this.#files.set(totals.files);
    this.#stagedFiles.set(totals.stagedFiles);
    this.#storage.set({ type: 'tables' }, totals.tableBytes);
    this.#storage.set({ type: 'files' }, totals.fileBytes);
    this.#storage.set({ type: 'workspaces' }, totals.workspaceBytes);
    this.#storage.set({ type: 'staging' }, totals.stagedBytes);
    this.#idempotencyRecords.set(totals.idempotencyRecords);
    this.#snapshots.reset();
    for (const { type, count } of totals.snapshots) this.#snapshots.set({ type }, count);
    this.#snapshotBytes.set(totals.snapshots.reduce((sum, { bytes }) => sum + bytes, 0));
  }

  #setPool(status: PoolStatus): void {
    this.#serviceInfo.reset();
    this.#serviceInfo.set({ version: this.version, duckdb_version: status.duckdbVersion ?? 'unknown' }, 1);
    for (const [lane, counts] of Object.entries(status.lanes)) {
      this.#workers.set({ lane, state: 'ready' }, counts.ready);
      this.#workers.set({ lane, state: 'starting' }, counts.starting);
      this.#workers.set({ lane, state: 'busy' }, counts.busy);
      this.#queued.set({ lane }, counts.queued);
      this.#replaced.set({ lane }, counts.replaced);
    }
  }
}

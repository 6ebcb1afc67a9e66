import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { backupObserver, type BackupObserver } from './backup-observer.js';
import {
  httpObserver,
  idempotencyObserver,
  jobObserver,
  operationObserver,
  schemaObserver,
  tableLockObserver,
  type HttpObserver,
  type IdempotencyObserver,
  type JobObserver,
  type OperationObserver,
  type TableLockObserver,
} from './observers.js';
import { driverObserver, type DriverObserver } from './driver-observer.js';
import { fileObserver, type FileObserver } from './file-observer.js';
import { metadataObserver, type MetadataObserver } from './metadata-observer.js';
import { pgwireObserver, type PgwireObserver } from './pgwire-observer.js';
import { transferObserver, type TransferObserver } from './transfer-observer.js';
import { maintenanceObserver, type MaintenanceObserver } from './maintenance-observer.js';
import { snapshotObserver, type SnapshotObserver } from './snapshot-observer.js';
import { ScrapeGauges, type MetricsSources } from './scrape-gauges.js';

export interface MetricDescription {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds; empty for anything but a histogram. */
  readonly buckets: readonly number[];
}

interface KeptMetric {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  readonly upperBounds?: readonly number[];
}

/**
 * All figures of the service in one registry of its own, so that several servers in one process do not mix. The rest of
 * the service sees only the narrow observers of `observers.ts`; figures about what is stored are read at scrape time.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #gauges: ScrapeGauges;
  #sources: MetricsSources | undefined;
  #refreshing: Promise<void> | undefined;

  readonly http: HttpObserver;
  readonly operations: OperationObserver;
  readonly idempotency: IdempotencyObserver;
  readonly tableLocks: TableLockObserver;
  readonly jobs: JobObserver;
  readonly backups: BackupObserver;
  readonly snapshots: SnapshotObserver;
  readonly maintenance: MaintenanceObserver;
  readonly metadata: MetadataObserver;
  readonly transfers: TransferObserver;
  readonly files: FileObserver;
  readonly pgwire: PgwireObserver;
  readonly driver: DriverObserver;

  constructor(input: { readonly version: string; readonly processMetrics?: boolean }) {
    const registry = this.#registry;
    if (input.processMetrics ?? true) collectDefaultMetrics({ register: registry });
    new Gauge({ name: 'duckdb_api_up', help: 'The service is running', registers: [registry] }).set(1);
    new Gauge({
      name: 'duckdb_api_start_time_seconds',
      help: 'When the service started, seconds since 1970',
      registers: [registry],
    }).set(Math.floor(Date.now() / 1000));
    this.#gauges = new ScrapeGauges(registry, input.version);
    this.http = httpObserver(registry);
    const observers = [operationObserver(registry), schemaObserver(registry)];
    this.operations = {
      finished: (...outcome) => {
        for (const observer of observers) observer.finished(...outcome);
      },
    };
    this.idempotency = idempotencyObserver(registry);
    this.tableLocks = tableLockObserver(registry);
    this.jobs = jobObserver(registry);
    this.backups = backupObserver(registry);
    this.snapshots = snapshotObserver(registry);
    this.maintenance = maintenanceObserver(registry);
    this.metadata = metadataObserver(registry);
    this.transfers = transferObserver(registry);
    this.files = fileObserver(registry);
    this.pgwire = pgwireObserver(registry);
    this.driver = driverObserver(registry);
  }

  /** Says where the figures of a scrape come from; called once, when everything is built. */
  watch(sources: MetricsSources): void {
    this.#sources = sources;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** For the reference page. The client library keeps more of a metric than its types say. */
  describe(): readonly MetricDescription[] {
    return this.#registry.getMetricsAsArray().map((metric) => {
      const { name, help, labelNames = [], upperBounds = [] } = metric as unknown as KeptMetric;
      return { name, help, type: metric.constructor.name.toLowerCase(), labels: labelNames, buckets: upperBounds };
    });
  }

  /** The text for a scraper. Scrapes that come together share one reading of the sources. */
  async render(onSourceFailure: (source: string, error: unknown) => void): Promise<string> {
    if (this.#sources !== undefined) {
      this.#refreshing ??= this.#gauges.refresh(this.#sources, onSourceFailure).finally(() => {
        this.#refreshing = undefined;
      });
      await this.#refreshing;
    }
    return await this.#registry.metrics();
  }
}

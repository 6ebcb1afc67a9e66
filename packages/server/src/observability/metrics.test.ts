import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.js';
import type { MetricsSources } from './scrape-gauges.js';

const lane = { ready: 1, starting: 0, busy: 2, queued: 3, replaced: 4 };

const sources: MetricsSources = {
  totals: () =>
    Promise.resolve({
      activeProjects: 1,
      buckets: 2,
      bucketShares: 11,
      bucketLinks: 12,
      tables: 3,
      tableBytes: 4,
      files: 5,
      fileBytes: 6,
      stagedFiles: 3,
      stagedBytes: 7,
      snapshots: [{ type: 'manual', count: 2, bytes: 30 }],
      idempotencyRecords: 8,
      workspaces: 13,
      workspaceBytes: 14,
    }),
  workspaceHosts: () => ({ open: 3, starts: 5, residentBytes: 700, engineMemoryBytes: 90, eventLoopLagMs: 250 }),
  poolStatus: () => ({ duckdbVersion: 'v1.5.6', lanes: { read: lane, job: lane } }),
  disk: () => Promise.resolve({ availableBytes: 10, totalBytes: 20, reserveBytes: 5 }),
  metadataSizeBytes: () => Promise.resolve(9),
  waitingWriters: () => new Map([['p1', 2]]),
};

function failing(source: string, error: unknown): never {
  throw new Error(`${source} failed`, { cause: error });
}

describe('Metrics', () => {
  it('reads figures of what is stored at scrape time', async () => {
    const metrics = new Metrics({ version: '1.2.3', processMetrics: false });
    metrics.watch(sources);
    const text = await metrics.render(failing);
    for (const line of [
      'duckdb_api_up 1',
      'duckdb_api_service_info{version="1.2.3",duckdb_version="v1.5.6"} 1',
      'duckdb_projects_total 1',
      'duckdb_buckets_total 2',
      'duckdb_tables_total 3',
      'duckdb_storage_size_bytes{type="tables"} 4',
      'duckdb_storage_size_bytes{type="files"} 6',
      'duckdb_storage_size_bytes{type="staging"} 7',
      'duckdb_storage_size_bytes{type="metadata"} 9',
      'duckdb_idempotency_cache_size 8',
      'duckdb_disk_space_bytes{kind="available"} 10',
      'duckdb_engine_workers{lane="job",state="busy"} 2',
      'duckdb_write_queue_depth{project_id="p1"} 2',
      'duckdb_files_staging_count 3',
      'pgwire_workers_open 3',
      'pgwire_workers_started 5',
      'pgwire_workers_resident_bytes 700',
      'pgwire_workers_engine_memory_bytes 90',
      'pgwire_workers_event_loop_lag_seconds 0.25',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(metrics.contentType).toMatch(/^text\/plain/);
  });

  it('serves the rest when one source fails', async () => {
    const metrics = new Metrics({ version: '1', processMetrics: false });
    metrics.watch({ ...sources, totals: () => Promise.reject(new Error('locked')) });
    const failures: string[] = [];
    const text = await metrics.render((source) => failures.push(source));
    expect(failures).toEqual(['metadata']);
    expect(text).toContain('duckdb_disk_space_bytes{kind="total"} 20');
  });

  it('counts requests, operations, retries and jobs', async () => {
    const metrics = new Metrics({ version: '1', processMetrics: false });
    metrics.http.started('GET');
    metrics.http.finished({ method: 'GET', endpoint: '/projects', status: 200, durationMs: 3 });
    metrics.operations.finished('table.create', 'refused', 20);
    metrics.idempotency.hit();
    metrics.jobs.onJob('importFile', 'done', 5, 1);
    const text = await metrics.render(failing);
    expect(text).toContain('duckdb_api_requests_total{method="GET",endpoint="/projects",status_code="200"} 1');
    expect(text).toContain(
      'duckdb_api_request_duration_seconds_bucket{le="0.005",method="GET",endpoint="/projects"} 1',
    );
    expect(text).toContain('duckdb_api_requests_in_flight{method="GET"} 0');
    expect(text).toContain('duckdb_operations_total{operation="table.create",status="refused"} 1');
    expect(text).toContain('duckdb_idempotency_cache_hits_total 1');
    expect(text).toContain('duckdb_engine_jobs_total{kind="importFile",outcome="done"} 1');
  });

  it('counts transfers, files and metadata calls, by labels of a few values', async () => {
    const metrics = new Metrics({ version: '1', processMetrics: false });
    const load = { format: 'csv', mode: 'full', durationMs: 700, rows: 3, bytes: 20 } as const;
    metrics.transfers.imported({ ...load, outcome: 'success' });
    metrics.transfers.imported({ ...load, format: 'xml?', mode: 'incremental', outcome: 'refused', rows: 0, bytes: 0 });
    metrics.transfers.exported({ format: 'parquet', outcome: 'success', durationMs: 40, rows: 5, bytes: 60 });
    metrics.files.uploaded('success', 200, 11);
    metrics.files.downloaded('cancelled', 4);
    const ended = metrics.metadata.started('getTable');
    expect(await metrics.render(failing)).toContain('duckdb_metadata_connections_active 1\n');
    ended();
    const lines = (await metrics.render(failing)).split('\n');
    for (const line of [
      'duckdb_import_operations_total{format="csv",mode="full",status="success"} 1',
      'duckdb_import_operations_total{format="_other",mode="incremental",status="refused"} 1',
      'duckdb_import_duration_seconds_bucket{le="1",format="csv"} 1',
      'duckdb_import_rows_total 3',
      'duckdb_import_bytes_total{format="csv"} 20',
      'duckdb_export_operations_total{format="parquet",status="success"} 1',
      'duckdb_export_rows_total 5',
      'duckdb_export_bytes_total{format="parquet"} 60',
      'duckdb_files_uploads_total{status="success"} 1',
      'duckdb_files_upload_bytes_total 11',
      'duckdb_files_upload_duration_seconds_bucket{le="0.5"} 1',
      'duckdb_files_downloads_total{status="cancelled"} 1',
      'duckdb_files_download_bytes_total 4',
      'duckdb_metadata_queries_total{operation="getTable"} 1',
      'duckdb_metadata_connections_active 0',
    ]) {
      expect(lines).toContain(line);
    }
  });

  it('counts statements by what they are, and what their engines do beside', async () => {
    const metrics = new Metrics({ version: '1', processMetrics: false });
    const end = { rows: 1, bytes: 20, durationMs: 5 };
    metrics.pgwire.statementFinished('w', { ...end, outcome: 'success', sqlState: null }, 'select');
    metrics.pgwire.statementFinished('w', { ...end, outcome: 'failed', sqlState: '42P01' }, 'select');
    metrics.pgwire.statementFinished('w', { ...end, outcome: 'lost', sqlState: null }, 'copy');
    metrics.pgwire.counted({
      copiedInBytes: 7,
      spooledBytes: 8,
      attachedInMs: [2, 200],
      fallBacks: [{ kind: 'arithmetic', count: 3, statement: '', reason: '' }],
    });
    const lines = (await metrics.render(failing)).split('\n');
    for (const line of [
      'pgwire_statements_total{command="select",status="success",sqlstate_class="00"} 1',
      'pgwire_statements_total{command="select",status="error",sqlstate_class="42"} 1',
      'pgwire_statements_total{command="copy",status="lost",sqlstate_class=""} 1',
      'pgwire_copy_received_bytes_total 7',
      'pgwire_spooled_bytes_total 8',
      'pgwire_attach_duration_seconds_count 2',
      'pgwire_attach_duration_seconds_bucket{le="0.0025"} 1',
      'pgwire_fallbacks_total{kind="composed_rows"} 0',
      'pgwire_fallbacks_total{kind="arithmetic"} 3',
    ]) {
      expect(lines).toContain(line);
    }
  });

  it('keeps a project in the queue figure after its writers went', async () => {
    const metrics = new Metrics({ version: '1', processMetrics: false });
    const waiting = new Map([['p1', 2]]);
    metrics.watch({ ...sources, waitingWriters: () => waiting });
    await metrics.render(failing);
    waiting.clear();
    expect((await metrics.render(failing)).split('\n')).toContain('duckdb_write_queue_depth{project_id="p1"} 0');
  });

  it('describes every metric with its labels and buckets', () => {
    const described = new Metrics({ version: '1', processMetrics: false }).describe();
    expect(described.find(({ name }) => name === 'duckdb_import_duration_seconds')).toMatchObject({
      type: 'histogram',
      labels: ['format'],
      buckets: [0.1, 0.5, 1, 5, 30, 60, 300, 600],
    });
  });

  it('keeps the number of table labels bounded', async () => {
    const metrics = new Metrics({ version: '1', processMetrics: false });
    for (let n = 0; n < 600; n++) {
      metrics.tableLocks.acquired({ projectId: 'p', bucketName: 'b', tableName: `t${n}` }, 1);
      metrics.tableLocks.acquired({ projectId: 'p', bucketName: 'b', tableName: 't0' }, 1);
    }
    const lines = (await metrics.render(failing))
      .split('\n')
      .filter((line) => line.startsWith('duckdb_table_lock_acquisitions_total{'));
    expect(lines).toHaveLength(501);
    expect(lines).toContain('duckdb_table_lock_acquisitions_total{project_id="p",bucket="b",table="t0"} 601');
    expect(lines).toContain(
      'duckdb_table_lock_acquisitions_total{project_id="_other",bucket="_other",table="_other"} 100',
    );
  });
});

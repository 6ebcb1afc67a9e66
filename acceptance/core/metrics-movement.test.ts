import { beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../helpers/api.js';
import {
  createProjectWithBucket,
  createTable,
  download,
  exportTable,
  importContent,
  importFile,
  prepareUpload,
  preview,
  sendUpload,
  uploadFile,
  type Project,
  type Table,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const PATIENCE_MS = 60_000;

/** Each metric is one that an action moves: the action is done, and the figure has changed. */
const server = useServer();
let project: Project;
let bucket: string;
let table: Table;

beforeAll(async () => {
  ({ project, bucket } = await createProjectWithBucket(server.admin));
  table = await createTable(project, bucket, { id: 'INTEGER' }, { primaryKey: ['id'] });
});

/** Of one sample, its labels in any order; 0 where there is none yet. */
async function figure(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  const { text } = await server.anonymous.get('/metrics');
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  for (const line of text.split('\n')) {
    const sample = /^([a-z_:]+)(?:\{(.*)\})? (\S+)$/i.exec(line);
    if (sample?.[1] !== name) continue;
    const given = (sample[2] ?? '').split(/,(?=[a-z_]+=)/).filter((part) => part !== '');
    if (given.length === wanted.length && wanted.every((part) => given.includes(part))) return Number(sample[3]);
  }
  return 0;
}

/** The highest that each gauge was while an action was under way: a scrape sees one moment only. */
async function highestDuring(action: () => Promise<unknown>, gauges: () => Promise<number>[]): Promise<number[]> {
  const acting = { underWay: true };
  const done = action().finally(() => (acting.underWay = false));
  let highest: number[] = [];
  do {
    const now = await Promise.all(gauges());
    highest = now.map((value, index) => Math.max(value, highest[index] ?? 0));
  } while (acting.underWay);
  await done;
  return highest;
}

type Action = () => Promise<unknown>;
type Movement = readonly [name: string, labels: Readonly<Record<string, string>>, by: number | 'more'];

const newTable: Action = () => createTable(project, bucket, { id: 'INTEGER' });
const pathOf = '/projects/{project_id}/branches/{branch_id}/buckets/{bucket_name}/tables/{table_name}';

/** Counters are written when an answer is out, which may be a moment after it was read. */
const ACTIONS: readonly (readonly [what: string, action: Action, movements: readonly Movement[]])[] = [
  [
    'a preview',
    () => preview(table),
    [
      ['duckdb_api_requests_total', { method: 'GET', endpoint: `${pathOf}/preview`, status_code: '200' }, 1],
      ['duckdb_api_request_duration_seconds_count', { method: 'GET', endpoint: `${pathOf}/preview` }, 1],
      ['duckdb_operations_total', { operation: 'table.preview', status: 'success' }, 1],
      ['duckdb_operation_duration_seconds_count', { operation: 'table.preview' }, 1],
      ['duckdb_engine_jobs_total', { kind: 'previewTable', outcome: 'done' }, 1],
      ['duckdb_metadata_queries_total', { operation: 'getTable' }, 'more'],
      ['duckdb_metadata_query_duration_seconds_count', { operation: 'getTable' }, 'more'],
    ],
  ],
  [
    'a profile',
    () => project.api.post(`${table.path}/profile`),
    [
      ['duckdb_operations_total', { operation: 'table.profile', status: 'success' }, 1],
      ['duckdb_engine_jobs_total', { kind: 'profileTable', outcome: 'done' }, 1],
      ['duckdb_engine_job_duration_seconds_count', { kind: 'profileTable' }, 1],
      ['duckdb_engine_job_wait_seconds_count', { kind: 'profileTable' }, 1],
    ],
  ],
  [
    'a refused request',
    () => project.api.get(`${table.path}x`),
    [
      ['duckdb_operations_total', { operation: 'table.get', status: 'refused' }, 1],
      ['duckdb_api_refusals_total', { code: 'table_not_found' }, 1],
    ],
  ],
  [
    'a new table',
    newTable,
    [
      ['duckdb_tables_total', {}, 1],
      ['duckdb_storage_size_bytes', { type: 'tables' }, 'more'],
      ['duckdb_metadata_queries_total', { operation: 'transaction' }, 'more'],
      ['duckdb_schema_operations_total', { operation: 'table.create', status: 'success' }, 1],
      ['duckdb_schema_operation_duration_seconds_count', { operation: 'table.create' }, 1],
    ],
  ],
  [
    'a new bucket',
    () => createProjectWithBucket(server.admin),
    [
      ['duckdb_buckets_total', {}, 1],
      ['duckdb_projects_total', {}, 1],
    ],
  ],
  [
    'an upload that is not registered',
    async () => sendUpload(project, await prepareUpload(project), 'id\n1\n'),
    [
      ['duckdb_files_uploads_total', { status: 'success' }, 1],
      ['duckdb_files_upload_bytes_total', {}, 5],
      ['duckdb_files_upload_duration_seconds_count', {}, 1],
      ['duckdb_files_staging_count', {}, 1],
      ['duckdb_storage_size_bytes', { type: 'staging' }, 5],
    ],
  ],
  [
    'an upload that is refused',
    async () => sendUpload(project, await prepareUpload(project, { size_bytes: 3 }), 'four'),
    [['duckdb_files_uploads_total', { status: 'refused' }, 1]],
  ],
  [
    'a registered file',
    () => uploadFile(project, 'id\n1\n2\n'),
    [
      ['duckdb_files_total', {}, 1],
      ['duckdb_storage_size_bytes', { type: 'files' }, 7],
    ],
  ],
  [
    'a download',
    async () => download(project, (await uploadFile(project, 'four')).id),
    [
      ['duckdb_files_downloads_total', { status: 'success' }, 1],
      ['duckdb_files_download_bytes_total', {}, 4],
    ],
  ],
  [
    'a download of nothing',
    () => project.api.get(`${project.filesPath}/missing/download`),
    [['duckdb_files_downloads_total', { status: 'refused' }, 1]],
  ],
  [
    'a full import',
    async () => mustSucceed(await importContent(table, 'id\n1\n2\n')),
    [
      ['duckdb_import_operations_total', { format: 'csv', mode: 'full', status: 'success' }, 1],
      ['duckdb_import_duration_seconds_count', { format: 'csv' }, 1],
      ['duckdb_import_rows_total', {}, 2],
      ['duckdb_import_bytes_total', { format: 'csv' }, 7],
      ['duckdb_table_lock_wait_seconds_count', {}, 1],
      ['duckdb_operations_total', { operation: 'table.import', status: 'success' }, 1],
    ],
  ],
  [
    'an incremental import, of a new and a known row',
    async () => {
      const pairs = await createTable(project, bucket, { id: 'INTEGER', v: 'INTEGER' }, { primaryKey: ['id'] });
      mustSucceed(await importContent(pairs, 'id,v\n1,1\n2,2\n'));
      mustSucceed(await importContent(pairs, 'id,v\n2,5\n3,6\n', { import_options: { incremental: true } }));
    },
    [
      ['duckdb_import_operations_total', { format: 'csv', mode: 'incremental', status: 'success' }, 1],
      ['duckdb_import_rows_total', {}, 4],
    ],
  ],
  [
    'an import of what is no CSV',
    () => importContent(table, 'id\nx\n'),
    [
      ['duckdb_import_operations_total', { format: 'csv', mode: 'full', status: 'refused' }, 1],
      ['duckdb_import_rows_total', {}, 0],
    ],
  ],
  [
    'an import in a format that does not exist',
    () => importFile(table, 'missing', { format: 'x"y' }),
    [['duckdb_import_operations_total', { format: '_other', mode: 'full', status: 'refused' }, 1]],
  ],
  [
    'an export',
    async () => mustSucceed(await exportTable(table, { format: 'parquet' })),
    [
      ['duckdb_export_operations_total', { format: 'parquet', status: 'success' }, 1],
      ['duckdb_export_duration_seconds_count', { format: 'parquet' }, 1],
      ['duckdb_export_rows_total', {}, 2],
      ['duckdb_export_bytes_total', { format: 'parquet' }, 'more'],
    ],
  ],
  [
    'an export with a condition that is none',
    () => exportTable(table, { where_filter: 'id =' }),
    [['duckdb_export_operations_total', { format: 'csv', status: 'refused' }, 1]],
  ],
  [
    'three requests with one idempotency key',
    async () => {
      const headers = { 'x-idempotency-key': 'moving' };
      await project.api.put(project.path, { name: 'a' }, { headers });
      await project.api.put(project.path, { name: 'a' }, { headers });
      await project.api.put(project.path, { name: 'b' }, { headers });
    },
    [
      ['duckdb_idempotency_cache_misses_total', {}, 1],
      ['duckdb_idempotency_cache_hits_total', {}, 1],
      ['duckdb_idempotency_conflicts_total', {}, 1],
      ['duckdb_idempotency_cache_size', {}, 1],
    ],
  ],
];

describe('a figure moves', () => {
  it.each(ACTIONS)('after %s', async (_what, action, movements) => {
    const before = await Promise.all(movements.map(([name, labels]) => figure(name, labels)));
    await action();
    for (const [index, [name, labels, by]] of movements.entries()) {
      const was = before[index] ?? 0;
      const moved = expect.poll(async () => (await figure(name, labels)) - was, {
        message: `${name} ${JSON.stringify(labels)}`,
        timeout: PATIENCE_MS,
      });
      if (by === 'more') await moved.toBeGreaterThan(0);
      else await moved.toBe(by);
    }
  });

  it('counts a table by its name when it is written', async () => {
    const labels = { project_id: project.id, bucket, table: table.name };
    const before = await figure('duckdb_table_lock_acquisitions_total', labels);
    mustSucceed(await importContent(table, 'id\n9\n'));
    expect(await figure('duckdb_table_lock_acquisitions_total', labels)).toBe(before + 1);
    expect(await figure('duckdb_write_queue_wait_seconds_count', { project_id: project.id })).toBeGreaterThan(0);
  });

  it('while writers hold and wait for a table, and back when they are done', async () => {
    const rows = Array.from({ length: 300_000 }, (_, n) => n).join('\n');
    const file = await uploadFile(project, `id\n${rows}\n`);
    const gauges = (): Promise<number>[] => [
      figure('duckdb_write_queue_depth', { project_id: project.id }),
      figure('duckdb_table_locks_active'),
      figure('duckdb_api_requests_in_flight', { method: 'POST' }),
      figure('duckdb_engine_workers', { lane: 'job', state: 'busy' }),
    ];
    const timeout = { timeout: PATIENCE_MS };
    const importing = async (): Promise<void> => {
      for (const answer of await Promise.all(Array.from({ length: 4 }, () => importFile(table, file.id)))) {
        mustSucceed(answer);
      }
    };
    await expect.poll(async () => Math.min(...(await highestDuring(importing, gauges))), timeout).toBeGreaterThan(0);
    await expect.poll(() => Promise.all(gauges().slice(0, 3)), timeout).toEqual([0, 0, 0]);
  });

  it('while transactions are under way', async () => {
    const creating = (): Promise<unknown> => Promise.all(Array.from({ length: 30 }, () => newTable()));
    const gauges = (): Promise<number>[] => [figure('duckdb_metadata_connections_active')];
    const timeout = { timeout: PATIENCE_MS };
    await expect.poll(async () => (await highestDuring(creating, gauges))[0], timeout).toBeGreaterThan(0);
    await expect.poll(() => Promise.all(gauges()), timeout).toEqual([0]);
  });

  it('when a download breaks off', async () => {
    const file = await uploadFile(project, Buffer.alloc(64 * 1024 * 1024, 'x'));
    const before = await figure('duckdb_files_downloads_total', { status: 'cancelled' });
    const leaving = new AbortController();
    const answer = await fetch(`${server.process.baseUrl}${project.filesPath}/${file.id}/download`, {
      headers: { authorization: `Bearer ${project.apiKey}` },
      signal: leaving.signal,
    });
    await answer.body?.getReader().read();
    leaving.abort();
    await expect
      .poll(() => figure('duckdb_files_downloads_total', { status: 'cancelled' }), { timeout: PATIENCE_MS })
      .toBe(before + 1);
  });
});

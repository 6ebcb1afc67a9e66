import { beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../helpers/api.js';
import { createProjectWithBucket, createTable, exportTable, importContent, preview } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

const NAMES = [
  'duckdb_api_up',
  'duckdb_api_start_time_seconds',
  'duckdb_api_service_info',
  'duckdb_api_requests_total',
  'duckdb_api_request_duration_seconds',
  'duckdb_api_requests_in_flight',
  'duckdb_api_errors_total',
  'duckdb_api_refusals_total',
  'duckdb_operations_total',
  'duckdb_operation_duration_seconds',
  'duckdb_projects_total',
  'duckdb_buckets_total',
  'duckdb_tables_total',
  'duckdb_storage_size_bytes',
  'duckdb_idempotency_cache_hits_total',
  'duckdb_idempotency_cache_misses_total',
  'duckdb_idempotency_cache_size',
  'duckdb_idempotency_conflicts_total',
  'duckdb_table_lock_acquisitions_total',
  'duckdb_table_lock_wait_seconds',
  'duckdb_table_locks_active',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'process_open_fds',
  'process_max_fds',
  'process_start_time_seconds',
];

let text = '';

beforeAll(async () => {
  const { project, bucket } = await createProjectWithBucket(server.admin);
  const table = await createTable(project, bucket, { id: 'INTEGER' }, { name: 'secret_table_name' });
  mustSucceed(await importContent(table, 'id\n1\n'));
  await preview(table);
  mustSucceed(await exportTable(table));
  for (let count = 0; count < 2; count++) {
    await project.api.put(project.path, { name: 'x' }, { headers: { 'x-idempotency-key': 'one-key' } });
  }
  await project.api.put(project.path, { name: 'y' }, { headers: { 'x-idempotency-key': 'one-key' } });
  for (const path of ['/nowhere/secret', '/also-nowhere', '/docs', '/openapi.json', '/metrics'])
    await server.anonymous.get(path);
  await project.api.get(`${project.filesPath}/some-file-id`);
  const answer = await server.anonymous.get('/metrics');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
  text = answer.text;
});

const sample = (pattern: RegExp): string | undefined => text.split('\n').find((line) => pattern.test(line));
const endpoints = (): Set<string> => new Set([...text.matchAll(/endpoint="([^"]*)"/g)].map(([, value]) => value ?? ''));

describe('GET /metrics', () => {
  it.each(NAMES)('has %s', (name) => {
    expect(text).toMatch(new RegExp(`^# TYPE ${name} `, 'm'));
  });

  it('names version and engine', () => {
    expect(sample(/^duckdb_api_service_info\{/)).toMatch(
      /version="\d+\.\d+\.\d+".*duckdb_version="v?\d+\.\d+\.\d+"|duckdb_version="v?\d+.*version="/,
    );
    expect(sample(/^duckdb_api_up /)).toBe('duckdb_api_up 1');
  });

  it('counts requests by method, normalised endpoint and status', () => {
    const template = '/projects/{project_id}/branches/{branch_id}/buckets/{bucket_name}/tables/{table_name}';
    expect(endpoints()).toContain('/projects');
    expect(endpoints()).toContain('/projects/{project_id}');
    expect(endpoints()).toContain(`${template}/preview`);
    expect(endpoints()).toContain(`${template}/import/file`);
    expect(endpoints()).toContain('/projects/{project_id}/files/prepare');
    expect(endpoints()).toContain('/projects/{project_id}/files/{file_id}');
    expect(sample(/^duckdb_api_requests_total\{.*endpoint="\/projects".*\}/)).toMatch(
      /method="POST".*status_code="201"/,
    );
  });

  it('does not count its own pages', () => {
    for (const path of ['/metrics', '/docs', '/redoc', '/openapi.json']) expect([...endpoints()]).not.toContain(path);
  });

  it('shows no real id, key or unknown path', () => {
    const withoutLocks = text.replace(/^duckdb_table_lock.*$/gm, '');
    for (const word of ['secret', 'also-nowhere', 'some-file-id', 'one-key']) expect(withoutLocks).not.toContain(word);
    for (const endpoint of endpoints()) expect(endpoint).not.toMatch(/proj_|bucket_\d/);
  });

  it.each([
    [
      'duckdb_api_request_duration_seconds',
      ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'],
    ],
    [
      'duckdb_operation_duration_seconds',
      ['0.001', '0.005', '0.01', '0.05', '0.1', '0.5', '1', '5', '30', '60', '300', '+Inf'],
    ],
    ['duckdb_table_lock_wait_seconds', ['0.001', '0.01', '0.05', '0.1', '0.5', '1', '5', '+Inf']],
  ])('%s has the agreed buckets', (name, buckets) => {
    const found = [...text.matchAll(new RegExp(`^${name}_bucket\\{.*?le="([^"]+)"`, 'gm'))].map(([, bound]) => bound);
    expect([...new Set(found)]).toEqual(buckets);
  });

  it('knows how much there is', () => {
    expect(sample(/^duckdb_projects_total /)).toBe('duckdb_projects_total 1');
    expect(sample(/^duckdb_buckets_total /)).toBe('duckdb_buckets_total 1');
    expect(sample(/^duckdb_tables_total /)).toBe('duckdb_tables_total 1');
    for (const type of ['metadata', 'tables', 'staging', 'files']) {
      expect(sample(new RegExp(`^duckdb_storage_size_bytes\\{type="${type}"\\} \\d`)), type).toBeDefined();
    }
  });

  it('counts idempotent replays and conflicts', () => {
    expect(sample(/^duckdb_idempotency_cache_hits_total /)).toBe('duckdb_idempotency_cache_hits_total 1');
    expect(sample(/^duckdb_idempotency_conflicts_total /)).toBe('duckdb_idempotency_conflicts_total 1');
    expect(Number(sample(/^duckdb_idempotency_cache_size /)?.split(' ')[1])).toBeGreaterThanOrEqual(1);
  });

  it('counts operations and table locks', () => {
    expect(sample(/^duckdb_operations_total\{.*operation="table\.import".*\} 1$/)).toBeDefined();
    expect(sample(/^duckdb_table_lock_acquisitions_total\{.*table="secret_table_name".*\} [1-9]/)).toBeDefined();
  });

  it('has no sample twice and only finite names', () => {
    const names = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.slice(0, line.lastIndexOf(' ')));
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})?$/);
  });
});

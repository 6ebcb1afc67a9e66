import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../helpers/api.js';
import { importRows, newBucket, newProject, newTable, type ContractProject } from '../helpers/contract.js';
import { useServer } from '../helpers/use-server.js';

/** Chapters 7.1 and 8.2. */
const server = useServer();
let project: ContractProject;

beforeAll(async () => {
  project = await newProject(server.admin, 'test_proj_123');
  await newBucket(project, 'in_c_sales');
  const table = await newTable(project, 'in_c_sales', 'orders');
  mustSucceed(await importRows(project, table, 'id,name\n1,a\n'));
});

const onDisk = (...path: string[]): string => join(server.process.dataDir, 'duckdb', ...path);

describe('7.1 on disk', () => {
  it('a project is a directory, a bucket is one in it, a table is a file in that', async () => {
    expect(statSync(onDisk('project_test_proj_123')).isDirectory()).toBe(true);
    expect(statSync(onDisk('project_test_proj_123', 'in_c_sales')).isDirectory()).toBe(true);
    expect(statSync(onDisk('project_test_proj_123', 'in_c_sales', 'orders.duckdb')).isFile()).toBe(true);
  });

  it('and they go when they are deleted', async () => {
    await newBucket(project, 'passing');
    const path = await newTable(project, 'passing', 'orders');
    const file = onDisk('project_test_proj_123', 'passing', 'orders.duckdb');
    expect(existsSync(file)).toBe(true);
    await project.api.delete(path);
    expect([existsSync(file), existsSync(onDisk('project_test_proj_123', 'passing'))]).toEqual([false, true]);
    await project.api.delete(`${project.buckets}/passing`);
    expect(existsSync(onDisk('project_test_proj_123', 'passing'))).toBe(false);
  });
});

describe('8.2 metrics', () => {
  async function metrics(): Promise<string> {
    return (await server.anonymous.get('/metrics')).text;
  }
  const valueOf = (text: string, series: string): number => {
    const line = text.split('\n').find((each) => each.startsWith(`${series} `));
    return line === undefined ? NaN : Number(line.slice(series.length + 1));
  };

  it('has the names that dashboards use', async () => {
    const text = await metrics();
    const counters = ['duckdb_api_requests_total', 'duckdb_table_lock_acquisitions_total'];
    const gauges = [
      'duckdb_api_up',
      'duckdb_api_service_info',
      'duckdb_projects_total',
      'duckdb_buckets_total',
      'duckdb_tables_total',
      'duckdb_storage_size_bytes',
      'duckdb_idempotency_cache_size',
      'duckdb_table_locks_active',
    ];
    for (const name of counters) expect(text).toContain(`# TYPE ${name} counter`);
    for (const name of gauges) expect(text).toContain(`# TYPE ${name} gauge`);
    expect(text).toContain('# TYPE duckdb_api_request_duration_seconds histogram');
    expect(text).toMatch(/^duckdb_api_service_info\{version="[^"]+",duckdb_version="[^"]+"\} 1$/m);
    for (const type of ['metadata', 'tables', 'staging', 'files']) {
      expect(valueOf(text, `duckdb_storage_size_bytes{type="${type}"}`), type).toBeGreaterThanOrEqual(0);
    }
    expect(valueOf(text, 'duckdb_storage_size_bytes{type="metadata"}')).toBeGreaterThan(0);
    expect(valueOf(text, 'duckdb_storage_size_bytes{type="tables"}')).toBeGreaterThan(0);
  });

  it('counts what is stored', async () => {
    const before = await metrics();
    const other = await newProject(server.admin, 'counted');
    await newBucket(other, 'b');
    await newTable(other, 'b', 't');
    const after = await metrics();
    for (const name of ['duckdb_projects_total', 'duckdb_buckets_total', 'duckdb_tables_total']) {
      expect(valueOf(after, name), name).toBe(valueOf(before, name) + 1);
    }
  });

  it('counts requests by method, endpoint and status, with buckets of time', async () => {
    const series = 'duckdb_api_requests_total{method="GET",endpoint="/projects/{project_id}",status_code="200"}';
    const before = valueOf(await metrics(), series) || 0;
    await project.api.get(project.path);
    const text = await metrics();
    expect(valueOf(text, series)).toBe(before + 1);
    for (const limit of ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10']) {
      expect(text).toMatch(
        new RegExp(`^duckdb_api_request_duration_seconds_bucket\\{le="${limit.replace('.', '\\.')}",`, 'm'),
      );
    }
  });

  it('does not count itself and the documents', async () => {
    for (const path of ['/metrics', '/docs', '/redoc', '/openapi.json']) await server.anonymous.get(path);
    const text = await metrics();
    for (const path of ['/metrics', '/docs', '/redoc', '/openapi.json']) {
      expect(text).not.toContain(`endpoint="${path}`);
    }
  });

  it('shows no id in an endpoint', async () => {
    const api = server.admin;
    const paths = [
      `${project.buckets}/in_c_sales/tables/orders/preview`,
      `${project.path}/branches/some_branch/buckets`,
      `${project.path}/branches/default/snapshots/snap_some_snapshot`,
      `${project.path}/files/some_file_id`,
      `${project.path}/api-keys/some_key_id`,
      `/no/such_path/at_all`,
    ];
    for (const path of paths) await api.get(path);
    await api.delete(`${project.buckets}/in_c_sales/tables/orders/columns/some_column`);
    const endpoints = [...(await metrics()).matchAll(/endpoint="([^"]*)"/g)].map((match) => match[1] ?? '');
    for (const id of ['test_proj_123', 'in_c_sales', 'orders', 'some_', 'such_path']) {
      expect(
        endpoints.filter((endpoint) => endpoint.includes(id)),
        id,
      ).toEqual([]);
    }
    const table = '/projects/{project_id}/branches/{branch_id}/buckets/{bucket_name}/tables/{table_name}';
    expect(endpoints).toEqual(
      expect.arrayContaining([
        `${table}/preview`,
        '/projects/{project_id}/branches/{branch_id}/snapshots/{snapshot_id}',
        '/projects/{project_id}/files/{file_id}',
        '/projects/{project_id}/files/prepare',
      ]),
    );
  });

  it('counts locks of tables', async () => {
    const series =
      'duckdb_table_lock_acquisitions_total{project_id="test_proj_123",bucket="in_c_sales",table="orders"}';
    const before = valueOf(await metrics(), series);
    mustSucceed(
      await importRows(project, `${project.buckets}/in_c_sales/tables/orders`, 'id,name\n1,a\n', { format: 'csv' }),
    );
    expect(valueOf(await metrics(), series)).toBeGreaterThan(before);
  });
});

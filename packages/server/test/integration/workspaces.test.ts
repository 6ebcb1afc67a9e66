import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPasswordOf, parseScramVerifier } from '../../src/auth/scram.js';
import { startTestApp, TEST_ADMIN_KEY, uploadFile, type Answer, type TestApp } from '../helpers/test-app.js';

/** The REST side of workspaces over the real thing: metadata, worker processes, DuckDB. */
const WORKER = new URL('../helpers/plain-workspace-worker.mjs', import.meta.url);
const START = new Date('2026-11-25T12:00:00Z');
const MAIN = '/projects/p1/branches/default';
let now = START;
let app: TestApp;
let branchId: string;

async function ok(method: string, path: string, body?: unknown): Promise<Answer['body']> {
  const answer = await app.call(method, path, body);
  expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
  return answer.body;
}

async function refusal(method: string, path: string, body?: unknown): Promise<[number, string, string]> {
  const answer = await app.call(method, path, body);
  return [answer.status, answer.body?.detail?.error, answer.body?.detail?.message];
}

const create = (more: object = {}, place = '/projects/p1') => ok('POST', `${place}/workspaces`, { name: 'w', ...more });
const query = (id: string, sql: string, more: object = {}) =>
  app.call('POST', `/projects/p1/workspaces/${id}/query`, { sql, ...more });

beforeAll(async () => {
  app = await startTestApp({
    env: { PGWIRE_QUERY_TIMEOUT_SECONDS: '20', PGWIRE_SESSION_MEMORY_LIMIT: '512MB' },
    overrides: { clock: { now: () => now }, workspaceWorker: WORKER },
  });
  await ok('POST', '/projects', { id: 'p1' });
  await ok('POST', `${MAIN}/buckets`, { name: 'in.c-sales' });
  await ok('POST', `${MAIN}/buckets`, { name: 'out_c' });
  const columns = [
    { name: 'id', type: 'INTEGER' },
    { name: 'note', type: 'VARCHAR' },
  ];
  await ok('POST', `${MAIN}/buckets/in.c-sales/tables`, { name: 'orders', columns, primary_key: ['id'] });
  const fileId = await uploadFile(app, 'p1', 'd.csv', 'id,note\n1,a\n2,b\n3,c\n');
  await ok('POST', `${MAIN}/buckets/in.c-sales/tables/orders/import/file`, { file_id: fileId });
  branchId = (await ok('POST', '/projects/p1/branches', { name: 'b' })).id;
  const branchFile = await uploadFile(app, 'p1', 'e.csv', 'id,note\n9,z\n');
  await ok('POST', `/projects/p1/branches/${branchId}/buckets/in.c-sales/tables/orders/import/file`, {
    file_id: branchFile,
  });
}, 60_000);
afterAll(() => app.stop());

describe('a workspace', () => {
  it('is created with a password that is shown once', async () => {
    const made = await create({ name: 'Analysis' });
    expect(made).toMatchObject({
      id: expect.stringMatching(/^ws_[0-9a-f]{8}$/),
      name: 'Analysis',
      project_id: 'p1',
      branch_id: null,
      expires_at: null,
      size_limit_gb: 10,
      status: 'active',
      preloaded: [],
      connection: {
        host: 'localhost',
        port: expect.any(Number),
        database: `workspace_${made.id}`,
        username: expect.stringMatching(new RegExp(`^ws_${made.id}_[0-9a-f]{8}$`)),
        password: expect.stringMatching(/^[A-Za-z0-9_-]{32}$/),
        ssl_mode: 'prefer',
      },
    });
    expect(made.size_bytes).toBeGreaterThan(0);
    const { username, password, connection_string: text } = made.connection;
    expect(text).toContain(`postgresql://${username}:${password}@localhost:`);
    const record = await app.metadata.getWorkspaceById(made.id);
    expect(await isPasswordOf(parseScramVerifier(record?.passwordVerifier ?? ''), password)).toBe(true);
    const path = join(app.dataDir, `duckdb/project_p1/_workspaces/${made.id}/${made.id}.duckdb`);
    expect((await stat(path)).size).toBe(made.size_bytes);

    const listed = await ok('GET', '/projects/p1/workspaces');
    const item = listed.workspaces.find(({ id }: { id: string }) => id === made.id);
    expect(item.connection).toMatchObject({ username, password: null });
    expect(listed.count).toBe(listed.workspaces.length);
    const detail = await ok('GET', `/projects/p1/workspaces/${made.id}`);
    expect(detail).toMatchObject({ active_sessions: 0, workspace_objects: [], connection: { password: null } });
    expect(detail.attached_tables).toEqual([{ schema: 'in.c-sales', table: 'orders', rows: 3 }]);

    expect((await app.call('DELETE', `/projects/p1/workspaces/${made.id}`)).status).toBe(204);
    await expect(stat(path)).rejects.toThrow('ENOENT');
    expect(await refusal('GET', `/projects/p1/workspaces/${made.id}`)).toEqual([
      404,
      'workspace_not_found',
      `Workspace ${made.id} not found in project p1`,
    ]);
  });

  it('of a branch is found below the branch and the project, and sees the branch', async () => {
    const place = `/projects/p1/branches/${branchId}`;
    const made = await create({}, place);
    expect(made.branch_id).toBe(branchId);
    expect((await ok('GET', `${place}/workspaces`)).workspaces.map(({ id }: { id: string }) => id)).toEqual([made.id]);
    const detail = await ok('GET', `${place}/workspaces/${made.id}`);
    expect(detail.attached_tables).toEqual([{ schema: 'in.c-sales', table: 'orders', rows: 1 }]);
    const { body } = await query(made.id, 'SELECT * FROM in_c_sales.orders');
    expect(body.rows).toEqual([{ id: 9, note: 'z' }]);
    const main = await create();
    expect(await refusal('GET', `${place}/workspaces/${main.id}`)).toEqual([
      404,
      'workspace_not_found',
      `Workspace ${main.id} not found in branch ${branchId}`,
    ]);
    for (const id of ['default', 'absent']) {
      expect((await refusal('POST', `/projects/p1/branches/${id}/workspaces`, { name: 'w' }))[1]).toBe(
        'branch_not_found',
      );
    }
    expect((await refusal('POST', '/projects/absent/workspaces', { name: 'w' }))[1]).toBe('project_not_found');
    expect((await app.call('DELETE', `${place}/workspaces/${made.id}`)).status).toBe(204);
  });

  it('goes with its branch', async () => {
    const other = (await ok('POST', '/projects/p1/branches', { name: 'short' })).id;
    const made = await create({}, `/projects/p1/branches/${other}`);
    await query(made.id, 'CREATE TABLE t AS SELECT 1 AS x');
    expect((await app.call('DELETE', `/projects/p1/branches/${other}`)).status).toBe(204);
    expect((await refusal('GET', `/projects/p1/workspaces/${made.id}`))[1]).toBe('workspace_not_found');
    await expect(stat(join(app.dataDir, `duckdb/project_p1/_workspaces/${made.id}`))).rejects.toThrow('ENOENT');
  });

  it('has a new password after a reset, under the same name', async () => {
    const made = await create();
    const reset = await ok('POST', `/projects/p1/workspaces/${made.id}/credentials/reset`);
    expect(reset.username).toBe(made.connection.username);
    expect(reset.password).not.toBe(made.connection.password);
    const record = await app.metadata.getWorkspaceById(made.id);
    const verifier = parseScramVerifier(record?.passwordVerifier ?? '');
    expect(await isPasswordOf(verifier, made.connection.password)).toBe(false);
    expect(await isPasswordOf(verifier, reset.password)).toBe(true);
  });
});

describe('loading', () => {
  it('copies tables, with columns and a condition, and tells what it could not load', async () => {
    const made = await create();
    const { loaded, workspace_size_bytes: size } = await ok('POST', `/projects/p1/workspaces/${made.id}/load`, {
      tables: [
        { source: 'in.c-sales.orders' },
        { source: 'in_c_sales.orders', destination: 'part', columns: ['note'], where: 'id > 1' },
        { source: 'in.c-sales.absent' },
        { source: 'orders' },
        { source: 'in.c-sales.orders', destination: 'bad', where: 'id = (SELECT 1)' },
      ],
    });
    expect(
      loaded.map(({ destination, rows, error }: Answer['body']) => [destination, rows, error?.code ?? null]),
    ).toEqual([
      ['orders', 3, null],
      ['part', 2, null],
      ['absent', 0, 'table_not_found'],
      ['orders', 0, 'invalid_request'],
      ['bad', 0, 'invalid_where_clause'],
    ]);
    expect(loaded[0].size_bytes).toBe(size);
    expect((await query(made.id, 'SELECT * FROM part ORDER BY note')).body.rows).toEqual([
      { note: 'b' },
      { note: 'c' },
    ]);
    const detail = await ok('GET', `/projects/p1/workspaces/${made.id}`);
    expect(detail.workspace_objects.map(({ name, type, rows }: Answer['body']) => [name, type, rows])).toEqual([
      ['orders', 'table', 3],
      ['part', 'table', 2],
    ]);
    expect((await app.call('DELETE', `/projects/p1/workspaces/${made.id}/objects/part`)).status).toBe(204);
    expect(await refusal('DELETE', `/projects/p1/workspaces/${made.id}/objects/part`)).toEqual([
      404,
      'object_not_found',
      `Object 'part' not found in workspace ${made.id}`,
    ]);
    expect((await app.call('POST', `/projects/p1/workspaces/${made.id}/clear`)).status).toBe(204);
    expect((await ok('GET', `/projects/p1/workspaces/${made.id}`)).workspace_objects).toEqual([]);
  });

  it('happens before the answer for tables that creation names', async () => {
    const made = await create({ preload_tables: ['in.c-sales.orders', 'in.c-sales.absent'] });
    expect(made.preloaded.map(({ rows, error }: Answer['body']) => [rows, error?.code ?? null])).toEqual([
      [3, null],
      [0, 'table_not_found'],
    ]);
    expect((await query(made.id, 'SELECT count(*) AS n FROM orders')).body.rows).toEqual([{ n: 3 }]);
  });
});

describe('SQL over HTTP', () => {
  it('answers rows as JSON, at most as many as were asked for', async () => {
    const { id } = await create();
    const { status, body } = await query(id, 'SELECT range AS n, \'x,"y"\' AS t FROM range(5)', { limit: 3 });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      columns: [
        { name: 'n', type: 'BIGINT' },
        { name: 't', type: 'VARCHAR' },
      ],
      row_count: 3,
      truncated: true,
      rows: [0, 1, 2].map((n) => ({ n, t: 'x,"y"' })),
    });
    expect((await query(id, 'SELECT 1 AS x WHERE false')).body).toMatchObject({
      rows: [],
      row_count: 0,
      truncated: false,
    });
    const made = await query(id, 'CREATE TABLE t AS SELECT range AS n FROM range(2000)');
    expect(made.body).toMatchObject({ rows: [], columns: [], command: 'SELECT 2000', row_count: 2000 });
    const viewed = await query(id, 'CREATE VIEW v AS SELECT 1 AS x');
    expect(viewed.body).toMatchObject({ command: 'CREATE VIEW', row_count: 0 });
    expect((await query(id, 'SELECT * FROM t')).body).toMatchObject({ row_count: 1000, truncated: true });
    expect((await query(id, 'DELETE FROM t WHERE n < 10')).body).toMatchObject({ command: 'DELETE 10', row_count: 10 });
  });

  it('sends all rows as lines, CSV or Parquet', async () => {
    const { id } = await create();
    const lines = await fetch(`${app.address}/projects/p1/workspaces/${id}/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TEST_ADMIN_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sql: 'SELECT range AS n FROM range(30000) ORDER BY 1', format: 'ndjson' }),
    });
    expect(lines.headers.get('content-type')).toContain('application/x-ndjson');
    expect(lines.headers.get('x-row-count')).toBe('30000');
    const text = await lines.text();
    expect(text.endsWith('{"n":29999}\n')).toBe(true);
    expect(text.split('\n')).toHaveLength(30_001);
    const csv = await query(id, 'SELECT id, note FROM "in.c-sales".orders ORDER BY id', { format: 'csv' });
    expect(csv.body).toBe('id,note\n1,a\n2,b\n3,c\n');
    const parquet = await query(id, 'SELECT 1 AS x', { format: 'parquet' });
    expect(parquet.body.slice(0, 4)).toBe('PAR1');
  });

  it('refuses with a SQLSTATE and changes nothing', async () => {
    const { id } = await create();
    const codeOf = async (sql: string, more: object = {}) => {
      const { status, body } = await query(id, sql, more);
      return [status, body.detail?.error, body.detail?.details?.sqlstate];
    };
    expect(await codeOf('SELEC 1')).toEqual([400, 'query_failed', '42601']);
    expect(await codeOf('SELECT 1; SELECT 2')).toEqual([400, 'query_failed', '42601']);
    expect(await codeOf("SELECT * FROM read_csv('/etc/passwd')")).toEqual([400, 'query_failed', '42501']);
    expect(await codeOf('DROP TABLE in_c_sales.orders')).toEqual([400, 'query_failed', '25006']);
    const slow = 'SELECT count(*) FROM range(1000000000) a, range(1000000000) b';
    expect((await codeOf(slow, { timeout_seconds: 1 })).slice(0, 2)).toEqual([504, 'deadline_exceeded']);
    expect((await codeOf('', {}))[0]).toBe(422);
  });

  it('is cancelled when its client leaves', async () => {
    const { id } = await create();
    const leaving = new AbortController();
    const answer = fetch(`${app.address}/projects/p1/workspaces/${id}/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TEST_ADMIN_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sql: 'SELECT count(*) FROM range(1000000000) a, range(1000000000) b' }),
      signal: leaving.signal,
    });
    const outcome = async () =>
      (await ok('GET', `/projects/p1/queries?workspace_id=${id}`)).queries[0]?.outcome as string | undefined;
    await expect.poll(outcome, { timeout: 10_000 }).toBe('running');
    leaving.abort();
    await expect(answer).rejects.toThrow('abort');
    await expect.poll(outcome, { timeout: 10_000 }).toBe('cancelled');
    expect((await query(id, 'SELECT 1 AS x')).status).toBe(200);
  });

  it('is in the query log', async () => {
    const { id } = await create();
    await query(id, 'SELECT 42 AS x');
    await query(id, 'SELECT * FROM absent');
    const { queries } = await ok('GET', `/projects/p1/queries?workspace_id=${id}`);
    const seen = queries.map(({ statement, outcome, actor }: Answer['body']) => [statement, outcome, actor]);
    expect(seen).toContainEqual(['SELECT 42 AS x', 'success', 'admin']);
    expect(seen).toContainEqual(['SELECT * FROM absent', 'failed', 'admin']);
    expect((await ok('GET', `/projects/p1/queries?workspace_id=${id}&outcome=failed`)).total).toBe(1);
  });
});

describe('unloading', () => {
  const rowsOf = async (table: string, branch = 'default') =>
    (await ok('GET', `/projects/p1/branches/${branch}/buckets/out_c/tables/${table}/preview?order_by=id`)).rows;

  it('makes a table with its key, replaces its rows, and adds to them', async () => {
    const { id } = await create();
    const unload = (body: object) => ok('POST', `/projects/p1/workspaces/${id}/unload`, { bucket: 'out_c', ...body });
    await query(id, "CREATE TABLE result AS SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(id, note)");
    const made = await unload({ source: 'result', table: 'made', create: true, primary_key: ['id'] });
    expect(made).toMatchObject({ created: true, branch_id: 'default', table_rows_after: 2 });
    expect(await rowsOf('made')).toEqual([
      { id: 1, note: 'a' },
      { id: 2, note: 'b' },
    ]);
    const table = await ok('GET', `${MAIN}/buckets/out_c/tables/made`);
    expect([table.primary_key, table.columns.map(({ type }: Answer['body']) => type)]).toEqual([
      ['id'],
      ['INTEGER', 'VARCHAR'],
    ]);

    await query(id, "CREATE OR REPLACE TABLE result AS SELECT * FROM (VALUES (2, 'B'), (3, 'c')) v(id, note)");
    const added = await unload({ source: 'result', table: 'made', incremental: true });
    expect(added).toMatchObject({ created: false, inserted_rows: 1, updated_rows: 1, table_rows_after: 3 });
    await query(id, 'CREATE VIEW only_three AS SELECT * FROM result WHERE id = 3');
    expect(await unload({ source: 'only_three', table: 'made' })).toMatchObject({ table_rows_after: 1 });
    expect(await rowsOf('made')).toEqual([{ id: 3, note: 'c' }]);
  });

  it('refuses what does not fit, and leaves no table behind', async () => {
    const { id } = await create();
    await query(id, 'CREATE TABLE twice AS SELECT 1 AS id UNION ALL SELECT 1');
    const path = `/projects/p1/workspaces/${id}/unload`;
    const codeOf = async (body: object) => (await refusal('POST', path, { bucket: 'out_c', ...body })).slice(0, 2);
    expect(await codeOf({ source: 'twice', table: 'absent' })).toEqual([404, 'table_not_found']);
    expect(await codeOf({ source: 'twice', table: 'n', create: true, primary_key: ['id'] })).toEqual([
      409,
      'duplicate_key',
    ]);
    expect(await codeOf({ source: 'nothing', table: 'n', create: true })).toEqual([404, 'object_not_found']);
    expect(await codeOf({ source: 'twice', table: 'made', primary_key: ['note'] })).toEqual([
      400,
      'invalid_primary_key',
    ]);
    expect(await codeOf({ source: 'twice', table: 'made', branch_id: branchId })).toEqual([400, 'invalid_request']);
    expect((await refusal('GET', `${MAIN}/buckets/out_c/tables/n`))[1]).toBe('table_not_found');
  });

  it('goes into the branch of the workspace', async () => {
    const { id } = await create({}, `/projects/p1/branches/${branchId}`);
    await query(id, 'CREATE TABLE t AS SELECT 5 AS id');
    const made = await ok('POST', `/projects/p1/branches/${branchId}/workspaces/${id}/unload`, {
      source: 't',
      bucket: 'out_c',
      table: 'in_branch',
      create: true,
    });
    expect(made.branch_id).toBe(branchId);
    expect(await rowsOf('in_branch', branchId)).toEqual([{ id: 5 }]);
    expect((await refusal('GET', `${MAIN}/buckets/out_c/tables/in_branch`))[1]).toBe('table_not_found');
  });
});

describe('time', () => {
  it('ends a workspace: refused at once, its file gone with maintenance, its row a week later', async () => {
    const made = await create({ ttl_hours: 1 });
    const base = `/projects/p1/workspaces/${made.id}`;
    await query(made.id, 'CREATE TABLE t AS SELECT 1 AS x');
    now = new Date(START.getTime() + 3_600_000);
    const expired = [410, 'workspace_expired', `Workspace ${made.id} has expired`];
    expect(await refusal('GET', base)).toEqual(expired);
    expect(await refusal('POST', `${base}/clear`)).toEqual(expired);
    expect(await refusal('POST', `${base}/load`, { tables: [] })).toEqual(expired);
    expect(await refusal('POST', `${base}/credentials/reset`)).toEqual(expired);
    expect(await refusal('DELETE', `${base}/objects/t`)).toEqual(expired);
    expect(await refusal('POST', `${base}/query`, { sql: 'SELECT 1' })).toEqual(expired);
    const file = join(app.dataDir, `duckdb/project_p1/_workspaces/${made.id}`);
    expect((await stat(file)).isDirectory()).toBe(true);
    await app.runMaintenance();
    await expect(stat(file)).rejects.toThrow('ENOENT');
    const listed = await ok('GET', '/projects/p1/workspaces?limit=1000');
    expect(listed.workspaces.find(({ id }: { id: string }) => id === made.id).status).toBe('expired');
    now = new Date(START.getTime() + 8 * 86_400_000);
    await app.runMaintenance();
    expect((await refusal('GET', base))[1]).toBe('workspace_not_found');
    now = START;
  });
});

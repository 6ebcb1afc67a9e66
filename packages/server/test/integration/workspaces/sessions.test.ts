import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../../helpers/test-app.js';

interface Connection {
  readonly database: string;
  readonly username: string;
  readonly password: string;
}

let app: TestApp;
const open: Client[] = [];

beforeAll(async () => {
  app = await startTestApp();
  await ok(app.call('POST', '/projects', { id: 'p1', name: 'p1' }));
  await ok(app.call('POST', '/projects/p1/branches/default/buckets', { name: 'in_c_sales' }));
  await ok(
    app.call('POST', '/projects/p1/branches/default/buckets/in_c_sales/tables', {
      name: 'orders',
      columns: [
        { name: 'id', type: 'INTEGER' },
        { name: 'total', type: 'DECIMAL(10,2)' },
      ],
    }),
  );
});

afterAll(async () => {
  for (const client of open) await client.end().catch(() => undefined);
  await app.stop();
  expect(app.log.unexpected()).toEqual([]);
});

async function ok(answering: ReturnType<TestApp['call']>): Promise<{ connection: Connection; id: string }> {
  const answer = await answering;
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body as { connection: Connection; id: string };
}

async function connect({ database, username: user, password }: Connection): Promise<Client> {
  const client = new Client({ host: '127.0.0.1', port: app.pgwirePort ?? 0, database, user, password, ssl: false });
  client.on('error', () => undefined);
  await client.connect();
  open.push(client);
  return client;
}

describe('a workspace and a PostgreSQL client', () => {
  test('own tables, project tables, catalogue, and what is refused', async () => {
    const { connection, id } = await ok(app.call('POST', '/projects/p1/workspaces', { name: 'w' }));
    const client = await connect(connection);
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect((await client.query('SELECT count(*)::int AS n FROM in_c_sales.orders')).rows).toEqual([{ n: 0 }]);
    await client.query('CREATE TABLE mine AS SELECT 5 AS x');
    expect((await client.query('SELECT x FROM mine WHERE x = $1', [5])).rows).toEqual([{ x: 5 }]);
    await expect(client.query('DELETE FROM in_c_sales.orders')).rejects.toMatchObject({ code: '25006' });
    await expect(client.query("SELECT * FROM read_text('/etc/passwd')")).rejects.toMatchObject({ code: '42501' });
    const tables = await client.query(
      "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ('public', 'in_c_sales') ORDER BY 1, 2",
    );
    expect(tables.rows).toContainEqual({ table_schema: 'in_c_sales', table_name: 'orders' });
    expect(tables.rows).toContainEqual({ table_schema: 'public', table_name: 'mine' });
    // Once over the views of the catalogue, then over the picture of them.
    for (let run = 0; run < 3; run++) {
      const asked = 'SELECT current_setting($1) AS a FROM pg_class WHERE relname = $2';
      const { rows } = await client.query(asked, ['server_encoding', 'mine']);
      expect(rows[0]).toEqual({ a: 'UTF8' });
    }
    const detail = await app.call('GET', `/projects/p1/workspaces/${id}`);
    expect(detail.body).toMatchObject({
      active_sessions: 1,
      workspace_objects: [{ name: 'mine', type: 'table', rows: 1 }],
    });
  });

  test('over HTTP a statement means the same', async () => {
    const { id } = await ok(app.call('POST', '/projects/p1/workspaces', { name: 'w' }));
    const first = async (sql: string): Promise<unknown> =>
      (await app.call('POST', `/projects/p1/workspaces/${id}/query`, { sql })).body.rows?.[0];
    expect(await first("SELECT 'abc' ~ 'b' AS a, to_char(DATE '2026-03-04', 'DD.MM.YYYY') AS b")).toEqual({
      a: true,
      b: '04.03.2026',
    });
    expect(await first("SELECT current_setting('server_encoding') AS a, current_schema() AS b")).toEqual({
      a: 'UTF8',
      b: 'public',
    });
    await first('CREATE TABLE numbered (id serial PRIMARY KEY, made timestamptz DEFAULT now())');
    await first('ALTER TABLE numbered ADD COLUMN changed timestamptz DEFAULT now()');
    expect(
      await first("SELECT count(*) AS n FROM pg_attribute WHERE attrelid = 'numbered'::regclass AND attnum > 0"),
    ).toEqual({ n: 3 });
    await first('ALTER TABLE numbered RENAME TO counted');
    expect(await first('SELECT count(*) AS n FROM counted')).toEqual({ n: 0 });
    expect(await first("SELECT set_config('application_name', 'x', false)")).toBeUndefined();
  });

  test('a reset of the password ends its sessions; deleting removes it', async () => {
    const { connection, id } = await ok(app.call('POST', '/projects/p1/workspaces', { name: 'w' }));
    const client = await connect(connection);
    const gone = new Promise<unknown>((resolve) => client.on('error', resolve));
    await ok(app.call('POST', `/projects/p1/workspaces/${id}/credentials/reset`));
    expect(await gone).toMatchObject({ code: '57P01' });
    await expect(connect(connection)).rejects.toMatchObject({ code: '28P01' });
    expect((await app.call('DELETE', `/projects/p1/workspaces/${id}`)).status).toBe(204);
  });

  test('load, query over HTTP, unload, clear', async () => {
    const { connection, id } = await ok(app.call('POST', '/projects/p1/workspaces', { name: 'w' }));
    const base = `/projects/p1/workspaces/${id}`;
    const loaded = await app.call('POST', `${base}/load`, {
      tables: [{ source: 'in_c_sales.orders', destination: 'copied' }, { source: 'in_c_sales.nothing' }],
    });
    expect(loaded.body).toMatchObject({ loaded: [{ destination: 'copied', rows: 0 }, { rows: 0 }] });
    const client = await connect(connection);
    expect((await client.query('SELECT count(*)::int AS n FROM copied')).rows).toEqual([{ n: 0 }]);
    expect((await app.call('POST', `${base}/clear`)).status).toBe(204);
    await expect(client.query('SELECT * FROM copied')).rejects.toMatchObject({ code: '42P01' });
    await vi.waitFor(async () => {
      expect((await app.call('GET', base)).body).toMatchObject({ workspace_objects: [] });
    });
  });
});

import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../helpers/test-app.js';

/** Names without a schema: of the workspace's own schemas, and of buckets. */
let app: TestApp;
let client: Client;
let other: Client;

beforeAll(async () => {
  app = await startTestApp();
  await app.call('POST', '/projects', { id: 'p1', name: 'p1' });
  const branch = '/projects/p1/branches/default';
  await app.call('POST', `${branch}/buckets`, { name: 'in.c-sales' });
  await app.call('POST', `${branch}/buckets/in.c-sales/tables`, {
    name: 'orders',
    columns: [{ name: 'id', type: 'INTEGER' }],
  });
  const { connection } = (await app.call('POST', '/projects/p1/workspaces', { name: 'w' })).body;
  const { database, username: user, password } = connection;
  const login = { host: '127.0.0.1', port: app.pgwirePort ?? 0, database, user, password, ssl: false } as const;
  [client, other] = [new Client(login), new Client(login)];
  await client.connect();
  await other.connect();
  await client.query('CREATE SCHEMA s; CREATE TABLE s.t (a integer); CREATE TABLE kept (b integer)');
});
afterAll(async () => {
  await client.end();
  await other.end();
  await app.stop();
  expect(app.log.unexpected()).toEqual([]);
});
beforeEach(async () => {
  await client.query('RESET search_path; DROP TABLE IF EXISTS public.orders');
});

const columns = async (sql: string): Promise<string[]> => (await client.query(sql)).fields.map(({ name }) => name);
const schemas = async (): Promise<unknown[]> => {
  const sql = 'SELECT current_schema(), current_schemas(false), current_schemas(true)';
  return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows[0] ?? [];
};

test.each([
  ['in_c_sales', 'in_c_sales'],
  ['"in.c-sales", public', '"in.c-sales", public'],
  [`"$user", 'public'`, '"$user", public'],
  [`"Mixed", s`, '"Mixed", s'],
  [`''`, '""'],
])('SET search_path = %s is shown as %s', async (value, shown) => {
  await client.query(`SET search_path = ${value}`);
  expect((await client.query('SHOW search_path')).rows).toEqual([{ search_path: shown }]);
});

describe('a bucket', () => {
  test.each(['in_c_sales', '"in.c-sales"'])('%s is searched', async (schema) => {
    await client.query(`SET search_path = ${schema}`);
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(await columns('SELECT orders.id FROM orders')).toEqual(['id']);
    expect(await columns('WITH x AS (SELECT * FROM orders o) SELECT * FROM x')).toEqual(['id']);
    expect(await columns('SELECT * FROM public.kept, s.t')).toEqual(['b', 'a']);
    const [first, path] = await schemas();
    expect([first, path]).toEqual([schema.replaceAll('"', ''), [schema.replaceAll('"', '')]]);
  });

  test('comes in the order of the path', async () => {
    await client.query('CREATE TABLE public.orders (mine integer)');
    await client.query('SET search_path = in_c_sales, public');
    expect(await columns('SELECT * FROM orders')).toEqual(['id']);
    expect(await columns('SELECT * FROM kept')).toEqual(['b']);
    await client.query('SET search_path = public, in_c_sales');
    expect(await columns('SELECT * FROM orders')).toEqual(['mine']);
    await client.query('DROP TABLE orders; CREATE TABLE orders AS SELECT id, 1 AS own FROM orders');
    expect(await columns('SELECT * FROM public.orders')).toEqual(['id', 'own']);
  });

  test.each([
    'CREATE TABLE made (a integer)',
    'CREATE VIEW made AS SELECT 1',
    'DROP TABLE orders',
    'DROP VIEW orders',
    'INSERT INTO orders VALUES (1)',
    'UPDATE orders SET id = 2',
    'DELETE FROM orders',
    'ALTER TABLE orders ADD COLUMN x integer',
    'TRUNCATE orders',
    `COMMENT ON TABLE orders IS 'x'`,
  ])('is read-only without its name: %s', async (sql) => {
    for (const path of ['in_c_sales', 'in_c_sales, public']) {
      await client.query(`SET search_path = ${path}`);
      await expect(client.query(sql)).rejects.toMatchObject({ code: '25006' });
    }
    await client.query('SET search_path = public, in_c_sales');
    if (!sql.startsWith('CREATE')) {
      await expect(client.query(sql)).rejects.toMatchObject({ code: expect.stringMatching(/^(42P01|42809)$/) });
    } else await client.query(`${sql}; DROP ${/TABLE|VIEW/.exec(sql)?.[0]} made`);
    expect(await columns('SELECT * FROM orders')).toEqual(['id']);
    expect((await other.query('SELECT * FROM in_c_sales.orders')).rows).toEqual([]);
  });

  test('does not keep the session from making schemas and temporary tables', async () => {
    await client.query('SET search_path = in_c_sales');
    await client.query('CREATE SCHEMA made; CREATE TEMP TABLE passing (a integer); INSERT INTO passing VALUES (1)');
    expect((await client.query('SELECT a FROM passing')).rows).toEqual([{ a: 1 }]);
    await client.query('DROP SCHEMA made; DROP TABLE passing');
  });
});

describe('schemas that are not there', () => {
  test('are passed over', async () => {
    await client.query('SET search_path = nothing, s');
    expect(await schemas()).toEqual(['s', ['s'], ['pg_catalog', 's']]);
    expect(await columns('SELECT * FROM t')).toEqual(['a']);
  });

  test('leave a session without a schema when there is no other', async () => {
    await client.query('SET search_path = nothing');
    expect(await schemas()).toEqual([null, [], ['pg_catalog']]);
    await expect(client.query('CREATE TABLE x (a integer)')).rejects.toMatchObject({ code: '3F000' });
    expect(await columns('SELECT * FROM s.t')).toEqual(['a']);
  });

  test('are searched as soon as they are made', async () => {
    await client.query('BEGIN; SET search_path = soon; CREATE SCHEMA soon; CREATE TABLE x (a integer)');
    expect(await columns('SELECT * FROM soon.x')).toEqual(['a']);
    await client.query('ROLLBACK');
    expect((await schemas())[0]).toBe('public');
  });
});

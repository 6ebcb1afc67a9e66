import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../helpers/test-app.js';

/** CREATE TABLE … (LIKE …) and ON COMMIT DROP, which loaders of every kind use for their staging tables. */
let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await startTestApp();
  await app.call('POST', '/projects', { id: 'p1', name: 'p1' });
  await app.call('POST', '/projects/p1/branches/default/buckets', { name: 'in_c_sales' });
  await app.call('POST', '/projects/p1/branches/default/buckets/in_c_sales/tables', {
    name: 'orders',
    columns: [
      { name: 'id', type: 'INTEGER' },
      { name: 'amount', type: 'DECIMAL(10,2)' },
    ],
    primary_key: ['id'],
  });
  const { connection } = (await app.call('POST', '/projects/p1/workspaces', { name: 'w' })).body;
  const { database, username: user, password } = connection;
  client = new Client({ host: '127.0.0.1', port: app.pgwirePort ?? 0, database, user, password, ssl: false });
  await client.connect();
  await client.query(`CREATE TYPE mood AS ENUM ('sad', 'happy');
    CREATE TABLE source (id serial PRIMARY KEY, "a b" varchar(10) NOT NULL DEFAULT 'x', m mood, tags text[],
      price numeric(12, 2) DEFAULT 1.5 CHECK (price > 0), code int UNIQUE)`);
});

afterAll(async () => {
  await client.end();
  await app.stop();
  expect(app.log.unexpected()).toEqual([]);
});

async function columnsOf(table: string): Promise<unknown> {
  const { rows } = await client.query<Record<string, unknown>>(
    'SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position',
    [table],
  );
  return rows.map((row) => Object.values(row).join(' '));
}

test('copies columns, their types and NOT NULL', async () => {
  await client.query('CREATE TEMP TABLE one (LIKE source)');
  expect(await columnsOf('one')).toEqual(await columnsOf('source'));
  // Neither key nor checks.
  const row = `(1, 'y', 'sad', '{a}', -1, 7)`;
  expect((await client.query(`INSERT INTO one VALUES ${row}, ${row}`)).rowCount).toBe(2);
});

test('copies defaults, keys and checks when asked to', async () => {
  await client.query('CREATE TABLE two (extra int, LIKE "public".source INCLUDING ALL, last int)');
  await client.query('INSERT INTO two (m) VALUES (NULL)');
  expect((await client.query('SELECT "a b", price FROM two')).rows).toEqual([{ 'a b': 'x', price: '1.50' }]);
  await expect(client.query('INSERT INTO two (price) VALUES (-1)')).rejects.toMatchObject({ code: '23514' });
  await expect(client.query('INSERT INTO two (id) SELECT id FROM two')).rejects.toMatchObject({ code: '23505' });
  await expect(client.query('INSERT INTO two (code) VALUES (5), (5)')).rejects.toMatchObject({ code: '23505' });
  await client.query('CREATE TABLE three (LIKE source INCLUDING ALL EXCLUDING CONSTRAINTS)');
  expect((await client.query('INSERT INTO three (price) VALUES (-1)')).rowCount).toBe(1);
});

test('copies columns of tables of the project, whose key must be named', async () => {
  await client.query('CREATE TEMP TABLE staged (LIKE in_c_sales.orders, PRIMARY KEY (id))');
  expect(await columnsOf('staged')).toEqual(['id integer NO', 'amount numeric YES']);
  await expect(client.query('INSERT INTO staged VALUES (1, 1), (1, 2)')).rejects.toMatchObject({ code: '23505' });
  await expect(client.query('CREATE TABLE four (LIKE in_c_sales.orders INCLUDING ALL)')).rejects.toMatchObject({
    code: '0A000',
  });
});

test('ON COMMIT DROP drops a temporary table with its transaction', async () => {
  await client.query('BEGIN');
  await client.query('CREATE TEMP TABLE "short lived" (LIKE in_c_sales.orders) ON COMMIT DROP');
  await client.query('CREATE TEMPORARY TABLE short_too ON COMMIT DROP AS SELECT 1 AS a');
  expect((await client.query('SELECT a FROM short_too')).rows).toEqual([{ a: 1 }]);
  await client.query('INSERT INTO "short lived" VALUES (1, 2)');
  await client.query('COMMIT');
  for (const name of ['"short lived"', 'short_too']) {
    await expect(client.query(`SELECT * FROM ${name}`)).rejects.toMatchObject({ code: '42P01' });
  }
  await expect(client.query('CREATE TABLE four (a int) ON COMMIT DROP')).rejects.toMatchObject({ code: '42P16' });
  await expect(client.query('CREATE TEMP TABLE four (a int) ON COMMIT DELETE ROWS')).rejects.toMatchObject({
    code: '0A000',
  });
});

test('several changes of a table are one statement', async () => {
  await client.query('CREATE TABLE grown (a int); INSERT INTO grown VALUES (1)');
  await client.query(
    `ALTER TABLE grown ADD COLUMN b int DEFAULT 7, ADD c text DEFAULT 'x', ALTER COLUMN a TYPE bigint`,
  );
  expect((await client.query('SELECT * FROM grown')).rows).toEqual([{ a: '1', b: 7, c: 'x' }]);
  // All of them or none.
  await expect(client.query('ALTER TABLE grown DROP b, DROP nothing')).rejects.toMatchObject({ code: '42703' });
  expect((await client.query('SELECT b FROM grown')).rows).toEqual([{ b: 7 }]);
});

test('says what it cannot do', async () => {
  await expect(client.query('CREATE TABLE four (LIKE nowhere)')).rejects.toMatchObject({ code: '42P01' });
  await expect(client.query('CREATE TABLE four (LIKE source INCLUDING NOTHING)')).rejects.toMatchObject({
    code: '42601',
  });
  await client.query('CREATE TABLE indexed (a int); CREATE UNIQUE INDEX by_a ON indexed (a)');
  await expect(client.query('CREATE TABLE four (LIKE indexed INCLUDING ALL)')).rejects.toMatchObject({ code: '0A000' });
  await client.query('CREATE TABLE four (LIKE indexed)');
  const sql = `CREATE FUNCTION half(x int) RETURNS int LANGUAGE sql AS 'SELECT x / 2'`;
  await expect(client.query(sql)).rejects.toMatchObject({
    code: '0A000',
    hint: expect.stringContaining('MACRO') as string,
  });
});

import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../helpers/test-app.js';

/** DROP of what views read, as PostgreSQL answers it. */
let app: TestApp;
let client: Client;
let id: string;
const notices: { message: string | undefined; detail: string | undefined }[] = [];

beforeAll(async () => {
  app = await startTestApp();
  await app.call('POST', '/projects', { id: 'p1', name: 'p1' });
  const { connection, ...workspace } = (await app.call('POST', '/projects/p1/workspaces', { name: 'w' })).body;
  ({ id } = workspace);
  const { database, username: user, password } = connection;
  client = new Client({ host: '127.0.0.1', port: app.pgwirePort ?? 0, database, user, password, ssl: false });
  await client.connect();
  client.on('notice', ({ message, detail }) => notices.push({ message, detail }));
});
afterAll(async () => {
  await client.end();
  await app.stop();
  expect(app.log.unexpected()).toEqual([]);
});
beforeEach(async () => {
  await client.query(`
    DROP SCHEMA IF EXISTS s CASCADE; DROP TABLE IF EXISTS base CASCADE; DROP VIEW IF EXISTS alone;
    CREATE TABLE base (a integer); CREATE SCHEMA s; CREATE TABLE s.base (a integer);
    CREATE VIEW one AS SELECT * FROM base;
    CREATE VIEW two AS SELECT a AS base FROM one;
    CREATE VIEW s.three AS WITH x AS (SELECT 1) SELECT b.* FROM x, public.base b WHERE b.a IN (SELECT a FROM s.base);
    CREATE VIEW alone AS WITH base AS (SELECT 'base' AS base) SELECT * FROM base`);
  notices.length = 0;
});

async function views(): Promise<string[]> {
  const sql = `SELECT table_name FROM information_schema.views WHERE table_schema IN ('public', 's') ORDER BY 1`;
  return (await client.query<{ table_name: string }>(sql)).rows.map(({ table_name: name }) => name);
}

test('is refused with the list of what depends, and changes nothing', async () => {
  await expect(client.query('DROP TABLE base')).rejects.toMatchObject({
    code: '2BP01',
    message: 'cannot drop table base because other objects depend on it',
    detail: 'view one depends on table base\nview s.three depends on table base\nview two depends on view one',
    hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
  });
  await expect(client.query('DROP VIEW one RESTRICT')).rejects.toMatchObject({
    code: '2BP01',
    detail: 'view two depends on view one',
  });
  await expect(client.query('DROP TABLE base, s.base')).rejects.toMatchObject({
    code: '2BP01',
    message: 'cannot drop desired object(s) because other objects depend on them',
  });
  expect(await views()).toEqual(['alone', 'one', 'three', 'two']);
});

test('with CASCADE drops them, too, and says so; within a transaction, until it is rolled back', async () => {
  await client.query('BEGIN; DROP TABLE IF EXISTS public.base CASCADE');
  expect(notices).toEqual([
    {
      message: 'drop cascades to 3 other objects',
      detail: 'drop cascades to view one\ndrop cascades to view s.three\ndrop cascades to view two',
    },
  ]);
  expect(await views()).toEqual(['alone']);
  await client.query('ROLLBACK');
  expect(await views()).toEqual(['alone', 'one', 'three', 'two']);
  await client.query('DROP VIEW one CASCADE');
  expect(notices[1]?.message).toBe('drop cascades to view two');
  expect(await views()).toEqual(['alone', 'three']);
});

test('drops what nothing else depends on, several together, and temporary ones', async () => {
  await client.query('DROP VIEW one, two; DROP VIEW s.three; DROP TABLE base');
  expect(await views()).toEqual(['alone']);
  await client.query('CREATE TEMP TABLE passing (a integer); CREATE TEMP VIEW over_it AS SELECT * FROM passing');
  await expect(client.query('DROP TABLE passing')).rejects.toMatchObject({ code: '2BP01' });
  await client.query('DROP TABLE passing CASCADE');
  await expect(client.query('SELECT * FROM over_it')).rejects.toMatchObject({ code: '42P01' });
});

test('over HTTP the same', async () => {
  const query = (sql: string) => app.call('POST', `/projects/p1/workspaces/${id}/query`, { sql });
  const refused = await query('DROP TABLE base');
  expect(refused.status).toBe(400);
  expect(JSON.stringify(refused.body)).toContain('cannot drop table base because other objects depend on it');
  expect((await query('DROP TABLE base CASCADE')).status).toBe(200);
  expect(await views()).toEqual(['alone']);
});

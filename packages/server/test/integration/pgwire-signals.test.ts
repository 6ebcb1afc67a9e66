import { afterAll, beforeAll, expect, it } from 'vitest';
import { serialize } from 'pg-protocol';
import { errorOf, RawClient, type BackendFrame } from '../helpers/pgwire/raw-client.js';
import { startTestApp, type TestApp } from '../helpers/test-app.js';

/** `pg_cancel_backend`, `pg_terminate_backend` and what `pg_stat_activity` shows, between the sessions of workspaces. */
let app: TestApp;
const passwords = new Map<string, { user: string; database: string; password: string }>();

beforeAll(async () => {
  app = await startTestApp();
  await app.call('POST', '/projects', { id: 'p', name: 'P' });
  for (const name of ['mine', 'other']) {
    const { body } = await app.call('POST', '/projects/p/workspaces', { name });
    const { username: user, database, password } = body.connection;
    passwords.set(name, { user, database, password });
  }
});
afterAll(() => app.stop());

interface Session {
  readonly client: RawClient;
  readonly pid: number;
}

async function session(workspace: 'mine' | 'other' = 'mine', applicationName = ''): Promise<Session> {
  const { password = '', ...login } = passwords.get(workspace) ?? { user: '', database: '' };
  const client = await RawClient.connect(app.pgwirePort ?? 0);
  const { pid } = await client.login({ ...login, application_name: applicationName }, password);
  return { client, pid };
}

/** Rows as texts; an error is thrown. */
async function rows({ client }: Session, sql: string): Promise<string[]> {
  return (await client.query(sql)).filter(({ type }) => type === 'D').map(cells);
}

function cells({ body }: BackendFrame): string {
  const values: string[] = [];
  for (let at = 2; at < body.length;) {
    const length = body.readInt32BE(at);
    values.push(length < 0 ? 'NULL' : body.subarray(at + 4, at + 4 + length).toString());
    at += 4 + Math.max(0, length);
  }
  return values.join('|');
}

const FOREVER = 'SELECT sum(hash(a.range, b.range, c.range)) FROM range(1000000) a, range(1000000) b, range(1000000) c';

/** Resolves when another session sees it at work. */
async function atWork(watcher: Session, pid: number): Promise<void> {
  const state = `SELECT state FROM pg_stat_activity WHERE pid = ${pid}`;
  while ((await rows(watcher, state))[0] !== 'active') await new Promise((resolve) => setTimeout(resolve, 10));
}

it('pg_stat_activity shows the sessions of this workspace and no others', async () => {
  const [one, two, stranger] = [await session('mine', 'first'), await session(), await session('other', 'stranger')];
  await rows(two, 'BEGIN; SELECT 7');
  const sql = 'SELECT pid, application_name, state, query FROM pg_stat_activity ORDER BY pid';
  expect(await rows(one, sql)).toEqual([`${one.pid}|first|active|${sql}`, `${two.pid}||idle in transaction|SELECT 7`]);
  expect(await rows(stranger, 'SELECT pid, pid = pg_backend_pid() FROM pg_stat_activity')).toEqual([
    `${stranger.pid}|t`,
  ]);
  for (const { client } of [one, two, stranger]) client.destroy();
});

it('cancels what another session runs, and leaves it its session', async () => {
  const [one, two] = [await session(), await session()];
  two.client.send(serialize.query(FOREVER));
  await atWork(one, two.pid);
  expect(await rows(one, `SELECT pg_cancel_backend(${two.pid})`)).toEqual(['t']);
  expect(await two.client.error()).toMatchObject({
    S: 'ERROR',
    C: '57014',
    M: 'canceling statement due to user request',
  });
  await two.client.until('Z');
  expect(await rows(two, 'SELECT 1')).toEqual(['1']);
  expect(await rows(one, `SELECT pg_catalog.pg_cancel_backend(${two.pid})`)).toEqual(['t']);
  expect(await rows(two, 'SELECT 2')).toEqual(['2']);
  for (const { client } of [one, two]) client.destroy();
});

it('ends other sessions, at work or not, as tools write it', async () => {
  const [one, idle, busy] = [await session(), await session(), await session()];
  busy.client.send(serialize.query(FOREVER));
  await atWork(one, busy.pid);
  expect(
    await rows(
      one,
      'SELECT pg_terminate_backend(pg_stat_activity.pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    ),
  ).toEqual(['t', 't']);
  for (const { client } of [idle, busy]) {
    expect(await client.error()).toMatchObject({
      S: 'FATAL',
      C: '57P01',
      M: 'terminating connection due to administrator command',
    });
    await client.closed();
    client.destroy();
  }
  expect(await rows(one, 'SELECT count(*) FROM pg_stat_activity')).toEqual(['1']);
  one.client.destroy();
});

it('a session may cancel and end itself', async () => {
  const { client } = await session();
  client.send(serialize.query('SELECT pg_cancel_backend(pg_backend_pid())'));
  const frames: string[] = [];
  for (let frame = await client.read(); frame.type !== 'Z'; frame = await client.read()) {
    frames.push(frame.type === 'E' ? (errorOf(frame).C ?? '') : frame.type);
  }
  expect(frames.at(-1)).toBe('57014');
  client.send(serialize.query('SELECT pg_terminate_backend(pg_backend_pid())'));
  await client.closed();
  expect(client.takeRest().toString('latin1')).toContain('57P01');
  client.destroy();
});

it('reaches nobody of another workspace, and ends nothing before it runs', async () => {
  const [one, stranger] = [await session(), await session('other')];
  for (const name of ['pg_cancel_backend', 'pg_terminate_backend']) {
    expect(await rows(one, `SELECT ${name}(${stranger.pid}), ${name}(0), ${name}(NULL)`)).toEqual(['f|f|NULL']);
    expect(await rows(one, `EXPLAIN SELECT ${name}(${one.pid})`)).not.toEqual([]);
    one.client.send(serialize.parse({ text: `SELECT ${name}(${one.pid})` }), serialize.describe({ type: 'S' }));
    one.client.send(serialize.sync());
    await one.client.until('Z');
  }
  expect(await rows(stranger, 'SELECT 1')).toEqual(['1']);
  for (const { client } of [one, stranger]) client.destroy();
});

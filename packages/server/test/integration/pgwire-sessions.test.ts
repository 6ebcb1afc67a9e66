import { serialize } from 'pg-protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { errorOf, RawClient, type BackendFrame } from '../helpers/pgwire/raw-client.js';
import { startTestApp, type TestApp } from '../helpers/test-app.js';

/** Gateway and worker together: cancel, limits of time, and the stop. */
interface Scene {
  readonly app: TestApp;
  connect(): Promise<Session>;
}
type Session = RawClient & { readonly key: { readonly pid: number; readonly secret: number } };

async function start(env: Record<string, string> = {}): Promise<Scene> {
  const app = await startTestApp({ env });
  let stopped: Promise<void> | undefined;
  const stop = app.stop.bind(app);
  app.stop = () => (stopped ??= stop());
  onTestFinished(() => app.stop());
  await app.call('POST', '/projects', { id: 'p', name: 'P' });
  const { body } = await app.call('POST', '/projects/p/workspaces', { name: 'w' });
  const { username, password, database } = body.connection as Record<string, string>;
  return {
    app,
    connect: async () => {
      const client = await RawClient.connect(app.pgwirePort ?? 0);
      onTestFinished(() => client.destroy());
      return Object.assign(client, {
        key: await client.login({ user: username ?? '', database: database ?? '' }, password ?? ''),
      });
    },
  };
}

/** To the next ReadyForQuery: the rows' first column, or the error. */
async function answer(session: RawClient): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    const frame: BackendFrame = await session.read();
    if (frame.type === 'D') seen.push(frame.body.subarray(6).toString());
    if (frame.type === 'E') seen.push(errorOf(frame).C ?? '');
    if (frame.type === 'Z' || (frame.type === 'E' && errorOf(frame).S === 'FATAL')) return seen;
  }
}

async function ask(session: RawClient, sql: string): Promise<string[]> {
  session.send(serialize.query(sql));
  return answer(session);
}

/** Minutes of work on any machine. */
const ENDLESS = 'SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range + b.range = -1';

async function cancel(app: TestApp, { pid, secret }: Session['key']): Promise<void> {
  const client = await RawClient.connect(app.pgwirePort ?? 0);
  client.send(serialize.cancel(pid, secret));
  await client.closed();
  client.destroy();
}

describe('cancel', () => {
  it('ends the statement it is for with 57014, and never that of a neighbour, however late it comes', async () => {
    const { app, connect } = await start();
    const [mine, neighbour] = [await connect(), await connect()];
    mine.send(serialize.query(ENDLESS));
    // The statement may not have begun when the first cancel comes: that one hits nothing, as it should.
    const answered = answer(mine);
    let done = false;
    void answered.then(() => (done = true));
    while (!done) {
      await cancel(app, mine.key);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await answered).toEqual(['57014']);

    const cancels: Promise<void>[] = [];
    for (let round = 0; round < 100; round += 1) {
      mine.send(serialize.query('SELECT 1'));
      cancels.push(cancel(app, mine.key));
      expect(await ask(neighbour, `SELECT ${round}`)).toEqual([String(round)]);
      expect(['1', '57014']).toContain((await answer(mine))[0]);
    }
    await Promise.all(cancels);
    expect(await ask(neighbour, 'SELECT 100')).toEqual(['100']);
  });
});

describe('time', () => {
  it('of a statement is limited by the server, whatever the client asks for', async () => {
    const { connect } = await start({ PGWIRE_QUERY_TIMEOUT_SECONDS: '1' });
    const session = await connect();
    await ask(session, "SET statement_timeout = '1h'");
    expect(await ask(session, ENDLESS)).toEqual(['57014']);
  });

  it('without a statement ends a session with 57P05', async () => {
    const { connect } = await start({ PGWIRE_IDLE_TIMEOUT_SECONDS: '1' });
    const session = await connect();
    expect(await session.error()).toMatchObject({ S: 'FATAL', C: '57P05' });
    await session.closed();
  });
});

describe('stop', () => {
  it('lets a running statement finish, ends idle sessions, and refuses new ones', async () => {
    const { app, connect } = await start({ SHUTDOWN_TIMEOUT: '20' });
    const [idle, busy] = [await connect(), await connect()];
    busy.send(serialize.query('SELECT count(*) FROM range(40000000) t WHERE hash(range) % 7 = 1'));
    while (!/^pgwire_sessions_total 2$/m.test((await app.call('GET', '/metrics')).body as string)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const stopped = app.stop();
    expect(await idle.error()).toMatchObject({ S: 'FATAL', C: '57P01' });
    const result = await answer(busy);
    expect(result).toHaveLength(1);
    expect(Number(result[0])).toBeGreaterThan(1_000_000);
    expect(await busy.error()).toMatchObject({ S: 'FATAL', C: '57P01' });
    await Promise.all([busy.closed(), idle.closed(), stopped]);
    expect(app.log.unexpected()).toEqual([]);
  });

  it('cuts off what outlasts the deadline', async () => {
    const { app, connect } = await start({ SHUTDOWN_TIMEOUT: '1' });
    const session = await connect();
    session.send(serialize.query(ENDLESS));
    const answered = answer(session);
    const stopped = app.stop();
    expect((await answered)[0]).toMatch(/^57/);
    await Promise.all([session.closed(), stopped]);
  });
});

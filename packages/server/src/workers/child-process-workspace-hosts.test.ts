import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { atThisLoad } from '../../test/helpers/machine-load.js';
import { WorkspaceScene } from '../../test/helpers/workspace-scene.js';

describe('one process per workspace', () => {
  test('fifty sessions opened at once on a closed workspace start one process', async () => {
    const scene = await WorkspaceScene.start();
    const clients = await Promise.all(Array.from({ length: 50 }, () => scene.connect('w1')));
    expect(scene.hosts.status()).toMatchObject({ open: 1, sessions: 50, starts: 1 });
    expect(scene.hosts.activeSessions('w1')).toBe(50);
    await clients[0]?.rows('CREATE TABLE t AS SELECT 42 AS x');
    expect(await clients[49]?.rows('SELECT x FROM t')).toEqual([[42]]);
    for (const client of clients) client.end();
    await vi.waitFor(() => expect(scene.hosts.activeSessions('w1')).toBe(0));
  });

  test('another workspace is another process, and sees nothing of the first', async () => {
    const scene = await WorkspaceScene.start();
    const [first, second] = await Promise.all([scene.connect('w1'), scene.connect('w2')]);
    await first.rows('CREATE TABLE secret AS SELECT 1 AS x');
    expect((await second.query('SELECT * FROM secret')).error?.message).toMatch(/does not exist/);
    expect(scene.hosts.status()).toMatchObject({ open: 2, starts: 2 });
  });

  test('a spare process takes the next workspace and is replaced', async () => {
    const scene = await WorkspaceScene.start({ limits: { spareWorkers: 1 } });
    await vi.waitFor(() => expect(scene.hosts.status().starts).toBe(1), 10_000);
    await scene.connect('w1');
    await vi.waitFor(() => expect(scene.hosts.status()).toMatchObject({ open: 1, starts: 2 }), 10_000);
  });

  test('a workspace that is gone, and one too many', async () => {
    const scene = await WorkspaceScene.start({ limits: { maxOpen: 2 } });
    await expect(scene.connect('gone')).rejects.toMatchObject({ sqlState: '3D000' });
    const first = await scene.connect('w1');
    await scene.connect('w2');
    await expect(scene.connect('w3')).rejects.toMatchObject({ sqlState: '53300' });
    // One that nobody uses makes room.
    first.end();
    await vi.waitFor(() => expect(scene.hosts.activeSessions('w1')).toBe(0));
    const third = await scene.connect('w3');
    expect(await third.rows('SELECT 1')).toEqual([[1]]);
    expect(scene.hosts.status().open).toBe(2);
  });

  test('an idle process leaves, with everything in the file and nothing beside it', async () => {
    const scene = await WorkspaceScene.start({ timing: { idleMs: 100 } });
    const client = await scene.connect('w1');
    await client.rows('CREATE TABLE t AS SELECT 7 AS x');
    client.end();
    await vi.waitFor(() => expect(scene.ends).toEqual(['idle']), 5_000);
    const path = scene.workspacePath('w1');
    expect(readdirSync(join(path, '..'))).toEqual(['w1.duckdb']);
    expect(statSync(path).uid).toBe(statSync(scene.root).uid);
    const again = await scene.connect('w1');
    expect(await again.rows('SELECT x FROM t')).toEqual([[7]]);
  });
});

test.runIf(process.getuid?.() === 0)(
  'two services with the same range of user ids share none, and the second says so',
  async () => {
    const [first, second] = [await WorkspaceScene.start(), await WorkspaceScene.start()];
    const userIdOf = async (scene: WorkspaceScene): Promise<number> => {
      await scene.connect('w1');
      return statSync(scene.workspacePath('w1')).uid;
    };
    const [one, two] = [await userIdOf(first), await userIdOf(second)];
    expect(two).not.toBe(one);
    expect(second.log.unexpected().map(({ msg }) => msg)).toEqual([expect.stringContaining('WORKSPACE_FIRST_USER_ID')]);
  },
);

describe('ends', () => {
  test('a killed process ends its sessions with a PostgreSQL error, and the next one opens within a second', async () => {
    const scene = await WorkspaceScene.start({ limits: { spareWorkers: 1 } });
    const client = await scene.connect('w1');
    const other = await scene.connect('w2');
    await client.rows('CREATE TABLE t AS SELECT 1 AS x');
    const running = client.query('SELECT count(*) FROM range(100000000000) a');
    await vi.waitFor(() => expect(scene.started.at(-1)?.statement).toContain('range'));
    await vi.waitFor(() => expect(scene.hosts.status().starts).toBe(3));
    process.kill(scene.hosts.processId('w1') ?? 0, 'SIGKILL');
    const { error, closed } = await running;
    expect(error).toMatchObject({ sqlState: '58000' });
    expect(closed).toBe(true);
    const before = performance.now();
    const again = await scene.connect('w1');
    expect(await again.rows('SELECT x FROM t')).toEqual([[1]]);
    expect(performance.now() - before).toBeLessThan(atThisLoad(1_000));
    expect(await other.rows('SELECT 5')).toEqual([[5]]);
    expect(scene.ends).toEqual(['crashed']);
    expect(scene.finished.find(({ outcome }) => outcome === 'lost')).toMatchObject({ sqlState: '58000' });
  });

  test('a process whose event loop stands still is killed, although no statement of it is known; one that waits is not', async () => {
    const scene = await WorkspaceScene.start({ timing: { silenceMs: 4_000 } });
    const [client, other] = await Promise.all([scene.connect('w1'), scene.connect('w2')]);
    process.kill(scene.hosts.processId('w1') ?? 0, 'SIGSTOP');
    expect(await client.ready()).toMatchObject({ error: { sqlState: '57014' }, closed: true });
    expect(scene.ends).toEqual(['unresponsive']);
    expect(await other.rows('SELECT 1')).toEqual([[1]]);
    expect(await (await scene.connect('w1')).rows('SELECT 1')).toEqual([[1]]);
  });

  test('sessions are ended for a reason, one or all', async () => {
    const scene = await WorkspaceScene.start();
    const [first, second] = await Promise.all([scene.connect('w1'), scene.connect('w1')]);
    await scene.hosts.endSessions('w1', { sqlState: '57P01', message: 'password changed' }, first.sessionId);
    expect(await first.ready()).toMatchObject({
      error: { sqlState: '57P01', message: 'password changed' },
      closed: true,
    });
    expect(await second.rows('SELECT 1')).toEqual([[1]]);
    const running = second.query('SELECT count(*) FROM range(100000000000)');
    await vi.waitFor(() => expect(scene.started.at(-1)?.statement).toContain('range'));
    await scene.hosts.close('w1', { sqlState: '57P01', message: 'the workspace is deleted' });
    expect((await running).closed).toBe(true);
    expect(scene.hosts.status().open).toBe(0);
    expect(existsSync(`${scene.workspacePath('w1')}.wal`)).toBe(false);
  });

  test('a stop lets running statements finish and tells idle sessions', async () => {
    const scene = await WorkspaceScene.start();
    const [idle, busy] = await Promise.all([scene.connect('w1'), scene.connect('w1')]);
    const running = busy.query('CREATE TABLE t AS SELECT sum(a.range * b.range) FROM range(30000) a, range(10000) b');
    await vi.waitFor(() => expect(scene.started.at(-1)?.statement).toContain('range'));
    const stopping = scene.hosts.stop(20_000);
    expect(await idle.ready()).toMatchObject({ error: { sqlState: '57P01' }, closed: true });
    expect(await running).toMatchObject({ error: undefined, closed: false });
    expect(await busy.ready()).toMatchObject({ error: { sqlState: '57P01' }, closed: true });
    await stopping;
    await expect(scene.connect('w1')).rejects.toMatchObject({ sqlState: '57P03' });
    scene.startHosts();
    expect(await (await scene.connect('w1')).rows('SELECT count(*) FROM t')).toEqual([['1']]);
  });

  test('cancel interrupts; a statement that does not listen is killed after its deadline and the grace', async () => {
    const scene = await WorkspaceScene.start({ timing: { graceMs: 500 } });
    const client = await scene.connect('w1', { statementTimeoutMs: 1_000 });
    const cancelled = client.query('SELECT count(*) FROM range(100000000000)');
    await vi.waitFor(() => expect(scene.started).toHaveLength(1));
    scene.hosts.cancel('w1', client.sessionId);
    expect((await cancelled).error?.message).toMatch(/interrupt/i);
    expect(await client.rows('SELECT 1')).toEqual([[1]]);
    const before = performance.now();
    const stuck = await client.query("SELECT levenshtein(repeat('a', 400000), repeat('b', 400000))");
    expect(performance.now() - before).toBeLessThan(4_000);
    expect(stuck.error !== undefined || stuck.closed).toBe(true);
  });
});

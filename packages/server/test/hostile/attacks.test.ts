import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { WorkspaceScene, type PlainClient } from '../helpers/workspace-scene.js';

/** Everything the service keeps but the workspace that attacks, by path. */
function checksums(root: string, except: string): Map<string, string> {
  const sums = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (path.startsWith(except)) continue;
      if (entry.isDirectory()) walk(path);
      else sums.set(path, createHash('sha256').update(readFileSync(path)).digest('hex'));
    }
  };
  walk(join(root, 'project_p'));
  return sums;
}

async function scenery(): Promise<{ scene: WorkspaceScene; client: PlainClient; link: string }> {
  const scene = await WorkspaceScene.start();
  scene.publish('in_c_sales', 'orders', 'SELECT range AS id, range * 2 AS x FROM range(1000)');
  const other = await scene.connect('other');
  await other.rows("CREATE TABLE secrets_of_other AS SELECT 'other' AS x");
  await scene.hosts.close('other', { sqlState: '57P01', message: 'closed' });
  const client = await scene.connect('w1');
  expect(await client.rows('SELECT count(*) FROM in_c_sales.orders')).toEqual([['1000']]);
  const attached = (await client.rows(
    "--raw\nSELECT path FROM duckdb_databases() WHERE database_name LIKE 'v__%'",
  )) as [string][];
  return { scene, client, link: attached[0]?.[0] ?? '' };
}

describe('below the gate', () => {
  test('without the gate, engine and file system still keep everything as it is', async () => {
    const { scene, client, link } = await scenery();
    const own = join(scene.workspacePath('w1'), '..');
    const before = checksums(scene.root, own);
    const [version] = [...scene.tables.values()];
    const path = version?.path ?? '';
    for (const sql of [
      // DuckDB lets go of a read-only attachment and takes the file again, to write: only the file's mode and owner are in the way.
      'DETACH v__1',
      `ATTACH '${link}' AS again (READ_WRITE)`,
      'INSERT INTO again.main.data VALUES (1, 1)',
      'DROP TABLE again.main.data',
      'CHECKPOINT again',
      `COPY (SELECT 1) TO '${link}' (USE_TMP_FILE false)`,
      `COPY (SELECT 1) TO '${link}.wal'`,
      `COPY (SELECT 'x'::BLOB) TO '${link}.wal' (FORMAT blob)`,
      `COPY (SELECT 1) TO '${path}' (USE_TMP_FILE false)`,
      `ATTACH '${path}' AS direct (READ_ONLY)`,
      `ATTACH '${scene.workspacePath('other')}' AS other`,
      `SELECT * FROM read_blob('${scene.workspacePath('other')}')`,
      "SELECT * FROM read_text('/etc/hostname')",
      "SELECT * FROM read_text('/proc/self/environ')",
      'SET enable_external_access = true',
      'SET lock_configuration = false',
      "SET allowed_directories = ['/']",
      'INSTALL httpfs',
    ]) {
      await client.query(`--raw\n${sql}`);
    }
    expect(checksums(scene.root, own)).toEqual(before);
    await scene.hosts.close('w1', { sqlState: '57P01', message: 'closed' });
    const again = await scene.connect('w1');
    expect(await again.rows('SELECT count(*) FROM in_c_sales.orders')).toEqual([['1000']]);
  });

  test('a worker of root has a user of its own, sees no network, no environment, and only its own directories', async () => {
    if (process.getuid?.() !== 0) {
      // An ordinary user cannot give processes other ids; what holds there are the modes, as the test before shows.
      expect(process.getuid?.()).not.toBe(0);
      return;
    }
    const { scene } = await scenery();
    const second = await scene.connect('w2');
    await second.rows('CREATE TABLE t AS SELECT 1 AS x');
    const status = (id: string): string => readFileSync(`/proc/${scene.hosts.processId(id)}/status`, 'utf8');
    const idOf = (id: string): string | undefined => /^Uid:\s+(\d+)/m.exec(status(id))?.[1];
    expect(Number(idOf('w1'))).toBeGreaterThanOrEqual(59_000);
    expect(idOf('w1')).not.toBe(idOf('w2'));
    expect(status('w1')).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status('w1')).toMatch(/^CapEff:\s+0+$/m);
    const environment = readFileSync(`/proc/${scene.hosts.processId('w1')}/environ`, 'utf8');
    expect(environment.replaceAll('\0', '')).toMatch(/^UV_THREADPOOL_SIZE=16(NODE_CHANNEL_[A-Z_]+=\w+)*$/);
    const devices = readFileSync(`/proc/${scene.hosts.processId('w1')}/net/dev`, 'utf8').match(/^\s*\w+:/gm);
    expect(devices?.map((device) => device.trim())).toEqual(['lo:']);
    // Nobody but its owner may look into the directory of a workspace that is open.
    expect(statSync(join(scene.workspacePath('w1'), '..')).mode & 0o777).toBe(0o700);
    expect(String(statSync(scene.workspacePath('w1')).uid)).toBe(idOf('w1'));
    expect(String(statSync(scene.workspacePath('w2')).uid)).toBe(idOf('w2'));
  });

  test('a result that would be larger than a file of its workspace may be is refused, and the worker goes on', async () => {
    const scene = await WorkspaceScene.start({ limits: { minFileSizeBytes: 30_000_000 }, sizeLimitBytes: 10_000_000 });
    const client = await scene.connect('w1');
    const pid = scene.hosts.processId('w1');
    expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max file size\s+30000000\s+30000000\s/m);
    for (const format of ['csv', 'ndjson', 'parquet'] as const) {
      const request = {
        statement: 'SELECT range AS a, md5(range::VARCHAR) AS b FROM range(10000000)',
        format,
        maxRows: null,
        timeoutMs: 60_000,
        actor: 'key',
      };
      await expect(scene.hosts.run('w1', 'query', request)).rejects.toMatchObject({ code: 'workspace_full' });
    }
    expect(await client.rows('SELECT 1')).toEqual([[1]]);
    expect(scene.hosts.processId('w1')).toBe(pid);
  });

  test('a workspace that a service of root was killed in opens again for the next service', async () => {
    const { scene, client } = await scenery();
    await client.rows('CREATE TABLE kept AS SELECT 1 AS x');
    process.kill(scene.hosts.processId('w1') ?? 0, 'SIGKILL');
    await client.ready();
    const next = await scene.connect('w1');
    expect(await next.rows('SELECT x FROM kept')).toEqual([[1]]);
    await scene.hosts.close('w1', { sqlState: '57P01', message: 'closed' });
    expect(statSync(scene.workspacePath('w1')).uid).toBe(statSync(scene.root).uid);
    expect(existsSync(`${scene.workspacePath('w1')}.wal`)).toBe(false);
  });
});

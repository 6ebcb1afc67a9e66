import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from '../helpers/api.js';
import { runMain, serverEnvironment, startServer } from '../helpers/server-process.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acceptance-start-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the first start without ADMIN_API_KEY', () => {
  it('makes a key file for its owner only and shows the key once, with a curl that works', async () => {
    const dataDir = join(folder, 'first', 'nested', 'data');
    const server = await startServer({ dataDir, env: { ADMIN_API_KEY: undefined } });
    try {
      const path = join(dataDir, 'admin-api-key');
      const key = (await readFile(path, 'utf8')).trim();
      expect(key).toMatch(/^[A-Za-z0-9_-]{32,}$/);
      expect((await stat(path)).mode & 0o777).toBe(0o600);

      const shown = server.stderr() + server.plainOutput().join('\n');
      expect(shown.split(key)).toHaveLength(2);
      expect(shown).toContain(`curl -sS ${server.baseUrl}/health`);
      expect(shown).toContain(`${server.baseUrl}/projects`);
      expect(JSON.stringify(server.log())).not.toContain(key);
      expect((await new Api(server.baseUrl, key).get('/projects')).status).toBe(200);

      await server.restart();
      const later = server.stderr() + server.plainOutput().join('\n');
      expect(later.split(key), 'not shown again').toHaveLength(2);
      expect(JSON.stringify(server.log())).toContain('admin-api-key');
      expect((await new Api(server.baseUrl, key).get('/projects')).status).toBe(200);
    } finally {
      await server.stop();
    }
  });
});

describe('a start that cannot be', () => {
  /** One sentence on standard error, exit code 1, no stack. */
  async function refusal(env: Record<string, string | undefined>): Promise<string> {
    const ended = await runMain(['serve'], { ...serverEnvironment(join(folder, 'never')), ...env });
    expect(ended.code, ended.stdout + ended.stderr).toBe(1);
    const lines = ended.stderr.trim().split('\n');
    expect(lines, ended.stderr).toHaveLength(1);
    expect(ended.stderr).not.toMatch(/^\s+at /m);
    return lines[0] ?? '';
  }

  it.each([
    ['PORT', 'eighty'],
    ['PORT', '70000'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['DEBUG', 'maybe'],
    ['LOG_LEVEL', 'loud'],
    ['DUCKDB_MEMORY_LIMIT', 'lots'],
    ['DUCKDB_MEMORY_LIMIT', '1KB'],
    ['DUCKDB_THREADS', '0'],
    ['OPERATION_TIMEOUT', '0'],
    ['MAX_UPLOAD_BYTES', '-5'],
    ['PGWIRE_SSL_MODE', 'perhaps'],
    ['PGWIRE_PORT', '70000'],
    ['PGWIRE_SSL_CERT', '/nowhere/certificate.pem'],
    ['DUCKDB_MEMORY_LIMITS', '1GB'],
    ['ENGINE_WORKERS', '3'],
    ['API_PREFIX', 'no slash and blanks'],
  ])('%s=%j stops with a sentence that names it', async (name, value) => {
    const ended = await runMain(['serve'], { ...serverEnvironment(join(folder, 'never')), [name]: value });
    expect(ended.code, ended.stdout + ended.stderr).toBe(1);
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    expect(ended.stderr).toContain(name);
  });

  it('a port in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const port = String((taken.address() as AddressInfo).port);
    try {
      expect(await refusal({ PORT: port })).toContain(port);
      const door = await refusal({ PGWIRE_HOST: '127.0.0.1', PGWIRE_PORT: port });
      expect(door).toContain(port);
      expect(door).toContain('PGWIRE_PORT');
      expect(await refusal({ GRPC_PORT: port })).toContain('set GRPC_PORT');
    } finally {
      taken.close();
    }
  });

  it('an address that is not of this machine', async () => {
    expect(await refusal({ HOST: '203.0.113.1' })).toContain('203.0.113.1');
    expect(await refusal({ PGWIRE_HOST: '203.0.113.1' })).toContain('PGWIRE_HOST');
  });

  it('a file where the data folder should be', async () => {
    const path = join(folder, 'a-file');
    await writeFile(path, 'x');
    expect(await refusal({ DATA_DIR: path })).toContain(path);
    expect(await refusal({ DATA_DIR: join(path, 'below') })).toContain(path);
    expect(await readFile(path, 'utf8')).toBe('x');
  });

  it.skipIf(process.getuid?.() === 0)('a data folder that cannot be written', async () => {
    const path = join(folder, 'read-only');
    await mkdir(path);
    await chmod(path, 0o555);
    expect(await refusal({ DATA_DIR: path })).toContain(path);
  });

  it.runIf(process.getuid?.() === 0)('a data folder that not even root can write', async () => {
    expect(await refusal({ DATA_DIR: '/proc/acceptance-data' })).toContain('/proc');
  });

  it('a metadata file that is something else', async () => {
    const dataDir = join(folder, 'not-sqlite');
    await mkdir(dataDir);
    await writeFile(
      join(dataDir, 'metadata.sqlite'),
      'this is not a database, it is a text of some length '.repeat(100),
    );
    expect(await refusal({ DATA_DIR: dataDir })).toMatch(/metadata/);
  });
});

describe('the folder of a healthy server', () => {
  it('has the agreed layout', async () => {
    const server = await startServer();
    try {
      for (const name of ['duckdb', 'files', 'snapshots']) {
        expect((await stat(join(server.dataDir, name))).isDirectory()).toBe(true);
      }
      expect((await stat(join(server.dataDir, 'metadata.sqlite'))).isFile()).toBe(true);
    } finally {
      await server.stop();
    }
  });

  it('is ready within seconds', async () => {
    const startedAt = performance.now();
    const server = await startServer();
    const health = await new Api(server.baseUrl, undefined).get('/health');
    const tookMs = performance.now() - startedAt;
    await server.stop();
    expect(health.status).toBe(200);
    expect(tookMs).toBeLessThan(10_000);
  });
});

describe('API_PREFIX', () => {
  it('moves every path', async () => {
    const server = await startServer({ env: { API_PREFIX: '/storage/v1' } });
    try {
      expect(server.baseUrl).toMatch(/\/storage\/v1$/);
      const origin = new URL(server.baseUrl).origin;
      expect((await new Api(server.baseUrl, undefined).get('/health')).status).toBe(200);
      expect((await new Api(origin, undefined).get('/health')).status).toBe(404);
    } finally {
      await server.stop();
    }
  });
});

describe('--version and --help', () => {
  it('answer without a server', async () => {
    const version = await runMain(['--version'], {});
    expect([version.code, version.stdout.trim()]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+/)]);
    const help = await runMain(['--help'], {});
    expect(help.code).toBe(0);
    for (const command of ['serve', 'doctor']) expect(help.stdout).toContain(command);
  });
});

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/lib/clock.js';
import type { PgGatewayOptions } from '../../src/protocols/pgwire/gateway/pg-gateway.js';
import {
  loadTlsIdentity,
  ownTlsIdentity,
  type TlsIdentity,
} from '../../src/protocols/pgwire/gateway/tls/tls-identity.js';
import { isInstalled } from '../helpers/installed.js';
import { DATABASE, PASSWORD, startTestGateway, USERNAME, type TestGateway } from '../helpers/pgwire/test-gateway.js';
import { makeTempDir, type TempDir } from '../helpers/temp-dir.js';

/**
 * A client that everybody has, through every way in. What the session behind answers is another matter: here it is a peer that
 * says back what it is asked.
 */
let directory: TempDir;
let identity: TlsIdentity;

beforeAll(async () => {
  directory = await makeTempDir();
  ({ identity } = await ownTlsIdentity(directory.path, ['localhost'], systemClock));
});
afterAll(() => directory.remove());

async function start(overrides: Partial<PgGatewayOptions> = {}): Promise<TestGateway> {
  const scene = await startTestGateway({ host: 'localhost', tls: { identity, required: false }, ...overrides });
  onTestFinished(() => scene.stop());
  return scene;
}

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The environment is empty, so that nothing of this machine's configuration says how to connect. */
function spawnPsql(connection: string, sql: string, password = PASSWORD): ChildProcess {
  const env = { PATH: process.env.PATH, PGPASSWORD: password, PGCONNECT_TIMEOUT: '10', HOME: '/nonexistent' };
  return spawn('psql', ['-X', '-A', '-t', '-w', '-c', sql, connection], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function finished(child: ChildProcess): Promise<Run> {
  let [out, err] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out: out.trim(), err };
}

const psql = (connection: string, sql: string, password?: string) => finished(spawnPsql(connection, sql, password));

describe.skipIf(!isInstalled('psql'))('psql', () => {
  const uri = (port: number, parameters: string, host = '127.0.0.1', user = USERNAME) =>
    `postgresql://${user}@${host}:${port}/${DATABASE}?${parameters}`;

  it.each([
    ['sslmode=disable', false],
    ['sslmode=allow', false],
    ['sslmode=prefer', true],
    ['sslmode=require', true],
    ['sslmode=require&channel_binding=require', true],
    ['sslmode=disable&channel_binding=disable', false],
    ['gssencmode=disable', true],
  ])('connects with %s', async (parameters, encrypted) => {
    const { port, host } = await start();
    expect(await psql(uri(port, parameters), 'SELECT 1')).toMatchObject({ code: 0, out: 'SELECT 1' });
    expect(host.preambles.at(-1)?.encrypted).toBe(encrypted);
  });

  it.each(['localhost', '127.0.0.1'])('checks certificate and name (verify-full) of %s', async (name) => {
    const { port } = await start();
    const verified = uri(port, `sslmode=verify-full&sslrootcert=${identity.certificatePath}`, name);
    expect(await psql(verified, 'SELECT 1')).toMatchObject({ code: 0, out: 'SELECT 1' });
  });

  it('refuses another server’s certificate', async () => {
    const other = await makeTempDir();
    onTestFinished(() => other.remove());
    const { identity: stranger } = await ownTlsIdentity(other.path, ['localhost'], systemClock);
    const { port } = await start();
    const run = await psql(uri(port, `sslmode=verify-full&sslrootcert=${stranger.certificatePath}`), 'SELECT 1');
    expect(run.code).toBe(2);
    expect(run.err).toContain('certificate verify failed');
  });

  it.skipIf(!isInstalled('openssl'))('binds to a configured RSA certificate', async () => {
    const [cert, key] = ['c', 'k'].map((name) => `${directory.path}/rsa-${name}.pem`) as [string, string];
    const made = spawn('openssl', [
      ...['req', '-x509', '-nodes', '-newkey', 'rsa:2048', '-sha384', '-days', '1', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert],
    ]);
    await once(made, 'close');
    const { port } = await start({ tls: { identity: await loadTlsIdentity(cert, key), required: true } });
    const bound = uri(port, `sslmode=verify-full&sslrootcert=${cert}&channel_binding=require`, 'localhost');
    expect(await psql(bound, 'SELECT 1')).toMatchObject({ code: 0, out: 'SELECT 1' });
  });

  it('is told that encryption is required', async () => {
    const { port } = await start({ tls: { identity, required: true } });
    const run = await psql(uri(port, 'sslmode=disable'), 'SELECT 1');
    expect(run.code).toBe(2);
    expect(run.err).toContain('FATAL:  this server accepts encrypted connections only');
    expect(await psql(uri(port, 'sslmode=prefer'), 'SELECT 1')).toMatchObject({ code: 0 });
  });

  it('is told that there is no encryption', async () => {
    const { port } = await start({ tls: { identity: undefined, required: false } });
    const run = await psql(uri(port, 'sslmode=require'), 'SELECT 1');
    expect(run.err).toContain('server does not support SSL, but SSL was required');
  });

  it('is refused with a wrong password, and as a stranger in the same words', async () => {
    const { port } = await start();
    const wrong = await psql(uri(port, 'sslmode=require'), 'SELECT 1', 'wrong');
    const stranger = await psql(uri(port, 'sslmode=require', '127.0.0.1', 'stranger'), 'SELECT 1');
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.err).toContain(`FATAL:  password authentication failed for user "${USERNAME}"`);
    expect(stranger.err.replaceAll('stranger', USERNAME)).toBe(wrong.err);
  });

  it('is told that its database is not there', async () => {
    const { port } = await start();
    const run = await psql(`postgresql://${USERNAME}@127.0.0.1:${port}/other`, 'SELECT 1');
    expect(run.code).toBe(2);
    expect(run.err).toContain('FATAL:  database "other" does not exist');
  });

  it('is shut out after too many wrong passwords', async () => {
    const { port } = await start({ failedLogins: { max: 3, banMs: 60_000 } });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect((await psql(uri(port, 'sslmode=require'), 'SELECT 1', 'wrong')).err).toContain('password authentication');
    }
    expect((await psql(uri(port, 'sslmode=require'), 'SELECT 1')).err).toContain('FATAL:  too many failed logins');
  });

  it('passes settings on', async () => {
    const { port, host } = await start();
    await psql(uri(port, 'application_name=report&options=-c%20statement_timeout%3D5s'), 'SELECT 1');
    expect(host.preambles.at(-1)?.startupParameters).toMatchObject({
      application_name: 'report',
      statement_timeout: '5s',
    });
  });

  it.each(['disable', 'require'])('cancels with Ctrl-C (sslmode=%s)', async (mode) => {
    const { port, host } = await start();
    const child = spawnPsql(uri(port, `sslmode=${mode}`), 'sleep');
    const run = finished(child);
    while (![...host.sessions.values()].some(({ sleeping }) => sleeping)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill('SIGINT');
    expect((await run).err).toContain('ERROR:  canceling statement due to user request');
  });
});

import { readFile, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { serialize } from 'pg-protocol';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { describeStartFailure } from '../../src/commands/start-failure.js';
import { RawClient } from '../helpers/pgwire/raw-client.js';
import { startTestApp, type TestApp } from '../helpers/test-app.js';

/** The PostgreSQL door of the whole application: logins come from workspaces that the REST API made. */
interface Connection {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
}

let app: TestApp;
let now = new Date('2026-06-01T12:00:00Z');

beforeAll(async () => {
  app = await startTestApp({ overrides: { clock: { now: () => now } } });
  await app.call('POST', '/projects', { id: 'p', name: 'P' });
});
afterAll(() => app.stop());

async function makeWorkspace(body: object = {}): Promise<{ id: string; connection: Connection }> {
  const made = await app.call('POST', '/projects/p/workspaces', { name: 'w', ...body });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  return made.body as { id: string; connection: Connection };
}

async function connect(): Promise<RawClient> {
  const client = await RawClient.connectTls(app.pgwirePort ?? 0);
  onTestFinished(() => client.destroy());
  return client;
}

/** Resolves when the password was accepted, whatever the session then does. */
async function authenticate({ username, database, password }: Connection): Promise<RawClient> {
  const client = await connect();
  client.send(serialize.startup({ user: username, database }));
  await client.authenticate(password);
  return client;
}

describe('logins', () => {
  it('are those of workspaces, at the port that the API tells', async () => {
    const { connection } = await makeWorkspace();
    expect(connection.port).toBe(app.pgwirePort);
    await authenticate(connection);
    await expect(authenticate({ ...connection, password: `${connection.password}x` })).rejects.toThrow('28P01');
  });

  it('end with the password: the old one stops, the new one works', async () => {
    const { id, connection } = await makeWorkspace();
    const reset = await app.call('POST', `/projects/p/workspaces/${id}/credentials/reset`);
    const renewed = reset.body as Connection;
    await expect(authenticate(connection)).rejects.toThrow('28P01');
    await authenticate(renewed);
  });

  it('end with the workspace', async () => {
    const { id, connection } = await makeWorkspace();
    await app.call('DELETE', `/projects/p/workspaces/${id}`);
    await expect(authenticate(connection)).rejects.toThrow('28P01');
  });

  it('end with its time', async () => {
    const { connection } = await makeWorkspace({ ttl_hours: 1 });
    now = new Date(now.getTime() + 2 * 3_600_000);
    const client = await authenticate(connection);
    expect(await client.error()).toMatchObject({ S: 'FATAL', C: '28000', M: 'Workspace expired' });
  });

  it('are counted', async () => {
    const { connection } = await makeWorkspace();
    await expect(authenticate({ ...connection, username: 'nobody' })).rejects.toThrow('28P01');
    const { body } = await app.call('GET', '/metrics');
    expect(body).toMatch(/^pgwire_connections_total\{status="auth_failed"\} [1-9]/m);
    expect(body).toMatch(/^pgwire_auth_duration_seconds_count [1-9]/m);
  });
});

describe('the door', () => {
  it('keeps its certificate and its secret to the owner, and the certificate alone for clients', async () => {
    const folder = join(app.dataDir, 'pgwire');
    for (const name of ['server.pem', 'secret']) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(folder, 'server.crt'), 'utf8')).toMatch(
      /^-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n$/,
    );
  });

  it('stops the start with a sentence when its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as AddressInfo;
    onTestFinished(() => void taken.close());
    const failure = await startTestApp({ env: { PGWIRE_HOST: '127.0.0.1', PGWIRE_PORT: String(port) } }).catch(
      (error: unknown) => describeStartFailure(error),
    );
    expect(failure).toBe(
      `Port ${port} on 127.0.0.1 is in use by another program; stop it, or set PGWIRE_PORT, or PGWIRE_ENABLED=false.`,
    );
  });

  it('stops the start with a sentence when its certificate is none', async () => {
    const env = { PGWIRE_SSL_CERT: '/nowhere/c.pem', PGWIRE_SSL_KEY: '/nowhere/k.pem' };
    const failure = await startTestApp({ env }).catch((error: unknown) => describeStartFailure(error));
    expect(failure).toMatch(/^PGWIRE_SSL_(CERT|KEY) is "\/nowhere\/[ck].pem", which cannot be read \(ENOENT\)\.$/);
  });

  it('can be left out', async () => {
    const other = await startTestApp({ env: { PGWIRE_ENABLED: 'false' } });
    onTestFinished(() => other.stop());
    expect(other.pgwirePort).toBeNull();
  });
});
